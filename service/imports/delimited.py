"""CSV as people have it: its encoding, its separator, its records with the line each begins on.

Responsible for turning bytes into cells of text. Refuses to know what a column means.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator

from service.domain.spreadsheet_cells import plain_text
from service.imports.faults import Fault, FileRefused

Record = tuple[int, list[str]]
"""First physical line, cells."""
SEPARATORS = (";", ",", "\t")
_HEAD_LINES = 20
_LINE_END = re.compile(r"\r\n|\r|\n")
_BAD_CODE = (
    "Le texte n’est ni en UTF-8, ni en Windows-1252, ni en UTF-16. Enregistrez le fichier depuis le tableur au format "
    "«\u00a0CSV UTF-8\u00a0» ou «\u00a0XLSX\u00a0»."
)


def decode(content: bytes) -> str:
    """UTF-16 with its mark, UTF-8 with or without, else Windows-1252, in which French spreadsheets still save.

    Raises:
        FileRefused: none of them, or a NUL in the text, with its line.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _decoded(content, "utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _decoded(content, "cp1252")
    before, nul, _ = text.partition("\0")
    if nul:
        message = "Caractère nul dans le texte\u00a0: ce n’est pas un fichier CSV. Enregistrez-le à nouveau."
        raise FileRefused([Fault(_line_after(before), "", message)])
    return text


def _decoded(content: bytes, code: str) -> str:
    try:
        return content.decode(code)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(code, "replace")
        raise FileRefused([Fault(_line_after(before), "", _BAD_CODE)]) from None


def _line_after(before: str) -> int:
    return len(_LINE_END.findall(before)) + 1


def choose_separator(text: str, recognised: Callable[[list[str]], int]) -> str:
    """The separator under which some line near the top has the most column names that `recognised` counts."""
    head = [line for line in text[:100_000].splitlines()[:_HEAD_LINES] if line.strip()]

    def merit(separator: str) -> tuple[int, int]:
        split = [[cell.strip().strip('"') for cell in line.split(separator)] for line in head]
        return max(map(recognised, split), default=0), max(map(len, split), default=0)

    return max(SEPARATORS, key=merit)


def read_records(text: str, separator: str) -> Iterator[Record]:
    """Every record but the empty lines.

    Raises:
        FileRefused: a quote that nothing closes, or something glued after a closing one, with the line it begins on.
    """
    # `strict`: without it an unclosed quote swallows the rest of the file in silence.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        # `line_num` is the last physical line of a record: the next one begins after it.
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileRefused([Fault(line, _column_of_quote(text, line, separator), _explain(error))]) from None
        if cells is None:
            return
        if cells:
            yield line, [plain_text(cell) for cell in cells]


def _explain(error: csv.Error) -> str:
    if "field limit" in str(error):
        return "Une cellule est démesurée\u00a0: un guillemet ouvert n’est sans doute jamais refermé."
    if "unexpected end" in str(error):
        return 'Un guillemet (") ouvert sur cette ligne n’est jamais refermé. Refermez-le ou retirez-le.'
    return (
        'Un guillemet (") est mal placé\u00a0: le texte continue après le guillemet fermant. Doublez-le ("") s’il fait '
        "partie du texte, ou retirez-le."
    )


def _column_of_quote(text: str, line: int, separator: str) -> str:
    """« colonne 3 »: where the first quote of the line stands; precise enough to find it."""
    found = _LINE_END.split(text)[line - 1 : line]
    before = found[0].partition('"')[0] if found else ""
    return f"colonne {before.count(separator) + 1}"
