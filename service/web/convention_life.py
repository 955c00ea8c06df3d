"""Living with a convention: what falls due and when, and the uses of logos and documents that each party has accepted.

The State's coordinators and the partner read the same page and answer each other on it. Refuses to compute a date.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.domain.consents import answer_consent, ask_consent, consents_of
from service.domain.convention_deadlines import deadlines_of
from service.domain.conventions import convention_state
from service.errors import ServiceError
from service.vocabulary import CONSENT_KIND_LABELS, PARTY_LABELS, ConsentKind, Party, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, today
from service.web.conventions import get_readable
from service.web.forms import Form, show

blueprint = Blueprint("convention_life", __name__, url_prefix="/conventions/<key>/vie")
parties = allowed(Role.NATIONAL_COORDINATOR, Role.PARTNER_MANAGER)


class ConsentForm(Form):
    kind = SelectField(
        "Objet",
        [InputRequired()],
        choices=[SelectChoice(kind.value, label) for kind, label in CONSENT_KIND_LABELS.items()],
    )
    what = TextAreaField(
        "Utilisation prévue",
        [
            InputRequired("Décrivez l’utilisation : quel support, quelle date, quel public."),
            Length(max=300, message="300 caractères au plus."),
        ],
    )


def side_of_person() -> Party:
    """A coordinator answers for the State, everybody else here for the partner."""
    return Party.STATE if signed_in_person().is_coordinator else Party.PARTNER


@blueprint.get("")
@parties
def page(key: str) -> Any:
    return _show(key, ConsentForm(formdata=None))


def _show(key: str, form: ConsentForm) -> Any:
    convention, partner = get_readable(key)
    return show(
        "conventions/life.html",
        form,
        convention=convention,
        partner=partner,
        state=convention_state(db(), convention, today()),
        deadlines=deadlines_of(db(), convention, today()),
        consents=consents_of(db(), convention),
        side=side_of_person(),
        kind_labels=CONSENT_KIND_LABELS,
        party_labels=PARTY_LABELS,
    )


@blueprint.post("/autorisations")
@parties
def ask(key: str) -> Any:
    convention, _ = get_readable(key)
    form = ConsentForm()
    if not form.validate():
        return _show(key, form)
    try:
        what = form.what.data or ""
        ask_consent(
            db(), convention, ConsentKind(form.kind.data), side_of_person(), what, today(), signed_in_person().actor
        )
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(key, form)
    flash("La demande est enregistrée\u00a0: l’autre partie la voit sur cette page.")
    return redirect(url_for(".page", key=key) + "#autorisations", 303)


@blueprint.post("/autorisations/<int:consent_id>")
@parties
def answer(key: str, consent_id: int) -> Any:
    convention, _ = get_readable(key)
    granted = request.form.get("answer") == "grant"
    answer_consent(db(), convention, consent_id, side_of_person(), granted, today(), signed_in_person().actor)
    flash("L’accord est enregistré." if granted else "Le refus est enregistré.")
    return redirect(url_for(".page", key=key) + "#autorisations", 303)
