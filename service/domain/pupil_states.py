"""Where each pupil of a school stands, from nothing asked to the stay over: the one place that decides it.

Reads the rows of requests, rounds, confirmations, agreements and what was said of presence, in three queries whatever
the number of pupils. A pupil with two hosts stands where the less advanced of the two stays does. Names are read here:
for their school alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select
from sqlmodel import Session, col

from service.domain.presence import stays_held
from service.domain.snapshot import SENT
from service.persistence.bulk import Selection, fetch
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
    Pupil,
    School,
    Site,
    UnplacedPupil,
)
from service.vocabulary import AgreementState, ConfirmationState, Level, PupilState

ORDER = tuple(PupilState)


@dataclass(frozen=True, slots=True)
class StayAt:
    """Where and when a pupil goes, and how far that stay is."""

    site: str
    commune: str
    department_code: str
    starts_on: date
    ends_on: date
    state: PupilState


@dataclass(frozen=True, slots=True)
class Standing:
    """`left_out`: the published round found no place."""

    pupil_id: int
    class_id: int
    class_name: str
    level: Level
    display_name: str
    state: PupilState
    left_out: bool
    stays: Sequence[StayAt]


def standings(session: Session, campaign: Campaign, school: School, class_id: int | None = None) -> list[Standing]:
    """The school's pupils of the campaign's year, or of one class, by class in the order of its list."""
    stays = _stays(session, school)
    left = {row[0] for row in fetch(session, _left_out(campaign, school))}
    query = (
        select(
            col(Pupil.id),
            col(ClassGroup.id),
            col(ClassGroup.name),
            col(ClassGroup.level),
            col(Pupil.display_name),
            col(PlacementRequest.status),
        )
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .outerjoin(
            PlacementRequest,
            and_(
                col(PlacementRequest.class_id) == col(ClassGroup.id),
                col(PlacementRequest.campaign_id) == row_id(campaign),
            ),
        )
        .where(col(ClassGroup.school_id) == row_id(school), col(ClassGroup.school_year) == campaign.school_year)
        .order_by(col(ClassGroup.level), col(ClassGroup.name), col(Pupil.id))
    )
    if class_id is not None:
        query = query.where(col(ClassGroup.id) == class_id)
    return [
        Standing(
            pupil_id=pupil_id,
            class_id=group,
            class_name=name,
            level=level,
            display_name=display_name,
            state=_state(stays[pupil_id], status in SENT),
            left_out=pupil_id in left,
            stays=stays[pupil_id],
        )
        for pupil_id, group, name, level, display_name, status in fetch(session, query)
    ]


def _left_out(campaign: Campaign, school: School) -> Selection:
    return (
        select(col(UnplacedPupil.pupil_id))
        .join(Pupil, col(Pupil.id) == col(UnplacedPupil.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(col(UnplacedPupil.round_id) == campaign.published_round_id, col(ClassGroup.school_id) == row_id(school))
    )


def _stays(session: Session, school: School) -> Mapping[int, list[StayAt]]:
    found: dict[int, list[StayAt]] = defaultdict(list)
    query = (
        select(
            col(Placement.pupil_id),
            col(Site.name),
            col(Commune.name),
            col(Site.department_code),
            col(Period.starts_on),
            col(Period.ends_on),
            col(Confirmation.state),
            col(Agreement.state),
            col(Confirmation.id).in_(stays_held()),
        )
        .join(Pupil, col(Pupil.id) == col(Placement.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .join(Period, col(Period.id) == col(Placement.period_id))
        .outerjoin(
            Confirmation,
            and_(
                col(Confirmation.pupil_id) == col(Placement.pupil_id),
                col(Confirmation.opening_id) == col(Placement.opening_id),
            ),
        )
        .outerjoin(
            AgreementStay, and_(col(AgreementStay.confirmation_id) == col(Confirmation.id), col(AgreementStay.live))
        )
        .outerjoin(Agreement, col(Agreement.id) == col(AgreementStay.agreement_id))
        .where(col(Placement.published), col(ClassGroup.school_id) == row_id(school))
        .order_by(col(Placement.pupil_id), col(Period.starts_on))
    )
    for pupil_id, site, commune, department, starts_on, ends_on, *said in fetch(session, query):
        found[pupil_id].append(StayAt(site, commune, department, starts_on, ends_on, _stay_state(*said)))
    return found


def _stay_state(
    confirmation: ConfirmationState | None, agreement: AgreementState | None, was_held: bool | None
) -> PupilState:
    """Held without a signed agreement, a stay still waits for it: each state supposes those before it."""
    if agreement in (AgreementState.SIGNED, AgreementState.CLOSED):
        return PupilState.DONE if was_held else PupilState.SIGNED
    return PupilState.CONFIRMED if confirmation is ConfirmationState.CONFIRMED else PupilState.PLACED


def _state(stays: Sequence[StayAt], is_asked: bool) -> PupilState:
    if stays:
        return min((one.state for one in stays), key=ORDER.index)
    return PupilState.ASKED if is_asked else PupilState.NOTHING


def reached(pupils: Iterable[Standing]) -> Mapping[int, Mapping[PupilState, int]]:
    """For each class, how many pupils have come at least so far."""
    counts: dict[int, Counter[PupilState]] = defaultdict(Counter)
    for one in pupils:
        counts[one.class_id].update(ORDER[: ORDER.index(one.state) + 1])
    return counts
