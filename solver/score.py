"""How good a list of placements is: each tier's exact value, from the placements alone.

Nothing of the network is used: the engine compares this with what its network claims before it announces anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from operator import attrgetter, mul

import numpy as np

from solver.arrays import Ints, exact_dot, ints, runs
from solver.demand import banned_offers
from solver.draw import SEPARATOR, class_ending, class_key, drawn_numbers, profile_key
from solver.geography import trips_m
from solver.instance import Group, Instance, Offer, Pin, School
from solver.occupancy import Occupancy
from solver.params import EQUITY_SCALE, Tier
from solver.result import Assignment

Trip = tuple[str, str, str]
"""A group, an offer and a period."""


def score(
    instance: Instance, sha256: str, rows: Iterable[Assignment | Pin], lots: Lots | None = None
) -> dict[Tier, int]:
    """The value of every tier, in the units of `solver.params.Tier`; `lots` are those drawn for answers seen before."""
    rows = tuple(rows)
    groups, offers = _met(instance, rows)
    trips, counts = _trips(instance, groups, offers), [row.count for row in rows]
    placed: Counter[str] = Counter()
    for row, group in zip(rows, groups, strict=True):
        if not instance.bundles or instance.is_counted(group.id, row.period):
            placed[group.school] += row.count
    left = ints([instance.pupils_by_school.get(row.id, 0) - placed[row.id] for row in instance.schools])
    occupancy, kept = Occupancy(instance, rows), _kept(instance, rows)
    return {
        Tier.PLACED: int(left.sum()),
        Tier.RESERVES: occupancy.reserves_taken(),
        Tier.EQUITY: int(equity_levels(instance, *unplaced_in_turn(left)).sum()),
        Tier.COMMITMENTS: sum(occupancy.shortfall(line.id) + occupancy.overflow(line.id) for line in instance.lines),
        Tier.STABILITY: sum(row.count for row in instance.announced) - kept.total(),
        Tier.WISHES: sum(map(mul, counts, map(instance.rank, groups, map(attrgetter("sector"), offers)))),
        Tier.DISTANCE: exact_dot(trips, ints(counts)),
        Tier.LONGEST: int(trips.max(initial=0)),
        Tier.DRAW: (lots or Lots(instance, sha256)).total(rows, kept),
    }


def unplaced_in_turn(left: Ints) -> tuple[Ints, Ints]:
    """One row per pupil without a place, when `left[i]` of school i have none: the school, and 1 for its first."""
    left = np.maximum(left, 0)
    return np.repeat(np.arange(len(left), dtype=np.int64), left), runs(np.ones(len(left), np.int64), left)


def equity_levels(instance: Instance, school: Ints, nth: Ints) -> Ints:
    """`Params.equity_level` for columns of schools and ranks: the same arithmetic, on arrays."""
    weight = ints([instance.params.priority_weights[row.priority] for row in instance.schools])
    pupils = ints([instance.pupils_by_school.get(row.id, 0) for row in instance.schools])
    return nth * weight[school] * EQUITY_SCALE // (100 * pupils[school])


def _kept(instance: Instance, rows: tuple[Assignment | Pin, ...]) -> Counter[Trip]:
    """How many pupils are where they were told, for each announced row that has some."""
    placed: Counter[Trip] = Counter()
    told = Counter({(row.group, row.offer, row.period): row.count for row in instance.announced})
    for row in rows if told else ():
        placed[row.group, row.offer, row.period] += row.count
    return placed & told


def longest_trip(instance: Instance, rows: Iterable[Assignment | Pin]) -> int:
    """The longest of these placements' trips (metres), 0 if there is none."""
    return int(_trips(instance, *_met(instance, tuple(rows))).max(initial=0))


def _met(instance: Instance, rows: tuple[Assignment | Pin, ...]) -> tuple[list[Group], list[Offer]]:
    """The group and the offer of each placement."""
    groups = map(instance.group.__getitem__, map(attrgetter("group"), rows))
    return list(groups), list(map(instance.offer.__getitem__, map(attrgetter("offer"), rows)))


def _trips(instance: Instance, groups: list[Group], offers: list[Offer]) -> Ints:
    """The trip of each placement (metres)."""
    homes = _places(instance.school, list(map(attrgetter("school"), groups)))
    return trips_m(homes, _places(instance.offer, list(map(attrgetter("id"), offers))))


def _places(known: Mapping[str, School] | Mapping[str, Offer], names: list[str]) -> Ints:
    """Where each of these is; they are fewer than the placements, and each is looked at once."""
    number = {name: i for i, name in enumerate(dict.fromkeys(names))}
    positions = ints([known[name].position for name in number]).reshape(-1, 3)
    return positions[np.fromiter(map(number.__getitem__, names), np.int64, len(names))]


class Lots:
    """What each placement draws, drawn once however many answers are compared."""

    def __init__(self, instance: Instance, sha256: str) -> None:
        self.instance, self.sha256 = instance, sha256
        self._banned, self._told = banned_offers(instance), instance.announced_groups
        self._profile, self._ending = cache(_profile), cache(_ending)
        self._announced = {(row.group, row.offer, row.period) for row in instance.announced}
        self._moving, self._staying = dict[Trip, int](), dict[Trip, int]()

    def total(self, rows: Iterable[Assignment | Pin], kept: Mapping[Trip, int]) -> int:
        """The draw of these rows, of whose pupils so many are where they were told."""
        rows, known = tuple(rows), self._moving
        trips = list(map(attrgetter("group", "offer", "period"), rows))
        new = [trip for trip in trips if trip not in known]
        known.update(zip(new, self._draw(new), strict=True))
        total: int = sum(map(mul, map(attrgetter("count"), rows), map(known.__getitem__, trips)))
        return total + sum(stays * self._staying[trip] for trip, stays in kept.items())

    def _draw(self, trips: list[Trip]) -> list[int]:
        """Of a pupil who comes; and what one who stays where it was told draws more is remembered beside."""
        groups = [self.instance.group[name] for name, _, _ in trips]
        profiles = [
            self._profile(row.school, row.level, row.reach_m, row.needs, self._banned.get(row.id, ()), row.departments)
            for row in groups
        ]
        keys = [self._key(profile, row) for profile, row in zip(profiles, groups, strict=True)]
        hosts = [self.instance.offer[name].sector for _, name, _ in trips]
        sectors = [sector if sector in row.wishes else "" for sector, row in zip(hosts, groups, strict=True)]
        places = [f"{offer}{SEPARATOR}{period}" for _, offer, period in trips]
        drawn = drawn_numbers(self.sha256, "class", zip(keys, sectors, strict=True))
        told = [i for i, trip in enumerate(trips) if trip in self._announced] if self._announced else []
        kept = drawn_numbers(self.sha256, "kept", ((keys[i], places[i]) for i in told))
        self._staying.update(zip((trips[i] for i in told), (kept - drawn[told]).tolist(), strict=True))
        drawn += drawn_numbers(self.sha256, "trip", zip(profiles, places, strict=True))
        total: list[int] = drawn.tolist()
        return total

    def _key(self, profile: str, group: Group) -> str:
        told = group.id if group.id in self._told else None
        return class_key(profile, self._ending(self.instance.accepted(group), group.wishes, told))


def _profile(
    school: str, level: str, reach_m: int, needs: frozenset[str], banned: tuple[str, ...], departments: frozenset[str]
) -> str:
    return profile_key(school, level, reach_m, tuple(sorted(needs)), banned, tuple(sorted(departments)))


def _ending(periods: frozenset[str], wishes: tuple[str, ...], told_to: str | None) -> str:
    return class_ending(tuple(sorted(periods)), wishes, told_to)
