"""What a network cannot say, decided exactly where it is small: the only module that uses CP-SAT.

The network's own arcs are the variables, so every limit and every tier is what `solver.model` and `solver.tiers` say;
the side constraints are added on the choices. Tiers are compared in order: each is minimised, then held at its value.
One worker, deterministic time and a seed from the instance's SHA-256: the same question always gets the same answer.
CP-SAT is believed for its answers, which are checked again, and its bounds are declared, never called proven.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from ortools.sat.python import cp_model

from solver.arrays import Ints, exact_dot
from solver.network import Kind, Network
from solver.pairing import pair
from solver.params import Tier
from solver.parts import Parts
from solver.result import Assignment
from solver.rules import Rule
from solver.score import longest_trip
from solver.sides import Row, Sides
from solver.tiers import Names, arc_costs

INNER = (Kind.WISH, Kind.KEPT, Kind.SECTOR, Kind.PERIOD)
"""Arcs before a choice."""


@dataclass(frozen=True)
class Exact:
    """Placements, and for the first tiers in order how far above CP-SAT's bound each may be: 0 is declared best.

    Gaps stop after the first tier left open: those after it would say nothing of the others.
    """

    rows: tuple[Assignment, ...]
    gaps: tuple[int, ...]
    effort: float


@dataclass(frozen=True)
class Unit:
    """A group placed at once or not at all: its openings by period, the choices that lead to each, its own nodes."""

    group: str
    count: int
    node: int
    left: int
    openings: dict[str, list[int]]
    choices: dict[int, list[int]]
    inner: Ints


def place_exactly(
    parts: Parts, network: Network, names: Names, tiers: Sequence[Tier], effort: float, hint: Iterable[Row] = ()
) -> Exact | None:
    """The best answer on a network, side constraints held, as far as `effort` (CP-SAT's deterministic time) goes.

    `hint` are placements known to be possible, of which only those of units are used. None when nothing was found.
    """
    return _Model(parts, network, names).solve(tiers, effort, hint)


class _Model:
    """Flows of the arcs as whole numbers, one Boolean per choice of a unit, one per bundle and per minimum."""

    def __init__(self, parts: Parts, network: Network, names: Names) -> None:
        self.parts, self.network, self.names, self.sides = parts, network, names, Sides(parts.instance)
        self.model = cp_model.CpModel()
        self.units = tuple(_units(parts, network, names))
        self.chosen: dict[tuple[str, int], cp_model.IntVar] = {}
        self.flow: list[cp_model.LinearExprT] = self._flows()
        self.extra = defaultdict[int, list[cp_model.LinearExprT]](list)
        for rule in RULES.values():
            rule(self)
        self._conserve()

    def _flows(self) -> list[cp_model.LinearExprT]:
        capacity = self.network.capacity.copy()
        for unit in self.units:
            longest = max(map(len, self.parts.instance.bundles_of.get(unit.group, ())), default=1)
            free = unit.inner[self.network.kind[unit.inner] != Kind.KEPT]
            capacity[free] = unit.count * longest
        flow: list[cp_model.LinearExprT] = [self.model.new_int_var(0, most, "") for most in capacity.tolist()]
        for unit in self.units:
            for opening, arcs in unit.choices.items():
                self.chosen[unit.group, opening] = self.model.new_bool_var("")
                self.model.add(sum(flow[arc] for arc in arcs) == self.chosen[unit.group, opening] * unit.count)
        return flow

    def _conserve(self) -> None:
        """What enters a node, its own pupils among it, leaves it; the sink (the last node) takes the rest."""
        supply, network = self.network.supply.tolist(), self.network
        leaving, entering = (defaultdict[int, list[cp_model.LinearExprT]](list) for _ in range(2))
        for arc, (tail, head) in enumerate(zip(network.tail.tolist(), network.head.tolist(), strict=True)):
            leaving[tail].append(self.flow[arc])
            entering[head].append(self.flow[arc])
        for node in range(len(supply) - 1):
            if node in leaving or node in entering:
                self.model.add(sum(leaving[node]) == sum([*entering[node], *self.extra[node]]) + supply[node])

    def solve(self, tiers: Sequence[Tier], effort: float, hint: Iterable[Row]) -> Exact | None:
        self._hint(hint)
        arcs, left = np.arange(len(self.network.tail), dtype=np.int64), effort
        gaps, open_tier, best = list[int](), False, None
        for tier in tiers:
            cost = arc_costs(tier, self.network, arcs, self.names)
            total = sum(self.flow[arc] * int(cost[arc]) for arc in np.flatnonzero(cost).tolist())
            if tier is Tier.LONGEST:
                total, open_tier = self._longest(), True  # a maximum over all parts: this one alone cannot bound it
            self.model.minimize(total)
            solver = self._solver(left)
            status = solver.solve(self.model)
            if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                break
            left = max(0.0, left - solver.response_proto.deterministic_time)
            best = np.array([solver.value(flow) for flow in self.flow], np.int64)
            picked = {key for key, variable in self.chosen.items() if solver.boolean_value(variable)}
            value = solver.value(total) if tier is Tier.LONGEST else exact_dot(cost, best)
            if not open_tier:
                gaps.append(value - int(np.ceil(solver.best_objective_bound - 1e-6)))
                open_tier = gaps[-1] > 0
            self.model.add(total <= value)
            self._restart(solver)
        return None if best is None else Exact(self._rows(best, picked), tuple(gaps), effort - left)

    def _longest(self) -> cp_model.IntVar:
        """A variable at least as high as every trip made, here or by those who stand (metres)."""
        choices = np.flatnonzero(self.network.kind == Kind.CHOICE)
        metres, instance = self.network.number[choices].tolist(), self.parts.instance
        standing = longest_trip(instance, self.parts.fixed)
        longest = self.model.new_int_var(standing, max([standing, *metres]), "")
        for arc, trip in zip(choices.tolist(), metres, strict=True):
            if trip > standing:
                made = self.model.new_bool_var("")
                self.model.add(self.flow[arc] <= made * max(1, int(self.network.supply[:-1].sum())))
                self.model.add(longest >= made * trip)
        return longest

    def _solver(self, effort: float) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_deterministic_time = effort
        solver.parameters.random_seed = int(self.names.sha256[:7], 16)
        return solver

    def _hint(self, rows: Iterable[Row]) -> None:
        held = {(row.group, row.offer, row.period) for row in rows}
        for (group, opening), variable in self.chosen.items():
            self.model.add_hint(variable, (group, *self.names.openings[opening]) in held)

    def _restart(self, solver: cp_model.CpSolver) -> None:
        """The next tier starts from the answer found."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        values = list(solver.response_proto.solution)
        for index, value in enumerate(values):
            self.model.add_hint(self.model.get_int_var_from_proto_index(index), value)

    def _rows(self, flow: Ints, picked: set[tuple[str, int]]) -> tuple[Assignment, ...]:
        """Units as they were decided, then the others paired with the seats their flow takes."""
        rows, flow = list(self.parts.fixed), flow.copy()
        for unit in self.units:
            for opening, arcs in unit.choices.items():
                if (unit.group, opening) in picked:
                    rows.append(Assignment(unit.group, *self.names.openings[opening], unit.count))
                flow[arcs] = 0
            flow[unit.inner] = flow[unit.left] = 0
        return pair(self.parts.instance, self.parts.demand, self.network, flow, self.names, rows)


def _units(parts: Parts, network: Network, names: Names) -> Iterator[Unit]:
    """The units that may still be placed, in the order of their identifiers."""
    demand, arcs = parts.demand, np.flatnonzero(network.kind == Kind.CHOICE)
    order = np.argsort(network.left[arcs], kind="stable")
    arcs = arcs[order]
    profiles = network.left[arcs]
    inner = np.flatnonzero(np.isin(network.kind, INNER))
    by_tail = inner[np.argsort(network.tail[inner], kind="stable")]
    left = {int(network.tail[arc]): int(arc) for arc in np.flatnonzero(network.kind == Kind.LEFT).tolist()}
    for i, group in enumerate(parts.instance.groups):
        node = int(demand.group_class[i])
        if group.id not in parts.instance.units or not demand.group_left[i]:
            continue
        if int(demand.class_periods[node]) == demand.nowhere:
            continue
        choices, openings = defaultdict[int, list[int]](list), defaultdict[str, list[int]](list)
        first, last = np.searchsorted(profiles, [demand.class_profile[node], demand.class_profile[node] + 1]).tolist()
        for arc in arcs[first:last].tolist():
            choices[int(network.right[arc])].append(arc)
        for opening in sorted(choices):
            openings[names.openings[opening][1]].append(opening)
        yield Unit(group.id, group.count, node, left[node], openings, choices, _inner(network, by_tail, node))


def _inner(network: Network, by_tail: Ints, node: int) -> Ints:
    """The arcs between a unit's node and its choices: nobody else takes them."""
    tails, found, nodes = network.tail[by_tail], np.zeros(0, np.int64), np.array([node])
    while len(nodes):
        arcs = by_tail[np.isin(tails, nodes)]
        found, nodes = np.concatenate((found, arcs)), np.unique(network.head[arcs])
    return found


def _stay_together(model: _Model) -> None:
    """All of a unit's pupils in one opening, or in one opening for each period of a bundle, or none."""
    for unit in model.units:
        bundles, ways = model.parts.instance.bundles_of.get(unit.group, ()), list[cp_model.LinearExprT]()
        chosen = {
            period: sum(model.chosen[unit.group, opening] for opening in openings)
            for period, openings in unit.openings.items()
        }
        for bundle in bundles:
            taken = model.model.new_bool_var("")
            for period in bundle:
                model.model.add(chosen.pop(period, 0) == taken)
            model.extra[unit.node].append(taken * (unit.count * (len(bundle) - 1)))
            ways.append(taken)
        ways += chosen.values()
        model.model.add(sum(ways) <= 1)
        model.model.add(model.flow[unit.left] == unit.count - unit.count * sum(ways))


def _keep_clear(model: _Model) -> None:
    """The units of one sequence are the same pupils: one place at a time, what stands already counted."""
    slots_of = {row.id: row.slots for row in model.parts.instance.periods}
    busy = defaultdict[str, set[str]](set)
    for row in model.parts.fixed:
        busy[row.group].update(slots_of[row.period])
    units = {unit.group: unit for unit in model.units}
    for sequence in model.parts.instance.sequences:
        there = defaultdict[str, list[cp_model.IntVar]](list)
        for unit in (units[name] for name in sequence.groups if name in units):
            for period, openings in unit.openings.items():
                for slot in slots_of[period]:
                    there[slot] += [model.chosen[unit.group, opening] for opening in openings]
        taken = {slot for name in sequence.groups for slot in busy[name]}
        for slot, choices in there.items():
            model.model.add(sum(choices) <= (0 if slot in taken else 1))


def _come_in_numbers(model: _Model) -> None:
    """No pupil of a school at an offer in a period or at least its minimum, unless a pin opened the meeting."""
    instance, network = model.parts.instance, model.network
    meetings, schools = defaultdict[tuple[str, str, str], list[int]](list), model.parts.demand.profile_school
    for arc in np.flatnonzero(network.kind == Kind.CHOICE).tolist():
        opening = model.names.openings[int(network.right[arc])]
        if opening[0] in model.sides.minimum:
            meetings[(instance.schools[int(schools[network.left[arc]])].id, *opening)].append(arc)
    for meeting, arcs in meetings.items():
        if meeting in model.sides.pinned:
            continue
        present, total = model.parts.pinned.by_school[meeting], sum(model.flow[arc] for arc in arcs)
        if present:
            model.model.add(total >= model.sides.minimum[meeting[1]] - present)
            continue
        is_open, most = model.model.new_bool_var(""), instance.offer[meeting[1]].seats[meeting[2]]
        model.model.add(total >= is_open * model.sides.minimum[meeting[1]])
        model.model.add(total <= is_open * most)


def _share_seats(model: _Model) -> None:
    """At any time, the pupils of overlapping periods within the largest number of seats among them."""
    network, at = model.network, defaultdict[tuple[str, str], list[int]](list)
    for arc in np.flatnonzero(network.kind == Kind.CHOICE).tolist():
        at[model.names.openings[int(network.right[arc])]].append(arc)
    for offer, slots in model.sides.shared.items():
        for periods in sorted({*slots.values()}):
            arcs = [arc for period in periods for arc in at.get((offer, period), ())]
            present = sum(model.parts.pinned.seats[offer, period] for period in periods)
            if arcs:
                model.model.add(sum(model.flow[arc] for arc in arcs) <= model.sides.largest(offer, periods) - present)


RULES: Mapping[Rule, Callable[[_Model], None]] = MappingProxyType(
    {
        Rule.BUNDLE: _stay_together,
        Rule.SEQUENCE: _keep_clear,
        Rule.MINIMUM_GROUP: _come_in_numbers,
        Rule.SEATS: _share_seats,
    }
)
"""What each side constraint adds. That a unit stays whole is in its variables: its count times a Boolean."""
