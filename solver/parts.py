"""What an answer is made from: demand, supply, what each profile may choose, and what the pins already take.

Gathered once, for the network as for the first-come baseline.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solver.arrays import Ints, find, ints
from solver.candidates import Territory, find_reachable
from solver.choices import Choices, list_choices
from solver.demand import Demand, merge_groups
from solver.instance import Instance
from solver.occupancy import Occupancy
from solver.supply import Supply, tabulate_supply


@dataclass(frozen=True)
class Parts:
    """An instance in columns; `pinned` counts the pupils that the pins place."""

    instance: Instance
    demand: Demand
    supply: Supply
    choices: Choices
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
        limit = most[self.supply.opening_offer[self.choices.opening]]
        size = len(self.supply.opening_offer)
        taken = sorted(
            (self._school[school] * size + self.openings[offer, period], count)
            for (school, offer, period), count in self.pinned.by_school.items()
        )
        keys, counts = ints(taken).reshape(-1, 2).T
        at, met = find(keys, self.meetings)
        limited = np.flatnonzero(met & (limit < unlimited))
        limit[limited] -= counts[at[limited]]
        return limit

    @cached_property
    def meetings(self) -> Ints:
        """For each choice, a number for its (school, opening)."""
        return self.demand.profile_school[self.choices.profile] * len(self.supply.opening_offer) + self.choices.opening

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
    pinned = Counter[str]()
    for pin in instance.pins:
        pinned[pin.group] += pin.count
    supply, demand = tabulate_supply(instance), merge_groups(instance, pinned)
    reachable = find_reachable(instance, supply, Territory.of(instance, supply))
    choices = list_choices(instance, demand, supply, reachable)
    return Parts(instance, demand, supply, choices, Occupancy(instance, instance.pins))
