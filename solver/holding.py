"""Which announced placements can simply be held where they are, and how many no answer can keep.

Limits nest: a school's maximum inside an opening, an opening under a line, a line under a wider one. So the most that
can be kept is counted from the bottom up, and a row under no exceeded limit competes with nobody. It solves nothing;
why holding loses nothing is told in `solver.repair`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from solver.arrays import Bools, Ints, find, ints
from solver.choices import accepts
from solver.instance import Announced, Instance, Pin
from solver.occupancy import Occupancy
from solver.parts import Parts

UNLIMITED = 2**40


@dataclass(frozen=True)
class Holding:
    """The announced rows in their order: each one's class, and whether it is admitted and under no exceeded limit.

    `fewest_moved`: at least so many announced pupils move in any answer.
    """

    parts: Parts
    member: Ints
    admissible: Bools
    fewest_moved: int

    @property
    def touched(self) -> tuple[Announced, ...]:
        """The rows that cannot simply be held."""
        announced = self.parts.instance.announced
        return tuple(announced[i] for i in np.flatnonzero(~self.admissible).tolist())

    def parts_with(self, held: Bools) -> Parts:
        """The same columns with these rows pinned, beside the pins there are."""
        instance, demand = self.parts.instance, self.parts.demand
        pins = {(pin.group, pin.offer, pin.period): pin for pin in instance.pins}
        for i in np.flatnonzero(held).tolist():
            row = instance.announced[i]
            pins[row.group, row.offer, row.period] = Pin(row.group, row.offer, row.period, row.count)
        pinned = replace(instance, pins=tuple(pins.values()))
        taken: Counter[str] = Counter()
        for pin in pins.values():
            taken[pin.group] += pin.count
        left = ints([row.count - taken[row.id] for row in instance.groups])
        class_left = np.bincount(demand.group_class, left, len(demand.class_left)).astype(np.int64)
        demand = replace(demand, group_left=left, class_left=class_left)
        return replace(self.parts, instance=pinned, demand=demand, pinned=Occupancy(pinned, pinned.pins))


def hold(parts: Parts) -> Holding:
    """Look at every announced row of the instance."""
    instance, demand = parts.instance, parts.demand
    group = {row.id: i for i, row in enumerate(instance.groups)}
    member = demand.group_class[ints([group[row.group] for row in instance.announced])]
    opening = ints([parts.openings.get((row.offer, row.period), -1) for row in instance.announced])
    count = ints([row.count for row in instance.announced])
    lawful = _is_lawful(parts, member, opening)
    admissible, kept = lawful.copy(), 0
    rows = np.flatnonzero(lawful)
    if len(rows):
        admissible[rows], kept = _most_kept(parts, member[rows], opening[rows], count[rows])
    return Holding(parts, member, admissible, int(count.sum()) - kept)


def _is_lawful(parts: Parts, member: Ints, opening: Ints) -> Bools:
    """Whether every rule of a single placement still holds."""
    demand, choices, size = parts.demand, parts.choices, len(parts.supply.opening_offer)
    lawful: Bools = opening >= 0
    rows = np.flatnonzero(lawful)
    key = demand.class_profile[member[rows]] * size + opening[rows]
    exists = find(choices.profile * size + choices.opening, key)[1]
    lawful[rows] = exists & accepts(demand, parts.supply, demand.class_periods[member[rows]], opening[rows])
    return lawful


def _most_kept(parts: Parts, member: Ints, opening: Ints, count: Ints) -> tuple[Bools, int]:
    """Which of these rows stand under no exceeded limit, and how many of their pupils the limits leave room for."""
    instance, demand, supply = parts.instance, parts.demand, parts.supply
    size = len(supply.opening_offer)
    most = ints([row.max_per_school or UNLIMITED for row in instance.offers])[supply.opening_offer]
    school = demand.profile_school[demand.class_profile[member]]
    meetings, at = np.unique(school * size + opening, return_inverse=True)
    together = np.bincount(at, count).astype(np.int64)
    kept = np.minimum(together, most[meetings % size])
    exceeded = (together > most[meetings % size])[at]
    load = np.bincount(opening, count, size).astype(np.int64)
    kept = np.minimum(np.bincount(meetings % size, kept, size).astype(np.int64), supply.opening_seats)
    exceeded |= (load > supply.opening_seats)[opening]
    number = {row.id: i for i, row in enumerate(instance.lines)}
    above = ints([-1 if row.line is None else number[row.line] for row in instance.offers])[supply.opening_offer]
    over, through = _through_lines(instance, load, kept, above)
    exceeded |= over[above[opening]]
    return ~exceeded, through


def _through_lines(instance: Instance, load: Ints, kept: Ints, above: Ints) -> tuple[Bools, int]:
    """Whether each line, or a wider one, is exceeded (the last: no line), and how many come through to the top."""
    lines = instance.lines
    number = {row.id: i for i, row in enumerate(lines)}
    loads = [int(n) for n in np.bincount(above + 1, load, len(lines) + 1)]
    rooms = [int(n) for n in np.bincount(above + 1, kept, len(lines) + 1)]
    over = np.zeros(len(lines) + 1, np.bool_)
    for row in sorted(lines, key=lambda row: len(instance.ancestry(row.id)), reverse=True):
        i, parent = number[row.id] + 1, 0 if row.parent is None else number[row.parent] + 1
        hard = UNLIMITED if row.hard_ceiling is None else row.hard_ceiling
        over[i - 1] = loads[i] > hard
        loads[parent] += loads[i]
        rooms[parent] += min(rooms[i], hard)
    for row in sorted(lines, key=lambda row: len(instance.ancestry(row.id))):
        if row.parent is not None:
            over[number[row.id]] |= over[number[row.parent]]
    return over, rooms[0]
