"""The smallest changes after which a group placed at once or not at all has a place, nobody else being moved.

Each is found by looking at every opening with the others where they are: the group goes there as soon as one limit
gives way by so much, or one rule of a single placement. So each of them works; one that only moving others would make
possible is not looked for here. (Splitting the group is `solver.smallest_fix`'s to try.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from solver.arrays import Bools, Ints, ints, runs
from solver.candidates import Territory
from solver.demand import banned_offers
from solver.fix import Fix, FixKind
from solver.geography import trips_m
from solver.instance import Group, Instance
from solver.occupancy import Occupancy
from solver.result import Result
from solver.side_reasons import SideInquiry
from solver.sides import Sides
from solver.supply import tabulate_supply
from solver.validation import MAX_REACH_M

KILOMETRE, PLENTY = 1_000, 10**12


@dataclass(frozen=True)
class _Menu:
    """What a group finds at each opening: rules of a single placement, then how many more each limit lets in."""

    opening: Ints
    trip_m: Ints
    rules: Mapping[FixKind, Bools]
    rooms: Mapping[FixKind, Ints]
    sound: Bools
    """Whether neither the school's minimum there nor the same pupils' other placements stand against it."""


class UnitFixes:
    """Looks for the fixes of one group after the other, in the state that a result leaves."""

    def __init__(self, instance: Instance, result: Result) -> None:
        self.instance, self.supply = instance, tabulate_supply(instance)
        self.territory = Territory.of(instance, self.supply)
        self.occupancy, self.sides = Occupancy(instance, result.assignments), Sides(instance)
        self.inquiry, self.banned = SideInquiry(instance, self.occupancy, result.assignments), banned_offers(instance)
        self._home = {row.code: i for i, row in enumerate(instance.departments)}
        offers, periods = self.supply.opening_offer.tolist(), self.supply.opening_period.tolist()
        self.names = [(instance.offers[o].id, instance.periods[p].id) for o, p in zip(offers, periods, strict=True)]
        self.free = ints([self.occupancy.free_seats(*name) for name in self.names])
        self.shared = np.array([name in self.sides.shared for name, _ in self.names], np.bool_)
        room = cache(self._line_room)
        self.through = ints([min(room(row.line).values(), default=PLENTY) for row in instance.offers])
        self.most = ints([row.max_per_school or PLENTY for row in instance.offers])
        self.least = ints([row.min_group or 0 for row in instance.offers])
        self.mates = cache(self._mates)
        self._line_rooms = room

    def of(self, name: str) -> Iterator[Fix]:
        """The fixes of a group, in the order of their kinds; none when it could be placed without any."""
        group = self.instance.group[name]
        menu = self._menu(group)
        fits = {kind: room >= group.count for kind, room in menu.rooms.items()}
        if np.logical_and.reduce([*menu.rules.values(), *fits.values(), menu.sound]).any():
            return
        for kind in FixKind:
            checks = {**menu.rules, **fits}
            said = kind is FixKind.PERIOD and name in self.instance.bundles_of  # its periods are said with the bundle
            if kind in checks and not said:
                others = [held for which, held in checks.items() if which is not kind]
                rows = np.flatnonzero(np.logical_and.reduce([*others, ~checks[kind], menu.sound]))
                yield from self._spell(kind, group, menu, rows)

    def _menu(self, group: Group) -> _Menu:
        supply, instance = self.supply, self.instance
        school = instance.school[group.school]
        nobody = np.zeros(len(instance.offers), np.bool_)
        admitted = self.territory.admitted[self._home[school.department]]
        offers = np.flatnonzero(admitted & supply.admits_level.get(group.level, nobody))
        first, last = supply.opening_start[offers], supply.opening_start[offers + 1]
        opening = runs(first, last - first)
        offer, period = supply.opening_offer[opening], supply.opening_period[opening]
        trip = trips_m(np.broadcast_to(ints(school.position), (len(opening), 3)), supply.position[offer])
        served = np.logical_and.reduce([~nobody, *(supply.serves.get(need, nobody) for need in group.needs)])
        banned = {*self.banned.get(group.id, ())}
        welcome = np.array([row.id not in banned for row in instance.offers], np.bool_)
        accepted = np.array([row.id in group.periods for row in instance.periods], np.bool_)
        listed = np.array([row.code in (group.departments or {row.code}) for row in instance.departments], np.bool_)
        busy, there = self.inquiry.busy(group), self.mates(group.school)[opening]
        clear = np.array([busy.isdisjoint(row.slots) for row in instance.periods], np.bool_)
        rules = {
            FixKind.REACH: trip <= group.reach_m,
            FixKind.DEPARTMENT: listed[supply.department[offer]],
            FixKind.PERIOD: accepted[period],
            FixKind.NEEDS: served[offer],
            FixKind.BAN: welcome[offer],
        }
        rooms = {
            FixKind.SEAT: self.free[opening],
            FixKind.QUOTA: self.through[offer],
            FixKind.MAXIMUM: self.most[offer] - there,
        }
        return _Menu(opening, trip, rules, rooms, clear[period] & (there + group.count >= self.least[offer]))

    def _spell(self, kind: FixKind, group: Group, menu: _Menu, rows: Ints) -> Iterator[Fix]:
        """The least of a kind: by how much, then the nearest."""
        if kind is FixKind.QUOTA:
            yield from self._raised(group, menu, rows)
            return
        more = group.count - menu.rooms[kind][rows] if kind in menu.rooms else np.ones(len(rows), np.int64)
        if kind is FixKind.SEAT:  # seats that overlapping periods share are raised by no one of them alone
            rows, more = rows[~self.shared[menu.opening[rows]]], more[~self.shared[menu.opening[rows]]]
        if not len(rows):
            return
        best = np.lexsort((menu.opening[rows], menu.trip_m[rows], more))[0]
        where, trip = self.names[menu.opening[rows[best]]], int(menu.trip_m[rows[best]])
        if kind is not FixKind.REACH:
            yield Fix(kind, group.id, where[0], where[1], more=int(more[best]))
            return
        extra = -(-(trip - group.reach_m) // KILOMETRE)
        if group.reach_m + extra * KILOMETRE <= MAX_REACH_M:
            reach_m = group.reach_m + extra * KILOMETRE
            yield Fix(kind, group.id, where[0], where[1], reach_m=reach_m, extra_km=extra)

    def _raised(self, group: Group, menu: _Menu, rows: Ints) -> Iterator[Fix]:
        """The line to raise by least, where it is the only one in the way."""
        offers = np.unique(self.supply.opening_offer[menu.opening[rows]]).tolist()
        ways = list[tuple[int, str]]()
        for line in sorted({self.instance.offers[offer].line or "" for offer in offers}):
            short = [(group.count - room, name) for name, room in self._line_rooms(line).items() if room < group.count]
            ways += short if len(short) == 1 else []
        if ways:
            more, name = min(ways)
            yield Fix(FixKind.QUOTA, group.id, line=name, more=more)

    def _line_room(self, line: str | None) -> dict[str, int]:
        """How many more pupils each ceiling from this line up lets through."""
        found = {}
        for name in self.instance.ancestry(line or None):
            ceiling = self.instance.line[name].hard_ceiling
            if ceiling is not None:
                found[name] = ceiling - self.occupancy.through[name]
        return found

    def _mates(self, school: str) -> Ints:
        """The school's pupils at each opening."""
        return ints([self._by_school[school].get(name, 0) for name in self.names])

    @cached_property
    def _by_school(self) -> Mapping[str, Mapping[tuple[str, str], int]]:
        found = defaultdict[str, dict[tuple[str, str], int]](dict)
        for (school, offer, period), count in self.occupancy.by_school.items():
            found[school][offer, period] = count
        return found
