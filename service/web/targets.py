"""Targets by territory, for its coordinators: who answers for which part of a promise, and moving a part of it.

Responsible for the form and its words. Refuses to share anything itself: the domain says what may move where.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from service.domain.people import COUNTRY
from service.domain.perimeters import read_geography
from service.domain.rounds import names_of
from service.domain.targets import SharedLine, Shift, shared_lines, shift_target, shifts_made
from service.errors import ServiceError
from service.vocabulary import COORDINATORS, LEVEL_LABELS
from service.web.access import allowed, signed_in_person
from service.web.context import db
from service.web.conventions import school_year_in_force
from service.web.coordinators import OPENERS, runs_campaigns
from service.web.forms import Form, WholeNumberField, show
from service.web.french import counted
from service.web.paging import cut

blueprint = Blueprint("targets", __name__, url_prefix="/coordination/objectifs")
COMMON = "part commune, qui n’est confiée à aucun territoire"


class ShiftForm(Form):
    line = SelectField("Engagement", [InputRequired("Choisissez un engagement.")], coerce=int, validate_choice=False)
    source = SelectField("De", [InputRequired("Choisissez un territoire.")])
    destination = SelectField("À", [InputRequired("Choisissez un territoire.")])
    seats = WholeNumberField(
        "Places", [InputRequired("Indiquez un nombre de places."), NumberRange(1, 100_000, "Indiquez au moins 1.")]
    )
    why = StringField(
        "Motif",
        [
            InputRequired("Donnez le motif en une phrase\u00a0: il est gardé avec le déplacement."),
            Length(max=300, message="300 caractères au plus."),
        ],
    )


def _form(lines: list[SharedLine]) -> ShiftForm:
    """Territories inside the person's own; the part no territory was given is the country's to give."""
    form, geography = ShiftForm(), read_geography(db())
    inside = geography.inside(signed_in_person().area)
    form.line.choices = [SelectChoice(one.line.id, one.line.label) for one in lines]
    for field in (form.source, form.destination):
        field.choices = [SelectChoice(key or COUNTRY, geography.name(key) if key else COMMON) for key in inside]
    return form


@blueprint.get("")
@allowed(*COORDINATORS)
def index() -> Any:
    lines = _lines()
    return _show(lines, _form(lines))


def _lines() -> list[SharedLine]:
    return shared_lines(db(), signed_in_person().area, school_year_in_force())


def _show(lines: list[SharedLine], form: ShiftForm) -> Response:
    area, geography = signed_in_person().area, read_geography(db())
    page = cut(shifts_made(db(), area), request.args)
    return show(
        "coordinators/targets.html",
        form,
        lines=[one for one in lines if one.shares or area is None],
        has_lines=bool(lines),
        whole=area is None,
        may_shift=bool(signed_in_person().roles & OPENERS),
        page=page,
        names={key: geography.name(key) if key else COMMON for key in geography.names},
        authors=names_of(db(), {shift.made_by for shift, _ in page.rows}),
        level_labels=LEVEL_LABELS,
        school_year=school_year_in_force(),
    )


@blueprint.post("")
@runs_campaigns
def move() -> Any:
    """Takes effect at the next round."""
    form = _form(_lines())
    if not form.validate():
        return _show(_lines(), form)
    ends = (form.source.data.removeprefix(COUNTRY), form.destination.data.removeprefix(COUNTRY))
    asked = Shift(form.line.data, *ends, form.seats.data or 0, form.why.data or "")
    try:
        made = shift_target(db(), asked, signed_in_person().area, signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(_lines(), form)
    said = counted(made.seats, "place déplacée", "places déplacées")
    flash(f"{said}\u00a0: le prochain tour en tient compte.")
    return redirect(url_for(".index"), 303)
