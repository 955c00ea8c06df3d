"""The smallest changes after which one more pupil is placed, for every group left without a place, all at once.

At most one of each kind, in the order of `FixKind`, so the first is the smallest. Nothing is solved: a change adds an
arc to the residual network of the first aim, and it places one more pupil if and only if a pupil of the group can get
to that arc and go on to the sink (moving others on the way). All groups share two searches through the network: back
from the sink, and back from what could be raised. The pupil who gains by a seat or a line may be of another group: the
later aims decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set

import numpy as np

from solver.arrays import Bools, Ints, ints, runs, starts_of
from solver.candidates import Territory, find_reachable
from solver.choices import Choices, accepts, list_choices
from solver.exact_fixes import with_smaller
from solver.fix import Fix, FixKind
from solver.further import Asked, find_further
from solver.instance import Instance
from solver.marginal import Known, opening_name, residual_of
from solver.parts import Parts
from solver.residual import Residual
from solver.result import Result
from solver.rules import Rule
from solver.sides import Sides
from solver.unit_fixes import UnitFixes
from solver.validation import MAX_REACH_M

KILOMETRE = 1_000
RELAXED = {
    FixKind.DEPARTMENT: Rule.DEPARTMENTS,
    FixKind.PERIOD: Rule.PERIOD,
    FixKind.NEEDS: Rule.NEEDS,
    FixKind.BAN: Rule.BAN,
}
"""Kinds that lift one rule of a single placement. A place found without the rule is one that the rule alone kept out:
nobody who looks for a fix can get to a place otherwise."""

Found = Mapping[int, tuple[int, int]]
"""For each asker that has a fix of a kind: the opening or line, and the trip in metres."""


def find_fixes(
    instance: Instance, result: Result, groups: Collection[str] | None = None, known: Known | None = None
) -> dict[str, tuple[Fix, ...]]:
    """For each group with unplaced pupils (or for those given), the changes that place one more, the smallest first.

    A kind that would place nobody more is left out. In a round with side constraints, what they touch is held where it
    is (`solver.loosened`): each change works. Where few enough are concerned, those who are held are moved as well, and
    a smaller number that then does comes first (`solver.exact_fixes`).

    Raises:
        ValueError: an unknown group, one without unplaced pupils, another instance's result, or a result in which
            more pupils could be placed without any change.
    """
    left = {row.group for row in result.unplaced}
    for name in groups or ():
        if name not in instance.group:
            raise ValueError(f"groups: unknown {name!r}")
        if name not in left:
            raise ValueError(f"groups: {name!r} has no pupil without a place")
    names = left if groups is None else set(groups)
    together = names & instance.units
    parts, residual = known or residual_of(instance, result)
    asked, asker_of = _gather_askers(parts, names - together)
    could = residual.reaches_sink[asked.node]
    if could.any() and not Sides(instance).exist:
        raise ValueError("assignments: more pupils could be placed without any change")
    found = dict(_Search(parts, residual, asked).run())
    alone = {name: tuple(_spell(parts, name, asker, found)) for name, asker in asker_of.items() if not could[asker]}
    fixes = dict.fromkeys(names, ()) | alone | (_fixes_together(instance, result, together) if together else {})
    return with_smaller(instance, fixes) if Sides(instance).exist else fixes


def _fixes_together(instance: Instance, result: Result, names: Set[str]) -> dict[str, tuple[Fix, ...]]:
    """For groups placed at once or not at all: nobody else moves, but to let in those who may be split."""
    inquiry, linked = UnitFixes(instance, result), instance.bundles_of.keys() | Sides(instance).mates.keys()
    parts, residual = residual_of(instance, result, frozenset(names - linked))
    asked, asker_of = _gather_askers(parts, set(names - linked))
    could = residual.reaches_sink[asked.node]
    found = {name: tuple(inquiry.of(name)) for name in sorted(names)}
    splits = {name: (Fix(FixKind.SPLIT, name),) for name, asker in asker_of.items() if could[asker]}
    return {name: (*fixes, *splits.get(name, ())) for name, fixes in found.items()}


def _gather_askers(parts: Parts, names: set[str]) -> tuple[Asked, dict[str, int]]:
    """What these groups ask, each thing once, and the number of what each of them asks."""
    demand = parts.demand
    rows = [i for i, group in enumerate(parts.instance.groups) if group.id in names]
    node = demand.group_class[ints(rows)]
    key = demand.class_profile[node] * max(1, len(demand.period_sets)) + demand.class_periods[node]
    first, inverse = np.unique(key, return_index=True, return_inverse=True)[1:]
    node = node[first]
    asker_of = {parts.instance.groups[i].id: asker for i, asker in zip(rows, inverse.tolist(), strict=True)}
    return Asked(demand.class_profile[node], demand.class_periods[node], node), asker_of


def _spell(parts: Parts, group: str, asker: int, found: Mapping[FixKind, Found]) -> Iterator[Fix]:
    """The fixes of a group, in the order of their kinds."""
    for kind in FixKind:
        if asker not in found.get(kind, {}):
            continue
        where, trip = found[kind][asker]
        if kind is FixKind.QUOTA:
            yield Fix(kind, group, line=parts.instance.lines[where].id)
        elif kind is FixKind.REACH:
            reach = parts.instance.group[group].reach_m
            more = -(-(trip - reach) // KILOMETRE)
            if reach + more * KILOMETRE <= MAX_REACH_M:
                yield Fix(kind, group, *opening_name(parts, where), reach_m=reach + more * KILOMETRE, extra_km=more)
        else:
            yield Fix(kind, group, *opening_name(parts, where))


class _Search:
    """Looks for every kind of fix, for all the askers at once."""

    def __init__(self, parts: Parts, residual: Residual, asked: Asked) -> None:
        self.parts, self.residual, self.asked = parts, residual, asked
        self.territory = Territory.of(parts.instance, parts.supply)

    def run(self) -> Iterator[tuple[FixKind, Found]]:
        residual, free = self.residual, self.residual.reaches_sink
        asker, opening, trip = self._openings(self.parts.choices)
        full = self._enter(asker, opening)[1]
        worth = ~full & free[residual.above_opening[opening]]
        seats = _nearest(asker[worth], opening[worth], trip[worth])
        yield FixKind.SEAT, seats
        yield FixKind.QUOTA, self._raised(residual.line, residual.above_line)
        worth = full & free[residual.opening[opening]]
        yield FixKind.MAXIMUM, _nearest(asker[worth], opening[worth], trip[worth])
        yield FixKind.REACH, self._further()
        yield from self._without_a_rule()
        elsewhere = self._raised(residual.opening, residual.above_opening)
        yield FixKind.ELSEWHERE, {asker: where for asker, where in elsewhere.items() if asker not in seats}

    def _openings(self, choices: Choices, *, any_period: bool = False) -> tuple[Ints, Ints, Ints]:
        """Asker, opening and trip of each choice an asker has."""
        profile, periods = self.asked.profile, self.asked.periods
        start = starts_of(choices.profile, len(self.parts.demand.profiles))
        sizes = start[profile + 1] - start[profile]
        row = runs(start[profile], sizes)
        asker = np.repeat(np.arange(len(profile), dtype=np.int64), sizes)
        opening, trip = choices.opening[row], choices.trip_m[row]
        if any_period:
            return asker, opening, trip
        kept = accepts(self.parts.demand, self.parts.supply, periods[asker], opening)
        return asker[kept], opening[kept], trip[kept]

    def _enter(self, asker: Ints, opening: Ints) -> tuple[Ints, Bools]:
        return self.residual.entrance(self.parts.demand.profile_school[self.asked.profile[asker]], opening)

    def _usable(self, asker: Ints, opening: Ints, trip: Ints) -> Found:
        """The nearest opening from which the way is free for each asker."""
        free = self.residual.reaches_sink[self._enter(asker, opening)[0]]
        return _nearest(asker[free], opening[free], trip[free])

    def _raised(self, nodes: Ints, above: Ints) -> Found:
        """The first of these nodes that each asker can get to and beyond which the way is free."""
        useful = np.flatnonzero(self.residual.reaches_sink[above])
        first = self.residual.least_reached(nodes[useful])[self.asked.node]
        found = np.flatnonzero(first < len(useful))
        return {asker: (where, 0) for asker, where in zip(found.tolist(), useful[first[found]].tolist(), strict=True)}

    def _further(self) -> Found:
        free = np.flatnonzero(self.residual.reaches_sink[self.residual.opening])
        found: dict[int, tuple[int, int]] = {}
        for asker, opening, trip in find_further(self.parts, self.territory, self.asked, free):
            found |= self._usable(asker, opening, trip)
        return found

    def _without_a_rule(self) -> Iterator[tuple[FixKind, Found]]:
        parts = self.parts
        profiles = [parts.demand.profiles[i] for i in np.unique(self.asked.profile).tolist()]
        lifted = {
            Rule.DEPARTMENTS: any(row[6] for row in profiles),
            Rule.PERIOD: True,
            Rule.NEEDS: any(row[3] for row in profiles),
            Rule.BAN: any(row[4] for row in profiles),
        }
        reachable = find_reachable(parts.instance, parts.supply, self.territory)
        for kind, rule in RELAXED.items():
            if lifted[rule]:
                choices = list_choices(parts.instance, parts.demand, parts.supply, reachable, frozenset({rule}))
                yield kind, self._usable(*self._openings(choices, any_period=rule is Rule.PERIOD))


def _nearest(asker: Ints, opening: Ints, trip: Ints) -> Found:
    """For each asker the row of the shortest trip, then of the first opening."""
    order = np.lexsort((opening, trip, asker))
    first = order[np.unique(asker[order], return_index=True)[1]]
    where = zip(opening[first].tolist(), trip[first].tolist(), strict=True)
    return dict(zip(asker[first].tolist(), where, strict=True))
