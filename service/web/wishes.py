"""A pupil's own page: a code from a slip, three choices, one button. No account, nothing but a first name.

Public: the code is the only right. Wrong codes are counted, right ones are not.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from service.domain.pupil_wishes import (
    Asked,
    choose_wishes,
    open_wishes,
    read_code,
    refuse_unless_answering,
    written_code,
)
from service.errors import Conflict, ServiceError
from service.web.access import public
from service.web.class_wishes import code_key
from service.web.context import db, now, today
from service.web.forms import Form, show
from service.web.sectors import sector_labels

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
    asked = open_wishes(db(), read_code(code), code_key())
    form = WishesForm()
    for control, sector in zip(form.fields, asked.wishes, strict=False):
        control.data = sector
    return _show(asked, form)


@blueprint.post("/<code>")
@public
def choose(code: str) -> Any:
    asked = open_wishes(db(), read_code(code), code_key())
    form = WishesForm()
    try:
        choose_wishes(db(), asked, form.sectors, today(), now())
        return redirect(url_for("wishes.page", code=code), 303)
    except Conflict:
        return redirect(url_for("wishes.page", code=code), 303)
    except ServiceError as refusal:
        form.refuse(refusal)
    return _show(asked, form)


def _show(asked: Asked, form: WishesForm) -> Any:
    labels = sector_labels()
    for control in form.fields:
        control.choices = [SelectChoice("", "Choisissez…"), *(SelectChoice(*item) for item in labels.items())]
    return show(
        "pupils/wishes.html",
        form,
        name=first_name(asked.pupil.display_name),
        asked=asked,
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
