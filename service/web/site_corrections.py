"""A site corrected by those who act for it: what is said of it, and where in its commune it stands.

Its name and its commune stay: offers, agreements and rounds know the site by them.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from wtforms import HiddenField

from service.domain.points import Point, own_point
from service.domain.sites import correct_site
from service.errors import ServiceError
from service.persistence.tables import Commune, Partner, Site
from service.vocabulary import NEED_LABELS, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db
from service.web.forms import show, version_seen
from service.web.offers import get_site
from service.web.point_map import typed_map
from service.web.site_forms import SiteForm

blueprint = Blueprint("site_corrections", __name__, url_prefix="/partenaires/<int:partner_id>/sites/<int:site_id>")
site_staff = allowed(Role.PARTNER_MANAGER, parts=True)


class SiteCorrectionForm(SiteForm):
    version = HiddenField()


@blueprint.get("/modifier")
@site_staff
def edit(partner: Partner, site_id: int) -> Any:
    site = get_site(partner, site_id)
    form = SiteCorrectionForm(formdata=None, obj=site)
    form.point.data = str(own_point(Point(site.latitude, site.longitude), _commune(site)) or "")
    return _show(partner, site, form)


def _commune(site: Site) -> Commune:
    return db().get_one(Commune, site.insee)


@blueprint.post("/modifier")
@site_staff
def correct(partner: Partner, site_id: int) -> Any:
    site, form = get_site(partner, site_id), SiteCorrectionForm()
    if not form.validate() or "look" in request.form:
        return _show(partner, site, form)
    try:
        draft = form.draft(site.name, site.insee)
        warnings = correct_site(db(), site, draft, signed_in_person().actor, version_seen(form.version.data))
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        return _show(partner, get_site(partner, site_id), form)
    flash("Le site est corrigé.")
    for warning in warnings:
        flash(warning, "attention")
    return redirect(url_for("offers.choose_level", partner_id=partner.id, site_id=site_id), 303)


def _show(partner: Partner, site: Site, form: SiteCorrectionForm) -> Any:
    return show(
        "partners/site_correction.html",
        form,
        partner=partner,
        site=site,
        commune=_commune(site),
        place=typed_map(db(), _commune(site), form.point.data or ""),
        need_labels=NEED_LABELS,
    )
