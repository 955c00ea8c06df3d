"""A round cut by class, by sector and by partner, and set beside the one computed before it.

Responsible for counts of recorded rows only, so that a recount of the exports gives the same. Refuses to write
sentences; the cuts by level, category, school and département are `service.domain.placements`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Subquery, and_, case, func, select
from sqlmodel import Session, col

from service.domain.moves import reference_of
from service.domain.perimeters import Area, within
from service.domain.placements import Share
from service.domain.rounds import title_of
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import (
    AllocationRound,
    ClassGroup,
    Convention,
    Offer,
    Opening,
    Partner,
    Placement,
    Pupil,
    School,
    Sector,
    Site,
    UnplacedPupil,
)
from service.vocabulary import Level


@dataclass(frozen=True, slots=True)
class ClassShare:
    uai: str
    school: str
    department_code: str
    name: str
    level: Level
    share: Share


def classes_of_round(session: Session, found: AllocationRound, area: Area = None) -> list[ClassShare]:
    """Every class of the area the round had pupils of, school by school."""
    placed, left = _by_class(session, Placement, found), _by_class(session, UnplacedPupil, found)
    rows = fetch(
        session,
        select(
            col(ClassGroup.id),
            col(School.uai),
            col(School.name),
            col(School.department_code),
            col(ClassGroup.name),
            col(ClassGroup.level),
        )
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .where(within(col(School.department_code), area)),
    )
    classes = [
        ClassShare(uai, school, home, name, level, Share(placed[class_id] + left[class_id], placed[class_id]))
        for class_id, uai, school, home, name, level in rows
        if placed[class_id] + left[class_id]
    ]
    return sorted(classes, key=lambda one: (one.uai, one.level, one.name))


def _by_class(session: Session, table: type[Placement | UnplacedPupil], found: AllocationRound) -> Counter[int]:
    rows = fetch(
        session,
        select(col(Pupil.class_id), func.count(func.distinct(col(table.pupil_id))))
        .join(table, col(table.pupil_id) == col(Pupil.id))
        .where(col(table.round_id) == found.id)
        .group_by(col(Pupil.class_id)),
    )
    return Counter({row[0]: row[1] for row in rows})


@dataclass(frozen=True, slots=True)
class SectorShare:
    """`wished`: pupils whose first wish it is; `first`: those of them who have it."""

    key: str
    label: str
    seats: int
    wished: int
    placed: int
    first: int


def sectors_of_round(session: Session, found: AllocationRound) -> list[SectorShare]:
    """Every sector that has seats in the round or that somebody wishes first, the most wished first."""
    kept: dict[str, list[int]] = found.figures.get("sectors", {})
    rows = fetch(
        session,
        _hosted(
            select(col(Offer.sector), func.count(), func.sum(case((col(Placement.rank) == 1, 1), else_=0))), found
        ).group_by(col(Offer.sector)),
    )
    placed = {key: (count, first) for key, count, first in rows}
    labels = {row[0]: row[1] for row in fetch(session, select(col(Sector.key), col(Sector.label)))}
    shares = []
    for key in sorted(kept.keys() | placed.keys()):
        (seats, wished), (count, first) = kept.get(key, [0, 0]), placed.get(key, (0, 0))
        shares.append(SectorShare(key, labels.get(key, key), seats, wished, count, first))
    return sorted(shares, key=lambda one: (-one.wished, -one.seats, one.label))


def _hosted(statement: Selection, found: AllocationRound) -> Selection:
    """From the placements of the round to the offers that take them."""
    return (
        statement.select_from(Placement)
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .where(col(Placement.round_id) == found.id)
    )


@dataclass(frozen=True, slots=True)
class PartnerShare:
    """`convention` is empty for places offered outside any."""

    partner: str
    convention: str
    title: str
    sites: int
    placed: int


def partners_of_round(session: Session, found: AllocationRound) -> list[PartnerShare]:
    """Who hosts, under which convention: the one who hosts most first."""
    keys = (col(Partner.name), col(Convention.key), col(Convention.title))
    counts = (func.count(func.distinct(col(Site.id))), func.count())
    rows = fetch(
        session,
        _hosted(select(*keys, *counts), found)
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .outerjoin(Convention, col(Convention.id) == col(Offer.convention_id))
        .group_by(*keys),
    )
    shares = [
        PartnerShare(partner, key or "", title or "", sites, placed) for partner, key, title, sites, placed in rows
    ]
    return sorted(shares, key=lambda one: (-one.placed, one.partner, one.convention))


@dataclass(frozen=True, slots=True)
class Before:
    """A round beside the one before it, pupil by pupil: those who had no place and have one, and so on."""

    title: str
    round_id: int
    placed: int
    pupils: int
    gained: int
    lost: int
    moved: int
    same: int


def beside_the_one_before(session: Session, found: AllocationRound) -> Before | None:
    """Beside the round it starts from, else the one before; None for the first. A pupil who has another site or period
    has moved."""
    earlier = reference_of(session, found)
    if earlier is None:
        return None
    then, now = _places(earlier), _places(found)
    unmoved = and_(then.c.low == now.c.low, then.c.high == now.c.high)
    both = fetch(
        session,
        select(func.count(), func.sum(case((unmoved, 1), else_=0))).select_from(
            then.join(now, then.c.pupil_id == now.c.pupil_id)
        ),
    )[0]
    kept, same = int(both[0]), int(both[1] or 0)
    return Before(
        title=title_of(earlier),
        round_id=earlier.id or 0,
        placed=earlier.placed,
        pupils=earlier.pupils,
        gained=found.placed - kept,
        lost=earlier.placed - kept,
        moved=kept - same,
        same=same,
    )


def _places(one: AllocationRound) -> Subquery:
    """Each pupil placed, with the two ends of what may be two openings: the same ends, the same places."""
    opening = col(Placement.opening_id)
    columns: tuple[Any, ...] = (
        col(Placement.pupil_id),
        func.min(opening).label("low"),
        func.max(opening).label("high"),
    )
    placed = select(*columns).where(col(Placement.round_id) == one.id)
    return placed.group_by(col(Placement.pupil_id)).subquery()
