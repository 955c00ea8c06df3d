"""Tables out: CSV and XLSX from columns and rows, safe to open in a spreadsheet program.

Responsible for the bytes. Refuses to know the database and the web. A cell that a spreadsheet would read as a formula
never reaches one: in CSV, which has no types, it gets a leading quote (`plain_text` takes it off again); in XLSX it is
written as typed text, exactly as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter

Cell = str | int | float | date | datetime | None

_DANGEROUS = frozenset("=+−-@\t\r\n\0" + "＝＋－＠")
"""First characters a spreadsheet program may take for a formula or a command, full-width forms included."""
_XLSX_CELL_LIMIT = 32_767


def safe_text(text: str) -> str:
    """The text as a CSV cell; one that already starts with a quote and a dangerous sign is quoted too (round trip)."""
    bare = text.lstrip("'")
    if bare[:1] in _DANGEROUS and bare:
        return "'" + text
    return text


def plain_text(cell: str) -> str:
    """What was written before `safe_text`: the exact inverse."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] in _DANGEROUS and cell.lstrip("'") else cell


def _csv_cell(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value.replace("\0", ""))
    if isinstance(value, date):
        return value.isoformat()
    return value


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with its mark and semicolons, which French spreadsheet programs open as columns."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow([_csv_cell(column) for column in columns])
    writer.writerows([_csv_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(sheet: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet: header row frozen and filterable, numbers as numbers, every text as text."""
    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(held, options) as book:
        page = book.add_worksheet(sheet[:31])
        header, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
        last = 0
        for x, column in enumerate(columns):
            page.write_string(0, x, column, header)
            page.set_column(x, x, max(12, min(40, len(column) + 4)))
        for y, row in enumerate(rows, start=1):
            last = y
            for x, value in enumerate(row):
                _write_cell(page, y, x, value, day)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, last, max(len(columns) - 1, 0))
    return held.getvalue()


def _write_cell(page: xlsxwriter.worksheet.Worksheet, y: int, x: int, value: Cell, day: object) -> None:
    if value is None:
        return
    if isinstance(value, str):
        page.write_string(y, x, value[:_XLSX_CELL_LIMIT])
    elif isinstance(value, datetime):
        page.write_string(y, x, value.isoformat(sep=" ", timespec="seconds"))
    elif isinstance(value, date):
        page.write_datetime(y, x, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 — a date has no zone
    else:
        page.write_number(y, x, value)
