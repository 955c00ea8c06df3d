"""A partner's sites: the list, and the form that adds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlmodel import col
from wtforms import EmailField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from service.domain.offer_views import open_seats
from service.domain.offers import SiteDraft, add_site
from service.domain.partner_parts import own_member, sites_within
from service.domain.sites import check_within
from service.domain.texts import search_form
from service.errors import ServiceError
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import Commune, Partner, PartnerMember, Site
from service.vocabulary import HAS_MEMBERS, NEED_LABELS, Role
from service.web.access import allowed, reach, signed_in_person
from service.web.communes import chosen_commune, look_up
from service.web.context import db
from service.web.forms import Form, show
from service.web.paging import cut

blueprint = Blueprint("sites", __name__, url_prefix="/partenaires/<int:partner_id>/sites")


class SiteForm(Form):
    """The commune is found by a first sending (its name or post code), then chosen in the list that comes back."""

    aliases: ClassVar[Mapping[str, str]] = {"insee": "commune"}

    member = StringField("Entreprise adhérente qui accueille", [Length(max=120, message="120 caractères au plus.")])
    name = StringField("Nom du site", [InputRequired("Donnez un nom au site."), Length(max=120)])
    siret = StringField("SIRET du site", [Length(max=40, message="Un SIRET compte quatorze chiffres.")])
    street = StringField("Adresse", [Length(max=200)])
    contact_email = EmailField("Courriel du site", [Length(max=200, message="200 caractères au plus.")])
    commune = StringField("Commune ou code postal", [InputRequired("Indiquez la commune ou son code postal.")])
    insee = RadioField("Commune trouvée", choices=[], validate_choice=False)
    serves = SelectMultipleField("Accueil possible", choices=[], validate_choice=False)

    def look_up(self, reader: Any) -> list[Commune]:
        """The communes the text may mean; a choice made before the text changed is forgotten."""
        found = look_up(reader, self.commune.data or "")
        if self.insee.data not in {one.insee for one in found}:
            self.insee.data = None
        return found

    def chosen(self, found: list[Commune]) -> str:
        """The commune meant, or a refusal that says what to do."""
        return chosen_commune(found, self.commune.data, self.insee.data)


@blueprint.get("")
@allowed(Role.PARTNER_MANAGER, parts=True)
def index(partner: Partner) -> Any:
    wanted = search_form(request.args.get("q", ""))
    query: Selection = (
        select(
            col(Site.id),
            col(Site.name),
            col(Site.siret),
            col(Site.department_code),
            col(Commune.name).label("commune"),
            func.coalesce(col(PartnerMember.name), "").label("member"),
        )
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .outerjoin(PartnerMember, col(PartnerMember.id) == col(Site.member_id))
        .where(col(Site.partner_id) == partner.id, sites_within(reach()))
        .order_by(col(Site.name), col(Site.id))
    )
    rows = [
        row
        for row in fetch(db(), query)
        if not wanted or wanted in search_form(f"{row.name} {row.member} {row.commune} {row.department_code}")
    ]
    page = cut(rows, request.args)
    return render_template(
        "partners/sites.html",
        partner=partner,
        page=page,
        seats=open_seats(db(), [row.id for row in page.rows]),
        query=request.args.get("q", ""),
        has_members=partner.kind in HAS_MEMBERS,
        may_import=reach() is None,
    )


@blueprint.get("/nouveau")
@allowed(Role.PARTNER_MANAGER, parts=True)
def new(partner: Partner) -> Any:
    return _show(partner, SiteForm(), [])


@blueprint.post("/nouveau")
@allowed(Role.PARTNER_MANAGER, parts=True)
def add(partner: Partner) -> Any:
    form = SiteForm()
    found = form.look_up(db())
    if "search" in request.form:
        if not found:
            form.refuse_field("commune", "Aucune commune de ce nom. Essayez le début du nom, ou le code postal.")
        return _show(partner, form, found)
    if not form.validate():
        return _show(partner, form, found)
    try:
        draft = _draft(form, found, partner)
        check_within(db(), reach(), draft)
        site, warnings = add_site(db(), partner.id or 0, draft, signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(partner, form, found)
    flash(f"Le site «\u00a0{site.name}\u00a0» est enregistré. Publiez-y maintenant des places.")
    for warning in warnings:
        flash(warning, "attention")
    return redirect(url_for("offers.choose_level", partner_id=partner.id, site_id=site.id), 303)


def _draft(form: SiteForm, found: list[Commune], partner: Partner) -> SiteDraft:
    return SiteDraft(
        name=form.name.data,
        insee=form.chosen(found),
        siret=form.siret.data or "",
        street=form.street.data or "",
        serves=tuple(form.serves.data or ()),
        contact_email=form.contact_email.data or "",
        member=_member(form, partner),
    )


def _member(form: SiteForm, partner: Partner) -> str:
    """The company that hosts: the person's own when their right is a member's, else the one they name."""
    own = own_member(db(), reach())
    if own is not None:
        return own.name
    return (form.member.data or "") if partner.kind in HAS_MEMBERS else ""


def _show(partner: Partner, form: SiteForm, found: list[Commune]) -> Any:
    return show(
        "partners/site_form.html",
        form,
        partner=partner,
        found=found,
        has_members=partner.kind in HAS_MEMBERS and own_member(db(), reach()) is None,
        need_labels=NEED_LABELS,
    )
