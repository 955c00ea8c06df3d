"""A round's long lists, schools and unplaced pupils, with filters kept in the address; and its exports as files.

Responsible for choosing rows. Refuses to count and to name a pupil: pseudonyms only, the school alone knows who.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, make_response, request
from sqlmodel import col, select
from werkzeug.wrappers import Response

from service.documents.spreadsheets import write_csv, write_workbook, write_xlsx
from service.domain.audit import record
from service.domain.findings import is_explained
from service.domain.moves import moves_between, reference_of
from service.domain.placements import SchoolShare, UnplacedRow, round_summary, unplaced_of_round
from service.domain.round_tables import TABLES, export_rows
from service.domain.texts import search_form
from service.errors import NotFound
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import AllocationRound, QuotaLine
from service.vocabulary import FIX_LABELS, LEVEL_LABELS, MOVE_LABELS, PRIORITY_LABELS, REASON_LABELS, Level, Priority
from service.web.access import signed_in_person
from service.web.context import db, engine
from service.web.coordinators import reads_campaigns, reads_its_part
from service.web.fix_words import fix_sentence, names_for
from service.web.paging import PER_PAGE, Page, cut
from service.web.reason_words import reason_sentence, way_out
from service.web.results import asked_filters, get_computed, part_of, show_in_frame

blueprint = Blueprint("results", __name__, url_prefix="/coordination")
ORDERS = (("taux", "les moins bien servis d’abord"), ("manque", "le plus d’élèves sans place"), ("nom", "par nom"))
MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/tours/<int:round_id>/etablissements")
@reads_its_part
def schools(round_id: int) -> Any:
    found = get_computed(round_id)
    chosen = asked_filters("q", "departement", "categorie", "tri")
    rows = _sorted(_filtered(round_summary(db(), found, part_of(found)).schools, chosen), chosen["tri"])
    return show_in_frame(
        "coordinators/schools.html",
        found,
        chosen=chosen,
        page=cut(rows, request.args),
        priorities=[(one.value, PRIORITY_LABELS[one]) for one in Priority],
        priority_labels=PRIORITY_LABELS,
        orders=ORDERS,
    )


def _filtered(rows: Sequence[SchoolShare], chosen: Mapping[str, str]) -> list[SchoolShare]:
    wanted = search_form(chosen["q"])
    return [
        one
        for one in rows
        if (not chosen["departement"] or one.department_code == chosen["departement"])
        and (not chosen["categorie"] or one.priority == chosen["categorie"])
        and (not wanted or wanted in search_form(f"{one.name} {one.uai}"))
    ]


def _sorted(rows: list[SchoolShare], order: str) -> list[SchoolShare]:
    """The summary's own order is worst served first."""
    if order == "manque":
        return sorted(rows, key=lambda one: (-one.share.unplaced, one.uai))
    if order == "nom":
        return sorted(rows, key=lambda one: (search_form(one.name), one.uai))
    return rows


@blueprint.get("/tours/<int:round_id>/changements")
@reads_its_part
def changes(round_id: int) -> Any:
    """Who has another place than in the round before, and nobody else."""
    found = get_computed(round_id)
    against = reference_of(db(), found)
    moves = moves_between(db(), row_id(against), round_id, part_of(found)) if against is not None else []
    chosen = asked_filters("q", "sens", "departement")
    wanted = search_form(chosen["q"])
    kept = [
        one
        for one in moves
        if (not chosen["sens"] or one.kind == chosen["sens"])
        and (not chosen["departement"] or one.department_code == chosen["departement"])
        and (not wanted or wanted in search_form(f"{one.school} {one.uai} {one.pseudonym}"))
    ]
    counts = Counter(one.kind for one in moves)
    return show_in_frame(
        "coordinators/changes.html",
        found,
        chosen=chosen,
        counts=[(kind, label, counts[kind]) for kind, label in MOVE_LABELS.items()],
        move_labels=MOVE_LABELS,
        page=cut(kept, request.args),
    )


@dataclass(frozen=True, slots=True)
class ReasonRow:
    reason: str
    label: str
    count: int
    way_out: str


@blueprint.get("/tours/<int:round_id>/non-places")
@reads_its_part
def unplaced(round_id: int) -> Any:
    found = get_computed(round_id)
    chosen = asked_filters("q", "raison", "niveau", "departement", "changement")
    reasons = [
        ReasonRow(reason, REASON_LABELS[reason], count, way_out(reason))
        for reason, count in round_summary(db(), found, part_of(found)).reasons.items()
    ]
    page = _unplaced_page(found, chosen)
    lines = line_labels()
    names = names_for((fix for row in page.rows for fix in row.fixes[:1]), found)
    return show_in_frame(
        "coordinators/unplaced.html",
        found,
        chosen=chosen,
        reasons=reasons,
        page=page,
        said={row.pseudonym: reason_sentence(row.reason, row.facts, lines) for row in page.rows},
        fixes={row.pseudonym: fix_sentence(row.fixes[0], names) for row in page.rows if row.fixes},
        explained=is_explained(found),
        wanted=_change_asked(chosen["changement"]),
        levels=[(level.value, LEVEL_LABELS[level]) for level in Level],
        level_labels=LEVEL_LABELS,
    )


def _unplaced_page(found: AllocationRound, chosen: Mapping[str, str]) -> Page[UnplacedRow]:
    """The page asked for, cut by the database unless a text or a level is searched."""
    wanted = search_form(chosen["q"])
    reason, code = chosen["raison"] or None, chosen["departement"] or None
    fix = _change_asked(chosen["changement"])
    read = partial(unplaced_of_round, db(), found, reason=reason, department_code=code, fix=fix, area=part_of(found))
    if not wanted and not chosen["niveau"]:
        total, _ = read(limit=1)
        place = cut(range(total), request.args)
        start = (place.number - 1) * PER_PAGE
        _, rows = read(offset=start, limit=PER_PAGE)
        return Page(rows, place.number, place.count, total)
    _, rows = read(limit=None)
    kept = [
        row
        for row in rows
        if (not chosen["niveau"] or row.level == chosen["niveau"])
        and (not wanted or wanted in search_form(f"{row.school} {row.uai}"))
    ]
    return cut(kept, request.args)


def _change_asked(text: str) -> tuple[str, str] | None:
    """« seat:12 2027-W05 » in an address: the kind of change, and what it is about."""
    kind, _, subject = text.partition(":")
    return (kind, subject) if kind in FIX_LABELS else None


def line_labels() -> dict[str, str]:
    """The label of each quota line, by its identifier as facts write it."""
    return {str(identifier): label for identifier, label in db().exec(select(col(QuotaLine.id), col(QuotaLine.label)))}


@blueprint.get("/tours/<int:round_id>/exports/<table>.<kind>")
@reads_its_part
def export(round_id: int, table: str, kind: str) -> Response:
    """One table of the round as a file; who took it is in the audit trail."""
    found = get_computed(round_id)
    if kind not in MIME:
        raise NotFound
    content = export_rows(db(), found, table, part_of(found))
    body = (
        write_csv(content.columns, content.rows)
        if kind == "csv"
        else write_xlsx(TABLES[table].sheet, content.columns, content.rows)
    )
    return _taken(round_id, table, kind, body)


@blueprint.get("/tours/<int:round_id>/exports/tour-complet.xlsx")
@reads_campaigns
def whole_round(round_id: int) -> Response:
    """Every table of the round, one sheet each, in one file."""
    found = get_computed(round_id)
    contents = ((table.sheet, table.read(db(), found)) for table in TABLES.values())
    body = write_workbook((sheet, content.columns, content.rows) for sheet, content in contents)
    return _taken(round_id, "tour-complet", "xlsx", body)


def _taken(round_id: int, table: str, kind: str, body: bytes) -> Response:
    """The file, once its export is in the audit trail: a unit of work of its own, for reading a page writes nothing."""
    with session_scope(engine()) as tracing:
        record(tracing, signed_in_person().actor, "export_round", f"round:{round_id}", table=table, kind=kind)
    answer = make_response(body)
    answer.headers["Content-Type"] = MIME[kind]
    answer.headers["Content-Disposition"] = f'attachment; filename="tour-{round_id}-{table}.{kind}"'
    return answer
