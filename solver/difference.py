"""What changes for whom between two answers to the same demand: who gains a place, who loses one, who moves, what it
does to each aim and to each school.

Pupils of one group are not told apart: as many as possible are taken to stay where they are. Facts only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from solver.instance import Instance
from solver.params import Tier
from solver.result import Assignment, Result

Place = tuple[str, str]
"""An offer and a period."""


@dataclass(frozen=True, slots=True)
class Move:
    """`count` pupils of a group go from one place to another; no `before`: they gain one; no `after`: they lose one."""

    group: str
    count: int
    before: Place | None
    after: Place | None


@dataclass(frozen=True, slots=True)
class TierChange:
    """An aim's value in each answer; None where the answer does not count it."""

    tier: Tier
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What changes for a school or a département, in pupils."""

    name: str
    placed_before: int
    placed_after: int
    gained: int
    lost: int
    moved: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows sorted by name; only schools and départements where something changes are listed."""

    gained: int
    lost: int
    moved: int
    tiers: tuple[TierChange, ...]
    moves: tuple[Move, ...]
    schools: tuple[Balance, ...]
    departments: tuple[Balance, ...]


def compare(instance: Instance, before: Result, after: Result) -> Difference:
    """The way from one answer to the other. `instance` says where each group belongs; both answers know its groups.

    Raises:
        ValueError: an answer places a group that the instance does not know.
    """
    unknown = {row.group for result in (before, after) for row in result.assignments} - instance.group.keys()
    if unknown:
        raise ValueError(f"assignments: unknown group {min(unknown)!r}")
    moves = tuple(_moves(before.assignments, after.assignments))
    school = {group.id: group.school for group in instance.groups}
    department = {group.id: instance.school[group.school].department for group in instance.groups}
    values = [{row.tier: row.value for row in result.tiers} for result in (before, after)]
    order = dict.fromkeys(row.tier for result in (before, after) for row in result.tiers)
    total: Counter[str] = Counter()
    for row in moves:
        total[_kind(row)] += row.count
    return Difference(
        gained=total["gained"],
        lost=total["lost"],
        moved=total["moved"],
        tiers=tuple(TierChange(tier, values[0].get(tier), values[1].get(tier)) for tier in order),
        moves=moves,
        schools=_balances(school, before, after, moves),
        departments=_balances(department, before, after, moves),
    )


def _moves(before: Iterable[Assignment], after: Iterable[Assignment]) -> Iterator[Move]:
    """What leaves a place beside what comes to one, in the order of names, group by group."""
    change: Counter[tuple[str, Place]] = Counter()
    for rows, sign in ((before, -1), (after, 1)):
        for row in rows:
            change[row.group, (row.offer, row.period)] += sign * row.count
    sides: dict[str, tuple[list[Place], list[Place]]] = {}
    for (group, place), count in sorted(change.items()):
        if count:
            sides.setdefault(group, ([], []))[count > 0].extend([place] * abs(count))
    for group, (left, taken) in sides.items():
        longest = max(len(left), len(taken))
        pairs = Counter(zip(_filled(left, longest), _filled(taken, longest), strict=True))
        yield from (Move(group, count, *places) for places, count in pairs.items())


def _filled(places: list[Place], length: int) -> list[Place | None]:
    return [*places, *[None] * (length - len(places))]


def _kind(move: Move) -> str:
    if move.before is None:
        return "gained"
    return "lost" if move.after is None else "moved"


def _balances(home: dict[str, str], before: Result, after: Result, moves: tuple[Move, ...]) -> tuple[Balance, ...]:
    """One row per home where somebody gains, loses or moves."""
    changed: Counter[tuple[str, str]] = Counter()
    for move in moves:
        changed[home[move.group], _kind(move)] += move.count
    placed: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for count, result in zip(placed, (before, after), strict=True):
        for row in result.assignments:
            count[home[row.group]] += row.count
    return tuple(
        Balance(name, placed[0][name], placed[1][name], *(changed[name, kind] for kind in ("gained", "lost", "moved")))
        for name in sorted({name for name, _ in changed})
    )
