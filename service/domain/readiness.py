"""What a campaign holds before a round: pupils asked for, places published, by level and by département.

Responsible for counting. Refuses to judge whether it is enough, and to know how a round will share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from service.domain.perimeters import Area, area_of, common, within
from service.persistence.tables import (
    Campaign,
    ClassGroup,
    Offer,
    Opening,
    PlacementRequest,
    Pupil,
    School,
    Site,
)
from service.vocabulary import Level, OfferStatus, RequestStatus

_SENT = (RequestStatus.SUBMITTED, RequestStatus.FROZEN)


@dataclass(frozen=True, slots=True)
class Tension:
    """Pupils asked for and places published somewhere."""

    pupils: int = 0
    seats: int = 0

    @property
    def per_seat(self) -> float | None:
        """Pupils per place; None where there is no place at all."""
        return self.pupils / self.seats if self.seats else None


@dataclass(frozen=True, slots=True)
class Readiness:
    """`by_level` and `by_department` count the same pupils and places, cut two ways."""

    requests_sent: int
    requests_draft: int
    schools: int
    offers: int
    by_level: Mapping[Level, Tension]
    by_department: Mapping[str, Tension]
    by_cell: Mapping[tuple[Level, str], Tension]
    """By level and département."""

    @property
    def pupils(self) -> int:
        return sum(one.pupils for one in self.by_level.values())

    @property
    def seats(self) -> int:
        return sum(one.seats for one in self.by_level.values())


def campaign_readiness(session: Session, campaign: Campaign, area: Area = None) -> Readiness:
    """Counts requests sent for the campaign and places published for its school year, its levels and its territory.

    Within an `area`, those of its schools and its sites.
    """
    area = common(area_of(session, campaign.territory), area)
    asks, hosts = within(col(School.department_code), area), within(col(Site.department_code), area)
    levels = [Level(one) for one in campaign.levels]
    pupils = _count_pupils(session, campaign, asks)
    seats = _count_seats(session, campaign.school_year, levels, hosts)
    cells = set(pupils) | set(seats)
    codes = sorted({code for _, code in cells})
    return Readiness(
        requests_sent=_count_requests(session, campaign, _SENT, asks),
        requests_draft=_count_requests(session, campaign, (RequestStatus.DRAFT,), asks),
        schools=_count_schools(session, campaign, asks),
        offers=_count_offers(session, campaign.school_year, levels, hosts),
        by_level={level: _sum(pupils, seats, (cell for cell in cells if cell[0] == level)) for level in levels},
        by_department={code: _sum(pupils, seats, (cell for cell in cells if cell[1] == code)) for code in codes},
        by_cell={cell: _sum(pupils, seats, (cell,)) for cell in sorted(cells)},
    )


Cell = tuple[Level, str]
Condition = ColumnElement[bool]


def _sum(pupils: Mapping[Cell, int], seats: Mapping[Cell, int], cells: Iterable[Cell]) -> Tension:
    kept = list(cells)
    return Tension(sum(pupils.get(cell, 0) for cell in kept), sum(seats.get(cell, 0) for cell in kept))


def _count_pupils(session: Session, campaign: Campaign, asks: Condition) -> dict[Cell, int]:
    rows = session.exec(
        select(ClassGroup.level, School.department_code, func.count(col(Pupil.id)))
        .join(PlacementRequest, col(PlacementRequest.class_id) == ClassGroup.id)
        .join(School, col(School.id) == ClassGroup.school_id)
        .join(Pupil, col(Pupil.class_id) == ClassGroup.id)
        .where(PlacementRequest.campaign_id == campaign.id, col(PlacementRequest.status).in_(_SENT), asks)
        .group_by(col(ClassGroup.level), col(School.department_code))
    )
    return {(Level(level), department): count for level, department, count in rows}


def _count_seats(session: Session, school_year: str, levels: list[Level], hosts: Condition) -> dict[Cell, int]:
    rows = session.exec(
        select(Offer.level, Site.department_code, func.sum(Opening.capacity))
        .join(Site, col(Site.id) == Offer.site_id)
        .join(Opening, col(Opening.offer_id) == Offer.id)
        .where(
            Offer.school_year == school_year, Offer.status == OfferStatus.PUBLISHED, col(Offer.level).in_(levels), hosts
        )
        .group_by(col(Offer.level), col(Site.department_code))
    )
    return {(Level(level), department): int(total or 0) for level, department, total in rows}


def _count_requests(session: Session, campaign: Campaign, statuses: tuple[RequestStatus, ...], asks: Condition) -> int:
    return session.exec(
        select(func.count(col(PlacementRequest.id)))
        .join(ClassGroup, col(ClassGroup.id) == PlacementRequest.class_id)
        .join(School, col(School.id) == ClassGroup.school_id)
        .where(PlacementRequest.campaign_id == campaign.id, col(PlacementRequest.status).in_(statuses), asks)
    ).one()


def _count_schools(session: Session, campaign: Campaign, asks: Condition) -> int:
    return session.exec(
        select(func.count(func.distinct(ClassGroup.school_id)))
        .join(PlacementRequest, col(PlacementRequest.class_id) == ClassGroup.id)
        .join(School, col(School.id) == ClassGroup.school_id)
        .where(PlacementRequest.campaign_id == campaign.id, col(PlacementRequest.status).in_(_SENT), asks)
    ).one()


def _count_offers(session: Session, school_year: str, levels: list[Level], hosts: Condition) -> int:
    return session.exec(
        select(func.count(col(Offer.id)))
        .join(Site, col(Site.id) == Offer.site_id)
        .where(
            Offer.school_year == school_year, Offer.status == OfferStatus.PUBLISHED, col(Offer.level).in_(levels), hosts
        )
    ).one()
