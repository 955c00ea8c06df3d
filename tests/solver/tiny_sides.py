"""Tiny instances with what no network can say, and every possible answer of one, exhausted on another road.

Rules are written again in plain Python over placements; values are those of `solver.score`, which the verifier and the
plain brute force recompute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, product
from random import Random

from solver.instance import Bundle, Group, Instance, Period, Sequence, Whole
from solver.result import Assignment
from solver.score import score
from tests.solver.brute_force import Exhaustion
from tests.solver.tiny_instances import tiny_instance

LONG = Period("r", ("2027-W10", "2027-W11"))
"""Overlaps both weeks of the tiny instances."""
Way = tuple[tuple[str, str], ...]
"""The (offer, period) pairs of one pupil: none, one, or one for each period of a bundle."""


def tiny_sides(random: Random) -> Instance:
    """A tiny instance with long periods, groups that stay whole, minimum groups, bundles and sequences."""
    plain = _crowded(tiny_instance(random)) if random.random() < 0.8 else tiny_instance(random)
    offers = tuple(
        replace(
            offer,
            seats=dict(offer.seats) | ({"r": random.randint(1, 3)} if random.random() < 0.4 else {}),
            min_group=random.choice((None, None, 2, 3)) if offer.max_per_school is None else None,
        )
        for offer in plain.offers
    )
    groups = tuple(
        replace(group, periods=group.periods | {"r"}) if random.random() < 0.3 else group for group in plain.groups
    )
    pinned = {pin.group for pin in plain.pins}
    wholes = {group.id for group in groups if random.random() < 0.6 and group.id not in pinned}
    together = [group for group in groups if (group.id in wholes or group.count == 1) and group.id not in pinned]
    bundled = [group for group in together if random.random() < 0.3]
    long_only = {group.id: replace(group, periods=group.periods - {"p", "q"}) for group in bundled}
    groups = tuple(long_only.get(group.id, group) for group in groups)
    return replace(
        plain,
        periods=(*plain.periods, LONG),
        offers=offers,
        groups=groups,
        wholes=tuple(map(Whole, wholes)),
        bundles=tuple(Bundle(group.id, ("p", "q")) for group in bundled),
        sequences=_sequences(random, together),
    )


def _crowded(plain: Instance) -> Instance:
    """Everybody at once before the same few offers, so that side constraints matter."""
    level = frozenset({"3e"})
    schools = tuple(replace(school, department="A") for school in plain.schools)
    offers = tuple(replace(offer, department="A", levels=level, admits=None) for offer in plain.offers)
    groups = tuple(replace(group, level="3e", needs=frozenset(), reach_m=20_000) for group in plain.groups)
    return replace(plain, schools=schools, offers=offers, groups=groups, bans=())


def _sequences(random: Random, together: list[Group]) -> tuple[Sequence, ...]:
    alike: dict[tuple[str, int], list[str]] = {}
    for group in together:
        alike.setdefault((group.school, group.count), []).append(group.id)
    return tuple(Sequence(tuple(names)) for names in alike.values() if len(names) > 1 and random.random() < 0.7)


class SideExhaustion:
    """Lists the answers that obey every rule."""

    def __init__(self, instance: Instance, sha256: str) -> None:
        self.instance, self.sha256 = instance, sha256
        self.whole = {row.group for row in instance.wholes}
        self.plain = Exhaustion(replace(instance, pins=()), sha256)

    def best(self) -> tuple[int, ...] | None:
        """The best vector of tier values; None when no answer holds the pins."""
        vectors = (self.vector(rows) for rows in self.answers())
        return min(vectors, default=None)

    def vector(self, rows: tuple[Assignment, ...]) -> tuple[int, ...]:
        values = score(self.instance, self.sha256, rows)
        return tuple(values[tier] for tier in self.instance.params.tiers)

    def answers(self) -> Iterator[tuple[Assignment, ...]]:
        for taken in self._extend(0, Counter()):
            if self._holds_at_the_end(taken):
                yield tuple(Assignment(*trip, count) for trip, count in sorted(taken.items()))

    def _extend(self, number: int, taken: Counter[tuple[str, str, str]]) -> Iterator[Counter[tuple[str, str, str]]]:
        if not self._has_room(taken):
            return
        if number == len(self.instance.groups):
            yield taken
            return
        group = self.instance.groups[number]
        ways = [(), *self._ways(group)]
        alone = [(way,) * group.count for way in ways]
        for chosen in alone if group.id in self.whole else combinations_with_replacement(ways, group.count):
            more = Counter((group.id, *seat) for way in chosen for seat in way)
            yield from self._extend(number + 1, taken + more)

    def _ways(self, group: Group) -> list[Way]:
        alone = [((offer, period),) for period in sorted(group.periods) for offer in self._hosts(group, period)]
        for row in self.instance.bundles:
            if row.group == group.id:
                hosts = ([(offer, period) for offer in self._hosts(group, period)] for period in row.periods)
                alone += product(*hosts)
        return alone

    def _hosts(self, group: Group, period: str) -> list[str]:
        then = replace(group, periods=frozenset({period}))
        offers = (offer for offer in self.instance.offers if period in offer.seats)
        return [offer.id for offer in offers if self.plain.is_lawful(then, offer, period)]

    def _has_room(self, taken: Counter[tuple[str, str, str]]) -> bool:
        """Limits that more pupils can only break further."""
        there, mates = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
        moments, through = Counter[tuple[str, str]](), Counter[str]()
        for (name, offer, period), count in taken.items():
            there[offer, period] += count
            mates[self.instance.group[name].school, offer, period] += count
            for slot in self.instance.period[period].slots:
                moments[offer, slot] += count
            for line in self.instance.ancestry(self.instance.offer[offer].line):
                through[line] += count
        for (offer, slot), count in moments.items():
            seats = self.instance.offer[offer].seats
            if count > max(seats[period] for period in seats if slot in self.instance.period[period].slots):
                return False
        for (_, offer, _), count in mates.items():
            if count > (self.instance.offer[offer].max_per_school or count):
                return False
        ceilings = ((line.hard_ceiling, through[line.id]) for line in self.instance.lines)
        full = (count > self.instance.offer[offer].seats[period] for (offer, period), count in there.items())
        return not any(full) and all(ceiling is None or count <= ceiling for ceiling, count in ceilings)

    def _holds_at_the_end(self, taken: Counter[tuple[str, str, str]]) -> bool:
        pins = {(pin.group, pin.offer, pin.period): pin.count for pin in self.instance.pins}
        if any(taken[trip] < count for trip, count in pins.items()):
            return False
        school = {group.id: group.school for group in self.instance.groups}
        meetings, opened = Counter[tuple[str, str, str]](), {(school[name], *opening) for name, *opening in pins}
        for (name, offer, period), count in taken.items():
            meetings[school[name], offer, period] += count
        for meeting, count in meetings.items():
            if count < (self.instance.offer[meeting[1]].min_group or 0) and meeting not in opened:
                return False
        for row in self.instance.sequences:
            periods = [period for name, _, period in taken if name in row.groups]
            slots = [slot for period in periods for slot in self.instance.period[period].slots]
            if len(slots) > len(set(slots)):
                return False
        return True
