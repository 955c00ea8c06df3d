"""Why seats that are free are none for a group: its pupils stay together, or come in numbers, or need several periods.

The part of `solver.explain` that side constraints need; it says nothing of seats, needs or territories.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import product

from solver.instance import Group, Instance
from solver.occupancy import Occupancy
from solver.result import Reason
from solver.sides import Row, Sides

Opening = tuple[str, str]


class SideInquiry:
    """Looks at the free openings of a group, in the state the placements leave them."""

    def __init__(self, instance: Instance, occupancy: Occupancy, rows: Iterable[Row]) -> None:
        self.instance, self.occupancy, self.sides = instance, occupancy, Sides(instance)
        self._slots = defaultdict[str, set[str]](set)
        for row in rows:
            for mate in self.sides.mates.get(row.group, ()):
                self._slots[mate].update(instance.period[row.period].slots)

    def busy(self, group: Group) -> set[str]:
        """Slots that the same pupils' other groups take."""
        return self._slots[group.id]

    @property
    def sharing(self) -> list[Opening]:
        """The openings whose period shares seats with another."""
        return sorted(
            {(offer, name) for offer, slots in self.sides.shared.items() for each in slots.values() for name in each}
        )

    def barred(self, group: Group, opening: Opening) -> Reason | None:
        """The rule of groups that keeps a group, or one pupil of it, out of an opening with room, if any does."""
        if opening[1] not in group.periods or not self.busy(group).isdisjoint(self.instance.period[opening[1]].slots):
            return Reason.OTHER_PLACEMENT_THEN
        count = group.count if group.id in self.instance.units else 1
        if self.occupancy.room(group.school, *opening)[0] < count:
            return Reason.GROUP_TOO_LARGE
        return None if self.is_enough(group.school, opening, count) else Reason.MINIMUM_GROUP

    def usable(self, group: Group, periods: Iterable[str]) -> set[str]:
        """Of these periods, those that place a pupil: alone, or with all the others of a bundle."""
        there = set(periods)
        bundles = (bundle for bundle in self.instance.bundles_of.get(group.id, ()) if there.issuperset(bundle))
        return there & group.periods.union(*bundles)

    def look(self, group: Group, free: Iterable[Opening]) -> tuple[Reason | None, dict[str, int], tuple[str, ...]]:
        """The side constraint that keeps the group out of these openings, its facts, and the lines it is about.

        None when single placements suffice to explain: no opening takes even one more pupil.
        """
        together, least = group.id in self.instance.units, self.sides.minimum
        free = [*free] if together or least else []
        if not together and all(offer not in least for offer, _ in free):
            return None, {}, ()
        rooms = {opening: self.occupancy.room(group.school, *opening)[0] for opening in free}
        possible = self._whole_ways(group, (opening for opening in free if rooms[opening] > 0))
        if not possible:
            return None, {}, ()
        count = group.count if together else 1
        enough = self._whole_ways(group, (opening for opening in possible if rooms[opening] >= count))
        if not enough:
            return Reason.GROUP_TOO_LARGE, {"largest_room": max(rooms[opening] for opening in possible)}, ()
        if not (
            numerous := self._whole_ways(group, (each for each in enough if self.is_enough(group.school, each, count)))
        ):
            return Reason.MINIMUM_GROUP, {}, ()
        return Reason.QUOTA_CEILING, {}, self._short_lines(group, numerous)

    def _whole_ways(self, group: Group, openings: Iterable[Opening]) -> list[Opening]:
        kept = list(openings)
        usable = self.usable(group, (period for _, period in kept))
        return [opening for opening in kept if opening[1] in usable]

    def is_enough(self, school: str, opening: Opening, count: int) -> bool:
        """Whether so many more pupils of a school are as many as the offer receives at a time."""
        meeting = (school, *opening)
        present = self.occupancy.by_school[meeting] + count
        return present >= self.sides.minimum.get(opening[0], 0) or meeting in self.sides.pinned

    def _short_lines(self, group: Group, openings: list[Opening]) -> tuple[str, ...]:
        """The lines that a bundle would pass once too often; none if one of its ways, or a single period, is open."""
        short = set[str]()
        for bundle in self.instance.bundles_of.get(group.id, ()):
            ways = ({self.instance.offer[offer].line for offer, when in openings if when == each} for each in bundle)
            tried = [self._passed(group, way) for way in product(*ways)]
            if not all(tried):
                return ()
            short.update(*tried)
        return tuple(sorted(short)) if group.periods.isdisjoint(period for _, period in openings) else ()

    def _passed(self, group: Group, lines: Iterable[str | None]) -> set[str]:
        """Ceilings that the group would pass by taking one place under each of these lines."""
        through = Counter(name for line in lines for name in self.instance.ancestry(line))
        return {name for name, times in through.items() if self._room(name) < times * group.count}

    def _room(self, line: str) -> float:
        ceiling = self.instance.line[line].hard_ceiling
        return float("inf") if ceiling is None else ceiling - self.occupancy.through[line]
