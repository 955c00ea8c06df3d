"""Conventions as people read them: state and why, what the deed says, its commitments and their ledger, its events.

A coordinator reads them all and records events; a partner reads its own. Refuses to compute states, gates and figures:
the domain does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from sqlmodel import col, func, select
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from service.documents.spreadsheets import write_xlsx
from service.domain.activities import staff_mobilised
from service.domain.ceilings import ceilings_of
from service.domain.conventions import (
    LedgerLine,
    StateOfConvention,
    convention_state,
    departments_of,
    events_of,
    get_convention,
    is_numbers_only,
    ledger,
    record_event,
)
from service.domain.ledger_rows import COLUMNS, ledger_rows
from service.domain.school_years import school_year_of
from service.errors import NotFound, ServiceError
from service.persistence.tables import Commitment, Convention, Partner
from service.vocabulary import (
    CONVENTION_EVENT_LABELS,
    CONVENTION_STATE_LABELS,
    LEVEL_LABELS,
    PARTNER_KIND_LABELS,
    ConventionEventKind,
    Role,
)
from service.web import convention_words as words
from service.web.access import Person, allowed, signed_in_person
from service.web.charts import Chart, LedgerRow, ledger_bars
from service.web.context import db, today
from service.web.coordinators import DATE_MISSING, department_names
from service.web.forms import Form, show
from service.web.frame import campaign_in_force
from service.web.french import counted, number, typeset
from service.web.map import FranceMap, Measure, count_scale, france_map

blueprint = Blueprint("conventions", __name__, url_prefix="/conventions")
readers = allowed(Role.NATIONAL_COORDINATOR, Role.PARTNER_MANAGER)
coordination = allowed(Role.NATIONAL_COORDINATOR)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class EventForm(Form):
    kind = SelectField(
        "Événement",
        [InputRequired()],
        choices=[SelectChoice(kind.value, label) for kind, label in CONVENTION_EVENT_LABELS.items()],
    )
    happened_on = DateField("Date", [InputRequired(DATE_MISSING)])
    years = IntegerField(
        "Durée en années", [Optional(), NumberRange(1, 10, "Indiquez de 1 à 10 ans, ou laissez vide.")]
    )
    reason = TextAreaField(
        "Motif et pièce",
        [
            InputRequired("Dites d’où vient ce fait : l’acte, l’avis ou le courrier, et qui l’a transmis."),
            Length(max=500, message="500 caractères au plus."),
        ],
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """One convention on the list, with its state and the sums of its ledger."""

    convention: Convention
    partner: Partner
    state: StateOfConvention
    published: int
    allocated: int


@blueprint.get("")
@readers
def index() -> Any:
    listed = [_listed(convention, partner) for convention, partner in _readable(signed_in_person())]
    return render_template(
        "conventions/index.html",
        listed=listed,
        campaign=campaign_in_force(),
        state_labels=CONVENTION_STATE_LABELS,
        kind_labels=PARTNER_KIND_LABELS,
    )


def _readable(person: Person) -> list[tuple[Convention, Partner]]:
    """The latest version of each convention the person may read, by partner's name."""
    latest = select(func.max(col(Convention.id))).group_by(col(Convention.key))
    query = (
        select(Convention, Partner)
        .join(Partner, col(Partner.id) == col(Convention.partner_id))
        .where(col(Convention.id).in_(latest))
        .order_by(col(Partner.name))
    )
    if not person.is_coordinator:
        query = query.where(col(Convention.partner_id).in_(person.partner_ids))
    return [(convention, partner) for convention, partner in db().exec(query)]


def get_readable(key: str) -> tuple[Convention, Partner]:
    """The same answer for a convention that does not exist and for someone else's."""
    for convention, partner in _readable(signed_in_person()):
        if convention.key == key:
            return convention, partner
    raise NotFound


def _ledger(convention: Convention) -> list[LedgerLine]:
    return ledger(db(), convention, school_year_in_force(), campaign_in_force())


def school_year_in_force() -> str:
    """The campaign's, else the one of the day."""
    campaign = campaign_in_force()
    return campaign.school_year if campaign is not None else school_year_of(today())


def _listed(convention: Convention, partner: Partner) -> Listed:
    lines = _ledger(convention)
    return Listed(
        convention,
        partner,
        convention_state(db(), convention, today()),
        sum(line.published for line in lines),
        sum(line.allocated for line in lines),
    )


@blueprint.get("/<key>")
@readers
def page(key: str) -> Any:
    return _show_page(key, None)


@blueprint.get("/<key>/registre.xlsx")
@readers
def ledger_file(key: str) -> Response:
    """The rows that the ledger's figures are the sums of: openings and stays, as numbers."""
    convention, _ = get_readable(key)
    rows = ledger_rows(db(), convention, school_year_in_force(), campaign_in_force())
    answer = make_response(write_xlsx("Registre", COLUMNS, rows))
    answer.headers["Content-Type"] = XLSX
    answer.headers["Content-Disposition"] = f'attachment; filename="registre-{key}.xlsx"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _show_page(key: str, form: EventForm | None) -> Any:
    convention, partner = get_readable(key)
    lines = _ledger(convention)
    values = _page_values(convention, partner, lines)
    if signed_in_person().is_coordinator:
        return show("conventions/page.html", form or EventForm(formdata=None), 200, **values)
    return render_template("conventions/page.html", form=None, **values)


def _page_values(convention: Convention, partner: Partner, lines: list[LedgerLine]) -> dict[str, object]:
    commitments = db().exec(
        select(Commitment).where(Commitment.convention_id == convention.id).order_by(col(Commitment.code))
    )
    return {
        "convention": convention,
        "partner": partner,
        "document": convention.document,
        "state": convention_state(db(), convention, today()),
        "facts": words.facts_of(convention.document, convention.signed_on, convention.term_years),
        "commitments": list(commitments),
        "staff": staff_mobilised(db(), convention, school_year_in_force()),
        "lines": lines,
        "capped": [
            one for one in ceilings_of(db(), convention, school_year_in_force()) if one.line.ceiling is not None
        ],
        "sets_ceilings": signed_in_person().acts_for(partner),
        "bars": ledger_chart(lines),
        "map": coverage_map(convention, lines),
        "events": events_of(db(), convention),
        "numbers_only": is_numbers_only(db(), convention),
        "campaign": campaign_in_force(),
        "words": words,
        "event_labels": CONVENTION_EVENT_LABELS,
        "level_labels": LEVEL_LABELS,
        "kind_labels": PARTNER_KIND_LABELS,
    }


def ledger_chart(lines: list[LedgerLine]) -> Chart:
    rows = [
        LedgerRow(line.label_fr, line.promised, line.published, line.allocated, line.confirmed, line.signed, line.held)
        for line in lines
    ]
    return ledger_bars("registre", "De la promesse au stage réalisé", rows)


def coverage_map(convention: Convention, lines: list[LedgerLine]) -> FranceMap:
    """Places published by département of the convention; its départements without a place are counted as zero."""
    published: dict[str, int] = {}
    allocated: dict[str, int] = {}
    for line in lines:
        for code, (places, pupils) in line.by_department.items():
            published[code] = published.get(code, 0) + places
            allocated[code] = allocated.get(code, 0) + pupils
    names = department_names()
    territory = departments_of(db(), convention)
    covered = sorted((territory if territory is not None else frozenset(names)) | published.keys())
    measures = {
        code: Measure(
            float(published.get(code, 0)),
            f"{counted(published.get(code, 0), 'place publiée', 'places publiées')}, "
            f"{counted(allocated.get(code, 0), 'élève affecté', 'élèves affectés')}",
            (number(published.get(code, 0)), number(allocated.get(code, 0))),
        )
        for code in covered
    }
    scale = count_scale(list(published.values()), "places", "aucune place", "hors du territoire de la convention")
    columns = ("Département", "Places publiées", "Élèves affectés")
    return france_map("Places publiées par département", scale, measures, names, columns, lambda code: f"#dep-{code}")


@blueprint.post("/<key>/evenements")
@coordination
def add_event(key: str) -> Any:
    form = EventForm()
    if not (form.validate() and _record(key, form)):
        return _show_page(key, form)
    flash(
        typeset(f"L’événement est enregistré : {CONVENTION_EVENT_LABELS[ConventionEventKind(form.kind.data)].lower()}.")
    )
    return redirect(url_for(".page", key=key) + "#evenements", 303)


def _record(key: str, form: EventForm) -> bool:
    try:
        record_event(
            db(),
            get_convention(db(), key),
            ConventionEventKind(form.kind.data),
            form.happened_on.data or date.min,
            (form.reason.data or "").strip(),
            years=form.years.data,
            actor=signed_in_person().actor,
        )
        db().flush()
    except ServiceError as refusal:
        form.refuse(refusal)
        return False
    return True
