"""The directory of local relays: the coordinators' whole list, and a partner's part of it where its convention allows.

Refuses to decide who may read a contact and until when: the domain does.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from sqlmodel import col, select
from werkzeug.wrappers import Response
from wtforms import EmailField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.domain.relays import (
    RelayDraft,
    add_relay,
    exchanges_names,
    relays_for_partner,
    relays_for_state,
    remove_relay,
    renew_relay,
)
from service.errors import ServiceError
from service.persistence.tables import Department, LocalRelay, Partner
from service.vocabulary import RELAY_KIND_LABELS, RelayKind, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, today
from service.web.coordinators import department_names
from service.web.forms import Form, show
from service.web.paging import cut

blueprint = Blueprint("relays", __name__)
coordination = allowed(Role.NATIONAL_COORDINATOR)
partner_staff = allowed(Role.PARTNER_MANAGER)


class RelayForm(Form):
    kind = SelectField(
        "Fonction",
        [InputRequired()],
        choices=[SelectChoice(kind.value, said) for kind, said in RELAY_KIND_LABELS.items()],
    )
    name = StringField("Nom", [InputRequired("Indiquez le nom."), Length(max=120, message="120 caractères au plus.")])
    email = EmailField(
        "Adresse électronique",
        [InputRequired("Indiquez l’adresse."), Length(max=200, message="200 caractères au plus.")],
    )
    organisation = StringField("Organisme", [Length(max=120, message="120 caractères au plus.")])
    department_code = SelectField("Département", [InputRequired("Choisissez le département.")], choices=[])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        rows = db().exec(select(Department.code, Department.name).order_by(col(Department.code)))
        self.department_code.choices = [SelectChoice(code, f"{code} – {name}") for code, name in rows]

    @property
    def draft(self) -> RelayDraft:
        return RelayDraft(
            RelayKind(self.kind.data),
            self.name.data or "",
            self.email.data or "",
            self.department_code.data or "",
            self.organisation.data or "",
        )


def _show(form: RelayForm, partner: Partner | None) -> Response:
    exchanges = partner is None or exchanges_names(db(), partner, today())
    rows = relays_for_state(db(), today()) if partner is None else relays_for_partner(db(), partner, today())
    wanted = request.args.get("departement", "")
    shown: list[LocalRelay] = [one for one in rows if not wanted or one.department_code == wanted]
    return show(
        "relays.html",
        form,
        partner=partner,
        exchanges=exchanges,
        page=cut(shown, request.args),
        wanted=wanted,
        present=sorted({one.department_code for one in rows}),
        names=department_names(),
        kind_labels=RELAY_KIND_LABELS,
    )


def _home(partner: Partner | None) -> Response:
    where = url_for(".index") if partner is None else url_for(".partner_index", partner_id=partner.id)
    return redirect(where, 303)


def _add(partner: Partner | None) -> Any:
    form = RelayForm()
    if not form.validate():
        return _show(form, partner)
    try:
        relay = add_relay(db(), form.draft, partner, today(), signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(form, partner)
    flash(f"{relay.name} est dans l’annuaire, et en est informé par courrier électronique.")
    return _home(partner)


def _renew(relay_id: int, partner: Partner | None) -> Any:
    relay = renew_relay(db(), relay_id, partner, today(), signed_in_person().actor)
    flash(f"{relay.name} reste dans l’annuaire jusqu’au prochain échange.")
    return _home(partner)


def _remove(relay_id: int, partner: Partner | None) -> Any:
    remove_relay(db(), relay_id, partner, signed_in_person().actor)
    flash("Le contact est effacé.")
    return _home(partner)


@blueprint.get("/relais")
@coordination
def index() -> Any:
    return _show(RelayForm(formdata=None), None)


@blueprint.post("/relais")
@coordination
def add() -> Any:
    return _add(None)


@blueprint.post("/relais/<int:relay_id>/maintien")
@coordination
def renew(relay_id: int) -> Any:
    return _renew(relay_id, None)


@blueprint.post("/relais/<int:relay_id>/retrait")
@coordination
def remove(relay_id: int) -> Any:
    return _remove(relay_id, None)


@blueprint.get("/partenaires/<int:partner_id>/relais")
@partner_staff
def partner_index(partner: Partner) -> Any:
    return _show(RelayForm(formdata=None), partner)


@blueprint.post("/partenaires/<int:partner_id>/relais")
@partner_staff
def partner_add(partner: Partner) -> Any:
    return _add(partner)


@blueprint.post("/partenaires/<int:partner_id>/relais/<int:relay_id>/maintien")
@partner_staff
def partner_renew(partner: Partner, relay_id: int) -> Any:
    return _renew(relay_id, partner)


@blueprint.post("/partenaires/<int:partner_id>/relais/<int:relay_id>/retrait")
@partner_staff
def partner_remove(partner: Partner, relay_id: int) -> Any:
    return _remove(relay_id, partner)
