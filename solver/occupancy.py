"""Who already sits where: seats, per-school maxima and quota lines, counted from placements one by one.

It is the plain reading of the capacity rules, shared by the pins, the greedy answer and the explanations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from solver.instance import Instance, Pin
from solver.result import Assignment
from solver.rules import Rule


class Occupancy:
    """Counts of the pupils placed so far; never refuses anything by itself."""

    def __init__(self, instance: Instance, rows: Iterable[Assignment | Pin] = ()) -> None:
        self.instance = instance
        self.seats: Counter[tuple[str, str]] = Counter()
        self.by_school: Counter[tuple[str, str, str]] = Counter()
        self.through: Counter[str] = Counter()
        self._lines = {offer.id: instance.ancestry(offer.line) for offer in instance.offers}
        for row in rows:
            self.add(instance.group[row.group].school, row.offer, row.period, row.count)

    def add(self, school: str, offer: str, period: str, count: int) -> None:
        self.seats[offer, period] += count
        self.by_school[school, offer, period] += count
        for line in self._lines[offer]:
            self.through[line] += count

    def room(self, school: str, offer: str, period: str) -> tuple[int, Rule]:
        """How many more pupils of the school may come (negative: too many already), and the rule that says so."""
        host = self.instance.offer[offer]
        limits = [(host.seats.get(period, 0) - self.seats[offer, period], Rule.SEATS)]
        if host.max_per_school is not None:
            limits.append((host.max_per_school - self.by_school[school, offer, period], Rule.SCHOOL_MAXIMUM))
        for line in self._lines[offer]:
            ceiling = self.instance.line[line].ceiling
            if ceiling is not None:
                limits.append((ceiling - self.through[line], Rule.QUOTA_CEILING))
        return min(limits, key=lambda limit: limit[0])

    def saturated_lines(self, offer: str) -> tuple[str, ...]:
        """The lines above the offer that can take nobody more."""
        return tuple(line for line in self._lines[offer] if self.is_saturated(line))

    def is_saturated(self, line: str) -> bool:
        ceiling = self.instance.line[line].ceiling
        return ceiling is not None and self.through[line] >= ceiling

    def shortfall(self, line: str) -> int:
        """Seats missing under the line's commitment."""
        return max(0, (self.instance.line[line].commitment or 0) - self.through[line])
