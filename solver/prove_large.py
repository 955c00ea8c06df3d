"""The judge of optimality at national size: the same proof as `solver.judge`, on whole columns.

It only ever says that a result is proven; where it cannot, `solver.judge` reads the documents and says what fails. As
there, choices, limits and costs come from the instance, only prices from the certificate, and bounds from potentials
alone. It needs numpy besides, nothing of the engine, and solves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import NamedTuple

import numpy as np

from solver.column_store import Store
from solver.judge.plain.documents import Row
from solver.judge.plain.prove import identity, prove_documents
from solver.large_columns import Ints, canonical, looked_up
from solver.large_menus import Menus
from solver.large_prices import Prices, exact_sum, is_settled, signs
from solver.large_round import NO_LIMIT, Round, Trips
from solver.large_trips import Gauge, Lots, levels, longest_of, tier_values, trip_costs, trip_values
from solver.verify_large import CLEAR, MALFORMED, Beside

LAWFUL = ("demand", "level", "period", "needs", "reach", "territory", "departments", "pin", "ban")
"""What single pupils and pins forbid; limits are judged where the arcs are."""
SCHOOLS_AT_ONCE = 500


class Arcs(NamedTuple):
    """Ways that pupils may take: a column of reduced costs for each, how many take it, how many may."""

    reduced: Ints
    flow: Ints
    capacity: Ints


class Proof:
    """A result beside its certificate's prices, and what each group could have best at these prices."""

    def __init__(self, found: Round, prices: Prices, lots: Lots, costs: dict[str, Ints], gauge: Gauge) -> None:
        self.found, self.tiers, self.lots, self.gauge = found, found.params["tiers"], lots, gauge
        self.prices = prices.under(gauge)
        self.menus = Menus(found, self.prices, self.lots, gauge)
        self.none = self.prices.schools.of(found.groups.school) - self.cost("placed", 1)
        self.potentials = self.menus.potentials(self.none)
        self.costs = costs | {"longest": self.gauge.over(costs["distance"])}
        self.placed, self.pinned = (self._by_group(trips) for trips in (found.trips, found.pins))

    def cost(self, aim: str, amount: Ints | int) -> Ints:
        """Columns with this amount in the row of its aim."""
        found = np.zeros((len(self.tiers), np.size(amount)), np.int64)
        self.gauge.add(found, aim, amount)
        return found

    def _by_group(self, trips: Trips) -> Ints:
        found = np.zeros(len(self.found.groups.names), np.int64)
        np.add.at(found, trips.group, trips.count)
        return found

    def arcs(self) -> Iterator[Arcs]:
        """What each group takes, then the limits, some at a time."""
        yield self._trips()
        left = self.found.groups.count - self.placed
        yield Arcs(self.potentials - self.none, left, np.full(len(left), NO_LIMIT))
        yield self._maxima()
        yield self._openings()
        yield from self._schools()
        yield from self._lines()

    def _trips(self) -> Arcs:
        found, trips = self.found, self.found.trips
        pinned = looked_up(found.keys(found.pins), found.pins.count, found.keys(trips))
        held = self.prices.held(found.groups.school[trips.group], found.openings(trips))
        reduced = self.potentials[:, trips.group] - self.menus.seat(trips.offer, trips.period, held)
        for aim, amount in self.costs.items():
            self.gauge.add(reduced, aim, amount)
        free = np.flatnonzero(trips.count != pinned)
        return Arcs(reduced[:, free], (trips.count - pinned)[free], np.full(len(free), NO_LIMIT))

    def _maxima(self) -> Arcs:
        load, before = self.found.together(self.found.trips), self.found.together(self.found.pins)
        keys = np.union1d(self.prices.maxima.keys, load[0])
        most = self.found.offers.most[keys // self.found.periods % max(1, len(self.found.offers.names))]
        fixed = looked_up(*before, keys)
        return Arcs(-self.prices.maxima.of(keys), looked_up(*load, keys) - fixed, most - fixed)

    def _openings(self) -> Arcs:
        seats = self.found.offers.seats.reshape(-1)
        load, before = (self.found.seated(trips).reshape(-1) for trips in (self.found.trips, self.found.pins))
        keys = np.flatnonzero(seats >= 0)
        return Arcs(-self.prices.openings.of(keys), (load - before)[keys], (seats - before)[keys])

    def _schools(self) -> Iterator[Arcs]:
        """The nth unplaced pupil of each school, as many as are not pinned."""
        pupils, school_of = self.found.pupils, self.found.groups.school
        gone, pinned = (np.zeros(len(pupils), np.int64) for _ in range(2))
        np.add.at(gone, school_of, self.placed)
        np.add.at(pinned, school_of, self.pinned)
        for first in range(0, len(pupils), SCHOOLS_AT_ONCE):
            some = np.arange(first, min(first + SCHOOLS_AT_ONCE, len(pupils)))
            school = np.repeat(some, (pupils - pinned)[some])
            nth = np.arange(len(school)) - np.searchsorted(school, school) + 1
            equity = levels(nth, self.found.weight[school], pupils[school])
            reduced = self.prices.schools.of(school) + self.cost("equity", equity)
            is_left = (nth <= (pupils - gone)[school]).astype(np.int64)
            yield Arcs(reduced, is_left, np.ones(len(school), np.int64))

    def _lines(self) -> Iterator[Arcs]:
        """A line's pupils count towards its commitment first, each saving a missing seat; the ceiling is for both."""
        found, rows = self.found, self.found.lines
        wider = [-1 if row["parent"] is None else found.line_number[row["parent"]] for row in rows]
        reduced = self.prices.lines.of(np.arange(len(rows))) - self.prices.lines.of(np.array(wider, np.int64))
        before, free = found.through(found.pins), int(found.pupils.sum() - found.pins.count.sum())
        flow = found.through(found.trips) - before
        ceilings = [NO_LIMIT if row["ceiling"] is None else row["ceiling"] for row in rows]
        most = np.where(np.array(ceilings, np.int64) == NO_LIMIT, NO_LIMIT, np.array(ceilings, np.int64) - before)
        promised = np.array([row["commitment"] or 0 for row in rows], np.int64)
        first = np.minimum(np.minimum(most, np.maximum(0, promised - before)), free)
        yield Arcs(reduced + self.cost("commitments", np.full(len(rows), -1)), np.minimum(flow, first), first)
        yield Arcs(reduced, flow - np.minimum(flow, first), most - first)

    def is_settled(self) -> bool:
        """Whether every arc is as its reduced cost says it should be."""
        return all(is_settled(*arcs).all() for arcs in self.arcs())

    def bound(self) -> dict[str, int]:
        """What no answer can beat, by tier: the pins' share and the dual's."""
        pins = trip_costs(self.found, self.lots, self.found.pins)
        fixed = trip_values(self.found, self.found.pins, pins | {"longest": self.gauge.over(pins["distance"])})
        total = [0] * len(self.tiers)
        for aim, value in fixed.items():
            for row, weight in self.gauge.places(aim):
                total[row] += weight * value
        shares = [exact_sum(self.potentials, self.pinned - self.found.groups.count), *map(share, self.arcs())]
        return dict(zip(self.tiers, map(sum, zip(total, *shares, strict=True)), strict=True))


def share(arcs: Arcs) -> list[int]:
    """What arcs bring to each bound, from the potentials alone: their flow is not looked at."""
    gains = signs(arcs.reduced) < 0
    return exact_sum(arcs.reduced[:, gains], arcs.capacity[gains])


def is_proven(instance: Store, result: Store, certificate: Row, beside: Beside = nullcontext) -> bool:
    """Whether no lawful answer is better than this one, and it is announced as it is. `beside` begins half of it."""
    try:
        found = Round(instance, result)
        if not _is_about(found, certificate) or not all(CLEAR[name](found) for name in LAWFUL):
            return False
        announced = [[row["tier"], row["value"], row["bound"]] for row in found.result["tiers"]]
        lots = Lots(found)
        costs = trip_costs(found, lots, found.trips)
        values = tier_values(found, found.trips, costs)
        expected = {tier: values.get(tier) for tier in found.params["tiers"]}
        if canonical(announced) != canonical([[tier, value, value] for tier, value in expected.items()]):
            return False
        claim = found, Prices(found, certificate), lots, costs
        with beside(partial(_is_shortest, *claim)) as shortest:
            return _is_best(*claim, expected) and shortest()
    except MALFORMED:
        return False


def _is_best(found: Round, prices: Prices, lots: Lots, costs: dict[str, Ints], expected: dict[str, int | None]) -> bool:
    """Whether no answer as short as this one is better."""
    proof = Proof(found, prices, lots, costs, Gauge(found.params["tiers"], longest_of(costs)))
    return proof.is_settled() and proof.bound() == expected | {"longest": 0}


def _is_shortest(found: Round, prices: Prices, lots: Lots, costs: dict[str, Ints]) -> bool:
    """Whether none whose longest trip is shorter is as good before it."""
    gauge = Gauge(found.params["tiers"], longest_of(costs), shortening=True)
    return not gauge.longest or Proof(found, prices, lots, costs, gauge).bound()["longest"] > 0


def _is_about(found: Round, certificate: Row) -> bool:
    """Whether the three documents are of one instance and one order of the tiers, and each trip stands once."""
    once = len(np.unique(found.keys(found.trips))) == len(found.trips.count)
    about = found.head["format"], found.params["tiers"], found.sha256, found.result, certificate
    return once and not any(identity(*about))


def prove_large(
    instance: Store,
    result: Store,
    certificate: Row,
    documents: Callable[[], tuple[Row, Row]],
    beside: Beside = nullcontext,
) -> list[str]:
    """Every fault, as `solver.judge.plain.prove` names them; [] when the result is proven optimal.

    `documents` gives the two documents that the columns hold: it is only called when something has to be named.

    Raises:
        What `documents` and the plain judge do, for what is no such document.
    """
    return [] if is_proven(instance, result, certificate, beside) else prove_documents(*documents(), certificate)
