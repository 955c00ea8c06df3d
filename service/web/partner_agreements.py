"""A partner's agreements: what it has to write in them, one form for all the pupils of an opening, and their documents.

Refuses to show anything under a closed data-protection gate: no agreement exists there.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from service.domain.agreement_lists import agreements_page, count_agreements, of_partner, openings_to_complete
from service.domain.agreement_parts import HostPart, agreements_to_complete, complete_by_host
from service.domain.agreement_rows import get_agreement
from service.domain.calendar import period_label
from service.domain.working_time import WEEKDAYS, hours_hint, limits_of
from service.errors import NotFound, ServiceError
from service.persistence.tables import Agreement, Offer, Opening, Partner, Period, Site
from service.vocabulary import AgreementState, Role
from service.web.access import allowed, signed_in_person
from service.web.agreement_words import LABELS, document_answer
from service.web.context import db
from service.web.forms import Form, show
from service.web.french import counted
from service.web.paging import PER_PAGE, Page, cut

blueprint = Blueprint("partner_agreements", __name__, url_prefix="/partenaires/<int:partner_id>/conventions-de-stage")
partner_staff = allowed(Role.PARTNER_MANAGER)
NAME_TOO_LONG = Length(max=120, message="120 caractères au plus.")


class HostForm(Form):
    signatory_name = StringField("Nom du signataire", [InputRequired("Indiquez qui signe."), NAME_TOO_LONG])
    signatory_function = StringField("Sa fonction", [InputRequired("Indiquez sa fonction."), NAME_TOO_LONG])
    tutor_name = StringField("Nom du tuteur", [InputRequired("Indiquez qui accompagne l’élève."), NAME_TOO_LONG])
    tutor_function = StringField("Fonction du tuteur", [NAME_TOO_LONG])
    tutor_email = StringField("Courriel du tuteur")
    activities = TextAreaField(
        "Activités prévues",
        [InputRequired("Décrivez les activités en quelques mots."), Length(max=600, message="600 caractères au plus.")],
    )
    meals = StringField("Repas", [Length(max=200, message="200 caractères au plus.")])

    def part(self) -> HostPart:
        texts = {name: self._fields[name].data or "" for name in HostPart.__slots__ if name != "hours"}
        return HostPart(**texts, hours=typed_hours())


def typed_hours() -> list[str]:
    return [request.form.get(f"hours-{index}", "") for index in range(len(WEEKDAYS))]


@blueprint.get("")
@partner_staff
def index(partner: Partner) -> Any:
    whose = of_partner(partner.id or 0)
    states = count_agreements(db(), whose)
    alive = sum(states.values()) - states[AgreementState.AMENDED]
    place = cut(range(alive), request.args)
    lines = agreements_page(db(), whose, (place.number - 1) * PER_PAGE, PER_PAGE)
    return show(
        "agreements/partner_index.html",
        Form(),
        200,
        partner=partner,
        page=Page(lines, place.number, place.count, alive),
        openings=openings_to_complete(db(), partner.id or 0),
        signed=states[AgreementState.SIGNED] + states[AgreementState.CLOSED],
        **LABELS,
    )


def _opening_of(partner: Partner, opening_id: int) -> tuple[Opening, list[Agreement]]:
    """
    Raises:
        NotFound: another partner's, or nothing to complete there.
    """
    opening = db().get(Opening, opening_id)
    waiting = agreements_to_complete(db(), opening_id)
    if opening is None or not waiting or _site_of(opening).partner_id != partner.id:
        raise NotFound
    return opening, waiting


def _site_of(opening: Opening) -> Site:
    return db().get_one(Site, db().get_one(Offer, opening.offer_id).site_id)


@blueprint.get("/places/<int:opening_id>")
@partner_staff
def form(partner: Partner, opening_id: int) -> Any:
    opening, waiting = _opening_of(partner, opening_id)
    return _show_form(partner, opening, waiting, HostForm(formdata=None, obj=waiting[0]), waiting[0].hours)


def _show_form(
    partner: Partner, opening: Opening, waiting: list[Agreement], form: HostForm, hours: list[str]
) -> Response:
    offer, period = db().get_one(Offer, opening.offer_id), db().get_one(Period, opening.period_id)
    return show(
        "agreements/host_form.html",
        form,
        200,
        partner=partner,
        opening=opening,
        count=len(waiting),
        site=_site_of(opening),
        period_label=period_label(period),
        level=offer.level,
        hint=hours_hint(limits_of(db(), offer.level, period.starts_on)),
        hours=list(zip(WEEKDAYS, hours or [""] * len(WEEKDAYS), strict=True)),
        **LABELS,
    )


@blueprint.post("/places/<int:opening_id>")
@partner_staff
def complete(partner: Partner, opening_id: int) -> Any:
    opening, waiting = _opening_of(partner, opening_id)
    form = HostForm()
    try:
        if not form.validate():
            return _show_form(partner, opening, waiting, form, typed_hours())
        actor = signed_in_person().actor
        count, judged = complete_by_host(db(), partner.id or 0, opening_id, form.part(), actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_form(partner, *_opening_of(partner, opening_id), form, typed_hours())
    flash(counted(count, "convention de stage complétée", "conventions de stage complétées") + ".")
    for sentence in judged.warned:
        flash(sentence, "attention")
    return redirect(url_for(".index", partner_id=partner.id), 303)


@blueprint.get("/<int:agreement_id>/document.pdf")
@partner_staff
def document(partner: Partner, agreement_id: int) -> Response:
    agreement = get_agreement(db(), agreement_id)
    if _site_of(db().get_one(Opening, agreement.opening_id)).partner_id != partner.id:
        raise NotFound
    return document_answer(agreement)
