"""What the placements leave open: where one more pupil could still go, directly or by moving others.

The residual network of the first aim, built from an instance and any lawful placements, whatever engine found them:

    class -> hub(profile, period) -> [gate(school, opening)] -> opening -> quota line -> wider line -> sink

An arc is kept forwards while it has room, and backwards while it carries a pupil that no pin holds: going backwards is
moving that pupil elsewhere. Wishes and distance decide nothing here, so hubs have no sector. A way from a class with
unplaced pupils to the sink would place one more. It knows nothing of what a seat is worth: `solver.marginal` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from solver.arrays import Bools, Ints, find, ints, runs, starts_of
from solver.occupancy import Occupancy
from solver.parts import Parts
from solver.placements import tabulate_placements
from solver.result import Assignment


@dataclass(frozen=True)
class Residual:
    """Arcs that can take one more pupil, and the nodes of what the instance names.

    `unplaced` and `movable` count each class's pupils without a place, and those placed that no pin holds. `entry` is
    the node each choice enters; `above_opening` and `above_line` are the nodes that follow. Class i is node i. Gates
    are in the order of their keys, school * number of openings + opening.
    """

    tail: Ints
    head: Ints
    nodes: int
    unplaced: Ints
    movable: Ints
    entry: Ints
    opening: Ints
    above_opening: Ints
    line: Ints
    above_line: Ints
    gate_key: Ints
    gate: Ints
    gate_full: Bools

    def reached_from(self, nodes: Ints) -> Bools:
        """Every node that a pupil at one of these could get to."""
        return _reached(self.tail, self.head, nodes, self.nodes)

    def least_reached(self, targets: Ints) -> Ints:
        """For each node, the first of the targets that a pupil there could get to, as its place in the list.

        The number of targets where there is none. A whole layer at a time, backwards.
        """
        order = np.argsort(self.head, kind="stable")
        start, source = starts_of(self.head[order], self.nodes), self.tail[order]
        least = np.full(self.nodes, len(targets), np.int64)
        np.minimum.at(least, targets, np.arange(len(targets)))
        layer = np.unique(targets)
        while len(layer):
            sizes = start[layer + 1] - start[layer]
            before, value = source[runs(start[layer], sizes)], np.repeat(least[layer], sizes)
            better = value < least[before]
            np.minimum.at(least, before[better], value[better])
            layer = np.unique(before[better])
        return least

    def entrance(self, school: Ints, opening: Ints) -> tuple[Ints, Bools]:
        """Where a pupil of the school enters the opening, and whether the school has its maximum there already."""
        at, gated = find(self.gate_key, school * len(self.opening) + opening)
        node, full = self.opening[opening], np.zeros(len(at), np.bool_)
        node[gated], full[gated] = self.gate[at[gated]], self.gate_full[at[gated]]
        return node, full

    @cached_property
    def reaches_sink(self) -> Bools:
        """Every node from which a pupil would get a place."""
        return _reached(self.head, self.tail, ints([self.nodes - 1]), self.nodes)


def build_residual(parts: Parts, rows: Iterable[Assignment]) -> Residual:
    """The residual network of lawful placements, the pins' among them."""
    return _Draft(parts, rows).finish()


def _reached(tail: Ints, head: Ints, begin: Ints, nodes: int) -> Bools:
    """Breadth first, a whole layer at a time."""
    order = np.argsort(tail, kind="stable")
    start, target = starts_of(tail[order], nodes), head[order]
    reached = np.zeros(nodes, np.bool_)
    reached[begin] = True
    layer = np.flatnonzero(reached)
    while len(layer):
        seen = target[runs(start[layer], start[layer + 1] - start[layer])]
        layer = np.unique(seen[~reached[seen]])
        reached[layer] = True
    return reached


class _Draft:
    """Numbers the nodes, then puts the arcs block after block."""

    def __init__(self, parts: Parts, rows: Iterable[Assignment]) -> None:
        self.parts, self.rows = parts, tuple(rows)
        demand, supply, choices = parts.demand, parts.supply, parts.choices
        self.periods, self.openings = len(parts.instance.periods), len(supply.opening_offer)
        self.hub_keys = np.unique(choices.profile * self.periods + supply.opening_period[choices.opening])
        limits = ints([row.max_per_school or 0 for row in parts.instance.offers])
        self.school_limit = limits[supply.opening_offer]
        self.gate_keys = np.unique(parts.meetings[self.school_limit[choices.opening] > 0])
        sizes = (len(demand.class_left), len(self.hub_keys), len(self.gate_keys), self.openings)
        ends = np.cumsum((*sizes, len(parts.instance.lines)))
        self.hub, self.gate, self.opening, self.line = (
            np.arange(first, last, dtype=np.int64) for first, last in pairwise(ends.tolist())
        )
        self.sink = int(ends[-1])
        self.tails: list[Ints] = []
        self.heads: list[Ints] = []
        self._tabulate()

    def _tabulate(self) -> None:
        """The placements as columns, and where each row's pupils come through."""
        demand, supply = self.parts.demand, self.parts.supply
        made = tabulate_placements(self.parts, self.rows)
        self.row_class, self.row_opening, self.count, self.free = made.member, made.opening, made.count, made.free
        profile = demand.class_profile[self.row_class]
        self.row_meeting = demand.profile_school[profile] * self.openings + self.row_opening
        self.row_hub_key = profile * self.periods + supply.opening_period[self.row_opening]

    def finish(self) -> Residual:
        choices, supply = self.parts.choices, self.parts.supply
        leaving = choices.profile * self.periods + supply.opening_period[choices.opening]
        entry = self._entry(self.parts.meetings, choices.opening)
        self._add_classes()
        self._add(self.hub[find(self.hub_keys, leaving)[0]], entry)
        moving = self.free > 0
        hub = self.hub[find(self.hub_keys, self.row_hub_key[moving])[0]]
        self._add(self._entry(self.row_meeting, self.row_opening)[moving], hub)
        full = self._add_gates()
        above_opening, above_line = self._add_lines()
        movable = self._sum(self.row_class, self.free, len(self.parts.demand.class_left))
        return Residual(
            tail=np.concatenate(self.tails),
            head=np.concatenate(self.heads),
            nodes=self.sink + 1,
            unplaced=self.parts.demand.class_left - movable,
            movable=movable,
            entry=entry,
            opening=self.opening,
            above_opening=above_opening,
            line=self.line,
            above_line=above_line,
            gate_key=self.gate_keys,
            gate=self.gate,
            gate_full=full,
        )

    def _add(self, tail: Ints, head: Ints) -> None:
        self.tails.append(tail)
        self.heads.append(head)

    def _add_classes(self) -> None:
        """A class goes to a hub of each period it accepts, and may take back the pupils it has sent there."""
        demand = self.parts.demand
        sizes = ints([len(members) for members in demand.period_sets])
        flat = ints([period for members in demand.period_sets for period in members])
        mine = demand.class_periods
        row = np.repeat(np.arange(len(mine), dtype=np.int64), sizes[mine])
        period = flat[runs((np.cumsum(sizes) - sizes)[mine], sizes[mine])]
        at, exists = find(self.hub_keys, demand.class_profile[row] * self.periods + period)
        self._add(row[exists], self.hub[at[exists]])
        moving = self.free > 0
        self._add(self.hub[find(self.hub_keys, self.row_hub_key[moving])[0]], self.row_class[moving])

    def _entry(self, meeting: Ints, opening: Ints) -> Ints:
        """Where a pupil enters an opening: at its school's gate, if the offer has a maximum per school."""
        at, gated = find(self.gate_keys, meeting)
        entry = self.opening[opening]
        entry[gated] = self.gate[at[gated]]
        return entry

    def _add_gates(self) -> Bools:
        """Gates towards their openings; which of them have no room."""
        at, gated = find(self.gate_keys, self.row_meeting)
        inside = self._sum(at[gated], self.count[gated], len(self.gate_keys))
        movable = self._sum(at[gated], self.free[gated], len(self.gate_keys))
        opening = self.gate_keys % max(1, self.openings)
        room: Bools = inside < self.school_limit[opening]
        self._add_two_ways(self.gate, self.opening[opening], room, movable > 0)
        return ~room

    def _add_lines(self) -> tuple[Ints, Ints]:
        """Openings and lines towards the sink; the nodes above each opening and above each line."""
        instance, pinned = self.parts.instance, self.parts.pinned
        number = {line.id: i for i, line in enumerate(instance.lines)}
        node = np.append(self.line, self.sink)
        line_of_offer = ints([-1 if row.line is None else number[row.line] for row in instance.offers])
        above_opening = node[line_of_offer[self.parts.supply.opening_offer]]
        taken = self._sum(self.row_opening, self.count, self.openings)
        movable = self._sum(self.row_opening, self.free, self.openings) > 0
        self._add_two_ways(self.opening, above_opening, taken < self.parts.supply.opening_seats, movable)
        above_line = node[ints([-1 if row.parent is None else number[row.parent] for row in instance.lines])]
        occupancy = Occupancy(instance, self.rows)
        room = [not occupancy.is_saturated(line.id) for line in instance.lines]
        carried = [occupancy.through[line.id] > pinned.through[line.id] for line in instance.lines]
        self._add_two_ways(self.line, above_line, np.array(room, np.bool_), np.array(carried, np.bool_))
        return above_opening, above_line

    def _add_two_ways(self, tail: Ints, head: Ints, has_room: Bools, has_movable: Bools) -> None:
        self._add(tail[has_room], head[has_room])
        self._add(head[has_movable], tail[has_movable])

    def _sum(self, at: Ints, counts: Ints, size: int) -> Ints:
        return np.bincount(at, counts, size).astype(np.int64)
