"""Documents kept compressed in a column: the same bytes for the same document, and never more than a bound when read.

Refuses to know what they say.
"""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO

LARGEST = 2**31
"""Bytes of a document once opened: a bomb of a few megabytes could otherwise ask for all the memory of the machine."""


def pack(document: bytes) -> bytes:
    return gzip.compress(document, 6, mtime=0)


def unpack(packed: bytes | None, largest: int = LARGEST) -> bytes:
    """
    Raises:
        ValueError: nothing there, no such bytes, or more of them than `largest`.
    """
    try:
        with gzip.GzipFile(fileobj=BytesIO(packed or b"")) as opened:
            document = opened.read(largest + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"no compressed document: {error}") from error
    if not document or len(document) > largest:
        raise ValueError(f"a compressed document is empty, or larger than {largest} bytes")
    return document
