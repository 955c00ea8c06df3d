"""The smallest change after which one more pupil is placed, starting from a group left without a place.

Four kinds are tried in this order: one more seat at a full opening the group may have (the nearest), one more pupil
under a quota line, a longer reach in whole kilometres (the shortest), another period (the first whose openings have a
place left). The last two concern one pupil of the group alone. The residual network finds them; each is then verified
by solving the changed instance, which must place exactly one more. The pupil who gains by a seat or a line may be of
another group: the later aims decide.

Facts only: whoever shows a fix writes the sentence. Import it explicitly: it loads OR-Tools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from solver.arrays import Ints, ints
from solver.instance import Ban, Group, Instance
from solver.marginal import lines_worth_one, opening_name, openings_worth_one, residual_of
from solver.parts import Parts, gather
from solver.residual import Residual, build_residual
from solver.result import Result
from solver.solve import solve
from solver.validation import MAX_REACH_M

KILOMETRE = 1_000


class FixKind(StrEnum):
    """What is changed, in the order tried."""

    SEAT = "seat"
    QUOTA = "quota"
    REACH = "reach"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class Fix:
    """One change. `offer` and `period`: where the seat is, or is found; `line`: the one raised by one.

    `reach_m` is the new reach, `extra_km` the kilometres added to the group's (0 for the other kinds).
    """

    kind: FixKind
    group: str
    offer: str = ""
    period: str = ""
    line: str = ""
    reach_m: int = 0
    extra_km: int = 0


def smallest_fix(instance: Instance, result: Result, group: str) -> Fix | None:
    """The first change that places one more; None when none of them does.

    Raises:
        ValueError: an unknown group, one without unplaced pupils, another instance's result, or a result in which
            more pupils could be placed without any change.
    """
    if group not in instance.group:
        raise ValueError(f"groups: unknown {group!r}")
    if not any(row.group == group for row in result.unplaced):
        raise ValueError(f"groups: {group!r} has no pupil without a place")
    for fix in _candidates(instance, result, instance.group[group]):
        if solve(apply_fix(instance, fix)).placed == result.placed + 1:
            return fix
    return None


def apply_fix(instance: Instance, fix: Fix) -> Instance:
    """The instance with that change and no other."""
    group = instance.group[fix.group]
    if fix.kind is FixKind.SEAT:
        seats = {**instance.offer[fix.offer].seats}
        seats[fix.period] += 1
        offers = (replace(row, seats=seats) if row.id == fix.offer else row for row in instance.offers)
        return replace(instance, offers=tuple(offers))
    if fix.kind is FixKind.QUOTA:
        raised = (instance.line[fix.line].ceiling or 0) + 1
        lines = (replace(row, ceiling=raised) if row.id == fix.line else row for row in instance.lines)
        return replace(instance, lines=tuple(lines))
    if fix.kind is FixKind.REACH:
        return _with_one_changed(instance, group, replace(group, count=1, reach_m=fix.reach_m))[0]
    return _with_one_changed(instance, group, replace(group, count=1, periods=group.periods | {fix.period}))[0]


def _candidates(instance: Instance, result: Result, group: Group) -> Iterator[Fix]:
    parts, residual = residual_of(instance, result)
    member = int(parts.demand.group_class[instance.groups.index(group)])
    reached = residual.reached_from(ints([member]))
    if reached[-1]:
        raise ValueError(f"assignments: a pupil of {group.id!r} could be placed without any change")
    mine = _choices_of(parts, member)
    worth = mine[openings_worth_one(residual, reached)[parts.choices.opening[mine]]]
    for choice in _nearest_first(parts, worth)[:1].tolist():
        yield Fix(FixKind.SEAT, group.id, *opening_name(parts, int(parts.choices.opening[choice])))
    for line in np.flatnonzero(lines_worth_one(residual, reached)).tolist():
        yield Fix(FixKind.QUOTA, group.id, line=instance.lines[line].id)
    yield from _further(instance, result, group)
    yield from _other_periods(instance, result, group)


def _further(instance: Instance, result: Result, group: Group) -> Iterator[Fix]:
    """The shortest reach, in whole kilometres more, at which the pupil finds a place."""
    parts, residual, member = _changed(instance, result, group, replace(group, count=1, reach_m=MAX_REACH_M))
    usable = _usable(parts, residual, member)
    for choice in _nearest_first(parts, usable)[:1].tolist():
        more = -(-(int(parts.choices.trip_m[choice]) - group.reach_m) // KILOMETRE)
        reach, where = group.reach_m + more * KILOMETRE, opening_name(parts, int(parts.choices.opening[choice]))
        if reach <= MAX_REACH_M:
            yield Fix(FixKind.REACH, group.id, *where, reach_m=reach, extra_km=more)


def _other_periods(instance: Instance, result: Result, group: Group) -> Iterator[Fix]:
    """The first period the group did not accept in which an offer it may have has a place for the pupil."""
    every = frozenset(period.id for period in instance.periods)
    parts, residual, member = _changed(instance, result, group, replace(group, count=1, periods=every))
    usable = _nearest_first(parts, _usable(parts, residual, member))
    found = [opening_name(parts, int(opening)) for opening in parts.choices.opening[usable].tolist()]
    for offer, period in sorted(found, key=lambda name: name[1])[:1]:
        yield Fix(FixKind.PERIOD, group.id, offer, period)


def _changed(instance: Instance, result: Result, group: Group, pupil: Group) -> tuple[Parts, Residual, int]:
    """The residual network in which one unplaced pupil of the group has become another, and that pupil's class."""
    changed, name = _with_one_changed(instance, group, pupil)
    parts = gather(changed)
    member = int(parts.demand.group_class[changed.groups.index(changed.group[name])])
    return parts, build_residual(parts, result.assignments), member


def _with_one_changed(instance: Instance, group: Group, pupil: Group) -> tuple[Instance, str]:
    """One pupil leaves the group and stands alone, under a name of its own unless it was alone already."""
    others = tuple(row for row in instance.groups if row.id != group.id)
    if group.count == 1:
        return replace(instance, groups=(*others, pupil)), group.id
    name = f"{group.id}+1"
    while name in instance.group:
        name += "+"
    bans = tuple(Ban(name, ban.offer) for ban in instance.bans if ban.group == group.id)
    groups = (*others, replace(group, count=group.count - 1), replace(pupil, id=name))
    return replace(instance, groups=groups, bans=(*instance.bans, *bans)), name


def _choices_of(parts: Parts, member: int) -> Ints:
    """The rows of `Choices` that a class's profile and periods leave it."""
    demand, choices = parts.demand, parts.choices
    periods = ints(demand.period_sets[demand.class_periods[member]])
    accepted = np.isin(parts.supply.opening_period[choices.opening], periods)
    return np.flatnonzero((choices.profile == demand.class_profile[member]) & accepted).astype(np.int64)


def _usable(parts: Parts, residual: Residual, member: int) -> Ints:
    """The class's choices from which the way is free, if need be by moving others."""
    mine = _choices_of(parts, member)
    return mine[residual.reaches_sink[residual.entry[mine]]]


def _nearest_first(parts: Parts, choices: Ints) -> Ints:
    """Sorted by trip, then offer, then period."""
    order = np.lexsort((parts.choices.opening[choices], parts.choices.trip_m[choices]))
    return choices[order]
