"""Who has another place in one round than in another: gained, lost or moved, read from the recorded rows.

Refuses to say why, and to read a pupil's name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.domain.dates import french_span
from service.domain.perimeters import Area, within
from service.persistence.bulk import fetch
from service.persistence.tables import (
    AllocationRound,
    ClassGroup,
    Offer,
    Opening,
    Partner,
    Period,
    Placement,
    Pupil,
    School,
    Site,
)
from service.persistence.walks import to_host, to_school
from service.vocabulary import HAS_RESULT, RoundKind


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when, with the partner that receives."""

    offer_id: int
    partner_id: int
    partner: str
    site: str
    when_fr: str


@dataclass(frozen=True, slots=True)
class Move:
    """A pupil under the pseudonym. No `before`: a place is gained; no `after`: it is lost."""

    pseudonym: str
    school_id: int
    uai: str
    school: str
    department_code: str
    class_name: str
    before: Place | None
    after: Place | None

    @property
    def kind(self) -> str:
        if self.before is None:
            return "gained"
        return "lost" if self.after is None else "moved"


def reference_of(session: Session, found: AllocationRound) -> AllocationRound | None:
    """The round that this one is read against: the one it starts from, else the last one computed before it."""
    if found.base_round_id is not None:
        return session.get_one(AllocationRound, found.base_round_id)
    before = select(AllocationRound).where(
        col(AllocationRound.campaign_id) == found.campaign_id,
        col(AllocationRound.number) < found.number,
        col(AllocationRound.kind) != RoundKind.SCENARIO,
        col(AllocationRound.status).in_(HAS_RESULT),
    )
    return session.scalars(before.order_by(col(AllocationRound.number).desc()).limit(1)).first()


def moves_between(session: Session, before_id: int, after_id: int, area: Area = None) -> list[Move]:
    """Pupils of the area whose places differ, school by school, in two queries and one for their names."""
    left, taken = _only_in(session, before_id, after_id, area), _only_in(session, after_id, before_id, area)
    return [
        Move(*home, before, after)
        for home in sorted({**left, **taken}, key=lambda one: (one[2], one[5], one[0]))
        for before, after in _paired(left.get(home, []), taken.get(home, []))
    ]


def count_moves(session: Session, before_id: int, after_id: int) -> Mapping[str, int]:
    """How many of each kind `moves_between` would list, without their names: two queries of numbers."""
    left, taken = (Counter(_pupils_only_in(session, *pair)) for pair in ((before_id, after_id), (after_id, before_id)))
    moved = (left & taken).total()
    return {"moved": moved, "gained": taken.total() - moved, "lost": left.total() - moved}


def _pupils_only_in(session: Session, round_id: int, other_id: int) -> list[int]:
    theirs = select(col(Placement.pupil_id)).where(col(Placement.round_id) == round_id, ~_same_in(other_id))
    return [int(pupil_id) for (pupil_id,) in fetch(session, theirs)]


def _same_in(round_id: int) -> ColumnElement[bool]:
    """Whether a round gives the same pupil the same place."""
    other = aliased(Placement)
    return exists().where(
        other.round_id == round_id,  # type: ignore[arg-type]
        other.pupil_id == col(Placement.pupil_id),  # type: ignore[arg-type]
        other.opening_id == col(Placement.opening_id),  # type: ignore[arg-type]
    )


Home = tuple[str, int, str, str, str, str]


def _paired(left: list[Place], taken: list[Place]) -> list[tuple[Place | None, Place | None]]:
    longest = max(len(left), len(taken))
    filled = [[*side, *[None] * (longest - len(side))] for side in (left, taken)]
    return list(zip(*filled, strict=True))


def _only_in(session: Session, round_id: int, other_id: int, area: Area) -> dict[Home, list[Place]]:
    """Places of a round that the other does not give to the same pupil."""
    places = to_school(
        select(
            col(Pupil.pseudonym),
            col(School.id),
            col(School.uai),
            col(School.name),
            col(School.department_code),
            col(ClassGroup.name),
            col(Offer.id),
            col(Partner.id),
            col(Partner.name),
            col(Site.name),
            col(Period.starts_on),
            col(Period.ends_on),
        )
    )
    places = places.join(Placement, col(Placement.pupil_id) == col(Pupil.id))
    places = to_host(places.join(Opening, col(Opening.id) == col(Placement.opening_id)))
    rows = fetch(
        session,
        places.join(Period, col(Period.id) == col(Placement.period_id))
        .where(col(Placement.round_id) == round_id, ~_same_in(other_id), within(col(School.department_code), area))
        .order_by(col(Period.starts_on), col(Offer.id)),
    )
    found: dict[Home, list[Place]] = defaultdict(list)
    for *home, offer_id, partner_id, partner, site, starts_on, ends_on in rows:
        pseudonym, school_id, uai, school, department, class_name = home
        place = Place(offer_id, partner_id, partner, site, french_span(starts_on, ends_on))
        found[pseudonym, school_id, uai, school, department, class_name].append(place)
    return found
