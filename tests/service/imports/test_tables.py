"""A file as a table: what it is, its limits, its header, whatever made it."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from service.imports import limits
from service.imports.faults import FileRefused
from service.imports.pupils import COLUMNS
from service.imports.tables import Table, read_table, table_of_bytes
from tests.promises.fuzzed_files import workbook_of


def read(text: str) -> Table:
    return read_table(text.encode(), COLUMNS)


def faults(content: bytes) -> list[tuple[int, str, str]]:
    try:
        found = read_table(content, COLUMNS).faults
    except FileRefused as refused:
        found = refused.faults
    return [(one.line, one.column, one.message) for one in found]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 0, "vide"),
        (b"\n\n;;\n", 0, "vide"),
        (b"%PDF-1.7", 0, "PDF"),
        (b"\xd0\xcf\x11\xe0old", 0, "ancien classeur"),
        (b"{\\rtf1}", 0, "mis en forme"),
        (b"PK\x03\x04", 0, "abîmé"),
        (b"Classe;Nom\n\n3e\0 B;Zo\n", 3, "nul"),
        (b"Classe;\xc3\x89l\xc3\xa8ve\n3e B;\x81\n", 2, "UTF-8"),
        ("Rue;Ville\na;b\n".encode("utf-16")[:-1], 2, "UTF-8"),
        (b"Rue;Ville\na;b\n", 1, "Aucune colonne"),
        ("Prénom;Nom\nZoé;A\n".encode(), 1, "« Classe » manque".replace(" ", "\u00a0", 1).replace(" »", "\u00a0»")),
        ("Classe;Élève;Division\n3e;Zoé;3e\n".encode(), 1, "la même chose"),
        ("Classe;Élève\n".encode(), 1, "Rien sous"),
        ("Classe;Élève\n3e B;Zoé;;x\n".encode(), 2, "de trop"),
        ("Classe;Élève\n3e B;Zo\x07é\n".encode(), 2, "interdit"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(content: bytes, line: int, said: str) -> None:
    """Each kind of bad file is refused in words, at the line where it shows."""
    (found, _, message), *_ = faults(content)
    assert found == line
    assert said in message


def test_each_limit_is_reached_and_not_passed() -> None:
    """Rows, columns, cell and file: the last one allowed is read, one more is refused at its place."""
    lines = [f"3e B;Élève {number}" for number in range(limits.ROWS)]
    assert len(read("\n".join(["Classe;Élève", *lines])).frame) == limits.ROWS
    assert faults("\n".join(["Classe;Élève", *lines, "3e B;x"]).encode())[0][0] == limits.ROWS + 2
    header = ["Classe", "Élève", *(f"Colonne {number}" for number in range(3, limits.COLUMNS + 1))]
    assert read(";".join(header) + "\n3e;Zoé\n").headers.keys() == {"class_name", "pupil"}
    assert faults((";".join([*header, "une"]) + "\n3e;Zoé\n").encode())[0][1] == "colonne 61"
    assert read(f"Classe;Élève\n3e;{'x' * limits.CELL_CHARACTERS}\n").faults == []
    assert "500 caractères" in faults(f"Classe;Élève\n3e;{'x' * 501}\n".encode())[0][2]
    assert "2\u00a0Mo" in faults(b"Classe\n" + b"x" * limits.FILE_BYTES)[0][2]


def test_a_title_above_the_header_is_passed_over() -> None:
    """Exports begin with a title: the header is the line with the most known names."""
    table = read("Lycée des Acacias;;\n\nÉdité le 22/11/2026;;\nDIVISION;NOM  PRENOM;Boursier\n2de 1;Zoé;oui\n")
    assert dict(table.headers) == {"class_name": "DIVISION", "pupil": "NOM PRENOM"}
    assert table.ignored == ("«\u00a0Boursier\u00a0»",)
    assert table.frame.index.tolist() == [5]


def test_what_waits_for_a_confirmation_holds_only_what_was_recognised() -> None:
    """A telephone number that nobody asked for is not kept; the rest comes back the same."""
    table = read("Classe;Élève;Téléphone\n\n3e B;Zoé;06 00 00 00 00\n")
    kept = table.to_bytes()
    assert b"06 00" not in kept
    again = table_of_bytes(kept)
    assert again.frame.equals(table.frame)
    assert again.headers == table.headers


def test_numbers_and_days_of_a_workbook_are_read_as_written() -> None:
    """A class called 301 and a SIRET stored as numbers lose nothing; rows keep the numbers people see."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.add_worksheet("Vide")
        page = book.add_worksheet("Liste")
        page.write_row(2, 1, ["Classe", "Numéro"])
        page.write_row(4, 1, [301, 73282932000074])
        page.write_row(5, 1, ["3e B", 12.5])
    table = read_table(held.getvalue(), COLUMNS)
    assert table.sheet == "Liste"
    assert table.frame.reset_index().to_numpy().tolist() == [[5, "301", "73282932000074"], [6, "3e B", "12.5"]]


def test_the_second_half_of_a_long_workbook_is_read_too() -> None:
    """Five thousand rows of a workbook, each under its own number."""
    table = read_table(workbook_of([["Classe", "Élève"], *([f"3e {n % 9}", f"É {n}"] for n in range(5_000))]), COLUMNS)
    assert table.frame.index[-1] == 5_001
