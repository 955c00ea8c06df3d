"""A file sent through a form, its template, and the pages that tell what was read of it.

Responsible for what every import shares. Refuses to know what a file is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import make_response, request
from werkzeug.wrappers import Response
from wtforms import FileField

from service.documents.spreadsheets import write_template
from service.imports.faults import SHOWN, Fault, FileRefused, whole_file
from service.imports.tables import Column, Table
from service.web.forms import Form

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST_LINES = 5


class UploadForm(Form):
    file = FileField("Fichier")


@dataclass(frozen=True)
class SentFile:
    name: str
    content: bytes


@dataclass(frozen=True)
class Refusal:
    """What a refused file's page tells: the first faults, how many there are, and what was recognised."""

    faults: Sequence[Fault]
    total: int
    table: Table | None


def sent_file() -> SentFile:
    """
    Raises:
        FileRefused: no file was chosen.
    """
    found = request.files.get("file")
    if found is None or not found.filename:
        raise whole_file("Choisissez un fichier avant de l’envoyer.")
    return SentFile(found.filename, found.stream.read())


def told(refused: FileRefused, table: Table | None) -> Refusal:
    return Refusal(refused.faults[:SHOWN], len(refused.faults), table)


def recognised(table: Table, columns: Sequence[Column]) -> list[tuple[str, str]]:
    """(header in the file, what it was taken for)."""
    labels = {one.key: one.label for one in columns}
    return [(header, labels[key]) for key, header in table.headers.items()]


def first_lines(table: Table) -> list[tuple[int, list[str]]]:
    head = table.frame.head(FIRST_LINES)
    return [(int(line), row) for line, row in zip(head.index, head.to_numpy().tolist(), strict=True)]


def template_file(sheet: str, columns: Sequence[Column], lists: Mapping[str, Sequence[str]], name: str) -> Response:
    """The workbook to fill in: recognised columns, and a sheet that says what each expects."""
    legend = [("Colonne", "Ce qu’elle attend", "Aussi reconnue sous", "Exemple")]
    legend += [(one.label, one.about, ", ".join(one.names), one.example) for one in columns]
    answer = make_response(write_template(sheet, [one.label for one in columns], legend, lists))
    answer.headers["Content-Type"] = XLSX
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer
