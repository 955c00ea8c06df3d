"""A round as a programme in whole numbers, solved aim after aim by HiGHS: another model, another solver.

One variable per (group, offer, period) that the rules allow; the value of each aim is held while the next is improved.
It shares neither network nor library with the engine: who may go where, ranks and lots are those of `brute_force`,
written from the definitions. What HiGHS finds in floating point is rounded, then judged in whole numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from solver.files import instance_sha256
from solver.instance import Announced, Group, Instance, Offer
from solver.params import Tier
from tests.solver.brute_force import Exhaustion

Terms = list[tuple[int, int]]
"""Pairs (variable, coefficient)."""
NO_LIMIT = 10**9


@dataclass(frozen=True)
class Trip:
    """A variable: how many pupils of the group go to the offer in the period."""

    number: int
    group: Group
    offer: Offer
    period: str


def best_values(instance: Instance) -> tuple[int, ...] | None:
    """The best value of each aim in order, or None when no answer holds the rules.

    Raises:
        ArithmeticError: HiGHS gave up, or its answer, once rounded, breaks a row.
    """
    programme, values = Programme(instance), []
    for tier in instance.params.tiers:
        value = programme.shorten() if tier is Tier.LONGEST else programme.improve(programme.aim(tier.value))
        if value is None:
            return None
        values.append(value)
    return tuple(values)


def total(terms: Terms, answer: Sequence[int]) -> int:
    return sum(price * answer[number] for number, price in terms)


class Programme:
    """Whole variables between bounds, rows "low <= terms <= high", and aims to minimise one after the other."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.facts = Exhaustion(instance, instance_sha256(instance))
        self.lower: list[int] = []
        self.upper: list[int] = []
        self.rows: list[tuple[Terms, int, int]] = []
        self.trips = [
            Trip(self.variable(group.count), group, instance.offer[offer], period)
            for group in instance.groups
            for offer, period in self.facts.seats[group.id]
        ]
        self.place_each_pupil_once()
        self.hold_seats()
        self.hold_school_maxima()
        self.hold_ceilings()
        self.hold_pins()
        self.answer: list[int] = []
        self.levels = list(self.list_levels())
        self.missing = list(self.list_commitments())
        self.released = list(self.list_released())
        self.moved = list(self.list_moved())
        self.one = self.variable(1)
        self.lower[self.one] = 1

    def variable(self, upper: int) -> int:
        self.lower.append(0)
        self.upper.append(upper)
        return len(self.upper) - 1

    def limit(self, sums: dict[tuple[str, ...], Terms], most: dict[tuple[str, ...], int]) -> None:
        self.rows += [(sums[key], 0, high) for key, high in most.items() if sums.get(key)]

    def sums(self, *names: str) -> dict[tuple[str, ...], Terms]:
        """The trips that share a group, a school, an offer, a period."""
        found: dict[tuple[str, ...], Terms] = defaultdict(list)
        for trip in self.trips:
            key = {
                "group": trip.group.id,
                "school": trip.group.school,
                "offer": trip.offer.id,
                "period": trip.period,
            }
            found[tuple(key[name] for name in names)].append((trip.number, 1))
        return found

    def under(self, line: str) -> Terms:
        return [(trip.number, 1) for trip in self.trips if self.facts.is_under(trip.offer.line, line)]

    def place_each_pupil_once(self) -> None:
        self.limit(self.sums("group"), {(group.id,): group.count for group in self.instance.groups})

    def hold_seats(self) -> None:
        seats: dict[tuple[str, ...], int] = {
            (offer.id, when): most for offer in self.instance.offers for when, most in offer.seats.items()
        }
        self.limit(self.sums("offer", "period"), seats)

    def hold_school_maxima(self) -> None:
        sums = self.sums("school", "offer", "period")
        most = {key: self.instance.offer[key[1]].max_per_school for key in sums}
        self.limit(sums, {key: high for key, high in most.items() if high is not None})

    def hold_ceilings(self) -> None:
        lines = [line for line in self.instance.lines if line.ceiling is not None and line.overflow_price is None]
        self.rows += [(self.under(line.id), 0, line.ceiling or 0) for line in lines]

    def hold_pins(self) -> None:
        asked = {(pin.group, pin.offer, pin.period): pin.count for pin in self.instance.pins}
        found = {(trip.group.id, trip.offer.id, trip.period): trip.number for trip in self.trips}
        for name, count in asked.items():
            if name in found:
                self.lower[found[name]] = count
            else:
                self.rows.append(([], count, count))

    def list_levels(self) -> Iterator[tuple[int, int]]:
        """For each school a variable per unplaced pupil, with its convex level: the cheap ones fill first."""
        placed = self.sums("school")
        pupils: dict[str, int] = defaultdict(int)
        for group in self.instance.groups:
            pupils[group.school] += group.count
        for school, count in pupils.items():
            left = [self.variable(1) for _ in range(count)]
            self.rows.append(([*placed.get((school,), []), *((number, 1) for number in left)], count, count))
            worst_first = self.facts.levels({school: count})
            yield from zip(left, reversed(worst_first), strict=True)

    def list_commitments(self) -> Iterator[tuple[int, int]]:
        """Variables and their prices: the seats missing under a line, then the pupils above its ceiling."""
        for line in self.instance.lines:
            if line.commitment:
                missing = self.variable(line.commitment)
                self.rows.append(([*self.under(line.id), (missing, 1)], line.commitment, NO_LIMIT))
                yield missing, 1
            if line.overflow_price is not None:
                above = self.variable(NO_LIMIT)
                self.rows.append(([*self.under(line.id), (above, -1)], -NO_LIMIT, line.ceiling or 0))
                yield above, line.overflow_price

    def list_released(self) -> Iterator[int]:
        """For each opening with reserves, how many of its reserved seats go to pupils they are not reserved for."""
        for offer, period in ((row, when) for row in self.instance.offers if row.reserved for when in row.seats):
            here = [trip for trip in self.trips if trip.offer.id == offer.id and trip.period == period]
            misfits: Terms = []
            for kind in sorted({self.facts.category(trip.group, offer) for trip in here}):
                ours = [(trip.number, 1) for trip in here if self.facts.category(trip.group, offer) == kind]
                misfits.append((self.variable(NO_LIMIT), -1))
                self.rows.append(([*ours, misfits[-1]], -NO_LIMIT, offer.reserved.get(kind, 0)))
            released, nobodys = self.variable(NO_LIMIT), max(0, offer.seats[period] - sum(offer.reserved.values()))
            self.rows.append(([(number, 1) for number, _ in misfits] + [(released, -1)], -NO_LIMIT, nobodys))
            yield released

    def list_moved(self) -> Iterator[tuple[int, Announced]]:
        """For each announced row, how many pupils of those told are not there."""
        found = {(trip.group.id, trip.offer.id, trip.period): trip.number for trip in self.trips}
        for row in self.instance.announced:
            moved = self.variable(row.count)
            there = found.get((row.group, row.offer, row.period))
            self.rows.append(([(moved, 1), *([] if there is None else [(there, 1)])], row.count, NO_LIMIT))
            yield moved, row

    def lots(self) -> Iterator[tuple[int, int]]:
        """Each pupil's lots, as if nobody had been told anything, then what changes for each one who stays."""
        for trip in self.trips:
            yield trip.number, self.facts.draw(trip.group, trip.offer.id, trip.period)
        for moved, row in self.moved:
            change = self.facts.stay_draw(row.group, row.offer, row.period)
            yield from ((self.one, change * row.count), (moved, -change))

    def aim(self, tier: str) -> Terms:
        """What an aim counts.

        Raises:
            KeyError: an aim this model does not know.
        """
        return {
            "placed": [(number, 1) for number, _ in self.levels],
            "equity": self.levels,
            "reserves": [(number, 1) for number in self.released],
            "commitments": self.missing,
            "stability": [(number, 1) for number, _ in self.moved],
            "wishes": [(trip.number, self.facts.rank(trip.group, trip.offer.sector)) for trip in self.trips],
            "distance": [(trip.number, self.facts.metres(trip.group, trip.offer)) for trip in self.trips],
            "draw": list(self.lots()),
        }[tier]

    def improve(self, aim: Terms) -> int | None:
        """The least value of the aim, which is held from now on."""
        cost = np.zeros(len(self.upper))
        for number, price in aim:
            cost[number] += price
        found = milp(
            cost,
            integrality=np.ones(len(cost), np.int64),
            bounds=Bounds(np.array(self.lower), np.array(self.upper)),
            constraints=LinearConstraint(*self._matrix()),
            options={"mip_rel_gap": 0.0},
        )
        if found.status == 2:
            return None
        if found.status != 0:
            raise ArithmeticError(f"HiGHS: {found.message}")
        answer = [round(value) for value in found.x.tolist()]
        self._check(answer)
        self.answer, value = answer, total(aim, answer)
        if aim:
            self.rows.append((aim, -NO_LIMIT, value))
        return value

    def shorten(self) -> int | None:
        """The least longest trip with which an answer remains; longer ones are closed from now on."""
        metres = {trip.number: self.facts.metres(trip.group, trip.offer) for trip in self.trips}
        steps, before = [0, *sorted({*metres.values()})], self.upper
        least = bisect_left(steps, True, key=lambda step: self._holds(metres, step, before))
        return steps[least] if least < len(steps) and self._holds(metres, steps[least], before) else None

    def _holds(self, metres: dict[int, int], longest: int, before: list[int]) -> bool:
        """Whether an answer remains when the trips that are longer are closed."""
        self.upper = [0 if metres.get(number, 0) > longest else most for number, most in enumerate(before)]
        possible = all(low <= most for low, most in zip(self.lower, self.upper, strict=True))
        return possible and self.improve([]) is not None

    def _matrix(self) -> tuple[csr_array, NDArray[np.float64], NDArray[np.float64]]:
        """The rows. Sums are whole, so half a unit of slack lets nothing in and spares the tolerance of floats."""
        entries = [(row, number, price) for row, (terms, _, _) in enumerate(self.rows) for number, price in terms]
        rows, numbers, prices = zip(*entries, strict=True) if entries else ((), (), ())
        matrix = coo_array((np.array(prices, float), (rows, numbers)), shape=(len(self.rows), len(self.upper)))
        low = np.array([low - 0.5 if low > -NO_LIMIT else -math.inf for _, low, _ in self.rows])
        high = np.array([high + 0.5 if high < NO_LIMIT else math.inf for _, _, high in self.rows])
        return matrix.tocsr(), low, high

    def _check(self, answer: list[int]) -> None:
        sound = all(low <= value <= high for low, value, high in zip(self.lower, answer, self.upper, strict=True))
        for terms, low, high in self.rows:
            sound &= low <= total(terms, answer) <= high
        if not sound:
            raise ArithmeticError("HiGHS: the answer breaks a row once rounded")
