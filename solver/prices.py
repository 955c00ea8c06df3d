"""What a place costs at the prices of a certificate: the trip, and what its seat is worth to the others.

Vectors have one whole number per tier, in the order of the campaign, and are compared lexicographically. Taking a place
costs its trip less the potential of its last limit (the school's maximum there, a reserve, the opening); see
`solver.certificate`. The draw is left at zero: it only decides what the aims do not tell apart. The longest trip
has no price: going further than it costs the difference.
"""

from __future__ import annotations

import numpy as np

from solver.arrays import Ints, find, ints
from solver.files import Document
from solver.params import Tier
from solver.parts import Parts


class Prices:
    """The certificate's prices as arrays: `seat[:, o]` is the potential of opening o."""

    def __init__(self, parts: Parts, certificate: Document, longest: int) -> None:
        instance, supply = parts.instance, parts.supply
        self.parts, self.tiers, self.longest = parts, instance.params.tiers, longest
        if certificate["tiers"] != [tier.value for tier in self.tiers]:
            raise ValueError("tiers: the certificate's are not the campaign's")
        number = parts.openings
        school = {row.id: i for i, row in enumerate(instance.schools)}
        line = {row.id: i for i, row in enumerate(instance.lines)}
        potential = np.zeros((len(self.tiers), len(line) + 1), np.int64)  # the sink is the last
        for name, price in certificate["lines"]:
            potential[:, line[name]] = price
        of_offer = ints([len(line) if row.line is None else line[row.line] for row in instance.offers])
        self.seat = potential[:, of_offer[supply.opening_offer]]
        for offer, period, worth in certificate["openings"]:
            self.seat[:, number[offer, period]] -= ints(worth)
        rows = [
            (school[name] * len(number) + number[offer, period], *worth)
            for name, offer, period, worth in certificate["maxima"]
        ]
        self.maxima = ints(sorted(rows)).reshape(-1, 1 + len(self.tiers)).T
        self.reserved = np.array([bool(row.reserved) for row in instance.offers], np.bool_)[supply.opening_offer]
        self.reserves = {(number[at, when], name): ints(worth) for at, when, name, worth in certificate["reserves"]}

    def cost(self, school: Ints, opening: Ints, trip_m: Ints, rank: Ints | int = 0) -> Ints:
        """A column per row: what each place costs a pupil of the school, trip and rank included."""
        cost = -self.seat[:, opening]
        at, limited = find(self.maxima[0], school * self.seat.shape[1] + opening)
        cost[:, limited] += self.maxima[1:, at[limited]]
        for row in np.flatnonzero(self.reserved[opening]).tolist():
            cost[:, row] += self._reserve(int(school[row]), int(opening[row]))
        cost[self.tiers.index(Tier.DISTANCE)] += trip_m
        cost[self.tiers.index(Tier.WISHES)] += rank
        cost[self.tiers.index(Tier.LONGEST)] = np.maximum(0, trip_m - self.longest)
        cost[self.tiers.index(Tier.DRAW)] = 0
        return cost

    def _reserve(self, school: int, opening: int) -> Ints:
        """What a seat of the reserve for the school's pupils is worth there, or of those for nobody."""
        instance = self.parts.instance
        offer = instance.offers[int(self.parts.supply.opening_offer[opening])]
        category = instance.category(instance.schools[school].id, offer)
        return self.reserves.get((opening, category), np.zeros(len(self.tiers), np.int64))


def first_of_each(key: Ints, cost: Ints) -> Ints:
    """The rows of least cost, one for each different key, in the order of the keys."""
    order = np.lexsort((*cost[::-1], key))
    return order[np.unique(key[order], return_index=True)[1]]
