"""The pupils of one class with what rounds decided for each: for their school alone, since names are read here.

Reads published decisions only: a round that is not published yet is nobody's result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from service.domain.offer_details import read_hours
from service.domain.together import MOST_WISHES
from service.domain.working_time import WorkDay, read_week, week_in_words
from service.errors import NotFound
from service.persistence.rows import row_id
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    Campaign,
    ClassGroup,
    Commune,
    Confirmation,
    Offer,
    Opening,
    Period,
    Placement,
    PlacementRequest,
    Preference,
    Pupil,
    RequestPeriod,
    School,
    Sector,
    Site,
    UnplacedPupil,
)


@dataclass(frozen=True, slots=True)
class Hosting:
    """Where and when a pupil goes. `rank` is the wish obtained, the group's for pupils who stay together; 0 without."""

    site_name: str
    street: str
    commune: str
    department_code: str
    sector_label: str
    starts_on: date
    ends_on: date
    rank: int
    trip_m: int
    safety_notes: str = ""
    hours: tuple[WorkDay, ...] = ()
    """Those of the agreement once it is prepared, the offer's before; empty when nobody has said them."""

    @property
    def hours_fr(self) -> list[str]:
        return week_in_words(self.hours)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a published round found no place: the round's own reason and facts."""

    reason: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PupilResult:
    """`together` names the group the pupil stays in, `ranked` counts the wishes that decide, the group's if any.

    Two `hostings`, in order of time, for a pupil with two hosts.
    """

    id: int
    display_name: str
    pseudonym: str
    wishes: Sequence[str]
    hostings: Sequence[Hosting]
    refusal: Refusal | None
    together: str
    ranked: int


def get_class(session: Session, class_id: int, school: School) -> ClassGroup:
    """The class, if it is that school's.

    Raises:
        NotFound: it is not, or there is none: the same answer.
    """
    group = session.get(ClassGroup, class_id)
    if group is None or group.school_id != school.id:
        raise NotFound
    return group


def find_request(session: Session, campaign: Campaign, group: ClassGroup) -> PlacementRequest | None:
    query = select(PlacementRequest).where(
        PlacementRequest.campaign_id == campaign.id, PlacementRequest.class_id == group.id
    )
    return session.exec(query).first()


def periods_of_request(session: Session, request: PlacementRequest) -> list[Period]:
    query = (
        select(Period)
        .join(RequestPeriod, col(RequestPeriod.period_id) == col(Period.id))
        .where(RequestPeriod.request_id == request.id)
        .order_by(col(Period.starts_on), col(Period.ends_on))
    )
    return list(session.exec(query))


def pupils_of_class(session: Session, campaign: Campaign, group: ClassGroup) -> list[PupilResult]:
    """Every pupil of the class in the order of the list, in eight queries whatever their number."""
    pupils = session.exec(select(Pupil).where(Pupil.class_id == group.id).order_by(col(Pupil.id))).all()
    wishes, hostings = _wishes(session, group), _hostings(session, col(Pupil.class_id) == row_id(group))
    refusals = _refusals(session, campaign, group)
    shared: dict[str, set[str]] = defaultdict(set)
    for one in pupils:
        shared[one.together or one.pseudonym].update(wishes[row_id(one)])
    return [
        PupilResult(
            id=row_id(one),
            display_name=one.display_name,
            pseudonym=one.pseudonym,
            wishes=wishes[row_id(one)],
            hostings=hostings[row_id(one)],
            refusal=None if hostings[row_id(one)] else refusals.get(row_id(one)),
            together=one.together,
            ranked=min(MOST_WISHES, len(shared[one.together or one.pseudonym])),
        )
        for one in pupils
    ]


def _wishes(session: Session, group: ClassGroup) -> dict[int, list[str]]:
    query = (
        select(Preference.pupil_id, Sector.label)
        .join(Pupil, col(Pupil.id) == col(Preference.pupil_id))
        .join(Sector, col(Sector.key) == col(Preference.sector))
        .where(Pupil.class_id == group.id)
        .order_by(col(Preference.pupil_id), col(Preference.rank))
    )
    found: dict[int, list[str]] = defaultdict(list)
    for pupil_id, label in session.exec(query):
        found[pupil_id].append(label)
    return found


def hostings_of_pupil(session: Session, pupil: Pupil) -> list[Hosting]:
    """Where a pupil goes by the published round, in order of time; what its own personal link shows."""
    return _hostings(session, col(Pupil.id) == row_id(pupil))[row_id(pupil)]


def _hostings(session: Session, whose: ColumnElement[bool]) -> dict[int, list[Hosting]]:
    query = (
        select_columns(Placement, Site, col(Offer.id), col(Offer.sector), Period)
        .join(Pupil, col(Pupil.id) == col(Placement.pupil_id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Period, col(Period.id) == col(Placement.period_id))
        .where(whose, col(Placement.published).is_(True))
        .order_by(col(Period.starts_on))
    )
    rows = session.execute(query).all()
    agreed = _agreed_hours(session, whose)
    usual = read_hours(session, sorted({offer_id for _, _, offer_id, _, _ in rows}))
    sectors = {one.key: one.label for one in session.exec(select(Sector))}
    codes = sorted({site.insee for _, site, *_ in rows})
    communes = {one.insee: one.name for one in session.exec(select(Commune).where(col(Commune.insee).in_(codes)))}
    found: dict[int, list[Hosting]] = defaultdict(list)
    for placement, site, offer_id, sector, period in rows:
        found[placement.pupil_id].append(
            Hosting(
                site_name=site.name,
                street=site.street,
                commune=communes[site.insee],
                department_code=site.department_code,
                sector_label=sectors[sector],
                starts_on=period.starts_on,
                ends_on=period.ends_on,
                rank=placement.rank,
                trip_m=placement.trip_m,
                safety_notes=site.safety_notes,
                hours=agreed.get((placement.pupil_id, placement.opening_id)) or usual.get(offer_id, ()),
            )
        )
    return found


def _agreed_hours(session: Session, whose: ColumnElement[bool]) -> dict[tuple[int, int], tuple[WorkDay, ...]]:
    """By pupil and opening, the hours that an agreement in preparation or signed says."""
    query = (
        select_columns(col(Confirmation.pupil_id), col(Confirmation.opening_id), col(Agreement.hours))
        .join(AgreementStay, col(AgreementStay.confirmation_id) == col(Confirmation.id))
        .join(Agreement, col(Agreement.id) == col(AgreementStay.agreement_id))
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .where(whose, col(AgreementStay.live))
    )
    return {(pupil, opening): read_week(typed) for pupil, opening, typed in session.execute(query)}


def _refusals(session: Session, campaign: Campaign, group: ClassGroup) -> dict[int, Refusal]:
    query = (
        select(UnplacedPupil)
        .join(Pupil, col(Pupil.id) == col(UnplacedPupil.pupil_id))
        .where(Pupil.class_id == group.id, UnplacedPupil.round_id == campaign.published_round_id)
    )
    return {one.pupil_id: Refusal(one.reason, one.facts) for one in session.exec(query)}
