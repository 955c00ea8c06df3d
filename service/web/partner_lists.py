"""A partner's lists as spreadsheets: its sites, under the very columns an import reads, its offers, who is expected.

Responsible for the cells. A list of expected pupils counts them and names nobody, whatever the convention's gate.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response
from sqlalchemy import func, select
from sqlmodel import col
from werkzeug.wrappers import Response

from service.documents.spreadsheets import Cell, write_xlsx
from service.domain.offer_views import expected_visitors, offers_of_partner
from service.domain.partner_parts import sites_within
from service.domain.points import Point, own_point
from service.imports.site_columns import COLUMNS, OFFER_COLUMNS, SITE_TEXTS
from service.persistence.tables import Commune, Partner, PartnerMember, Site
from service.vocabulary import LEVEL_LABELS, NEED_LABELS, OFFER_STATUS_LABELS, Need, Role
from service.web.access import allowed, reach
from service.web.context import db
from service.web.offers import convention_names
from service.web.uploads import XLSX

blueprint = Blueprint("partner_lists", __name__, url_prefix="/partenaires/<int:partner_id>/listes")
partner_staff = allowed(Role.PARTNER_MANAGER, parts=True)
_SITE_COLUMNS = tuple(one for one in COLUMNS if one.key not in (*OFFER_COLUMNS, "postcode"))
_OFFER_COLUMNS = (
    "Site", "Commune", "Département", "Niveau", "Secteur", "Intitulé", "Convention", "État", "Période", "Places",
    "Affectées", "Libres",
)  # fmt: skip
_EXPECTED_COLUMNS = ("Dates", "Du", "Au", "Site", "Commune", "Niveau", "Secteur", "Élèves")


def _sheet(name: str, columns: tuple[str, ...], rows: list[tuple[Cell, ...]], file: str) -> Response:
    answer = make_response(write_xlsx(name, columns, rows))
    answer.headers["Content-Type"] = XLSX
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}.xlsx"'
    return answer


@blueprint.get("/sites.xlsx")
@partner_staff
def sites(partner: Partner) -> Response:
    """To be corrected in a spreadsheet and sent back: what was not touched changes nothing."""
    query = (
        select(Site, Commune, func.coalesce(col(PartnerMember.name), ""))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .outerjoin(PartnerMember, col(PartnerMember.id) == col(Site.member_id))
        .where(col(Site.partner_id) == partner.id, sites_within(reach()))
        .order_by(col(Site.name), col(Site.id))
    )
    rows = [_site_cells(site, commune, member) for site, commune, member in db().execute(query)]
    return _sheet("Sites", tuple(one.label for one in _SITE_COLUMNS), rows, "sites")


def _site_cells(site: Site, commune: Commune, member: str) -> tuple[Cell, ...]:
    point = own_point(Point(site.latitude, site.longitude), commune)
    said: dict[str, Any] = {
        "member": member,
        "name": site.name,
        "commune": commune.name,
        "insee": commune.insee,
        "latitude": point.latitude if point else None,
        "longitude": point.longitude if point else None,
        "serves": ", ".join(NEED_LABELS[Need(one)] for one in site.serves),
        **{name: getattr(site, name) for name in SITE_TEXTS},
    }
    return tuple(said[one.key] for one in _SITE_COLUMNS)


@blueprint.get("/offres.xlsx")
@partner_staff
def offers(partner: Partner) -> Response:
    """One line per offer and period."""
    names = convention_names(partner)
    rows: list[tuple[Cell, ...]] = [
        (
            one.site_name,
            one.commune,
            one.department_code,
            LEVEL_LABELS[one.level],
            one.sector_label,
            one.title,
            names[one.convention_key],
            OFFER_STATUS_LABELS[one.status],
            opening.label_fr,
            opening.capacity,
            opening.used,
            opening.remaining,
        )
        for one in offers_of_partner(db(), partner.id or 0, reach())
        for opening in one.openings
    ]
    return _sheet("Offres", _OFFER_COLUMNS, rows, "offres")


@blueprint.get("/eleves-attendus.xlsx")
@partner_staff
def expected(partner: Partner) -> Response:
    """How many come where and when."""
    rows: list[tuple[Cell, ...]] = [
        (
            one.label_fr,
            one.starts_on,
            one.ends_on,
            one.site_name,
            one.commune,
            LEVEL_LABELS[one.level],
            one.sector_label,
            one.count,
        )
        for one in expected_visitors(db(), partner.id or 0, reach(), named=False)
    ]
    return _sheet("Élèves attendus", _EXPECTED_COLUMNS, rows, "eleves-attendus")
