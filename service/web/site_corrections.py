"""A site corrected by those who act for it: what is said of it, never where it is.

Its name and its commune stay: offers, agreements and rounds know the site by them.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from wtforms import EmailField, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length

from service.domain.sites import SiteDraft, correct_site
from service.errors import ServiceError
from service.persistence.tables import Commune, Partner, Site
from service.vocabulary import NEED_LABELS, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db
from service.web.forms import Form, show, version_seen
from service.web.offers import get_site

blueprint = Blueprint("site_corrections", __name__, url_prefix="/partenaires/<int:partner_id>/sites/<int:site_id>")
site_staff = allowed(Role.PARTNER_MANAGER, parts=True)


class SiteCorrectionForm(Form):
    version = HiddenField()
    siret = StringField("SIRET du site", [Length(max=40, message="Un SIRET compte quatorze chiffres.")])
    street = StringField("Adresse", [Length(max=200, message="200 caractères au plus.")])
    contact_email = EmailField("Courriel du site", [Length(max=200, message="200 caractères au plus.")])
    safety_notes = TextAreaField("Consignes aux élèves", [Length(max=500, message="500 caractères au plus.")])
    serves = SelectMultipleField("Accueil possible", choices=[], validate_choice=False)


@blueprint.get("/modifier")
@site_staff
def edit(partner: Partner, site_id: int) -> Any:
    site = get_site(partner, site_id)
    return _show(partner, site, SiteCorrectionForm(formdata=None, obj=site))


@blueprint.post("/modifier")
@site_staff
def correct(partner: Partner, site_id: int) -> Any:
    site, form = get_site(partner, site_id), SiteCorrectionForm()
    if not form.validate():
        return _show(partner, site, form)
    draft = SiteDraft(
        name=site.name,
        insee=site.insee,
        siret=form.siret.data or "",
        street=form.street.data or "",
        contact_email=form.contact_email.data or "",
        safety_notes=form.safety_notes.data or "",
        serves=tuple(form.serves.data or ()),
    )
    try:
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
        commune=db().get_one(Commune, site.insee),
        need_labels=NEED_LABELS,
    )
