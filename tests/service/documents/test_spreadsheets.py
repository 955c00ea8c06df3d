"""Exports open without danger: nothing a person typed is ever run by a spreadsheet program, and nothing is lost."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook

from service.documents.spreadsheets import LEGEND, write_csv, write_template, write_xlsx
from service.domain.spreadsheet_cells import plain_text, safe_text

PAYLOADS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\tcmd",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "−1+1",
    "'=1+1",
    "''@x",
    '=HYPERLINK("http://x.example";"y")',
    "+33 6 00 00 00 00",
)
HARMLESS = (
    "Lycée des Acacias",
    "l’élève",
    "'",
    "a=b",
    "12",
    "",
    "«\u00a0oui\u00a0»",
    "point;virgule",
    'guille"mets',
    "deux\nlignes",
)


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_is_neutralised_in_csv(payload: str) -> None:
    """A dangerous first sign gets a leading quote; what follows is untouched and the line keeps its cells."""
    header, row = read_csv(write_csv(["a", payload], [["avant", payload]]))
    assert row == ["avant", "'" + payload]
    assert header[1] == "'" + payload


@pytest.mark.parametrize("text", PAYLOADS + HARMLESS)
def test_what_is_written_can_be_read_back(text: str) -> None:
    """Taking the quote off again gives exactly what was typed."""
    assert plain_text(safe_text(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """No quote where there is no danger."""
    assert safe_text(text) == text


def test_numbers_stay_numbers() -> None:
    """A negative figure of ours is a number, not a formula."""
    assert read_csv(write_csv(["a", "b"], [[-3, 2.5]]))[1] == ["-3", "2.5"]


def test_a_nul_never_reaches_a_file() -> None:
    """Behind a NUL, a formula is still a formula."""
    content = write_csv(["a"], [["\0=1+1"]])
    assert b"\0" not in content
    assert read_csv(content)[1] == ["'=1+1"]


def test_xlsx_cells_keep_their_type() -> None:
    """Text is text exactly as typed, numbers are numbers, dates are dates; no cell becomes a formula or a link."""
    rows = [[text, 12, -2.5, date(2027, 6, 14)] for text in (*PAYLOADS, *HARMLESS) if text and text.isprintable()]
    content = write_xlsx("Essai", ["texte", "entier", "décimal", "jour"], rows)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert sheet[0] == ["texte", "entier", "décimal", "jour"]
    assert [row[0] for row in sheet[1:]] == [row[0] for row in rows]
    assert {(row[1], row[2]) for row in sheet[1:]} == {(12.0, -2.5)}
    assert {row[3] for row in sheet[1:]} == {date(2027, 6, 14)}


def test_xlsx_of_payloads_holds_no_formula() -> None:
    """The sheet's own text has no formula element, whatever was typed."""
    content = write_xlsx("Essai", ["texte"], [[payload] for payload in PAYLOADS])
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


def test_an_instant_and_an_empty_cell_are_written() -> None:
    """Nothing is an empty cell, an instant is readable text."""
    row = read_csv(write_csv(["a", "b"], [[None, datetime(2026, 11, 22, 14, 5, tzinfo=UTC)]]))[1]
    assert row == ["", "2026-11-22T14:05:00+00:00"]
    assert write_xlsx("Essai", ["a", "b"], [[None, datetime(2026, 11, 22, 14, 5, tzinfo=UTC)]])


def test_a_template_is_text_and_proposes_its_lists() -> None:
    """Whatever its words, a template to fill in holds no formula; its second sheet has the legend, then the lists."""
    lists = {"Niveau": ["3e", *PAYLOADS], "Secteur": ["Santé"]}
    content = write_template(
        "Élèves", ["Classe", "Niveau", PAYLOADS[0]], [("Colonne", "Dit"), ("Classe", "=1+1")], lists
    )
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["Élèves", LEGEND]
    assert book.get_sheet_by_index(0).to_python() == [["Classe", "Niveau", PAYLOADS[0]]]
    legend = book.get_sheet_by_index(1).to_python()
    assert legend[:2] == [["Colonne", "Dit"], ["Classe", "=1+1"]]
    assert legend[3] == ["Niveau", "Secteur"]
    assert legend[4] == ["3e", "Santé"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2)]
    assert all("<f>" not in sheet for sheet in sheets)
    assert "dataValidation" in sheets[0]
