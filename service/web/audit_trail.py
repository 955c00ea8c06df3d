"""Who did what, and what is erased when: the audit trail, the rules of retention, the passage to the next school year.

For coordinators. Refuses to show more of a person than their number: the trail names nobody.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlmodel import col, select
from werkzeug.wrappers import Response

from service.documents.spreadsheets import write_xlsx
from service.domain.dates import add_months
from service.domain.retention import rules_in_force
from service.domain.year_end import pass_to_next_year, year_end
from service.errors import ServiceError
from service.persistence.tables import AuditEntry
from service.vocabulary import Role
from service.vocabulary.deeds import deed, details, named
from service.web.access import allowed, signed_in_person
from service.web.context import db, today
from service.web.french import moment
from service.web.paging import cut

blueprint = Blueprint("audit_trail", __name__, url_prefix="/coordination")
coordination = allowed(Role.NATIONAL_COORDINATOR)
LONGEST_EXPORT = 50_000
COLUMNS = ("Instant", "Qui", "Acte", "Objet", "Précisions")


def _filtered() -> Any:
    query = select(AuditEntry.id).order_by(col(AuditEntry.id).desc())
    for column, asked in ((AuditEntry.action, "acte"), (AuditEntry.actor, "qui"), (AuditEntry.subject, "objet")):
        if request.args.get(asked):
            query = query.where(column == request.args[asked])
    return query


def _entries(ids: Any) -> list[AuditEntry]:
    return list(db().exec(select(AuditEntry).where(col(AuditEntry.id).in_(ids)).order_by(col(AuditEntry.id).desc())))


@blueprint.get("/journal")
@coordination
def index() -> Any:
    page = cut(db().exec(_filtered()).all(), request.args)
    return render_template(
        "coordinators/audit.html",
        entries=_entries(page.rows),
        page=page,
        actions=sorted((deed(one), one) for one in db().exec(select(AuditEntry.action).distinct())),
        asked={name: request.args.get(name, "") for name in ("acte", "qui", "objet")},
        deed=deed,
        named=named,
        details=details,
    )


@blueprint.get("/journal.xlsx")
@coordination
def export() -> Response:
    """The filtered trail, the newest first."""
    ids = _filtered().limit(LONGEST_EXPORT)
    rows = [
        (moment(one.at), named(one.actor), deed(one.action), named(one.subject), details(one.detail))
        for one in _entries(ids)
    ]
    answer = make_response(write_xlsx("Journal", COLUMNS, rows))
    answer.headers["Content-Type"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer.headers["Content-Disposition"] = 'attachment; filename="journal.xlsx"'
    return answer


@blueprint.get("/conservation")
@coordination
def retention() -> Any:
    return _show_retention(today())


def _show_retention(day: date) -> Any:
    rules = [(rule, add_months(day, -rule.months)) for rule in rules_in_force(day).values()]
    return render_template("coordinators/retention.html", rules=rules, year=year_end(db(), day))


@blueprint.post("/conservation/annee-suivante")
@coordination
def next_year() -> Any:
    try:
        after = pass_to_next_year(db(), today(), signed_in_person().actor)
    except ServiceError as refusal:
        flash(refusal.message, "problem")
    else:
        flash(
            f"L’année {after.following} est prête\u00a0: établissements et partenaires peuvent y reconduire les leurs."
        )
    return redirect(url_for(".retention"), 303)
