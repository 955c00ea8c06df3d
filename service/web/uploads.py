"""A file sent through a form, its template, and the pages that tell what was read of it.

Responsible for what every import shares. Refuses to know what a file is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import FileField

from service.documents.spreadsheets import write_template
from service.domain.import_files import abandon_import, deposit, get_import
from service.errors import ServiceError
from service.imports.faults import SHOWN, Fault, FileRefused, whole_file
from service.imports.tables import Column, Table, read_table, table_of_bytes
from service.persistence.tables import ImportFile, Partner, School
from service.vocabulary import NEED_LABELS
from service.web.access import signed_in_person
from service.web.context import abandon_unit, db, now
from service.web.forms import Form, show
from service.web.sectors import sector_labels

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


Space = School | Partner


def place_of(space: Space) -> dict[str, Any]:
    """What names the space in its addresses."""
    return {"uai": space.uai} if isinstance(space, School) else {"partner_id": space.id}


@dataclass(frozen=True)
class FileImport:
    """One kind of file: who serves its pages, where their templates are, its columns. The four steps are the same."""

    blueprint: str
    templates: str
    columns: Sequence[Column]

    def address(self, space: Space, step: str, **arguments: Any) -> str:
        return url_for(f"{self.blueprint}.{step}", **place_of(space), **arguments)

    def receive(
        self,
        space: Space,
        check: Callable[[Table], object],
        show_refused: Callable[[FileRefused, Table | None], Any],
        **options: str,
    ) -> Any:
        """Keeps a file in which `check` finds nothing wrong, and leads to what it would do."""
        table: Table | None = None
        try:
            sent = sent_file()
            table = replace(read_table(sent.content, self.columns), options=options)
            check(table)
        except FileRefused as refused:
            abandon_unit()
            return show_refused(refused, table)
        row = deposit(db(), space, sent.name, sent.content, table.to_bytes(), signed_in_person().actor, now())
        return redirect(self.address(space, "page", import_id=row.id), 303)

    def show_upload(self, refused: FileRefused | None, table: Table | None, **values: Any) -> Response:
        page = render_template(
            f"{self.templates}/import.html",
            form=UploadForm(),
            columns=self.columns,
            refusal=told(refused, table) if refused is not None else None,
            recognised=recognised(table, self.columns) if table is not None else [],
            sectors=sector_labels().values(),
            need_words=NEED_LABELS.values(),
            **values,
        )
        return make_response(page, 422 if refused is not None else 200)

    def show_plan(self, row: ImportFile, form: Form, **values: Any) -> Response:
        table = table_of_bytes(row.content or b"")
        read: dict[str, Any] = {
            "read": table,
            "recognised": recognised(table, self.columns),
            "first_lines": first_lines(table),
        }
        return show(f"{self.templates}/import_plan.html", form, row=row, **read, **values)

    def confirm(
        self,
        space: Space,
        import_id: int,
        form: Form,
        enter: Callable[[ImportFile], bool],
        show_again: Callable[[ImportFile], Any],
    ) -> Any:
        """`enter` writes, and says False where the form has to be corrected. A file already entered stays as it is."""
        row = get_import(db(), import_id, space)
        try:
            if row.done_at is not None or enter(row):
                return redirect(self.address(space, "page", import_id=import_id), 303)
        except ServiceError as refusal:
            form.refuse(refusal)
        return show_again(get_import(db(), import_id, space))

    def abandon(self, space: Space, import_id: int) -> Response:
        abandon_import(db(), get_import(db(), import_id, space))
        flash("Le fichier est oublié\u00a0: rien n’a été importé.")
        return redirect(self.address(space, "upload"), 303)
