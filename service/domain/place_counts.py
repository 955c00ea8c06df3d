"""How many places a partner has published, counted by the database: by site, by level, by département.

Responsible for totals alone, so that a page of a federation reads no list it does not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlmodel import Session, col

from service.domain.partner_parts import Reach, sites_within
from service.persistence.bulk import fetch
from service.persistence.tables import Department, Offer, Opening, Site
from service.vocabulary import Level, OfferStatus


def open_seats(session: Session, site_ids: Sequence[int]) -> Mapping[int, int]:
    """Published places of each of those sites that has any."""
    query = (
        select(col(Offer.site_id), func.sum(col(Opening.capacity)))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .where(col(Offer.site_id).in_(site_ids), col(Offer.status) == OfferStatus.PUBLISHED)
        .group_by(col(Offer.site_id))
    )
    return {site_id: int(seats) for site_id, seats in fetch(session, query)}


def published(partner_id: int, school_year: str) -> ColumnElement[bool]:
    """Of offers and their sites: those that the partner publishes that year."""
    return and_(
        col(Site.partner_id) == partner_id,
        col(Offer.status) == OfferStatus.PUBLISHED,
        col(Offer.school_year) == school_year,
    )


def places_by_level(
    session: Session, partner_id: int, school_year: str, reach: Reach = None, only: ColumnElement[bool] | None = None
) -> dict[Level, tuple[int, int]]:
    """(places, pupils sent to them) in the published offers of that year within reach; levels without any are absent.

    `only` is a condition on `Offer` or `Site`, as in `offers_of_partner`.
    """
    query = (
        select(col(Offer.level), func.sum(col(Opening.capacity)), func.sum(col(Opening.used)))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(published(partner_id, school_year), sites_within(reach), true() if only is None else only)
        .group_by(col(Offer.level))
    )
    return {level: (int(places), int(used)) for level, places, used in fetch(session, query)}


@dataclass(frozen=True, slots=True)
class PlacesThere:
    """What is published in one département, and the pupils sent to it."""

    code: str
    name: str
    sites: int
    places: int
    used: int


def places_by_department(session: Session, partner_id: int, school_year: str) -> list[PlacesThere]:
    """Départements where something is published that year, the fullest first."""
    places = func.sum(col(Opening.capacity))
    query = (
        select(
            col(Department.code),
            col(Department.name),
            func.count(col(Site.id).distinct()),
            places,
            func.sum(col(Opening.used)),
        )
        .join(Site, col(Site.department_code) == col(Department.code))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .where(published(partner_id, school_year))
        .group_by(col(Department.code), col(Department.name))
        .order_by(places.desc(), col(Department.code))
    )
    return [
        PlacesThere(code, name, sites, int(all_), int(used)) for code, name, sites, all_, used in fetch(session, query)
    ]
