"""What a network cannot say, read plainly: which rules placements break once seats and quotas hold.

Four rules: groups that stay whole, minimum groups, bundles, sequences; and one limit that a network holds only in part:
periods of one offer that overlap in time and share its seats. Nothing is decided here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TypeVar

from solver.instance import Instance, Pin
from solver.result import Assignment
from solver.rules import Rule

Row = Assignment | Pin
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class Sides:
    """The side constraints of an instance."""

    instance: Instance

    @property
    def exist(self) -> bool:
        """Whether anything here leaves the network."""
        return bool(self.instance.units or self.shared or self.minimum)

    @cached_property
    def minimum(self) -> dict[str, int]:
        """Offers that receive no fewer than so many pupils of one school at a time."""
        given = ((offer.id, offer.min_group) for offer in self.instance.offers)
        return {name: least for name, least in given if least is not None and least > 1}

    @property
    def shared(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """For offers with overlapping periods: the periods open in each slot, where there are several.

        An instance never changes: found once, beside its other derived tables.
        """
        known: dict[str, dict[str, dict[str, tuple[str, ...]]]] = vars(self.instance)
        if "shared" not in known:
            known["shared"] = self._found_shared()
        return known["shared"]

    def _found_shared(self) -> dict[str, dict[str, tuple[str, ...]]]:
        found = {}
        for offer in self.instance.offers:
            if len(offer.seats) > 1:
                under_way = defaultdict[str, list[str]](list)
                for period in sorted(period for period, seats in offer.seats.items() if seats):
                    for slot in self.instance.period[period].slots:
                        under_way[slot].append(period)
                several = {slot: tuple(periods) for slot, periods in under_way.items() if len(periods) > 1}
                if several:
                    found[offer.id] = several
        return found

    @cached_property
    def pinned(self) -> frozenset[tuple[str, str, str]]:
        """The meetings (school, offer, period) that a pin opened: no minimum there."""
        pins = self.instance.pins
        return frozenset((self.instance.group[pin.group].school, pin.offer, pin.period) for pin in pins)

    @cached_property
    def mates(self) -> dict[str, tuple[str, ...]]:
        """The other groups of each group's sequence."""
        rows = self.instance.sequences
        return {name: tuple(other for other in row.groups if other != name) for row in rows for name in row.groups}

    def largest(self, offer: str, periods: Iterable[str]) -> int:
        """Seats that periods under way at the same time share."""
        return max(self.instance.offer[offer].seats[period] for period in periods)

    def faults(self, rows: Iterable[Row]) -> Iterator[tuple[Rule, frozenset[str]]]:
        """Each rule broken, with the groups it is about; single placements and plain capacities are not looked at."""
        rows = tuple(rows)
        by_group = defaultdict[str, list[Row]](list)
        for row in rows if self.instance.units else ():
            if row.group in self.instance.units:
                by_group[row.group].append(row)
        for name, mine in by_group.items():
            yield from ((rule, frozenset({name})) for rule in self._of_unit(name, mine))
        for sequence in self.instance.sequences:
            held = [slot for name in sequence.groups for row in by_group[name] for slot in self._slots(row.period)]
            if len(held) > len(set(held)):
                yield Rule.SEQUENCE, frozenset(sequence.groups)
        yield from self._crowds(rows)

    def _slots(self, period: str) -> tuple[str, ...]:
        return self.instance.period[period].slots

    def _of_unit(self, name: str, rows: list[Row]) -> Iterator[Rule]:
        count, periods = self.instance.group[name].count, Counter(row.period for row in rows)
        ways = [(period,) for period in self.instance.group[name].periods] + [*self.instance.bundles_of.get(name, ())]
        if any(row.count != count for row in rows) or max(periods.values()) > 1:
            yield Rule.WHOLE
        if {*periods} not in [{*way} for way in ways]:
            yield Rule.BUNDLE if name in self.instance.bundles_of else Rule.WHOLE

    def _crowds(self, rows: tuple[Row, ...]) -> Iterator[tuple[Rule, frozenset[str]]]:
        """Meetings below their minimum, and moments when overlapping periods hold more than their seats."""
        meetings = defaultdict[tuple[str, str, str], list[Row]](list)
        present = defaultdict[str, list[Row]](list)
        for row in rows if self.minimum or self.shared else ():
            if row.offer in self.minimum:
                meetings[self.instance.group[row.group].school, row.offer, row.period].append(row)
            if row.offer in self.shared:
                present[row.offer].append(row)
        for meeting, mine in meetings.items():
            if sum(row.count for row in mine) < self.minimum[meeting[1]] and meeting not in self.pinned:
                yield Rule.MINIMUM_GROUP, frozenset(row.group for row in mine)
        for offer, mine in present.items():
            for periods in self.shared[offer].values():
                there = [row for row in mine if row.period in periods]
                if sum(row.count for row in there) > self.largest(offer, periods):
                    yield Rule.SEATS, frozenset(row.group for row in there)


def pupils_placed(instance: Instance, rows: Iterable[Row]) -> Counter[str]:
    """Pupils placed of each group: a bundle is one placement of each of its pupils."""
    if instance.bundles_of:
        rows = [row for row in rows if instance.is_counted(row.group, row.period)]
    return tally(rows, attrgetter("group"))


def tally(rows: Iterable[Row], key: Callable[[Row], _Key]) -> Counter[_Key]:
    """The pupils of the rows of each key. Most rows are of one pupil: they are counted without a step for each."""
    rows = tuple(rows)
    found = Counter(map(key, rows))
    for row in rows:
        if row.count != 1:
            found[key(row)] += row.count - 1
    return found
