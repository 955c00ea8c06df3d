"""The ceilings of a convention on the site: the partner's head office sets them, a coordinator reads them.

Reads what is typed and puts each refusal at its field. Refuses to know which ceilings may stand: the domain does.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from service.domain.ceiling_choices import MOST, add_line, retire_line, set_ceilings
from service.domain.ceilings import CeilingRow, ceilings_of, choices_made, state_seen
from service.domain.rounds import names_of
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.tables import Convention, Partner
from service.vocabulary import LEVEL_LABELS, Level, Role
from service.web.access import allowed, signed_in_person
from service.web.context import abandon_unit, db
from service.web.conventions import get_readable, school_year_in_force
from service.web.coordinators import department_names
from service.web.forms import Form, WholeNumberField, show, version_seen
from service.web.french import counted
from service.web.periods import SeatsField

blueprint = Blueprint("ceilings", __name__, url_prefix="/conventions/<key>/plafonds")
readers = allowed(Role.NATIONAL_COORDINATOR, Role.PARTNER_MANAGER)
partner_staff = allowed(Role.PARTNER_MANAGER)
_WORD = re.compile(r"[0-9A-Za-z]+")
_SHOWN = 30
"""Choices of the history that the page lists."""


class CeilingsField(SeatsField):
    """One ceiling per line (`ceilings-12`); an empty box is no ceiling, a zero closes the line."""

    zero_is_none = False

    def fill(self, rows: list[CeilingRow]) -> None:
        self.typed = {str(row.line.id): str(row.line.ceiling) for row in rows if row.line.ceiling is not None}


class CeilingsForm(Form):
    version = HiddenField()
    ceilings = CeilingsField("Plafonds")
    note = StringField("Précision", [Length(max=300, message="300 caractères au plus.")])


class LineForm(Form):
    version = HiddenField()
    level = SelectField("Niveau", [InputRequired("Choisissez un niveau.")], validate_choice=False)
    departments = StringField("Départements", [Length(max=400, message="400 caractères au plus.")])
    ceiling = WholeNumberField(
        "Plafond",
        [
            InputRequired("Indiquez un nombre d’élèves."),
            NumberRange(0, MOST, "Indiquez un nombre de 0 à 100\u202f000."),
        ],
    )

    @property
    def codes(self) -> frozenset[str] | None:
        """«59, 62 2a» as codes; nothing typed is the whole territory."""
        return frozenset(word.upper() for word in _WORD.findall(self.departments.data or "")) or None


@blueprint.get("")
@readers
def page(key: str) -> Any:
    return _show(*get_readable(key))


def _show(
    convention: Convention, partner: Partner, form: CeilingsForm | None = None, line_form: LineForm | None = None
) -> Any:
    rows = ceilings_of(db(), convention, school_year_in_force())
    if form is None:
        form = CeilingsForm(formdata=None)
        form.ceilings.fill(rows)
    line_form = line_form or LineForm(formdata=None)
    # A refused form keeps the state it was filled in with.
    seen = str(state_seen(db(), convention))
    form.version.data, line_form.version.data = form.version.data or seen, line_form.version.data or seen
    line_form.level.choices = [SelectChoice(level, LEVEL_LABELS[level]) for level in convention.document["levels"]]
    made = choices_made(db(), convention)
    authors = names_of(db(), {choice.chosen_by for choice, _ in made[:_SHOWN]})
    return show(
        "conventions/ceilings.html",
        line_form if line_form.summary else form,
        ceilings_form=form,
        level_labels=LEVEL_LABELS,
        convention=convention,
        partner=partner,
        rows=rows,
        line_form=line_form,
        may_set=signed_in_person().acts_for(partner),
        names=department_names(),
        school_year=school_year_in_force(),
        choices=[(choice, label, authors[choice.chosen_by]) for choice, label in made[:_SHOWN]],
        older=max(0, len(made) - _SHOWN),
    )


def _own(key: str) -> tuple[Convention, Partner]:
    """The convention of a partner that the person acts for as a whole: a ceiling is that partner's alone to choose."""
    convention, partner = get_readable(key)
    if not signed_in_person().acts_for(partner):
        raise NotFound
    return convention, partner


@blueprint.post("")
@partner_staff
def save(key: str) -> Any:
    convention, partner = _own(key)
    form = CeilingsForm()
    if not form.validate():
        return _show(convention, partner, form)
    shown = [row.line.id for row in ceilings_of(db(), convention, school_year_in_force())]
    try:
        changed = set_ceilings(
            db(),
            convention,
            {line_id: form.ceilings.data.get(str(line_id)) for line_id in shown},
            school_year=school_year_in_force(),
            actor=signed_in_person().actor,
            note=form.note.data or "",
            seen=version_seen(form.version.data),
        )
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        return _show(*get_readable(key), form)
    said = counted(changed, "plafond modifié", "plafonds modifiés") if changed else "Aucun plafond n’a changé"
    flash(f"{said}\u00a0: les tours lancés à partir de maintenant en tiennent compte." if changed else f"{said}.")
    return redirect(url_for(".page", key=key), 303)


@blueprint.post("/lignes")
@partner_staff
def add(key: str) -> Any:
    convention, partner = _own(key)
    form = LineForm()
    if form.validate() and form.level.data not in set(Level):
        form.refuse_field("level", "Choisissez un niveau.")
    if form.errors:
        return _show(convention, partner, None, form)
    try:
        row = add_line(
            db(),
            convention,
            Level(form.level.data),
            form.codes,
            form.ceiling.data or 0,
            school_year=school_year_in_force(),
            actor=signed_in_person().actor,
            seen=version_seen(form.version.data),
        )
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        return _show(*get_readable(key), None, form)
    flash(f"La ligne est ajoutée\u00a0: {row.label}.")
    return redirect(url_for(".page", key=key), 303)


@blueprint.post("/lignes/<int:line_id>/retrait")
@partner_staff
def retire(key: str, line_id: int) -> Any:
    convention, _ = _own(key)
    try:
        seen = version_seen(request.form.get("version"))
        retire_line(db(), convention, line_id, actor=signed_in_person().actor, seen=seen)
        flash("La ligne est retirée\u00a0: ses places comptent de nouveau sous la ligne qui l’entourait.")
    except Conflict as refusal:
        abandon_unit()
        flash(refusal.message, "problem")
    return redirect(url_for(".page", key=key), 303)
