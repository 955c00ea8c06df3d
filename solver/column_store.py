"""A file of named integer columns and one JSON head: a zip of plain `.npy` members, compressed.

It knows nothing of placements. It never unpickles or executes anything, unpacks nothing before its size is known to be
reasonable, and writes the same bytes for the same content.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from solver.files import Document, canonical_bytes, write_whole
from solver.strict_json import parse_document

HEAD = "head.json"
KINDS = ("|u1", "<u4", "<i8")
MAX_BYTES = 2**31
"""Unpacked size of a whole file: ten times a national campaign."""
MAX_MEMBERS = 200
COLUMN_LEVEL, HEAD_LEVEL = 4, 6
"""How hard each is compressed: columns hardly shrink beyond, in four times as long."""
_EPOCH = (1980, 1, 1, 0, 0, 0)

Column = NDArray[Any]
Store = tuple[Document, dict[str, Column]]
"""The head and the columns of a file."""


def write_store(head: Document, columns: Mapping[str, Column], path: Path) -> None:
    """Write the file: whole or not at all."""
    members = {HEAD: canonical_bytes(head)}
    for name, column in columns.items():
        stream = BytesIO()
        npy.write_array(stream, np.ascontiguousarray(column), version=(1, 0), allow_pickle=False)
        members[f"{name}.npy"] = stream.getvalue()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            level = HEAD_LEVEL if name == HEAD else COLUMN_LEVEL
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), members[name], zipfile.ZIP_DEFLATED, level)
    write_whole(packed.getvalue(), path)


def read_store(path: Path) -> Store:
    """The head and the columns of a file.

    Raises:
        ValueError: not such a file, or a member that is repeated, missing, too large or of another kind.
        OSError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _unpack(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise ValueError(f"document: no columnar file ({error})") from None
    if HEAD not in members:
        raise ValueError(f"document: {HEAD} is missing")
    head = parse_document(members.pop(HEAD))
    if not isinstance(head, dict):
        raise ValueError(f"{HEAD}: not an object")
    return head, {name.removesuffix(".npy"): _column(name, content) for name, content in members.items()}


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    listed = archive.infolist()
    names = [member.filename for member in listed]
    if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
        raise ValueError(f"document: more than {MAX_MEMBERS} members, or one of them twice")
    size = sum(member.file_size for member in listed)
    if size > MAX_BYTES:
        raise ValueError(f"document: {size} bytes once unpacked, more than {MAX_BYTES}")
    # A member that unpacks to more than it declares is cut there by zipfile, and its checksum is then wrong.
    return {member.filename: archive.read(member) for member in listed}


def _column(name: str, content: bytes) -> Column:
    stream = BytesIO(content)
    try:
        if npy.read_magic(stream) != (1, 0):
            raise ValueError("of another version")
        shape, fortran, kind = npy.read_array_header_1_0(stream)
    except ValueError as error:
        raise ValueError(f"{name}: no column ({error})") from None
    if kind.str not in KINDS or fortran or len(shape) not in (1, 2):
        raise ValueError(f"{name}: rows of {', '.join(KINDS)}, not {kind.str} of shape {shape}")
    rest = content[stream.tell() :]
    if prod(shape) * kind.itemsize != len(rest):
        raise ValueError(f"{name}: {len(rest)} bytes do not make {shape} of {kind.str}")
    return np.frombuffer(rest, kind).reshape(shape)
