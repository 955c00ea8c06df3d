"""Tables out: CSV and XLSX from columns and rows, safe to open in a spreadsheet program.

Responsible for the bytes. Refuses to know the database and the web. A cell that a spreadsheet would read as a formula
never reaches one: in CSV, which has no types, it gets a leading quote (`domain.spreadsheet_cells`); in XLSX it is
written as typed text, exactly as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from service.domain.spreadsheet_cells import safe_text

Cell = str | int | float | date | datetime | None

LEGEND = "Mode d’emploi"
_XLSX_CELL_LIMIT = 32_767


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


Sheet = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]
"""Its name, its columns, its rows."""


def write_xlsx(sheet: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet: header row frozen and filterable, numbers as numbers, every text as text."""
    return write_workbook([(sheet, columns, rows)])


def write_workbook(sheets: Iterable[Sheet]) -> bytes:
    """Several sheets of one file, each as `write_xlsx` writes it. Their names differ in their first 31 signs."""
    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(held, options) as book:
        header, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
        for name, columns, rows in sheets:
            page = book.add_worksheet(name[:31])
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


def write_template(
    sheet: str, columns: Sequence[str], legend: Sequence[Sequence[str]], lists: Mapping[str, Sequence[str]]
) -> bytes:
    """An empty sheet to fill in, and a second one that explains it: `legend` (a header row, then one row per column),
    then the words to choose from, one column per list. A column of the first sheet that has a list proposes it.
    """
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        page, guide = book.add_worksheet(sheet), book.add_worksheet(LEGEND)
        guide.set_column(0, len(legend[0]) - 1, 32, wrapped)
        for y, row in enumerate(legend):
            for x, cell in enumerate(row):
                guide.write_string(y, x, cell, bold if y == 0 else wrapped)
        below = len(legend) + 2
        for x, (name, words) in enumerate(lists.items()):
            guide.write_string(below - 1, x, name, bold)
            guide.write_column(below, x, words)
        for x, column in enumerate(columns):
            # text, so that a SIRET keeps its fourteen digits and a class « 3e 1 » does not become a date
            page.set_column(x, x, max(14, len(column) + 4), text)
            page.write_string(0, x, column, bold)
            place = next((at for at, name in enumerate(lists) if column.startswith(name)), None)
            if place is not None:
                first = xl_rowcol_to_cell(below, place, row_abs=True, col_abs=True)
                last = xl_rowcol_to_cell(below + len(lists[[*lists][place]]) - 1, place, row_abs=True, col_abs=True)
                source = f"='{LEGEND}'!{first}:{last}"
                page.data_validation(1, x, 5000, x, {"validate": "list", "source": source, "error_type": "warning"})
        page.freeze_panes(1, 0)
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
