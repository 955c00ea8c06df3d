"""Who already sits where: seats, per-school maxima and quota lines, counted from placements one by one.

It is the plain reading of the capacity rules, shared by the pins, the greedy answer and the explanations.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter

from solver.instance import Instance, Pin
from solver.result import Assignment
from solver.rules import Rule
from solver.sides import Sides, tally


class Occupancy:
    """Counts of the pupils placed so far; never refuses anything by itself."""

    def __init__(self, instance: Instance, rows: Iterable[Assignment | Pin] = ()) -> None:
        self.instance, self._first = instance, tuple(rows)
        self.seats: Counter[tuple[str, str]] = tally(self._first, attrgetter("offer", "period"))
        self.through: Counter[str] = Counter()
        self._categories: defaultdict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
        above = {line: instance.ancestry(line) for line in {offer.line for offer in instance.offers}}
        self._lines = {offer.id: above[offer.line] for offer in instance.offers}
        self.shared = Sides(instance).shared
        for (offer, _), count in self.seats.items():
            for line in self._lines[offer]:
                self.through[line] += count
        kept = {offer.id for offer in instance.offers if offer.reserved}
        for row in self._first if kept else ():
            if row.offer in kept:
                self._categorise(instance.group[row.group].school, row.offer, row.period, row.count)

    @cached_property
    def by_school(self) -> Counter[tuple[str, str, str]]:
        """The pupils of a school at an opening: counted once somebody asks, which most never do."""
        return tally(self._first, lambda row: (self.instance.group[row.group].school, row.offer, row.period))

    def add(self, school: str, offer: str, period: str, count: int) -> None:
        self.seats[offer, period] += count
        self.by_school[school, offer, period] += count
        self._categorise(school, offer, period, count)
        for line in self._lines[offer]:
            self.through[line] += count

    def _categorise(self, school: str, offer: str, period: str, count: int) -> None:
        if (host := self.instance.offer[offer]).reserved:
            self._categories[offer, period][self.instance.category(school, host)] += count

    def room(self, school: str, offer: str, period: str, *, released: bool = True) -> tuple[int, Rule]:
        """How many more pupils of the school may come (negative: too many already), and the rule that says so.

        Until reserves are `released`, those reserved for others are not for them.
        """
        host = self.instance.offer[offer]
        limits = [(self.free_seats(offer, period), Rule.SEATS)]
        if host.max_per_school is not None:
            limits.append((host.max_per_school - self.by_school[school, offer, period], Rule.SCHOOL_MAXIMUM))
        for line in self._lines[offer]:
            ceiling = self.instance.line[line].hard_ceiling
            if ceiling is not None:
                limits.append((ceiling - self.through[line], Rule.QUOTA_CEILING))
        if not released:
            limits.append((self._room_outside_reserves(school, offer, period), Rule.RESERVE))
        return min(limits, key=lambda limit: limit[0])

    def by_category(self, offer: str, period: str) -> Counter[str | None]:
        """The pupils at an opening by the reserve that is for them (None: none is)."""
        return self._categories[offer, period]

    def unreserved(self, offer: str, period: str) -> int:
        """Seats of an opening reserved for nobody."""
        host = self.instance.offer[offer]
        return max(0, host.seats.get(period, 0) - sum(host.reserved.values()))

    def outside(self, offer: str, period: str) -> int:
        """The pupils at an opening who do not sit on a seat reserved for them."""
        reserved = self.instance.offer[offer].reserved
        here = self.by_category(offer, period)
        return sum(max(0, count - reserved.get(name or "", 0)) for name, count in here.items())

    def reserves_taken(self) -> int:
        """Reserved seats, at all openings, taken by pupils they are not reserved for."""
        return sum(max(0, self.outside(*opening) - self.unreserved(*opening)) for opening in self._categories)

    def _room_outside_reserves(self, school: str, offer: str, period: str) -> int:
        """Seats reserved for the school's pupils, or for nobody, that are left."""
        host = self.instance.offer[offer]
        name = self.instance.category(school, host)
        own = 0 if name is None else max(0, host.reserved[name] - self.by_category(offer, period)[name])
        return own + max(0, self.unreserved(offer, period) - self.outside(offer, period))

    def free_seats(self, offer: str, period: str) -> int:
        """Seats nobody takes, those that overlapping periods take counted."""
        host = self.instance.offer[offer]
        left = [host.seats.get(period, 0) - self.seats[offer, period]]
        for periods in self._sharing(offer, period):
            left.append(max(host.seats[other] for other in periods) - sum(self.seats[offer, each] for each in periods))
        return min(left)

    def _sharing(self, offer: str, period: str) -> list[tuple[str, ...]]:
        """The sets of overlapping periods that this one shares seats with."""
        return [periods for periods in self.shared.get(offer, {}).values() if period in periods]

    def saturated_lines(self, offer: str) -> tuple[str, ...]:
        """The lines above the offer that can take nobody more."""
        return tuple(line for line in self._lines[offer] if self.is_saturated(line))

    def is_saturated(self, line: str) -> bool:
        ceiling = self.instance.line[line].hard_ceiling
        return ceiling is not None and self.through[line] >= ceiling

    def shortfall(self, line: str) -> int:
        """Seats missing under the line's commitment."""
        return max(0, (self.instance.line[line].commitment or 0) - self.through[line])

    def overflow(self, line: str) -> int:
        """What the pupils above the line's ceiling cost, in seats missing under commitments."""
        row = self.instance.line[line]
        return (row.overflow_price or 0) * max(0, self.through[line] - (row.ceiling or 0))
