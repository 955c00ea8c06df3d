"""The files of a dossier as documents, and the one spelling of a document that is hashed."""

from __future__ import annotations

import gzip
import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

Row = dict[str, Any]
UNREADABLE = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading or judging something that is no such document raises."""
LARGEST = 2**32
"""Bytes of a document once opened: a file of a few megabytes could otherwise ask for all the memory there is."""


def read(path: Path) -> Any:
    """The JSON document in a file, compressed or not.

    Raises:
        Something of `UNREADABLE`.
    """
    content = path.read_bytes()
    return json.loads(opened(content) if path.suffix == ".gz" else content, object_pairs_hook=untwinned)


def opened(content: bytes, largest: int = LARGEST) -> bytes:
    """What a compressed file holds.

    Raises:
        ValueError: more than `largest` bytes.
        Something of `UNREADABLE`.
    """
    with gzip.GzipFile(fileobj=BytesIO(content)) as file:
        document = file.read(largest + 1)
    if len(document) > largest:
        raise ValueError(f"more than {largest} bytes once opened")
    return document


def untwinned(pairs: list[tuple[str, Any]]) -> Row:
    if len(row := dict(pairs)) < len(pairs):
        raise ValueError(f"a field appears twice among {[field for field, _ in pairs]}")
    return row


def canonical(document: object) -> str:
    """The one spelling of a JSON document that is hashed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
