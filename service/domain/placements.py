"""What a round decided, counted for the coordinator, and the pupils it could not place.

Responsible for every figure of a result: each is an aggregate of the recorded rows, so a recount of the exports gives
the same. Refuses to write sentences, and to read a pupil's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Subquery, func, select
from sqlmodel import Session, col

from service.domain.perimeters import Area, within
from service.domain.round_lines import LineFill, lines_of_round
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import (
    AllocationRound,
    ClassGroup,
    Department,
    Placement,
    Pupil,
    School,
    UnplacedPupil,
)
from service.vocabulary import Level, Priority

DISTANCE_BOUNDS_KM = (0, 2, 5, 10, 15, 20, 30, 50, 100)
"""Where each bar of the histogram begins; the last has no end."""


@dataclass(frozen=True, slots=True)
class Share:
    pupils: int
    placed: int

    @property
    def unplaced(self) -> int:
        return self.pupils - self.placed

    @property
    def rate(self) -> float | None:
        """Share placed, between 0 and 1; None without pupils."""
        return self.placed / self.pupils if self.pupils else None


@dataclass(frozen=True, slots=True)
class SchoolShare:
    uai: str
    name: str
    department_code: str
    priority: Priority
    share: Share


@dataclass(frozen=True, slots=True)
class DepartmentShare:
    """Pupils of its schools, those of them placed (anywhere), and seats that its sites offered to the round."""

    code: str
    name: str
    pupils: int
    placed: int
    seats: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """Placed pupils by what they obtained, the worse of the two for two hosts. `by_rank` starts at the first wish."""

    by_rank: Mapping[int, int]
    outside: int
    without_wishes: int


@dataclass(frozen=True, slots=True)
class Trips:
    """Placed pupils by trip, the longer for two hosts: at least `from_km`, less than `to_km` (None: no end)."""

    from_km: int
    to_km: int | None
    pupils: int


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """`schools` come worst served first. `baseline` is what first come, first served gives on the same instance.

    `hostings` counts placements: two for a pupil sent to two hosts, who counts once everywhere else.
    """

    share: Share
    hostings: int
    seats: int
    by_level: Mapping[Level, Share]
    by_priority: Mapping[Priority, Share]
    schools: list[SchoolShare]
    departments: list[DepartmentShare]
    lines: list[LineFill]
    reasons: Mapping[str, int]
    wishes: Wishes
    trips: list[Trips]
    median_trip_m: int | None
    baseline: Mapping[str, Any]


Cell = tuple[str, Level]
"""A school's UAI and a level."""


def round_summary(session: Session, found: AllocationRound, area: Area = None) -> RoundSummary:
    """Every figure of a computed round, in a number of queries that does not depend on its size.

    With an `area`, of its schools and sites alone: what is only known of the whole round (hostings, quota lines, first
    come first served) is left out.
    """
    cells = select(col(School.uai), col(ClassGroup.level))
    there, nowhere = _placed_once(found), _left(found)
    count = partial(_count, session, area=area)
    placed, left = count(cells, there), count(cells, nowhere)
    reasons = count(select(nowhere.c.reason), nowhere)
    ranks = count(select(there.c.rank), there)
    kilometres = count(select(there.c.trip_m // 1000), there)
    hostings = select(func.count()).where(col(Placement.round_id) == found.id)
    schools = _schools(session, placed, left)
    departments = _departments(session, schools, found, area)
    return RoundSummary(
        share=Share(placed.total() + left.total(), placed.total()),
        hostings=int(fetch(session, hostings)[0][0]) if area is None else 0,
        seats=found.seats if area is None else sum(one.seats for one in departments),
        by_level=_by_level(placed, left),
        by_priority=_by_priority(schools),
        schools=schools,
        departments=departments,
        lines=lines_of_round(session, found) if area is None else [],
        reasons={key[0]: count for key, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))},
        wishes=_wishes(ranks, found.figures["outside_rank"]),
        trips=_trips(kilometres),
        median_trip_m=_median_trip(session, there, placed.total()) if area is None else None,
        baseline=found.baseline if area is None else {},
    )


def _placed_once(found: AllocationRound) -> Subquery:
    """The pupils that the round places, each once: the worse rank and the longer trip of two hosts."""
    worst = (func.max(col(Placement.rank)).label("rank"), func.max(col(Placement.trip_m)).label("trip_m"))
    statement = select(col(Placement.pupil_id), *worst).where(col(Placement.round_id) == found.id)
    return statement.group_by(col(Placement.pupil_id)).subquery()


def _left(found: AllocationRound) -> Subquery:
    statement = select(col(UnplacedPupil.pupil_id), col(UnplacedPupil.reason))
    return statement.where(col(UnplacedPupil.round_id) == found.id).subquery()


def _count(session: Session, keys: Selection, pupils: Subquery, area: Area) -> Counter[Any]:
    """How many of the round's `pupils` have each value of the columns selected."""
    columns = list(keys.selected_columns)
    statement = (
        keys.add_columns(func.count())
        .select_from(pupils)
        .join(Pupil, col(Pupil.id) == pupils.c.pupil_id)
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .where(within(col(School.department_code), area))
        .group_by(*columns)
    )
    return Counter({tuple(row[:-1]): row[-1] for row in fetch(session, statement)})


def _by_level(placed: Counter[Cell], left: Counter[Cell]) -> dict[Level, Share]:
    shares = {}
    for level in Level:
        there = sum(count for cell, count in placed.items() if cell[1] == level)
        missing = sum(count for cell, count in left.items() if cell[1] == level)
        if there + missing:
            shares[level] = Share(there + missing, there)
    return shares


def _schools(session: Session, placed: Counter[Cell], left: Counter[Cell]) -> list[SchoolShare]:
    there, everybody = Counter[str](), Counter[str]()
    for cells, is_placed in ((placed, True), (left, False)):
        for (uai, _), count in cells.items():
            everybody[uai] += count
            there[uai] += count if is_placed else 0
    rows = fetch(session, select(col(School.uai), col(School.name), col(School.department_code), col(School.priority)))
    schools = [
        SchoolShare(uai, name, department_code, priority, Share(everybody[uai], there[uai]))
        for uai, name, department_code, priority in rows
        if uai in everybody
    ]
    return sorted(schools, key=lambda one: (one.share.rate or 0.0, -one.share.unplaced, one.uai))


def _by_priority(schools: list[SchoolShare]) -> dict[Priority, Share]:
    kept = {priority: [one.share for one in schools if one.priority == priority] for priority in Priority}
    return {
        priority: Share(sum(one.pupils for one in shares), sum(one.placed for one in shares))
        for priority, shares in kept.items()
        if shares
    }


def _departments(
    session: Session, schools: list[SchoolShare], found: AllocationRound, area: Area
) -> list[DepartmentShare]:
    pupils, placed = Counter[str](), Counter[str]()
    for school in schools:
        pupils[school.department_code] += school.share.pupils
        placed[school.department_code] += school.share.placed
    seats: Mapping[str, int] = found.figures["seats_by_department"]
    rows = fetch(session, select(col(Department.code), col(Department.name)).order_by(col(Department.code)))
    return [
        DepartmentShare(code, name, pupils[code], placed[code], seats.get(code, 0))
        for code, name in rows
        if (pupils[code] or seats.get(code, 0)) and (area is None or code in area)
    ]


def _wishes(ranks: Counter[tuple[int]], outside_rank: int) -> Wishes:
    by_rank = {rank: count for (rank,), count in sorted(ranks.items()) if 0 < rank < outside_rank}
    return Wishes(by_rank, ranks[outside_rank,], ranks[0,])


def _trips(kilometres: Counter[tuple[int]]) -> list[Trips]:
    ends = (*DISTANCE_BOUNDS_KM[1:], None)
    return [
        Trips(start, end, sum(n for (km,), n in kilometres.items() if km >= start and (end is None or km < end)))
        for start, end in zip(DISTANCE_BOUNDS_KM, ends, strict=True)
    ]


def _median_trip(session: Session, there: Subquery, placed: int) -> int | None:
    statement = select(there.c.trip_m).order_by(there.c.trip_m).offset(placed // 2).limit(1)
    rows = fetch(session, statement) if placed else ()
    return next((int(row[0]) for row in rows), None)


@dataclass(frozen=True, slots=True)
class UnplacedRow:
    """A pupil without a place, under the pseudonym: the reason and the facts behind it."""

    pseudonym: str
    uai: str
    school: str
    department_code: str
    class_name: str
    level: Level
    reason: str
    facts: Mapping[str, Any]
    fix_kind: str
    fixes: list[dict[str, Any]]
    """The changes that would place one more pupil here, the smallest first."""


def unplaced_of_round(
    session: Session,
    found: AllocationRound,
    *,
    reason: str | None = None,
    department_code: str | None = None,
    fix: tuple[str, str] | None = None,
    area: Area = None,
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[int, list[UnplacedRow]]:
    """How many there are under these filters, and one page of them, school by school."""
    statement = (
        select(
            col(Pupil.pseudonym),
            col(School.uai),
            col(School.name),
            col(School.department_code),
            col(ClassGroup.name),
            col(ClassGroup.level),
            col(UnplacedPupil.reason),
            col(UnplacedPupil.facts),
            col(UnplacedPupil.fix_kind),
            col(UnplacedPupil.fixes),
        )
        .join(UnplacedPupil, col(UnplacedPupil.pupil_id) == col(Pupil.id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .where(col(UnplacedPupil.round_id) == found.id, within(col(School.department_code), area))
    )
    if reason:
        statement = statement.where(col(UnplacedPupil.reason) == reason)
    if fix:
        statement = statement.where(col(UnplacedPupil.fix_kind) == fix[0], col(UnplacedPupil.fix_subject) == fix[1])
    if department_code:
        statement = statement.where(col(School.department_code) == department_code)
    total = fetch(session, select(func.count()).select_from(statement.subquery()))[0][0]
    page = statement.order_by(col(School.uai), col(ClassGroup.name), col(Pupil.pseudonym)).offset(offset).limit(limit)
    return int(total), [UnplacedRow(*row) for row in fetch(session, page)]
