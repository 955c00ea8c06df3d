"""What a round starts from, read once as plain rows: who asks, who has a place already, which seats there are.

Responsible for which rows count (requests sent, offers of the school year, seats used, published placements) in a
handful of queries. Refuses to know the solver: `service.domain.bridge` turns these rows into its instance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, exists, select
from sqlmodel import Session, col

from service.domain.offer_details import read_reserves
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    ClassGroup,
    Commitment,
    Confirmation,
    Convention,
    Offer,
    Opening,
    Placement,
    PlacementRequest,
    Preference,
    Pupil,
    RequestPeriod,
    School,
    Site,
)
from service.vocabulary import LEAVES, OfferStatus, RequestStatus

SENT = (RequestStatus.SUBMITTED, RequestStatus.FROZEN)


@dataclass(frozen=True, slots=True)
class PupilAsking:
    """`together` names the group of the class that the pupil stays with; `two_hosts`: one week in each will do;
    `every_period`: one stay in each of the periods, all of them or none; no `departments`: all that rules allow."""

    class_id: int
    pseudonym: str
    school: str
    level: str
    periods: frozenset[str]
    wishes: tuple[str, ...]
    reach_km: int
    needs: frozenset[str]
    together: str
    two_hosts: bool
    every_period: bool = False
    departments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PlacedAlready:
    """A pupil whom a round of the campaign has placed."""

    pseudonym: str
    offer_id: int
    period_id: str


@dataclass(frozen=True, slots=True)
class SchoolAsking:
    uai: str
    department: str
    latitude: float
    longitude: float
    priority: str


@dataclass(frozen=True, slots=True)
class OfferOpen:
    """An offer of the school year, published or not. `left` are seats per period, `used` all those taken; fewer than
    none are left where the host no longer receives all the pupils sent there."""

    id: int
    published: bool
    level: str
    sector: str
    max_per_school: int | None
    min_group: int | None
    reserved: Mapping[str, int]
    convention: str | None
    commitment: str
    department: str
    latitude: float
    longitude: float
    serves: frozenset[str]
    left: Mapping[str, int]
    used: int


def pupils_asking(session: Session, campaign: Campaign) -> list[PupilAsking]:
    """Every pupil of a request sent, but those whom another campaign has placed, with all that they accept."""
    requests = {
        class_id: (request_id, level, reach_km, departments, two_hosts, every_period, uai)
        for class_id, request_id, level, reach_km, departments, two_hosts, every_period, uai in fetch(
            session,
            _of_requests(
                select(
                    col(ClassGroup.id),
                    col(PlacementRequest.id),
                    col(ClassGroup.level),
                    col(PlacementRequest.reach_km),
                    col(PlacementRequest.departments),
                    col(PlacementRequest.two_hosts),
                    col(PlacementRequest.every_period),
                    col(School.uai),
                )
                .join(PlacementRequest, col(PlacementRequest.class_id) == col(ClassGroup.id))
                .join(School, col(School.id) == col(ClassGroup.school_id)),
                campaign,
            ),
        )
    }
    periods, wishes = _periods(session, campaign), _wishes(session, campaign)
    return [
        PupilAsking(
            class_id,
            pseudonym,
            uai,
            str(level),
            periods.get(request_id, frozenset()),
            wishes.get(pupil_id, ()),
            max(0, reach_km + campaign.added_reach_km),
            frozenset(needs),
            together,
            two_hosts,
            every_period,
            frozenset(departments),
        )
        for pupil_id, class_id, pseudonym, needs, together in _pupils(session, campaign)
        for request_id, level, reach_km, departments, two_hosts, every_period, uai in [requests[class_id]]
    ]


def _of_requests(statement: Selection, campaign: Campaign) -> Selection:
    """Keeps the requests sent for the campaign, at its levels."""
    return statement.where(
        col(PlacementRequest.campaign_id) == campaign.id,
        col(PlacementRequest.status).in_(SENT),
        col(ClassGroup.level).in_(campaign.levels),
    )


def _placed_elsewhere(campaign: Campaign) -> ColumnElement[bool]:
    return exists().where(
        col(Placement.pupil_id) == col(Pupil.id),
        col(Placement.published),
        col(Placement.round_id) == col(AllocationRound.id),
        col(AllocationRound.campaign_id) != campaign.id,
    )


def _asks_no_more(campaign: Campaign) -> ColumnElement[bool]:
    """The school said that the pupil left, found a place alone or is exempt."""
    return exists().where(
        col(Confirmation.pupil_id) == col(Pupil.id),
        col(Confirmation.reason).in_(LEAVES),
        col(Confirmation.opening_id) == col(Placement.opening_id),
        col(Placement.pupil_id) == col(Pupil.id),
        col(Placement.round_id) == col(AllocationRound.id),
        col(AllocationRound.campaign_id) == campaign.id,
    )


def _pupils(session: Session, campaign: Campaign) -> Sequence[Any]:
    statement = (
        select(col(Pupil.id), col(Pupil.class_id), col(Pupil.pseudonym), col(Pupil.needs), col(Pupil.together))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(PlacementRequest, col(PlacementRequest.class_id) == col(ClassGroup.id))
        .where(~_placed_elsewhere(campaign), ~_asks_no_more(campaign))
    )
    return fetch(session, _of_requests(statement, campaign))


def _periods(session: Session, campaign: Campaign) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    statement = (
        select(col(RequestPeriod.request_id), col(RequestPeriod.period_id))
        .join(PlacementRequest, col(PlacementRequest.id) == col(RequestPeriod.request_id))
        .join(ClassGroup, col(ClassGroup.id) == col(PlacementRequest.class_id))
    )
    for request_id, period_id in fetch(session, _of_requests(statement, campaign)):
        found[request_id].add(period_id)
    return {request_id: frozenset(periods) for request_id, periods in found.items()}


def _wishes(session: Session, campaign: Campaign) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    statement = (
        select(col(Preference.pupil_id), col(Preference.sector))
        .join(Pupil, col(Pupil.id) == col(Preference.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(PlacementRequest, col(PlacementRequest.class_id) == col(ClassGroup.id))
        .order_by(col(Preference.pupil_id), col(Preference.rank))
    )
    for pupil_id, sector in fetch(session, _of_requests(statement, campaign)):
        found[pupil_id] = (*found.get(pupil_id, ()), sector)
    return found


def placed_already(session: Session, campaign: Campaign) -> list[PlacedAlready]:
    of_campaign = _placements().join(AllocationRound, col(AllocationRound.id) == col(Placement.round_id))
    here = col(AllocationRound.campaign_id) == campaign.id, col(Placement.published)
    return [PlacedAlready(*row) for row in fetch(session, of_campaign.where(*here))]


def placements_of(session: Session, round_id: int) -> list[PlacedAlready]:
    """What a round decided, published or not."""
    return [PlacedAlready(*row) for row in fetch(session, _placements().where(col(Placement.round_id) == round_id))]


def _placements() -> Selection:
    return (
        select(col(Pupil.pseudonym), col(Opening.offer_id), col(Placement.period_id))
        .join(Placement, col(Placement.pupil_id) == col(Pupil.id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
    )


def schools_asking(session: Session, uais: set[str]) -> list[SchoolAsking]:
    rows = fetch(
        session,
        select(
            col(School.uai),
            col(School.department_code),
            col(School.latitude),
            col(School.longitude),
            col(School.priority),
        ),
    )
    return [SchoolAsking(row[0], row[1], row[2], row[3], str(row[4])) for row in rows if row[0] in uais]


def offers_open(session: Session, school_year: str) -> list[OfferOpen]:
    """Every offer of the school year. Those no longer published still count by the seats they have used."""
    left: dict[int, dict[str, int]] = defaultdict(dict)
    used: dict[int, int] = defaultdict(int)
    room = case((col(Opening.keeps) < col(Opening.capacity), col(Opening.keeps)), else_=col(Opening.capacity))
    statement = select(col(Opening.offer_id), col(Opening.period_id), room, col(Opening.used)).join(
        Offer, col(Offer.id) == col(Opening.offer_id)
    )
    for offer_id, period_id, capacity, taken in fetch(session, statement.where(col(Offer.school_year) == school_year)):
        left[offer_id][period_id] = capacity - taken
        used[offer_id] += taken
    reserved = read_reserves(session, select(col(Offer.id)).where(col(Offer.school_year) == school_year))
    rows = fetch(session, _offers(school_year))
    return [_offer(row, left[row[0]], used[row[0]], reserved.get(row[0], {})) for row in rows]


def _offer(row: Sequence[Any], left: Mapping[str, int], used: int, reserved: Mapping[str, int]) -> OfferOpen:
    offer_id, status, level, sector, most, least, convention, commitment, department, latitude, longitude, serves = row
    return OfferOpen(
        id=offer_id,
        published=status == OfferStatus.PUBLISHED,
        level=str(level),
        sector=sector,
        max_per_school=most,
        min_group=least,
        reserved=reserved,
        convention=convention,
        commitment=commitment or "",
        department=department,
        latitude=latitude,
        longitude=longitude,
        serves=frozenset(serves),
        left=left,
        used=used,
    )


def _offers(school_year: str) -> Selection:
    return (
        select(
            col(Offer.id),
            col(Offer.status),
            col(Offer.level),
            col(Offer.sector),
            col(Offer.max_per_school),
            col(Offer.min_group),
            col(Convention.key),
            col(Commitment.code),
            col(Site.department_code),
            col(Site.latitude),
            col(Site.longitude),
            col(Site.serves),
        )
        .join(Site, col(Site.id) == col(Offer.site_id))
        .outerjoin(Convention, col(Convention.id) == col(Offer.convention_id))
        .outerjoin(Commitment, col(Commitment.id) == col(Offer.commitment_id))
        .where(col(Offer.school_year) == school_year)
    )
