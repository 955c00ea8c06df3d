"""Files as people send them and worse: lists of pupils spoilt at random, as text or as workbooks, from a seed."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import xlsxwriter

from tests.service.web.pupil_files import HEADER, good_lines

Cells = list[list[str]]
CODES = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
SEPARATORS = (";", ",", "\t")
_ODD = (
    "",
    " ",
    "\u00a0",
    "=1+1",
    "'@x",
    "é",
    "œ",
    "x" * 501,
    "\x07",
    "٣",
    "１",
    "1_0",
    "-3",
    "9" * 40,
    "<b>",
    "NULL",
    "\u200b",
    "#N/A",
)


def quoted(cell: str, separator: str, always: bool = False) -> str:
    if always or any(sign in cell for sign in (separator, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def text_of_cells(cells: Cells, separator: str, end: str = "\r\n") -> str:
    return end.join(separator.join(quoted(cell, separator) for cell in row) for row in cells) + end


def workbook_of(cells: Cells) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False}) as book:
        page = book.add_worksheet("Élèves")
        for y, row in enumerate(cells):
            for x, cell in enumerate(row):
                page.write_string(y, x, cell)
    return held.getvalue()


def fuzzed_file(draw: random.Random, header: list[str] = HEADER, lines: Callable[[int], Cells] = good_lines) -> bytes:
    """One file. About one in six is a list without a fault."""
    cells = [list(header), *lines(draw.randrange(1, 25))]
    for _ in range(draw.choice((0, 1, 1, 2, 5))):
        draw.choice(_CELL_FAULTS)(draw, cells)
    if draw.random() < 0.06:
        content = workbook_of([[cell.replace("\x07", "") for cell in row] for row in cells])
    else:
        text = text_of_cells(cells, draw.choice(SEPARATORS), draw.choice(("\r\n", "\n", "\r")))
        content = text.encode(draw.choice(CODES), "replace")
    if draw.random() < 0.25:
        content = draw.choice(_BYTE_FAULTS)(draw, content)
    return content


def _odd_cell(draw: random.Random, cells: Cells) -> None:
    row = draw.choice(cells)
    row[draw.randrange(len(row))] = draw.choice(_ODD)


def _long_row(draw: random.Random, cells: Cells) -> None:
    draw.choice(cells).extend(draw.choices(_ODD, k=draw.choice((1, 3, 70))))


def _short_row(draw: random.Random, cells: Cells) -> None:
    row = draw.choice(cells)
    del row[draw.randrange(len(row) + 1) :]
    cells[:] = [row or [""] for row in cells]


def _blank_rows(draw: random.Random, cells: Cells) -> None:
    for _ in range(draw.randrange(1, 4)):
        cells.insert(draw.randrange(len(cells) + 1), [""])


def _repeated_row(draw: random.Random, cells: Cells) -> None:
    cells.append(list(draw.choice(cells)))


def _no_header(draw: random.Random, cells: Cells) -> None:
    if len(cells) > 1:
        del cells[0]


def _swapped_columns(draw: random.Random, cells: Cells) -> None:
    width = min(map(len, cells))
    if width > 1:
        first, second = draw.sample(range(width), 2)
        for row in cells:
            row[first], row[second] = row[second], row[first]


_CELL_FAULTS: tuple[Callable[[random.Random, Cells], None], ...] = (
    _odd_cell,
    _odd_cell,
    _odd_cell,
    _long_row,
    _short_row,
    _blank_rows,
    _repeated_row,
    _no_header,
    _swapped_columns,
)


def _flipped(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 3, 30))):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _cut(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _quote(draw: random.Random, content: bytes) -> bytes:
    place = draw.randrange(len(content) + 1)
    return content[:place] + b'"' + content[place:]


def _noise(draw: random.Random, content: bytes) -> bytes:
    return draw.randbytes(draw.choice((0, 1, 50, 3000)))


def _marked(draw: random.Random, content: bytes) -> bytes:
    return draw.choice((b"PK\x03\x04", b"%PDF-1.7", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xef\xbb\xbf", b"\0")) + content


_BYTE_FAULTS: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flipped, _cut, _quote, _noise, _marked)
