"""Why the others have no place: for each group with unplaced pupils, the first reason that applies and its facts.

Derived from the placements alone, after the last tier, so it holds for any correct answer. Facts only: whoever shows a
result writes the sentences. Reasons are those of `solver.result.Reason`, in that order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any

import numpy as np

from solver.arrays import Bools, Ints, ints, runs
from solver.candidates import Territory, find_reachable
from solver.demand import banned_offers
from solver.geography import trips_m
from solver.instance import Group, Instance
from solver.occupancy import Occupancy
from solver.result import Assignment, Reason, Unplaced
from solver.rows import make_rows
from solver.side_reasons import SideInquiry
from solver.sides import pupils_placed
from solver.supply import Supply, tabulate_supply

MOST_OFFERS = 20
"""Offers named in a reason: enough to check, few enough to read."""
_KIND = attrgetter("school", "level", "reach_m", "departments", "needs", "periods")
"""What a finding depends on, but for bans and for what is placed at once or not at all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason and its facts, the same for every group of one kind."""

    reason: Reason
    offers: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    facts: Mapping[str, int | str] = field(default_factory=dict)


def explain(instance: Instance, rows: tuple[Assignment, ...]) -> tuple[Unplaced, ...]:
    """The unplaced pupils of each group, sorted by group."""
    placed = pupils_placed(instance, rows)
    left = [(group, n) for group in instance.groups if (n := group.count - placed.get(group.id, 0))]
    if not left:
        return ()
    inquiry = Inquiry(instance, rows)
    found = [inquiry.find(group) for group, _ in left]
    columns: dict[str, list[Any]] = {name: list(map(attrgetter(name), found)) for name in Finding.__slots__}
    columns |= {"group": [group.id for group, _ in left], "count": [count for _, count in left]}
    return make_rows(Unplaced, len(left), columns)


class Inquiry:
    """Looks at the openings a group could have had, in the state the placements leave them."""

    def __init__(self, instance: Instance, rows: tuple[Assignment, ...]) -> None:
        self.instance = instance
        self.supply = tabulate_supply(instance)
        self.territory = Territory.of(instance, self.supply)
        self.reachable = find_reachable(instance, self.supply, self.territory)
        self.occupancy = Occupancy(instance, rows)
        self.banned = banned_offers(instance)
        self.full = full_openings(instance, self.supply, self.occupancy)
        self.sides = SideInquiry(instance, self.occupancy, rows)
        self._school = {row.id: i for i, row in enumerate(instance.schools)}
        self._near, self._accepted = cache(self._found_near), cache(self._is_accepted)
        self._serving = cache(self._is_serving)
        self._apart = instance.units | self.banned.keys()
        above = {line: i for i, line in enumerate(sorted({row.line or "" for row in instance.offers}))}
        self._line = ints([above[row.line or ""] for row in instance.offers])[self.supply.opening_offer]
        self._saturated = [
            tuple(filter(self.occupancy.is_saturated, instance.ancestry(line or None))) for line in above
        ]
        self._known: dict[tuple[object, ...], Finding] = {}

    def find(self, group: Group) -> Finding:
        """The finding for a group; groups of one kind share it."""
        kind = _KIND(group)
        if group.id in self._apart:
            kind = *kind, self.banned.get(group.id), group.id if group.id in self.instance.units else ""
        if (found := self._known.get(kind)) is None:
            found = self._known[kind] = self._look(group, self.banned.get(group.id, ()))
        return found

    def _look(self, group: Group, banned: tuple[str, ...]) -> Finding:
        count, offers, openings = self._near(group.school, group.level, group.reach_m, group.departments)
        facts = {"reachable_offers": offers}
        if not offers:
            elsewhere = {"in_other_departments": count} if count else {}
            return Finding(Reason.NO_OFFER_OF_LEVEL_IN_REACH, facts=facts | elsewhere | self._nearest(group))
        openings = self._whole_ways(group, openings[self._accepted(self.instance.accepted(group))[openings]])
        if not len(openings):
            return Finding(Reason.PERIODS_NOT_OPEN, facts=facts)
        if group.needs:
            openings = self._whole_ways(group, openings[self._serving(group.needs)[openings]])
        if not len(openings):
            return Finding(Reason.NEEDS_NOT_SERVED, facts=facts)
        if banned:
            allowed = [opening for opening in openings.tolist() if self._names(opening)[0] not in banned]
            openings = self._whole_ways(group, ints(allowed))
        if not len(openings):
            return Finding(Reason.BANNED, facts=facts)
        if busy := self.sides.busy(group):
            clear = np.array([busy.isdisjoint(period.slots) for period in self.instance.periods], np.bool_)
            openings = self._whole_ways(group, openings[clear[self.supply.opening_period[openings]]])
        if not len(openings):
            return Finding(Reason.OTHER_PLACEMENT_THEN, facts=facts)
        return self._blocked(group, openings, facts)

    def _whole_ways(self, group: Group, openings: Ints) -> Ints:
        """Without the openings of a bundle that has none left in one of its periods."""
        if group.id not in self.instance.bundles_of:
            return openings
        periods = [self.instance.periods[i].id for i in self.supply.opening_period[openings].tolist()]
        usable = self.sides.usable(group, periods)
        return openings[[period in usable for period in periods]]

    def _blocked(self, group: Group, openings: Ints, facts: dict[str, int]) -> Finding:
        """Every opening left is blocked: by its seats, by a side constraint, by a line, or by the school's maximum."""
        free = self._whole_ways(group, openings[~self.full[openings]])
        if not len(free):
            first = openings[: MOST_OFFERS * len(self.instance.periods)]  # offers are sorted, openings by offer
            offers = dict.fromkeys(self.supply.opening_offer[first].tolist())
            named = tuple(self.instance.offers[i].id for i in islice(offers, MOST_OFFERS))
            return Finding(Reason.ALL_SEATS_TAKEN, offers=named, facts=facts)
        reason, more, held = self.sides.look(group, map(self._names, free.tolist()))
        if reason is not None:
            return Finding(reason, lines=held, facts=facts | more)
        above = np.flatnonzero(np.bincount(self._line[free])).tolist()
        lines = sorted({line for each in above for line in self._saturated[each]})
        if lines:
            return Finding(Reason.QUOTA_CEILING, lines=tuple(lines), facts=facts)
        return Finding(Reason.SCHOOL_MAXIMUM, facts=facts)

    def _found_near(self, name: str, level: str, reach_m: int, departments: frozenset[str]) -> tuple[int, int, Ints]:
        """How many offers of the level are in a school's reach, how many in the départements, and their openings."""
        school = self._school[name]
        rows = slice(self.reachable.start[school], self.reachable.start[school + 1])
        offers, trips = self.reachable.offer[rows], self.reachable.trip_m[rows]
        near = offers[(trips <= reach_m) & self._admitting(level)[offers]]
        offers = near[self._listed(departments)[near]] if departments else near
        first, last = self.supply.opening_start[offers], self.supply.opening_start[offers + 1]
        return len(near), len(offers), runs(first, last - first)

    def _listed(self, departments: frozenset[str]) -> Bools:
        """The offers of these départements: all of them when none is said."""
        codes = departments or self.instance.department.keys()
        return np.array([row.code in codes for row in self.instance.departments], np.bool_)[self.supply.department]

    def _is_accepted(self, periods: frozenset[str]) -> Bools:
        accepted = np.array([period.id in periods for period in self.instance.periods], np.bool_)
        return accepted[self.supply.opening_period]

    def _nearest(self, group: Group) -> dict[str, int]:
        """Metres to the nearest offer of the level in a département that the rules and the group admit, if any."""
        school = self.instance.schools[self._school[group.school]]
        home = next(i for i, row in enumerate(self.instance.departments) if row.code == school.department)
        offers = np.flatnonzero(
            self.territory.admitted[home] & self._admitting(group.level) & self._listed(group.departments)
        )
        trips = trips_m(np.broadcast_to(ints(school.position), (len(offers), 3)), self.supply.position[offers])
        return {"nearest_m": int(trips.min())} if len(trips) else {}

    def _admitting(self, level: str) -> Bools:
        return self.supply.admits_level.get(level, np.zeros(len(self.supply.position), np.bool_))

    def _is_serving(self, needs: frozenset[str]) -> Bools:
        serving = np.ones(len(self.supply.position), np.bool_)
        for need in needs:
            serving &= self.supply.serves.get(need, np.zeros(len(serving), np.bool_))
        return serving[self.supply.opening_offer]

    def _names(self, opening: int) -> tuple[str, str]:
        offer, period = self.supply.opening_offer[opening], self.supply.opening_period[opening]
        return self.instance.offers[offer].id, self.instance.periods[period].id


def full_openings(instance: Instance, supply: Supply, occupancy: Occupancy) -> Bools:
    """The openings where nobody more may sit; seats that periods share are counted by the offer that shares them."""
    offers, names, taken = instance.offers, [row.id for row in instance.periods], occupancy.seats
    rows = zip(
        supply.opening_offer.tolist(), supply.opening_period.tolist(), supply.opening_seats.tolist(), strict=True
    )
    openings = ((offers[offer].id, names[period], seats) for offer, period, seats in rows)
    return np.array(
        [
            (occupancy.free_seats(offer, period) if offer in occupancy.shared else seats - taken[offer, period]) <= 0
            for offer, period, seats in openings
        ],
        np.bool_,
    )
