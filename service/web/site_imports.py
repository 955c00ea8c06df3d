"""A partner's sites and places from a file: send it, read what is wrong or what it would do, confirm, see what came."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from service.domain.import_files import close_import, get_import
from service.domain.offer_rules import read_terms
from service.domain.site_entries import SitesChange, enter_sites, plan_sites
from service.imports.faults import SHOWN, FileRefused
from service.imports.site_columns import COLUMNS
from service.imports.sites import SitesRead, SitesSetting, read_sites
from service.imports.tables import Table, table_of_bytes
from service.persistence.tables import ImportFile, Partner
from service.vocabulary import HAS_MEMBERS, LEVEL_LABELS, NEED_LABELS, Level, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, now, today
from service.web.forms import Form
from service.web.offer_forms import convention_choices
from service.web.partners import school_year
from service.web.sectors import sector_labels
from service.web.uploads import FileImport, template_file

blueprint = Blueprint("site_imports", __name__, url_prefix="/partenaires/<int:partner_id>/import")
partner_staff = allowed(Role.PARTNER_MANAGER)
SHEET = FileImport("site_imports", "partners", COLUMNS)


@blueprint.get("")
@partner_staff
def upload(partner: Partner) -> Any:
    return _show_upload(partner)


@blueprint.get("/modele.xlsx")
@partner_staff
def template(partner: Partner) -> Response:  # noqa: ARG001 — the address names the space it belongs to
    lists = {
        "Niveau": [LEVEL_LABELS[level] for level in Level],
        "Secteur": list(sector_labels().values()),
        "Accessibilité": list(NEED_LABELS.values()),
    }
    return template_file("Sites et places", COLUMNS, lists, "modele-sites-et-places")


@blueprint.post("")
@partner_staff
def receive(partner: Partner) -> Any:
    return SHEET.receive(
        partner,
        lambda table: _read(partner, table),
        lambda refused, table: _show_upload(partner, refused, table),
        convention=_convention(partner),
    )


def _convention(partner: Partner) -> str:
    """The key of one of the partner's conventions, or nothing: what is not in the list is not believed."""
    chosen = request.form.get("convention", "")
    return chosen if chosen in {one.key for one in convention_choices(partner)} else ""


def _read(partner: Partner, table: Table) -> SitesRead:
    key = table.options["convention"] or None
    setting = SitesSetting(
        partner=partner,
        has_members=partner.kind in HAS_MEMBERS,
        convention_key=key,
        terms=read_terms(db(), key, today()) if key else None,
        school_year=school_year(),
        today=today(),
        sectors=sector_labels(),
    )
    return read_sites(db(), table, setting)


def _show_upload(partner: Partner, refused: FileRefused | None = None, table: Table | None = None) -> Any:
    conventions = convention_choices(partner)
    usable = next((one.key for one in conventions if not one.why_closed), "")
    return SHEET.show_upload(
        refused,
        table,
        partner=partner,
        conventions=conventions,
        chosen=_convention(partner) if request.method == "POST" else usable,
    )


@blueprint.get("/<int:import_id>")
@partner_staff
def page(partner: Partner, import_id: int) -> Any:
    row = get_import(db(), import_id, partner)
    if row.done_at is not None:
        return render_template("partners/import_done.html", partner=partner, row=row)
    return _show_plan(partner, row, Form())


@blueprint.post("/<int:import_id>")
@partner_staff
def confirm(partner: Partner, import_id: int) -> Any:
    form = Form()

    def enter(row: ImportFile) -> bool:
        entries, actor = _read(partner, table_of_bytes(row.content or b"")).entries, signed_in_person().actor
        # closed first: of two confirmations at the same instant, the second finds nothing left to do
        if close_import(db(), row, actor, now(), **_outcome(plan_sites(db(), partner, entries))):
            enter_sites(db(), partner, entries, today(), actor)
        return True

    return SHEET.confirm(partner, import_id, form, enter, lambda row: _show_plan(partner, row, form))


@blueprint.post("/<int:import_id>/abandon")
@partner_staff
def abandon(partner: Partner, import_id: int) -> Any:
    return SHEET.abandon(partner, import_id)


def _outcome(change: SitesChange) -> dict[str, int]:
    return {
        "sites": len(change.new_sites),
        "corrected": len(change.corrected),
        "same_sites": change.same_sites,
        "offers": len(change.new_offers),
        "changed_offers": len(change.changed_offers),
        "same_offers": change.same_offers,
        "seats": change.new_seats,
    }


def _show_plan(partner: Partner, row: ImportFile, form: Form) -> Any:
    table = table_of_bytes(row.content or b"")
    read = _read(partner, table)
    change = plan_sites(db(), partner, read.entries)
    seats: Counter[Level] = Counter()
    for _, draft in change.new_offers:
        seats[draft.level] += sum(draft.seats.values())
    return SHEET.show_plan(
        row,
        form,
        partner=partner,
        outcome=_outcome(change),
        lines=len(table.frame),
        seats=[(LEVEL_LABELS[level], seats[level]) for level in Level if seats[level]],
        convention=next(one.label for one in convention_choices(partner) if one.key == table.options["convention"]),
        warnings=read.warnings[:SHOWN],
        warnings_total=len(read.warnings),
    )
