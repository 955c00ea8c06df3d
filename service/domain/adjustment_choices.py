"""What a coordinator reads before deciding for one pupil: who asks what, where the pupil is sent, what is nearest.

Refuses to judge: a choice that a rule forbids is refused by the round, which names the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.accepted_departments import department_names
from service.domain.bridge import trip_between
from service.domain.dates import french_span
from service.domain.perimeters import area_of, within
from service.persistence.bulk import fetch
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    ClassGroup,
    Offer,
    Opening,
    Partner,
    Period,
    Placement,
    PlacementRequest,
    Pupil,
    RequestPeriod,
    School,
    Sector,
    Site,
)
from service.persistence.walks import to_host
from service.vocabulary import HAS_RESULT, Level, OfferStatus, RoundKind

NEAREST = 25


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """An opening of the pupil's level, in a period that the class accepts. `left` are seats nobody is published in."""

    offer_id: int
    period_id: str
    partner: str
    site: str
    sector: str
    when_fr: str
    left: int
    trip_m: int

    @property
    def key(self) -> str:
        return f"{self.offer_id}/{self.period_id}"


@dataclass(frozen=True, slots=True)
class PupilFile:
    """`sent` is where the last computed round sends the pupil; None when nowhere."""

    pseudonym: str
    school: str
    uai: str
    class_name: str
    level: Level
    reach_km: int
    departments: Sequence[str]
    """Names of those the request limits itself to; none without such a limit."""
    sent: PlaceChoice | None
    choices: Sequence[PlaceChoice]
    """The nearest first."""


def read_pupil_file(session: Session, campaign: Campaign, pupil: Pupil) -> PupilFile:
    """In a handful of queries, whatever the campaign's size."""
    group = session.get_one(ClassGroup, pupil.class_id)
    school = session.get_one(School, group.school_id)
    request = session.scalars(
        select(PlacementRequest).where(
            col(PlacementRequest.class_id) == group.id, col(PlacementRequest.campaign_id) == campaign.id
        )
    ).one()
    openings = _openings(session, campaign, group, school)
    periods = {
        one[0]
        for one in fetch(
            session, select(col(RequestPeriod.period_id)).where(col(RequestPeriod.request_id) == request.id)
        )
    }
    sent = _sent(session, campaign, pupil)
    choices = [one for one in openings.values() if one.period_id in periods and one.left > 0]
    return PupilFile(
        pupil.pseudonym,
        school.name,
        school.uai,
        group.name,
        group.level,
        request.reach_km,
        department_names(session, request.departments),
        None if sent is None else openings.get(sent),
        sorted(choices, key=lambda one: (one.trip_m, one.offer_id, one.period_id))[:NEAREST],
    )


def _sent(session: Session, campaign: Campaign, pupil: Pupil) -> int | None:
    """The opening of the last computed round."""
    last = (
        select(col(AllocationRound.id))
        .where(
            col(AllocationRound.campaign_id) == campaign.id,
            col(AllocationRound.kind) != RoundKind.SCENARIO,
            col(AllocationRound.status).in_(HAS_RESULT),
        )
        .order_by(col(AllocationRound.number).desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = fetch(
        session,
        select(col(Placement.opening_id)).where(col(Placement.pupil_id) == pupil.id, col(Placement.round_id) == last),
    )
    return int(rows[0][0]) if rows else None


def _openings(session: Session, campaign: Campaign, group: ClassGroup, school: School) -> dict[int, PlaceChoice]:
    openings = to_host(
        select(
            col(Opening.id),
            col(Offer.id),
            col(Period.id),
            col(Partner.name),
            col(Site.name),
            col(Sector.label),
            col(Period.starts_on),
            col(Period.ends_on),
            col(Opening.capacity) - col(Opening.used),
            col(Site.latitude),
            col(Site.longitude),
        ).select_from(Opening)
    )
    rows = fetch(
        session,
        openings.join(Sector, col(Sector.key) == col(Offer.sector))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(
            col(Offer.school_year) == campaign.school_year,
            col(Offer.level) == group.level,
            col(Offer.status) == OfferStatus.PUBLISHED,
            within(col(Site.department_code), area_of(session, campaign.territory)),
        ),
    )
    home = (school.latitude, school.longitude)
    return {
        key: PlaceChoice(
            offer_id, period_id, partner, site, sector, french_span(starts_on, ends_on), left, trip_between(home, place)
        )
        for key, offer_id, period_id, partner, site, sector, starts_on, ends_on, left, *at in rows
        for place in [(at[0], at[1])]
    }
