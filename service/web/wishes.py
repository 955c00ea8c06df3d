"""A pupil's own page: a code from a slip, three choices, one button. No account, nothing but a first name.

Public: the code is the only right. Wrong codes are counted, right ones are not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from service.domain.attempts import count_attempt, has_spent
from service.domain.class_results import hostings_of_pupil
from service.domain.pupil_wishes import (
    Asked,
    choose_wishes,
    open_wishes,
    read_code,
    refuse_unless_answering,
    written_code,
)
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.engine import session_scope
from service.web.access import public
from service.web.class_wishes import code_key
from service.web.context import abandon_unit, db, engine, now, today
from service.web.forms import Form, show
from service.web.proxies import client_address
from service.web.sectors import sector_labels

WRONG_CODES, WINDOW = 60, timedelta(minutes=15)
"""From one network address: a room of pupils who misread their slips shares one, and ten signs leave room for it."""
TOO_MANY = "Trop de codes faux ont été essayés depuis cette connexion. Attendez un quart d’heure, puis recommencez."

blueprint = Blueprint("wishes", __name__, url_prefix="/voeux")


class CodeForm(Form):
    code = StringField("Code", [InputRequired("Recopiez le code de votre feuille.")])


class WishesForm(Form):
    wish_1 = SelectField("Premier choix", choices=[], validate_choice=False)
    wish_2 = SelectField("Deuxième choix", choices=[], validate_choice=False)
    wish_3 = SelectField("Troisième choix", choices=[], validate_choice=False)

    @property
    def fields(self) -> tuple[SelectField, SelectField, SelectField]:
        return self.wish_1, self.wish_2, self.wish_3

    @property
    def sectors(self) -> list[str]:
        return [one.data for one in self.fields if one.data]


def first_name(display_name: str) -> str:
    """« Zoé A. » and « Zoé MARTIN » are « Zoé »; a name that does not say where the first one ends stays whole."""
    words = display_name.split()
    kept: list[str] = []
    for word in words:
        if kept and (word.endswith(".") or (len(word) > 1 and word.isupper())):
            return " ".join(kept)
        kept.append(word)
    return display_name


@blueprint.get("")
@public
def enter() -> Any:
    return show("pupils/enter.html", CodeForm())


@blueprint.post("")
@public
def receive() -> Any:
    form = CodeForm()
    if form.validate():
        code = read_code(form.code.data)
        if code:
            return redirect(url_for("wishes.page", code=written_code(code)), 303)
        form.refuse_field("code", "Un code compte dix lettres et chiffres. Recopiez celui de votre feuille.")
    return show("pupils/enter.html", form)


@blueprint.get("/<code>")
@public
def page(code: str) -> Any:
    asked = _open(code)
    form = WishesForm()
    for control, sector in zip(form.fields, asked.wishes, strict=False):
        control.data = sector
    return _show(asked, form)


@blueprint.post("/<code>")
@public
def choose(code: str) -> Any:
    asked = _open(code)
    form = WishesForm()
    try:
        choose_wishes(db(), asked, form.sectors, today(), now())
        return redirect(url_for("wishes.page", code=code), 303)
    except Conflict:
        return redirect(url_for("wishes.page", code=code), 303)
    except ServiceError as refusal:
        form.refuse(refusal)
    return _show(asked, form)


def _open(code: str) -> Asked:
    """
    Raises:
        NotFound: a wrong code, counted in a unit of work of its own, since this one is rolled back.
        ServiceError: too many of them came from there; a right code does not open either.
    """
    guesses = f"wish_code/address:{client_address()}"
    if has_spent(db(), guesses, WRONG_CODES, now()):
        raise ServiceError("too_many_codes", TOO_MANY)
    try:
        return open_wishes(db(), read_code(code), code_key())
    except NotFound:
        abandon_unit()
        with session_scope(engine()) as counting:
            count_attempt(counting, guesses, WRONG_CODES, WINDOW, now())
        raise


def _show(asked: Asked, form: WishesForm) -> Any:
    labels = sector_labels()
    for control in form.fields:
        control.choices = [SelectChoice("", "Choisissez…"), *(SelectChoice(*item) for item in labels.items())]
    return show(
        "pupils/wishes.html",
        form,
        name=first_name(asked.pupil.display_name),
        asked=asked,
        hostings=hostings_of_pupil(db(), asked.pupil),
        chosen=[labels[sector] for sector in asked.wishes],
        why_closed=_why_closed(asked),
        is_correcting=request.method == "POST",
    )


def _why_closed(asked: Asked) -> str:
    try:
        refuse_unless_answering(db(), asked, today())
    except Conflict as refusal:
        return refusal.message
    return ""
