"""A partner's sites: the list, and the form that adds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlmodel import col
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from service.domain.offers import SiteDraft, add_site
from service.domain.partner_parts import own_member, sites_within
from service.domain.place_counts import open_seats
from service.domain.points import read_point
from service.domain.sites import check_within
from service.domain.texts import search_form
from service.errors import ServiceError
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import Commune, Partner, PartnerMember, Site
from service.vocabulary import HAS_MEMBERS, NEED_LABELS, Role
from service.web.access import allowed, reach, signed_in_person
from service.web.communes import chosen_commune, look_up
from service.web.context import db
from service.web.forms import show
from service.web.paging import cut
from service.web.point_map import typed_map
from service.web.site_forms import SiteForm

blueprint = Blueprint("sites", __name__, url_prefix="/partenaires/<int:partner_id>/sites")


class NewSiteForm(SiteForm):
    """The commune is found by a first sending (its name or post code), then chosen in the list that comes back."""

    aliases: ClassVar[Mapping[str, str]] = {"insee": "commune"}

    member = StringField("Entreprise adhérente qui accueille", [Length(max=120, message="120 caractères au plus.")])
    name = StringField("Nom du site", [InputRequired("Donnez un nom au site."), Length(max=120)])
    commune = StringField("Commune ou code postal", [InputRequired("Indiquez la commune ou son code postal.")])
    insee = RadioField("Commune trouvée", choices=[], validate_choice=False)

    def look_up(self, reader: Any) -> list[Commune]:
        """The communes the text may mean; a choice made before the text changed is forgotten."""
        found = look_up(reader, self.commune.data or "")
        if self.insee.data not in {one.insee for one in found}:
            self.insee.data = None
        return found

    def chosen(self, found: list[Commune]) -> str:
        """The commune meant, or a refusal that says what to do."""
        return chosen_commune(found, self.commune.data or "", self.insee.data)

    def refuse_what_is_unread(self, found: list[Commune]) -> None:
        """What a search can already say: no such commune, a point that is none."""
        if not found:
            self.refuse_field("commune", "Aucune commune de ce nom. Essayez le début du nom, ou le code postal.")
        try:
            read_point(self.point.data or "")
        except ServiceError as refusal:
            self.refuse(refusal)

    def commune_meant(self, found: list[Commune]) -> Commune | None:
        """None while several fit."""
        try:
            insee = self.chosen(found)
        except ServiceError:
            return None
        return next((one for one in found if one.insee == insee), None)


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
    return _show(partner, NewSiteForm(), [])


@blueprint.post("/nouveau")
@allowed(Role.PARTNER_MANAGER, parts=True)
def add(partner: Partner) -> Any:
    form = NewSiteForm()
    found = form.look_up(db())
    if {"search", "look"} & set(request.form):
        form.refuse_what_is_unread(found)
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


def _draft(form: NewSiteForm, found: list[Commune], partner: Partner) -> SiteDraft:
    return form.draft(form.name.data, form.chosen(found), member=_member(form, partner))


def _member(form: NewSiteForm, partner: Partner) -> str:
    """The company that hosts: the person's own when their right is a member's, else the one they name."""
    own = own_member(db(), reach())
    if own is not None:
        return own.name
    return (form.member.data or "") if partner.kind in HAS_MEMBERS else ""


def _show(partner: Partner, form: NewSiteForm, found: list[Commune]) -> Any:
    return show(
        "partners/site_form.html",
        form,
        partner=partner,
        found=found,
        has_members=partner.kind in HAS_MEMBERS and own_member(db(), reach()) is None,
        need_labels=NEED_LABELS,
        place=typed_map(db(), form.commune_meant(found), form.point.data or ""),
    )
