"""First come, first served: what the engine is compared with, and the answer of last resort.

Groups come in the order of their identifiers; each pupil takes its best wish, then the nearest free seat. Reserved
seats are released once everybody has had a turn. Every hard rule holds (who stays together waits for room for all), no
aim is optimised, nothing is proven. It needs no optimiser.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from itertools import chain
from time import perf_counter

import numpy as np

from solver.arrays import Bools, Ints, starts_of
from solver.explain import explain
from solver.files import instance_sha256
from solver.instance import Group, Instance
from solver.occupancy import Occupancy
from solver.parts import Parts, gather
from solver.pins import diagnose_pins
from solver.result import Assignment, Result, Status, TierValue
from solver.rules import Rule
from solver.score import score
from solver.sides import Row, Sides, pupils_placed

Way = tuple[tuple[str, ...], ...]
"""For each placement that a unit needs, the periods it may be in."""
FOR_EVERYBODY = frozenset({Rule.SEATS, Rule.QUOTA_CEILING})
"""Rules that close an opening to every school at once, and for ever."""
ENGINE = "first come, first served"


def greedy(instance: Instance) -> Result:
    """A correct answer, quickly. FEASIBLE with no bound worth the name, or INFEASIBLE when the pins cannot hold."""
    started, sha256 = perf_counter(), instance_sha256(instance)
    diagnosis = diagnose_pins(instance)
    if diagnosis:
        return Result(sha256, Status.INFEASIBLE, (), (), (), ENGINE, diagnosis=diagnosis)
    rows = fill(gather(instance), instance.pins)
    values = score(instance, sha256, rows)
    tiers = tuple(TierValue(tier, values[tier], 0, "none") for tier in instance.params.tiers)
    unplaced = explain(instance, rows)
    seconds = {"greedy": perf_counter() - started}
    return Result(sha256, Status.FEASIBLE, tiers, rows, unplaced, ENGINE, seconds)


def fill(parts: Parts, rows: Iterable[Row], free: Bools | None = None) -> tuple[Assignment, ...]:
    """The rows that stand (pins among them), and whoever can still be placed beside them, first come, first served.

    `free` are the groups that may be placed (by default all).
    """
    queue = Queue(parts, rows)
    queue.serve(list(range(len(parts.instance.groups))) if free is None else np.flatnonzero(free).tolist())
    return queue.rows


class Queue:
    """Serves one group after the other. An opening that blocks a school once blocks it for ever, so it is dropped."""

    def __init__(self, parts: Parts, rows: Iterable[Row]) -> None:
        rows = tuple(rows)
        self.instance, self.supply = parts.instance, parts.supply
        self.demand, self.choices = parts.demand, parts.choices
        self.occupancy, self.sides = Occupancy(self.instance, rows), Sides(self.instance)
        self.start = starts_of(self.choices.profile, len(self.demand.profiles))
        self.taken = Counter({(row.group, row.offer, row.period): row.count for row in rows})
        self.placed = pupils_placed(self.instance, rows)
        self.busy, self.released = defaultdict[str, set[str]](set), False
        for row in rows:
            self._note_mates(row.group, row.period)
        self._names = [self._name(i) for i in range(len(self.supply.opening_offer))]
        self._closed = np.zeros(len(self._names), np.bool_)
        self._nearest: dict[int, Ints] = {}
        self._lists: dict[tuple[int, tuple[str, ...], str | None], deque[int]] = {}

    @property
    def rows(self) -> tuple[Assignment, ...]:
        return tuple(Assignment(*key, count) for key, count in sorted(self.taken.items()) if count)

    def serve(self, numbers: Sequence[int]) -> None:
        """Let these groups choose; if there are reserves, everybody has a turn before they are released."""
        for released in self._turns():
            self.released = released
            while self._serve_all(numbers) and self.sides.minimum:
                continue  # a meeting opened by some is open to those who were not enough for it

    def _serve_all(self, numbers: Sequence[int]) -> bool:
        """Everybody's turn once; whether somebody took a place."""
        before = self.placed.total()
        self._lists.clear()
        for i in numbers:
            self._serve(i)
        return self.placed.total() > before

    def _turns(self) -> tuple[bool, ...]:
        """Whether reserves are released, turn by turn."""
        return (False, True) if any(offer.reserved for offer in self.instance.offers) else (True,)

    def _serve(self, i: int) -> None:
        """Place the pupils left of the group, its wishes first."""
        group = self.instance.groups[i]
        left = group.count - self.placed[group.id]
        if left and group.id in self.instance.units:
            self.take_together(i)
        elif left:
            profile = int(self.demand.class_profile[self.demand.group_class[i]])
            for sector in (*group.wishes, None):
                left = self._take(group, left, self._openings(profile, tuple(sorted(group.periods)), sector))

    def _take(self, group: Group, left: int, openings: deque[int]) -> int:
        """Place up to `left` pupils of the group in the openings, in order; how many remain."""
        skipped, closed = 0, self._closed
        while left and skipped < len(openings):
            if closed[openings[skipped]]:
                del openings[skipped]
                continue
            offer, period = self._names[openings[skipped]]
            room, rule = self.occupancy.room(group.school, offer, period, released=self.released)
            count = min(left, room)
            if count <= 0:
                closed[openings[skipped]] = rule in FOR_EVERYBODY
                del openings[skipped]
            elif self._is_enough(group.school, offer, period, count):
                self._add(group, offer, period, count)
                left -= count
            else:
                skipped += 1
        return left

    def take_together(self, number: int, preferred: Sequence[tuple[str, str]] = ()) -> None:
        """Place all the pupils of a group in one period if that can be, else in one of its bundles.

        `preferred` openings, in order, come before its wishes.
        """
        group = self.instance.groups[number]
        alone = [(tuple(sorted(group.periods)),)]
        bundles = [tuple((period,) for period in bundle) for bundle in self.instance.bundles_of.get(group.id, ())]
        for way in (*alone, *bundles):
            if self._seat(number, way, preferred):
                return

    def _seat(self, number: int, way: Way, preferred: Sequence[tuple[str, str]]) -> bool:
        """One opening for each set of periods of the way: the best with room for all, free of other placements.

        Only quota lines link the openings of a bundle: one try for each set of lines is enough.
        """
        if not way:
            return True
        group, profile = self.instance.groups[number], int(self.demand.class_profile[self.demand.group_class[number]])
        lists = (self._openings(profile, way[0], sector) for sector in (*group.wishes, None))
        first, tried = [opening for opening in preferred if opening[1] in way[0]], set[str | None]()
        for offer, period in chain(first, (self._names[opening] for opening in chain(*lists))):
            if self.instance.offer[offer].line not in tried and self._has_room(group, offer, period):
                self._add(group, offer, period, group.count)
                if self._seat(number, way[1:], preferred):
                    self._note_mates(group.id, period)
                    return True
                self._add(group, offer, period, -group.count)
                tried.add(self.instance.offer[offer].line)
        return False

    def _has_room(self, group: Group, offer: str, period: str) -> bool:
        room = self._room(group, offer, period)
        clear = self.busy[group.id].isdisjoint(self.instance.period[period].slots)
        return room >= group.count and clear and self._is_enough(group.school, offer, period, group.count)

    def _room(self, group: Group, offer: str, period: str) -> int:
        return self.occupancy.room(group.school, offer, period, released=self.released)[0]

    def _is_enough(self, school: str, offer: str, period: str, count: int) -> bool:
        """Whether the pupils of the school there would be at least the offer's minimum."""
        present = self.occupancy.by_school[school, offer, period] + count
        return present >= self.sides.minimum.get(offer, 0) or (school, offer, period) in self.sides.pinned

    def _add(self, group: Group, offer: str, period: str, count: int) -> None:
        self.occupancy.add(group.school, offer, period, count)
        self.taken[group.id, offer, period] += count
        self.placed[group.id] += count * self.instance.is_counted(group.id, period)

    def _note_mates(self, group: str, period: str) -> None:
        """The same pupils' other groups are not free then."""
        for mate in self.sides.mates.get(group, ()):
            self.busy[mate].update(self.instance.period[period].slots)

    def _openings(self, profile: int, periods: tuple[str, ...], sector: str | None) -> deque[int]:
        """Openings of a sector (None: any) in these periods, nearest first, then by identifier."""
        key = (profile, periods, sector)
        if key not in self._lists:
            opening = self._by_trip(profile)
            accepted = np.array([row.id in periods for row in self.instance.periods], np.bool_)
            kept = accepted[self.supply.opening_period[opening]] & ~self._closed[opening]
            if sector is not None:
                number = self.supply.sectors.get(sector, -1)
                kept &= self.supply.sector[self.supply.opening_offer[opening]] == number
            self._lists[key] = deque(opening[kept].tolist())
        return self._lists[key]

    def _by_trip(self, profile: int) -> Ints:
        """Every opening of a profile, sorted once whatever is asked of it."""
        if profile not in self._nearest:
            rows = slice(self.start[profile], self.start[profile + 1])
            order = np.argsort(self.choices.trip_m[rows], kind="stable")
            self._nearest[profile] = self.choices.opening[rows][order]
        return self._nearest[profile]

    def _name(self, opening: int) -> tuple[str, str]:
        offer, period = self.supply.opening_offer[opening], self.supply.opening_period[opening]
        return self.instance.offers[offer].id, self.instance.periods[period].id
