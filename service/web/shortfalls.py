"""A host says, after a publication, that it receives fewer pupils than were sent: its own page, and the coordinator's.

The same form for both. Refuses to know which pupils are concerned: the coordination reads that.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from sqlmodel import col
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from service.domain.offer_views import OfferRow, offers_of_partner
from service.domain.offers import get_offer
from service.domain.perimeters import contains
from service.domain.shortfalls import announce_shortfall
from service.errors import NotFound, ServiceError
from service.persistence.tables import Offer, Partner, Site
from service.vocabulary import LEVEL_LABELS, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db
from service.web.coordinators import runs_campaigns
from service.web.forms import Form, show, version_seen
from service.web.french import counted
from service.web.periods import SeatsField

blueprint = Blueprint("shortfalls", __name__)


class ShortfallForm(Form):
    version = HiddenField()
    seats = SeatsField("Élèves gardés par période")
    why = StringField(
        "Motif",
        [
            InputRequired("Donnez le motif en une phrase\u00a0: il est gardé avec le désistement."),
            Length(max=300, message="300 caractères au plus."),
        ],
    )


@blueprint.get("/partenaires/<int:partner_id>/offres/<int:offer_id>/desistement")
@allowed(Role.PARTNER_MANAGER)
def announce(partner: Partner, offer_id: int) -> Any:
    return _ask(_row(partner.id or 0, offer_id), _back_to_offer(partner, offer_id))


@blueprint.post("/partenaires/<int:partner_id>/offres/<int:offer_id>/desistement")
@allowed(Role.PARTNER_MANAGER)
def record(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0)
    return _record(offer, _row(partner.id or 0, offer_id), _back_to_offer(partner, offer_id))


def _back_to_offer(partner: Partner, offer_id: int) -> str:
    return url_for("offers.page", partner_id=partner.id, offer_id=offer_id)


@blueprint.get("/coordination/offres/<int:offer_id>/desistement")
@runs_campaigns
def announce_for(offer_id: int) -> Any:
    """A host has telephoned: the coordination says it in its name."""
    offer, partner_id = _offer_of_anybody(offer_id)
    return _ask(_row(partner_id, offer.id or 0), url_for("coordinators.cockpit"))


@blueprint.post("/coordination/offres/<int:offer_id>/desistement")
@runs_campaigns
def record_for(offer_id: int) -> Any:
    offer, partner_id = _offer_of_anybody(offer_id)
    return _record(offer, _row(partner_id, offer.id or 0), url_for("coordinators.cockpit"))


def _offer_of_anybody(offer_id: int) -> tuple[Offer, int]:
    """Any partner's, at a site of the person's territory."""
    offer = db().get(Offer, offer_id)
    site = db().get_one(Site, offer.site_id) if offer is not None else None
    if offer is None or site is None or not contains(signed_in_person().area, frozenset({site.department_code})):
        raise NotFound
    return offer, site.partner_id


def _row(partner_id: int, offer_id: int) -> OfferRow:
    for row in offers_of_partner(db(), partner_id, only=col(Offer.id) == offer_id):
        if row.used:
            return row
    raise NotFound


def _ask(row: OfferRow, back: str) -> Response:
    form = ShortfallForm()
    form.version.data = str(row.version)
    form.seats.typed = {one.period_id: str(one.used - one.too_many) for one in row.openings if one.used}
    return _show(form, row, back)


def _show(form: ShortfallForm, row: OfferRow, back: str) -> Response:
    return show("partners/shortfall.html", form, row=row, back=back, level_label=LEVEL_LABELS[row.level])


def _record(offer: Offer, row: OfferRow, back: str) -> Any:
    form = ShortfallForm()
    if not form.validate():
        return _show(form, row, back)
    keeps = {one.period_id: form.seats.data.get(one.period_id, 0) for one in row.openings if one.used}
    actor, version = signed_in_person().actor, version_seen(form.version.data)
    try:
        missing = announce_shortfall(db(), offer, _with_free_seats(row, keeps), form.why.data or "", actor, version)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(form, row, back)
    flash(f"Le désistement est enregistré\u00a0: la coordination doit replacer {counted(missing, 'élève', 'élèves')}.")
    return redirect(back, 303)


def _with_free_seats(row: OfferRow, keeps: dict[str, int]) -> dict[str, int]:
    """Whoever keeps nobody closes the free periods too; otherwise they stay as they are."""
    if any(keeps.values()):
        return keeps
    return {one.period_id: 0 for one in row.openings}
