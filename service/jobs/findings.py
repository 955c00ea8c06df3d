"""What a computed round teaches besides its placements: where one more seat would help, why seats stay empty, which
change would place a pupil left out, and what first come, first served would have given.

Responsible for asking the solver these questions in the child that has just solved, and for writing the answers as one
plain document that `service.domain.findings` reads. Refuses to decide anything: a round without them is as good.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from solver.files import Document, canonical_bytes
from solver.fix import Fix
from solver.geography import trip_m
from solver.instance import Instance
from solver.marginal import as_placed, marginal_values, residual_of
from solver.params import Tier
from solver.result import Result
from solver.sides import Sides
from solver.smallest_fix import find_fixes
from solver.unused_seats import unused_seats
from solver.why_here import why_here


def findings_of(instance: Instance, result: Result, first_come: Result, certificate: Document | None = None) -> bytes:
    """The document. Its explanations are null for a round without placements, or whose first aim is not proven."""
    document: dict[str, Any] = {"first_come": _first_come(instance, first_come), "explained": None}
    if can_be_explained(result):
        known = placed = residual_of(instance, result)
        if Sides(instance).exist:
            placed = as_placed(instance, result)
        values = marginal_values(instance, result, known)
        document["explained"] = {
            "groups_held": Sides(instance).exist,
            "new_seats": [
                [row.department, row.level, row.period, row.sector, row.unplaced, row.movers]
                for row in values.new_seats
            ],
            "one_more": [list(opening) for opening in values.openings],
            "unused": [
                [
                    row.offer,
                    row.period,
                    row.seats,
                    row.reason.value,
                    row.pupils,
                    row.unplaced,
                    row.prefer,
                    row.kept_out,
                    list(row.lines),
                ]
                for row in unused_seats(instance, result, placed)
            ],
            "fixes": {
                group: [_change(fix) for fix in fixes]
                for group, fixes in find_fixes(instance, result, known=known).items()
            },
            "higher": [
                [row.group, one.sector, one.rank, one.reason.value, one.openings, one.tier, one.at_least]
                for row in why_here(instance, result, certificate, known=placed)
                if instance.is_counted(row.group, row.period)
                for one in row.higher
            ],
        }
    return canonical_bytes(document)


def can_be_explained(result: Result) -> bool:
    """Whether what is told of this round is about as many placed as can be."""
    proven = any(row.tier is Tier.PLACED and row.proof != "none" for row in result.tiers)
    return proven and not result.diagnosis


def _change(fix: Fix) -> dict[str, Any]:
    told = {"offer": fix.offer, "period": fix.period, "line": fix.line, "extra_km": fix.extra_km}
    told |= {"more": fix.more} if fix.more > 1 else {}
    return {"kind": fix.kind.value, **{name: value for name, value in told.items() if value}}


@dataclass(frozen=True, slots=True)
class _Sent:
    """`count` pupils sent somewhere by first come, first served."""

    level: str
    priority: str
    department: str
    school: str
    rank: int
    trip_m: int
    count: int


def _first_come(instance: Instance, result: Result) -> dict[str, Any]:
    """The counts that the pages of a round show of its own placements, of those made first come, first served."""
    once = [row for row in result.assignments if instance.is_counted(row.group, row.period)]
    sent = [_sent(instance, row.group, row.offer, row.count) for row in once]
    trips = Counter[int]()
    for one in sent:
        trips[one.trip_m] += one.count
    return {
        "by_level": _count(sent, "level"),
        "by_priority": _count(sent, "priority"),
        "by_department": _count(sent, "department"),
        "by_rank": {str(rank): n for rank, n in _count(sent, "rank").items()},
        "schools_with_a_place": len({one.school for one in sent}),
        "median_trip_m": _upper_median(trips),
        "longest_trip_m": max(trips, default=None),
    }


def _sent(instance: Instance, group_id: str, offer_id: str, count: int) -> _Sent:
    group, offer = instance.group[group_id], instance.offer[offer_id]
    school = instance.school[group.school]
    rank = instance.rank(group, offer.sector) if group.wishes else 0
    trip = trip_m(school.position, offer.position)
    return _Sent(group.level, school.priority, school.department, school.id, rank, trip, count)


def _count(sent: list[_Sent], name: str) -> dict[Any, int]:
    counts = Counter[Any]()
    for one in sent:
        counts[getattr(one, name)] += one.count
    return dict(sorted(counts.items()))


def _upper_median(trips: Counter[int]) -> int | None:
    """The trip of the pupil in the middle, the later of the two when they are an even number."""
    middle, seen = trips.total() // 2, 0
    for trip, count in sorted(trips.items()):
        seen += count
        if seen > middle:
            return trip
    return None
