"""A file as a table: its columns recognised under any of their names, its cells cleaned, each row under its line.

Responsible for everything that does not depend on what the file is about: kind, limits, header, control characters.
What is kept of a file is what was recognised: a column nobody asked for is named and forgotten.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from service.domain.texts import french_list, search_form
from service.imports import limits
from service.imports.delimited import Record, choose_separator, decode, read_records
from service.imports.faults import Fault, FileRefused, quoted, whole_file
from service.imports.workbooks import read_workbook

_HEADER_AMONG = 10
"""Records at the top of a file among which the header is looked for: many exports begin with a title."""
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "C’est un ancien classeur (XLS). Enregistrez-le depuis le tableur au format XLSX ou CSV."),
    (b"%PDF", "C’est un PDF. Envoyez le tableau lui-même, au format XLSX ou CSV."),
    (b"{\\rtf", "C’est un texte mis en forme. Envoyez un tableau, au format XLSX ou CSV."),
)


@dataclass(frozen=True, slots=True)
class Column:
    """`label` is the header of the template; `names` are others under which the column is recognised."""

    key: str
    label: str
    about: str
    names: tuple[str, ...] = ()
    required: bool = False
    example: str = ""


@dataclass(frozen=True)
class Table:
    """`headers` gives each recognised column as the file writes it; `frame` has one row of text per line."""

    headers: Mapping[str, str]
    ignored: tuple[str, ...]
    frame: pd.DataFrame
    sheet: str = ""
    faults: list[Fault] = field(default_factory=list)
    """Cells that cannot be read; the rest of the table can still be checked and told together."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What the person chose when sending the file."""

    def header(self, key: str, columns: Sequence[Column] = ()) -> str:
        return self.headers.get(key) or next((one.label for one in columns if one.key == key), key)

    def lines(self, columns: Sequence[Column]) -> list[tuple[int, dict[str, str]]]:
        """Each line with the text of every column, empty for those the file has not."""
        frame = self.frame.reindex(columns=[one.key for one in columns], fill_value="")
        texts = frame.to_numpy().tolist()
        return [
            (int(line), dict(zip(frame.columns, row, strict=True)))
            for line, row in zip(frame.index, texts, strict=True)
        ]

    def to_bytes(self) -> bytes:
        """What has to be kept until the person confirms."""
        rows = self.frame.reset_index().to_numpy().tolist()
        kept = {
            "headers": dict(self.headers),
            "ignored": self.ignored,
            "sheet": self.sheet,
            "options": dict(self.options),
        }
        return json.dumps(kept | {"rows": rows}, ensure_ascii=False).encode()


def table_of_bytes(kept: bytes) -> Table:
    """The exact inverse of `to_bytes`."""
    found = json.loads(kept)
    frame = _frame(found["rows"], list(found["headers"]))
    return Table(found["headers"], tuple(found["ignored"]), frame, found["sheet"], options=found["options"])


def _frame(rows: list[list[Any]], keys: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame.from_records(rows, columns=["line", *keys])
    return frame.set_index("line").astype(object)


def read_table(content: bytes, columns: Sequence[Column]) -> Table:
    """
    Raises:
        FileRefused: the file is not one that can be read, has no header, or breaks a limit.
    """
    names = _names(columns)
    sheet, records = _read_records(content, names)
    if not records:
        raise whole_file("Le fichier est vide. Remplissez au moins une ligne sous les titres de colonnes.")
    return _recognise(sheet, records, columns, names)


def _names(columns: Sequence[Column]) -> dict[str, str]:
    return {search_form(name): one.key for one in columns for name in (one.label, *one.names)}


def _read_records(content: bytes, names: Mapping[str, str]) -> tuple[str, list[Record]]:
    """What the bytes are is read in them, never in a name or in what a browser says."""
    if len(content) > limits.FILE_BYTES:
        raise whole_file(f"Le fichier dépasse {limits.FILE_BYTES // 2**20}\u00a0Mo. Faites plusieurs fichiers.")
    for mark, sentence in _OTHER_KINDS:
        if content.startswith(mark):
            raise whole_file(sentence)
    if content.startswith(b"PK"):
        sheet, records = read_workbook(content)
    else:
        text = decode(content)
        separator = choose_separator(text, lambda cells: _known(cells, names))
        sheet, records = "", list(read_records(text, separator))
    return sheet, [(line, cells) for line, cells in records if any(cell.strip() for cell in cells)]


def _known(cells: Sequence[str], names: Mapping[str, str]) -> int:
    return len({names[form] for form in map(search_form, cells[: limits.COLUMNS]) if form in names})


def _recognise(sheet: str, records: Sequence[Record], columns: Sequence[Column], names: Mapping[str, str]) -> Table:
    at = max(range(min(_HEADER_AMONG, len(records))), key=lambda one: (_known(records[one][1], names), -one))
    line, header = records[at]
    places = _places(line, header, columns, names)
    body = records[at + 1 :]
    if len(body) > limits.ROWS:
        message = f"Le fichier compte plus de {limits.ROWS} lignes. Faites plusieurs fichiers."
        raise FileRefused([Fault(body[limits.ROWS][0], "", message)])
    faults: list[Fault] = []
    rows = [[number, *_cells(number, cells, header, places, faults)] for number, cells in body]
    if not rows:
        raise FileRefused([Fault(line, "", "Rien sous les titres de colonnes. Remplissez au moins une ligne.")])
    ignored = tuple(
        quoted(" ".join(cell.split()))
        for place, cell in enumerate(header)
        if cell.strip() and place not in places.values()
    )
    headers = {key: " ".join(header[place].split()) for key, place in places.items()}
    return Table(headers, ignored, _frame(rows, list(places)), sheet, faults)


def _places(line: int, header: Sequence[str], columns: Sequence[Column], names: Mapping[str, str]) -> dict[str, int]:
    """Where each recognised column stands."""
    if len(header) > limits.COLUMNS:
        raise FileRefused(
            [Fault(line, f"colonne {limits.COLUMNS + 1}", f"Plus de {limits.COLUMNS} colonnes. Retirez-en.")]
        )
    places: dict[str, int] = {}
    faults = []
    for place, cell in enumerate(header):
        key = names.get(search_form(cell))
        if key in places:
            message = f"Deux colonnes disent la même chose, avec {quoted(header[places[key]])}. Gardez-en une."
            faults.append(Fault(line, " ".join(cell.split()), message))
        elif key is not None:
            places[key] = place
    missing = [one for one in columns if one.required and one.key not in places]
    if len(missing) == sum(one.required for one in columns) and missing and not places:
        expected = french_list([f"«\u00a0{one.label}\u00a0»" for one in missing])
        raise FileRefused(
            [Fault(line, "", f"Aucune colonne n’est reconnue. La première ligne doit porter {expected}.")]
        )
    for one in missing:
        others = ", ".join(one.names[:4])
        message = f"La colonne {quoted(one.label)} manque. Autres noms reconnus\u00a0: {others}."
        faults.append(Fault(line, one.label, message))
    if faults:
        raise FileRefused(faults)
    return places


def _cells(
    line: int, cells: Sequence[str], header: Sequence[str], places: Mapping[str, int], faults: list[Fault]
) -> list[str]:
    """The recognised cells of a row; what cannot be read is told and left empty."""
    for place in range(len(header), len(cells)):
        if cells[place].strip():
            message = (
                f"{quoted(cells[place].strip())} est de trop\u00a0: il n’y a que {len(header)} titres de colonnes."
            )
            faults.append(Fault(line, f"colonne {place + 1}", message))
            break
    return [_cell(line, cells[place], header[place], faults) if place < len(cells) else "" for place in places.values()]


def _cell(line: int, raw: str, header: str, faults: list[Fault]) -> str:
    text = " ".join(unicodedata.normalize("NFC", raw).split())
    message = ""
    if len(text) > limits.CELL_CHARACTERS:
        message = f"{quoted(text)} dépasse {limits.CELL_CHARACTERS} caractères. Raccourcissez-le."
    elif _FORBIDDEN.search(text):
        message = f"{quoted(_FORBIDDEN.sub('?', text))} contient un caractère interdit. Ressaisissez-le à la main."
    if not message:
        return text
    faults.append(Fault(line, " ".join(header.split()), message))
    return ""
