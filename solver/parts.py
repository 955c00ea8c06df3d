"""What an answer is made from: demand, supply, what each profile may choose, and what the pins already take.

Gathered once, for the network as for the first-come baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from solver.arrays import Bools, Ints, find, ints
from solver.candidates import Territory, find_reachable
from solver.choices import Choices, list_choices
from solver.demand import Demand, merge_groups
from solver.instance import Instance
from solver.occupancy import Occupancy
from solver.result import Assignment
from solver.sides import Row, pupils_placed
from solver.supply import Supply, tabulate_supply


@dataclass(frozen=True)
class Parts:
    """An instance in columns. `fixed` are the rows that stand, at first the pins; `pinned` counts their pupils."""

    instance: Instance
    demand: Demand
    supply: Supply
    choices: Choices
    fixed: tuple[Row, ...]
    pinned: Occupancy

    @cached_property
    def seats(self) -> Ints:
        """Seats of each opening that no pin takes."""
        left = self.supply.opening_seats.copy()
        for (offer, period), count in self.pinned.seats.items():
            left[self.openings[offer, period]] -= count
        return left

    @cached_property
    def school_limit(self) -> Ints:
        """For each choice, how many pupils of the school its offer still takes in that period."""
        offers = self.instance.offers
        unlimited = np.iinfo(np.int64).max
        most = ints([unlimited if row.max_per_school is None else row.max_per_school for row in offers])
        limit = most[self.supply.opening_offer][self.choices.opening]
        taken = sorted((self._meeting(*meeting), count) for meeting, count in self.pinned.by_school.items())
        if taken:
            keys, counts = ints(taken).T
            at, met = find(keys, self.meetings)
            limited = np.flatnonzero(met & (limit < unlimited))
            limit[limited] -= counts[at[limited]]
        return limit

    def _meeting(self, school: str, offer: str, period: str) -> int:
        return self._school[school] * len(self.supply.opening_offer) + self.openings[offer, period]

    def without(self, meetings: Iterable[tuple[str, str, str]]) -> Parts:
        """The same, without the choices that lead pupils of a school to an offer in a period."""
        closed = ints(sorted(self._meeting(*meeting) for meeting in meetings))
        return self._keeping(~np.isin(self.meetings, closed)) if len(closed) else self

    def with_seats(self, seats: Mapping[tuple[str, str], int]) -> Parts:
        """The same, with other numbers of seats in some openings, those of the fixed rows among them."""
        column = self.supply.opening_seats.copy()
        for opening, count in seats.items():
            column[self.openings[opening]] = count
        return replace(self, supply=replace(self.supply, opening_seats=column))

    def remaining(self, rows: tuple[Assignment, ...], free: Bools) -> Parts:
        """What is still to decide when `rows` stand, the pins among them, and only the groups in `free` may move.

        The other groups' pupils that no row places stay without a place, and are counted so.
        """
        placed = pupils_placed(self.instance, rows)
        left = ints([group.count - placed[group.id] for group in self.instance.groups])
        demand = self.demand.remaining(left, free)
        kept = np.isin(self.choices.profile, demand.class_profile[demand.class_periods != demand.nowhere])
        occupancy = Occupancy(self.instance, rows)
        return replace(self, demand=demand, fixed=rows, pinned=occupancy)._keeping(kept)

    def _keeping(self, kept: Bools) -> Parts:
        rows = np.flatnonzero(kept)
        columns = (self.choices.profile[rows], self.choices.opening[rows], self.choices.trip_m[rows])
        return replace(self, choices=Choices(*columns))

    @cached_property
    def meetings(self) -> Ints:
        """For each choice, a number for its (school, opening)."""
        return self.meetings_of(np.arange(len(self.choices.profile), dtype=np.int64))

    def meetings_of(self, choice: Ints) -> Ints:
        """The same for some choices."""
        school = self.demand.profile_school[self.choices.profile[choice]]
        return school * len(self.supply.opening_offer) + self.choices.opening[choice]

    @cached_property
    def _school(self) -> dict[str, int]:
        return {row.id: i for i, row in enumerate(self.instance.schools)}

    @cached_property
    def openings(self) -> dict[tuple[str, str], int]:
        """The number of each (offer, period) that has a seat."""
        offers, periods = self.instance.offers, self.instance.periods
        rows = zip(self.supply.opening_offer.tolist(), self.supply.opening_period.tolist(), strict=True)
        return {(offers[offer].id, periods[period].id): i for i, (offer, period) in enumerate(rows)}


def gather(instance: Instance) -> Parts:
    """Put the instance in columns and find what each profile may choose."""
    supply, demand = tabulate_supply(instance), merge_groups(instance, pupils_placed(instance, instance.pins))
    reachable = find_reachable(instance, supply, Territory.of(instance, supply))
    choices = list_choices(instance, demand, supply, reachable)
    return Parts(instance, demand, supply, choices, instance.pins, Occupancy(instance, instance.pins))
