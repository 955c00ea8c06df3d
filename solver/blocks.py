"""From the answer of the network to one that holds the side constraints, with what can be said of its distance.

The network without them is solved first: its answer is kept wherever it happens to hold them, and its tiers are bounds
everywhere. Only the connected components where it breaks one are decided again: groups that stay together first, then
the others by an exact flow, then either CP-SAT on the whole component when it is small, or on one neighbourhood after
the other. Every step is deterministic; effort is counted in CP-SAT's deterministic time, never in seconds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solver.arrays import Bools, Ints, ints
from solver.bundles import place_exactly
from solver.components import optimise_parts
from solver.draw import drawn_order
from solver.flow import FlowError
from solver.greedy import Queue, fill
from solver.model import build_network
from solver.network import Kind, Network
from solver.pairing import pair
from solver.parts import Parts
from solver.result import Assignment
from solver.score import Lots, score
from solver.sides import Row, Sides, pupils_placed
from solver.tiers import Names, names_of

SMALL = 3_000
"""Arcs up to which CP-SAT takes a whole component."""
NEAR_OPENINGS, NEAR_GROUPS = 6, 120
LOCAL_EFFORT = 0.5
GROUPS_PER_EFFORT = 25_000
"""Looking at a round of so many groups once costs about as much as CP-SAT's unit of time."""


@dataclass(frozen=True)
class Settlement:
    """Placements that hold every rule; for the first tiers in order, how far from the best CP-SAT declares them."""

    rows: tuple[Assignment, ...]
    gaps: tuple[int, ...]


def settle(parts: Parts, network: Network, names: Names, rows: tuple[Assignment, ...], effort: float) -> Settlement:
    """The network's own placements where they hold the side constraints, others where they do not.

    Never worse than first come, first served. `effort` is the deterministic time left to CP-SAT in all.
    """
    builder = _Builder(parts, names.sha256)
    troubled = builder.troubled(network, rows)
    if not troubled:
        return Settlement(rows, tuple(0 for _ in builder.tiers))
    gaps: list[tuple[int, ...]] = []
    settled = builder.standing(rows, np.logical_or.reduce(troubled))
    for members in troubled:
        settled, found = builder.decide(members, settled, rows, effort / len(troubled))
        gaps.append(found)
    first_come = fill(parts, parts.fixed)
    if builder.vector(first_come) < builder.vector(settled):
        return Settlement(first_come, ())
    return Settlement(settled, _together(gaps))


def components(parts: Parts, network: Network) -> Ints:
    """The component of each group: a number, the same for those that anything joins."""
    return _Builder(parts, "").labels(network)


def _together(gaps: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Gaps of the whole: they add up, until a tier is left open somewhere."""
    total: list[int] = []
    for column in zip(*gaps, strict=False):
        total.append(sum(column))
        if total[-1]:
            break
    return tuple(total)


class _Builder:
    def __init__(self, parts: Parts, sha256: str) -> None:
        self.parts, self.sha256, self.instance = parts, sha256, parts.instance
        self.tiers, self.sides = parts.instance.params.tiers, Sides(parts.instance)
        self.lots = Lots(parts.instance, sha256)
        self.pins = tuple(Assignment(row.group, row.offer, row.period, row.count) for row in parts.fixed)

    @cached_property
    def number(self) -> dict[str, int]:
        return {group.id: i for i, group in enumerate(self.instance.groups)}

    def vector(self, rows: Iterable[Row]) -> tuple[int, ...]:
        values = score(self.instance, self.sha256, rows, self.lots)
        return tuple(values[tier] for tier in self.tiers)

    def troubled(self, network: Network, rows: tuple[Assignment, ...]) -> list[Bools]:
        """The groups of each component where a side constraint is broken, in the order of their first group.

        The network sees a bundle in one period only: what its others would add to a commitment, or keep of what was
        announced, is for CP-SAT to say.
        """
        broken = {name for _, groups in self.sides.faults(rows) for name in groups}
        committed = self.instance.announced or any(line.commitment for line in self.instance.lines)
        at_fault = sorted(self.number[name] for name in broken.union(self.instance.bundles_of if committed else ()))
        if not at_fault:
            return []
        label = self.labels(network)
        return [label == one for one in dict.fromkeys(label[at_fault].tolist())]

    def labels(self, network: Network) -> Ints:
        """The component of each group: who shares neither a limit, nor seats, nor a sequence is decided apart."""
        node, nodes = self.parts.demand.group_class, len(network.supply)
        inner = network.head < nodes - 1
        pairs = [(node[self.number[a]], node[self.number[b]]) for a, mates in self.sides.mates.items() for b in mates]
        links = np.concatenate((ints(pairs).reshape(-1, 2), self._sharing(network)))
        tail, head = network.tail[inner].astype(np.int64), network.head[inner].astype(np.int64)
        ends = (np.concatenate((tail, links[:, 0])), np.concatenate((head, links[:, 1])))
        graph = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(nodes, nodes))
        label: Ints = connected_components(graph, directed=False)[1][node].astype(np.int64)
        return label

    def _sharing(self, network: Network) -> Ints:
        """Pairs of nodes that lead to one offer whose overlapping periods share seats."""
        offers = np.array([offer.id in self.sides.shared for offer in self.instance.offers], np.bool_)
        choices = np.flatnonzero(network.kind == Kind.CHOICE)
        offer = self.parts.supply.opening_offer[network.right[choices]]
        ways = np.unique(np.stack((offer, network.head[choices]))[:, offers[offer]], axis=1)
        same = np.flatnonzero(ways[0, :-1] == ways[0, 1:])
        return np.stack((ways[1, same], ways[1, same + 1]), axis=1)

    def decide(
        self, members: Bools, outside: tuple[Assignment, ...], relaxed: tuple[Assignment, ...], effort: float
    ) -> tuple[tuple[Assignment, ...], tuple[int, ...]]:
        """Place the members beside the rows outside, and how far from the best CP-SAT declares the first tiers.

        `relaxed` are the placements of the network.
        """
        free = members & (self.parts.demand.group_left > 0)
        start = self.construct(outside, relaxed, free)
        asked = self.parts.remaining(outside, free)
        network, names = build_network(asked), names_of(asked, self.sha256)
        if len(network.tail) > SMALL:
            return self.improve(start, free, effort), ()
        exact = place_exactly(asked, network, names, self.tiers, effort, start)
        if exact is None or self.vector(exact.rows) > self.vector(start):
            return start, ()
        return exact.rows, exact.gaps

    def standing(self, rows: Iterable[Assignment], free: Bools) -> tuple[Assignment, ...]:
        """The rows of the groups that do not move, and the pins of those that do."""
        kept = [row for row in rows if not free[self.number[row.group]]]
        return (*kept, *(pin for pin in self.pins if free[self.number[pin.group]]))

    def construct(
        self, outside: tuple[Assignment, ...], relaxed: tuple[Assignment, ...], free: Bools
    ) -> tuple[Assignment, ...]:
        """Units where the network sends most of them, then a flow for the others, then whoever still fits."""
        rows = self._place_units(outside, relaxed, free)
        single = free & np.array([group.id not in self.instance.units for group in self.instance.groups], np.bool_)
        rest = self.parts.remaining(rows, single)
        closed, seats = set[tuple[str, str, str]](), dict[tuple[str, str], int]()
        while True:
            placed = self.flow(rest.without(closed).with_seats(seats))
            if next(self.sides.faults(placed), None) is None:
                return fill(self.parts, placed, free)
            before = len(closed), len(seats)
            closed |= self._too_few(placed)
            seats |= self._share_out(rows, placed)
            if before == (len(closed), len(seats)):
                raise FlowError("placements that stand break a side constraint")

    def _place_units(
        self, outside: tuple[Assignment, ...], relaxed: tuple[Assignment, ...], free: Bools
    ) -> tuple[Assignment, ...]:
        """Those of which the network places half or more, the surest and largest first."""
        queue, sent = Queue(self.parts, outside), defaultdict[str, Counter[tuple[str, str]]](Counter)
        for row in relaxed:
            if row.group in self.instance.units:
                sent[row.group][row.offer, row.period] += row.count
        shares = {name: sum(openings.values()) / self.instance.group[name].count for name, openings in sent.items()}
        likely = sorted(name for name, share in shares.items() if share >= 0.5)
        likely.sort(key=lambda name: (-shares[name], -self.instance.group[name].count, self._turn(name)))
        for name in likely:
            if free[self.number[name]]:
                queue.take_together(self.number[name], [opening for opening, _ in sent[name].most_common()])
        return queue.rows

    def _turn(self, name: str) -> bytes:
        return drawn_order(self.sha256, name)

    def flow(self, parts: Parts) -> tuple[Assignment, ...]:
        """The best placements of single pupils beside those that stand, without side constraints."""
        network, names = build_network(parts), names_of(parts, self.sha256)
        optimum = optimise_parts(network, self.tiers, names, None, lambda _tier, _done: None)
        return pair(self.instance, parts.demand, network, optimum.flow, names, parts.fixed)

    def _too_few(self, rows: Iterable[Assignment]) -> set[tuple[str, str, str]]:
        """Meetings below their minimum: closed."""
        present = Counter[tuple[str, str, str]]()
        for row in rows:
            if row.offer in self.sides.minimum:
                present[self.instance.group[row.group].school, row.offer, row.period] += row.count
        few = {meeting for meeting, count in present.items() if count < self.sides.minimum[meeting[1]]}
        return few - self.sides.pinned

    def _share_out(self, standing: Iterable[Assignment], rows: Iterable[Assignment]) -> dict[tuple[str, str], int]:
        """Seats of each overlapping period at the offers that hold too many, in proportion to who may still move."""
        taken = Counter[tuple[str, str]]()
        for row in rows:
            taken[row.offer, row.period] += row.count
        stands = Counter[tuple[str, str]]()
        for row in standing:
            stands[row.offer, row.period] += row.count
        seats: dict[tuple[str, str], int] = {}
        for offer, slots in self.sides.shared.items():
            groups = [(periods, self.sides.largest(offer, periods)) for periods in sorted({*slots.values()})]
            share = {period: taken[offer, period] for periods, _ in groups for period in periods}
            if all(sum(share[period] for period in periods) <= most for periods, most in groups):
                continue
            for periods, most in groups:
                total, fixed = sum(share[period] for period in periods), sum(stands[offer, each] for each in periods)
                for period in periods if total > most else ():
                    loose = share[period] - stands[offer, period]
                    share[period] = stands[offer, period] + loose * (most - fixed) // max(1, total - fixed)
            for period in sorted(share):
                room = [most - sum(share[each] for each in periods) for periods, most in groups if period in periods]
                share[period] += max(0, min([*room, self.instance.offer[offer].seats[period] - share[period]]))
            seats |= {(offer, period): count for period, count in share.items()}
        return seats

    def improve(self, rows: tuple[Assignment, ...], free: Bools, effort: float) -> tuple[Assignment, ...]:
        """Free one unit and its surroundings, decide them again exactly, keep what is better; then the next unit."""
        units = [name for name in sorted(self.instance.units, key=self._turn) if free[self.number[name]]]
        start, best, turn = rows, self.vector(rows), 0
        look = len(self.instance.groups) / GROUPS_PER_EFFORT
        while units and effort > 0 and turn < 2 * len(units):
            loose = self._surroundings(units[turn % len(units)], rows, free)
            turn += 1
            standing = self.standing(rows, loose)
            asked = self.parts.remaining(standing, loose)
            network, names = build_network(asked), names_of(asked, self.sha256)
            held = [row for row in rows if loose[self.number[row.group]]]
            exact = place_exactly(asked, network, names, self.tiers, min(effort, LOCAL_EFFORT), held)
            effort -= look + (exact.effort if exact else LOCAL_EFFORT)
            if exact is not None and (found := self.vector(exact.rows)) < best:
                rows, best = exact.rows, found
        return rows if rows is start else fill(self.parts, rows, free)

    def _surroundings(self, unit: str, rows: tuple[Assignment, ...], free: Bools) -> Bools:
        """The unit, the groups at the openings nearest to it, and groups of its school."""
        near = set(islice(self._nearest(unit), NEAR_OPENINGS))
        school = self.instance.group[unit].school
        placed = pupils_placed(self.instance, rows)
        there = [row.group for row in rows if (row.offer, row.period) in near]
        mates = [group.id for group in self.instance.groups if group.school == school]
        mates.sort(key=lambda name: (placed[name] == self.instance.group[name].count, self._turn(name)))
        loose = np.zeros(len(free), np.bool_)
        names = dict.fromkeys((unit, *self.sides.mates.get(unit, ()), *there, *mates[: NEAR_GROUPS // 3]))
        loose[[self.number[name] for name in names][:NEAR_GROUPS]] = True
        return loose & free

    def _nearest(self, unit: str) -> Iterator[tuple[str, str]]:
        """Openings with seats for all of the unit: its wishes first, then the nearest."""
        number, group = self.number[unit], self.instance.group[unit]
        profile = int(self.parts.demand.class_profile[self.parts.demand.group_class[number]])
        choices, supply = self.parts.choices, self.parts.supply
        rows = np.arange(*np.searchsorted(choices.profile, [profile, profile + 1]).tolist())
        rows = rows[supply.opening_seats[choices.opening[rows]] >= group.count]
        offers = supply.opening_offer[choices.opening[rows]].tolist()
        rank = ints([self.instance.rank(group, self.instance.offers[offer].sector) for offer in offers])
        for row in rows[np.lexsort((choices.trip_m[rows], rank))].tolist():
            opening = int(choices.opening[row])
            offer, period = int(supply.opening_offer[opening]), int(supply.opening_period[opening])
            yield self.instance.offers[offer].id, self.instance.periods[period].id
