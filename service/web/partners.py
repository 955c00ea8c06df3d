"""A partner's pages: what it promised, its sites, its places, who is expected."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from service.persistence.tables import Partner
from service.vocabulary import Role
from service.web.access import allowed

blueprint = Blueprint("partners", __name__, url_prefix="/partenaires/<int:partner_id>")


@blueprint.get("/")
@allowed(Role.PARTNER_MANAGER)
def home(partner: Partner) -> Any:
    return render_template("partners/home.html", partner=partner)


@blueprint.get("/sites")
@allowed(Role.PARTNER_MANAGER)
def sites(partner: Partner) -> Any:
    return render_template("partners/home.html", partner=partner)


@blueprint.get("/offres")
@allowed(Role.PARTNER_MANAGER)
def offers(partner: Partner) -> Any:
    return render_template("partners/home.html", partner=partner)


@blueprint.get("/eleves-attendus")
@allowed(Role.PARTNER_MANAGER)
def visitors(partner: Partner) -> Any:
    return render_template("partners/home.html", partner=partner)
