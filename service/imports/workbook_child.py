"""Reads one XLSX workbook under hard limits, in a process of its own: `python -m service.imports.workbook_child`.

The file comes on standard input, its rows leave as one JSON line on standard output, or the name of the limit that it
breaks. Whatever a trapped file does, it does it here, to nobody. Imports as little as it can.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from service.imports import limits

_CHUNK = 2**16


class LimitError(Exception):
    """The file breaks the limit of that name."""


def restrain() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.CHILD_MEMORY_BYTES, limits.CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.CHILD_CPU_S, limits.CHILD_CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check_archive(content: bytes) -> None:
    """
    Raises:
        LimitError: too many entries, too large once unpacked, or a directory that lies about it.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) > limits.ZIP_ENTRIES:
            raise LimitError("zip_entries")
        names = {entry.filename for entry in entries}
        if "xl/workbook.xml" not in names:
            raise LimitError("not_a_workbook")
        _refuse_sizes(sum(entry.file_size for entry in entries), len(content))
        counted = 0
        for entry in entries:
            counted += _count(archive, entry, counted, len(content))


def _count(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, before: int, packed: int) -> int:
    """What the entry really unpacks to: the directory is not believed, reading goes on past the size it gives."""
    declared, entry.file_size = entry.file_size, limits.ZIP_BYTES + 1
    size = 0
    with archive.open(entry) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            size += len(chunk)
            _refuse_sizes(before + size, packed)
    if size != declared:
        raise LimitError("zip_lies")
    return size


def _refuse_sizes(unpacked: int, packed: int) -> None:
    if unpacked > limits.ZIP_BYTES:
        raise LimitError("zip_bytes")
    if unpacked > packed * limits.ZIP_RATIO:
        raise LimitError("zip_ratio")


def read_rows(content: bytes) -> dict[str, Any]:
    """The first visible sheet that holds something: its name, and its rows with their numbers."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for about in book.sheets_metadata:
        if about.visible is SheetVisibleEnum.Visible:
            rows = _rows(book.get_sheet_by_name(about.name).to_python(skip_empty_area=False))
            if rows:
                return {"sheet": about.name, "rows": rows}
    return {"sheet": "", "rows": []}


def _rows(cells: Sequence[Sequence[Any]]) -> list[tuple[int, list[str]]]:
    rows: list[tuple[int, list[str]]] = []
    characters = 0
    for number, row in enumerate(cells, start=1):
        texts = [_text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        characters += sum(map(len, texts))
        if characters > limits.TEXT_CHARACTERS:
            raise LimitError("text")
        if (
            len(rows) > limits.ROWS + 1_000
        ):  # a thousand more than allowed: the reader names the line where it overflows
            raise LimitError("rows")
        rows.append((number, texts))
    return rows


def _text(cell: Any) -> str:
    """A number without its point when it is whole (a SIRET is stored as one), a day as French writes it."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    return str(cell)


def main() -> int:
    """Exit status 0 with an answer, or whatever the limits of the process make of it."""
    restrain()
    content = sys.stdin.buffer.read(limits.FILE_BYTES + 1)
    try:
        check_archive(content)
        answer = read_rows(content)
    except LimitError as broken:
        answer = {"limit": str(broken)}
    except MemoryError:
        answer = {"limit": "memory"}
    except Exception as error:  # whatever a broken archive makes of the readers: it is broken, that is all
        answer = {"limit": "unreadable", "cause": type(error).__name__}
    sys.stdout.buffer.write(json.dumps(answer).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
