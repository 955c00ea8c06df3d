"""An offer's life on the site: correct it, publish a draft, put it back, copy it, renew it for the next school year."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from service.domain.offer_drafts import Copy, copy_offer, draft_of, publish_draft, put_back, renew_offer, revise_offer
from service.domain.offers import get_offer
from service.errors import Refusals, ServiceError
from service.persistence.tables import Offer, Partner, Site
from service.vocabulary import Role
from service.web.access import allowed, reach, signed_in_person
from service.web.context import abandon_unit, db, today
from service.web.forms import version_seen
from service.web.french import counted
from service.web.offer_forms import OfferForm, choices_of, show_offer_form
from service.web.periods import refuse_past

blueprint = Blueprint("offer_drafts", __name__, url_prefix="/partenaires/<int:partner_id>/offres/<int:offer_id>")
partner_staff = allowed(Role.PARTNER_MANAGER, parts=True)


@blueprint.get("/modifier")
@partner_staff
def edit(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    form = OfferForm(formdata=None)
    form.fill(draft_of(db(), offer))
    form.version.data = str(offer.version)
    return _show(partner, offer, form)


@blueprint.post("/modifier")
@partner_staff
def revise(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    form = OfferForm()
    if request.form.get("then") == "split":
        form.share_out(choices_of(db().get_one(Site, offer.site_id), offer.level, offer.school_year))
        return _show(partner, offer, form)
    if not form.validate():
        return _show(partner, offer, form)
    draft = form.draft(offer.level)
    try:
        site = db().get_one(Site, offer.site_id)
        refuse_past(choices_of(site, offer.level, offer.school_year), draft.seats)
        revise_offer(db(), offer, draft, today(), signed_in_person().actor, form.seen_version)
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        return _show(partner, offer, form)
    flash("L’offre est enregistrée.")
    return _to(partner, offer_id)


def _show(partner: Partner, offer: Offer, form: OfferForm) -> Any:
    site = db().get_one(Site, offer.site_id)
    return show_offer_form(partner, site, offer.level, form, offer.school_year, offer=offer)


def _to(partner: Partner, offer_id: int, page: str = "offers.page") -> Any:
    return redirect(url_for(page, partner_id=partner.id, offer_id=offer_id), 303)


@blueprint.post("/publication")
@partner_staff
def publish(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    try:
        publish_draft(db(), offer, today(), signed_in_person().actor, version_seen(request.form.get("version")))
    except ServiceError as refusal:
        return _refused(partner, offer_id, refusal)
    flash("L’offre est publiée\u00a0: le prochain tour la verra.")
    return _to(partner, offer_id)


@blueprint.post("/brouillon")
@partner_staff
def to_draft(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    try:
        put_back(db(), offer, signed_in_person().actor, version_seen(request.form.get("version")))
    except ServiceError as refusal:
        return _refused(partner, offer_id, refusal)
    flash("L’offre est de nouveau un brouillon\u00a0: aucun tour ne la voit.")
    return _to(partner, offer_id)


@blueprint.post("/copie")
@partner_staff
def copy(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    return _copied(partner, offer_id, lambda: copy_offer(db(), offer, today(), signed_in_person().actor))


@blueprint.post("/renouvellement")
@partner_staff
def renew(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    return _copied(partner, offer_id, lambda: renew_offer(db(), offer, today(), signed_in_person().actor))


def _copied(partner: Partner, offer_id: int, make: Any) -> Any:
    try:
        made: Copy = make()
    except ServiceError as refusal:
        return _refused(partner, offer_id, refusal)
    flash(f"Un brouillon est prêt pour l’année {made.offer.school_year}\u00a0: relisez-le, puis publiez-le.")
    if made.left_out:
        said = counted(made.left_out, "période n’est pas reprise", "périodes ne sont pas reprises")
        flash(f"{said}\u00a0: commencées, ou fermées cette année-là. Choisissez-en d’autres.", "attention")
    return _to(partner, made.offer.id or 0, "offer_drafts.edit")


def _refused(partner: Partner, offer_id: int, refusal: ServiceError) -> Any:
    """Back to the offer, unchanged, with every reason."""
    abandon_unit()
    for one in refusal.refusals if isinstance(refusal, Refusals) else [refusal]:
        flash(one.message, "problem")
    return _to(partner, offer_id)
