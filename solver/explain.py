"""Why the others have no place: for each group with unplaced pupils, the first reason that applies and its facts.

Derived from the placements alone, after the last tier, so it holds for any correct answer. Facts only: whoever shows a
result writes the sentences. Reasons are those of `solver.result.Reason`, in that order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from solver.arrays import Bools, Ints, ints, runs
from solver.candidates import Territory, find_reachable
from solver.demand import banned_offers
from solver.geography import trips_m
from solver.instance import Group, Instance
from solver.occupancy import Occupancy
from solver.result import Assignment, Reason, Unplaced
from solver.side_reasons import SideInquiry
from solver.sides import pupils_placed
from solver.supply import Supply, tabulate_supply

MOST_OFFERS = 20
"""Offers named in a reason: enough to check, few enough to read."""


@dataclass(frozen=True)
class Finding:
    """A reason and its facts, the same for every group of one kind."""

    reason: Reason
    offers: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    facts: Mapping[str, int | str] = field(default_factory=dict)


def explain(instance: Instance, rows: tuple[Assignment, ...]) -> tuple[Unplaced, ...]:
    """The unplaced pupils of each group, sorted by group."""
    placed = pupils_placed(instance, rows)
    left = [(group, group.count - placed[group.id]) for group in instance.groups]
    if not any(count for _, count in left):
        return ()
    inquiry = Inquiry(instance, rows)
    found = ((group, count, inquiry.find(group)) for group, count in left if count)
    return tuple(Unplaced(group.id, n, it.reason, it.offers, it.lines, it.facts) for group, n, it in found)


class Inquiry:
    """Looks at the openings a group could have had, in the state the placements leave them."""

    def __init__(self, instance: Instance, rows: tuple[Assignment, ...]) -> None:
        self.instance = instance
        self.supply = tabulate_supply(instance)
        self.territory = Territory.of(instance, self.supply)
        self.reachable = find_reachable(instance, self.supply, self.territory)
        self.occupancy = Occupancy(instance, rows)
        self.banned = banned_offers(instance)
        self.saturated_lines = cache(self.occupancy.saturated_lines)
        self.full = full_openings(instance, self.supply, self.occupancy)
        self.sides = SideInquiry(instance, self.occupancy, rows)
        self._school = {row.id: i for i, row in enumerate(instance.schools)}
        self._known: dict[tuple[object, ...], Finding] = {}

    def find(self, group: Group) -> Finding:
        """The finding for a group; groups of one kind share it."""
        banned = self.banned.get(group.id, ())
        alone = group.id if group.id in self.instance.units else ""
        reach = group.school, group.level, group.reach_m, group.departments
        kind = (*reach, group.needs, group.periods, banned, alone)
        if kind not in self._known:
            self._known[kind] = self._look(group, banned)
        return self._known[kind]

    def _look(self, group: Group, banned: tuple[str, ...]) -> Finding:
        near = self._offers_near(group)
        offers = near[self._listed(group)[near]] if group.departments else near
        facts = {"reachable_offers": len(offers)}
        if not len(offers):
            elsewhere = {"in_other_departments": len(near)} if len(near) else {}
            return Finding(Reason.NO_OFFER_OF_LEVEL_IN_REACH, facts=facts | elsewhere | self._nearest(group))
        openings = self._whole_ways(group, self._openings(offers, group))
        if not len(openings):
            return Finding(Reason.PERIODS_NOT_OPEN, facts=facts)
        serving = self._serving(group)[self.supply.opening_offer[openings]]
        openings = self._whole_ways(group, openings[serving])
        if not len(openings):
            return Finding(Reason.NEEDS_NOT_SERVED, facts=facts)
        openings = openings[~self._is_among(banned)[self.supply.opening_offer[openings]]] if banned else openings
        openings = self._whole_ways(group, openings)
        if not len(openings):
            return Finding(Reason.BANNED, facts=facts)
        openings = self._whole_ways(group, openings[self._is_clear(group)[self.supply.opening_period[openings]]])
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

    def _is_clear(self, group: Group) -> Bools:
        """The periods free of the same pupils' other placements."""
        busy = self.sides.busy(group)
        return np.array([busy.isdisjoint(period.slots) for period in self.instance.periods], np.bool_)

    def _blocked(self, group: Group, openings: Ints, facts: dict[str, int]) -> Finding:
        """Every opening left is blocked: by its seats, by a side constraint, by a line, or by the school's maximum."""
        free = self._whole_ways(group, openings[~self.full[openings]])
        if not len(free):
            offers = tuple(self._offers_of(openings, MOST_OFFERS))
            return Finding(Reason.ALL_SEATS_TAKEN, offers=offers, facts=facts)
        reason, more, held = self.sides.look(group, [self._names(opening) for opening in free.tolist()])
        if reason is not None:
            return Finding(reason, lines=held, facts=facts | more)
        lines = sorted({line for offer in self._offers_of(free) for line in self.saturated_lines(offer)})
        if lines:
            return Finding(Reason.QUOTA_CEILING, lines=tuple(lines), facts=facts)
        return Finding(Reason.SCHOOL_MAXIMUM, facts=facts)

    def _offers_near(self, group: Group) -> Ints:
        """Those in reach, in whatever département."""
        school = self._school[group.school]
        rows = slice(self.reachable.start[school], self.reachable.start[school + 1])
        offers, trips = self.reachable.offer[rows], self.reachable.trip_m[rows]
        return offers[(trips <= group.reach_m) & self._admitting(group.level)[offers]]

    def _listed(self, group: Group) -> Bools:
        """The offers of the départements that the group accepts: all of them when it does not say."""
        codes = group.departments or self.instance.department.keys()
        return np.array([row.code in codes for row in self.instance.departments], np.bool_)[self.supply.department]

    def _openings(self, offers: Ints, group: Group) -> Ints:
        first, last = self.supply.opening_start[offers], self.supply.opening_start[offers + 1]
        openings = runs(first, last - first)
        periods = self.instance.accepted(group)
        accepted = np.array([period.id in periods for period in self.instance.periods], np.bool_)
        return openings[accepted[self.supply.opening_period[openings]]]

    def _nearest(self, group: Group) -> dict[str, int]:
        """Metres to the nearest offer of the level in a département that the rules and the group admit, if any."""
        school = self.instance.schools[self._school[group.school]]
        home = next(i for i, row in enumerate(self.instance.departments) if row.code == school.department)
        offers = np.flatnonzero(self.territory.admitted[home] & self._admitting(group.level) & self._listed(group))
        trips = trips_m(np.broadcast_to(ints(school.position), (len(offers), 3)), self.supply.position[offers])
        return {"nearest_m": int(trips.min())} if len(trips) else {}

    def _admitting(self, level: str) -> Bools:
        return self.supply.admits_level.get(level, np.zeros(len(self.supply.position), np.bool_))

    def _serving(self, group: Group) -> Bools:
        serving = np.ones(len(self.supply.position), np.bool_)
        for need in group.needs:
            serving &= self.supply.serves.get(need, np.zeros(len(serving), np.bool_))
        return serving

    def _is_among(self, names: tuple[str, ...]) -> Bools:
        return np.array([row.id in names for row in self.instance.offers], np.bool_)

    def _names(self, opening: int) -> tuple[str, str]:
        offer, period = self.supply.opening_offer[opening], self.supply.opening_period[opening]
        return self.instance.offers[offer].id, self.instance.periods[period].id

    def _offers_of(self, openings: Ints, most: int | None = None) -> list[str]:
        """Identifiers of the offers these openings belong to, sorted (offers are, and openings by offer)."""
        offers = self.supply.opening_offer[openings]
        return [self.instance.offers[i].id for i in offers[np.diff(offers, prepend=-1) != 0][:most].tolist()]


def full_openings(instance: Instance, supply: Supply, occupancy: Occupancy) -> Bools:
    offers, periods = instance.offers, instance.periods
    rows = zip(supply.opening_offer.tolist(), supply.opening_period.tolist(), strict=True)
    free = ints([occupancy.free_seats(offers[offer].id, periods[period].id) for offer, period in rows])
    full: Bools = free <= 0
    return full
