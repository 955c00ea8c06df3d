"""Workbooks made to hurt whoever opens them: each with the words by which its refusal names the limit it breaks."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from tests.promises.fuzzed_files import workbook_of

MEBI = 2**20
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


@dataclass(frozen=True)
class Trap:
    name: str
    content: bytes
    says: str
    """Part of the refusal that names the limit."""


def plain_workbook() -> bytes:
    return workbook_of([["Classe", "Élève"], ["2de 1", "Zoé"]])


def replaced(part: str, text: bytes) -> bytes:
    """The plain workbook with one of its parts replaced."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(plain_workbook())) as source,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as book,
    ):
        for entry in source.infolist():
            book.writestr(entry.filename, text if entry.filename == part else source.read(entry))
    return held.getvalue()


def with_entries(count: int) -> bytes:
    held = io.BytesIO(plain_workbook())
    with zipfile.ZipFile(held, "a") as book:
        for number in range(count):
            book.writestr(f"xl/media/{number}.txt", b"x")
    return held.getvalue()


def lying(content: bytes, real: int, said: int) -> bytes:
    """Both headers of the entry that unpacks to `real` bytes say `said`: whoever believes them reads no further."""
    return content.replace(struct.pack("<I", real), struct.pack("<I", said))


def sheet_of(cells: str) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?><worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'.encode()


def inline(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def column_name(number: int) -> str:
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def huge(draw: random.Random) -> Trap:
    return Trap("huge", replaced(SHEET, b" " * (draw.randrange(21, 40) * MEBI)), "20\u00a0Mo une fois ouvert")


def dense(draw: random.Random) -> Trap:
    return Trap("dense", replaced(SHEET, b" " * (draw.randrange(8, 18) * MEBI)), "100 fois sa taille")


def crowded(draw: random.Random) -> Trap:
    return Trap("crowded", with_entries(draw.randrange(201, 900)), "plus de 200 éléments")


def lying_directory(draw: random.Random) -> Trap:
    size = draw.randrange(21, 40) * MEBI
    return Trap("lying directory", lying(replaced(SHEET, b" " * size), size, 1000), "100 fois sa taille")


def small_lie(draw: random.Random) -> Trap:
    text = sheet_of("".join(f"<row r='{n}'>{inline(f'A{n}', draw.randbytes(4).hex())}</row>" for n in range(1, 900)))
    return Trap("small lie", lying(replaced(SHEET, text), len(text), len(text) - 7), "n’est pas la vraie")


def nested(draw: random.Random) -> Trap:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as outer:
        for number in range(draw.randrange(2, 9)):
            outer.writestr(f"{number}.zip", replaced(SHEET, b" " * (15 * MEBI)))
    return Trap("nested", held.getvalue(), "n’est pas un classeur")


def billion_laughs(draw: random.Random) -> Trap:
    lines = ['<!ENTITY l0 "ha">']
    for number in range(1, draw.randrange(9, 12)):
        lines.append(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">')
    last = len(lines) - 1
    cells = f'<row r="1">{inline("A1", f"&l{last};")}</row>'
    text = sheet_of(cells).replace(b"?>", b"?><!DOCTYPE worksheet [" + "".join(lines).encode() + b"]>", 1)
    return Trap("billion laughs", replaced(SHEET, text), "")


def many_strings(draw: random.Random) -> Trap:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    items = "<si><t>a</t></si>" * (10**6 + draw.randrange(10**5))
    text = f'<?xml version="1.0"?><sst xmlns="{main}">{items}</sst>'.encode()
    return Trap("a million strings", replaced(STRINGS, text), "fois sa taille")


def wide(draw: random.Random) -> Trap:
    row = "".join(inline(f"{column_name(one)}1", f"colonne {one}") for one in range(1, 16_385))
    text = sheet_of(f'<row r="1">{row}</row>')
    return Trap("16,384 columns", replaced(SHEET, text), "Plus de 60 colonnes")


def sparse(draw: random.Random) -> Trap:
    last = 1_048_576 - draw.randrange(1000)
    cells = f'<row r="1">{inline("A1", "Classe")}</row><row r="{last}">{inline(f"XFD{last}", "x")}</row>'
    return Trap("two cells far apart", replaced(SHEET, sheet_of(cells)), "trop de mémoire")


def broken(draw: random.Random) -> Trap:
    content = plain_workbook()
    return Trap("cut short", content[: draw.randrange(30, len(content) - 30)], "abîmé")


def repeated_text(draw: random.Random) -> Trap:
    """A short file whose cells all point to one long text."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = f'<?xml version="1.0"?><sst xmlns="{main}"><si><t>{"é" * 30_000}</t></si></sst>'.encode()
    noise = draw.randbytes(200_000).hex().encode()
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 4_000))
    text = sheet_of(cells).replace(b"?>", b"?><!--" + noise + b"-->", 1)
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(replaced(STRINGS, strings))) as source,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as book,
    ):
        for entry in source.infolist():
            book.writestr(entry.filename, text if entry.filename == SHEET else source.read(entry))
    return Trap("one text repeated", held.getvalue(), "trop de texte")


TRAPS: tuple[Callable[[random.Random], Trap], ...] = (
    huge,
    dense,
    crowded,
    lying_directory,
    small_lie,
    nested,
    billion_laughs,
    many_strings,
    wide,
    sparse,
    broken,
    repeated_text,
)

FILE_NAMES = (
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "liste\0.csv",
    "x" * 5000 + ".csv",
    "<script>alert(1)</script>.csv",
    "liste\r\nSet-Cookie: a=b.csv",
    "\u202egnp.exe.csv",
    "élèves « 2de ».csv",
    "'; DROP TABLE pupil; --.csv",
    "CON",
    "{{7*7}}.csv",
    "%00%2e%2e%2f.csv",
)
