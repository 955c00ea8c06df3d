"""How good a list of placements is: each tier's exact value, from the placements alone.

Nothing of the network is used: the engine compares this with what its network claims before it announces anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, partial
from itertools import chain

import numpy as np

from solver.arrays import Ints, exact_dot, ints, runs
from solver.demand import banned_offers
from solver.draw import class_key, draw_class, draw_kept, draw_trip, profile_key
from solver.geography import trips_m
from solver.instance import Instance, Pin, Position
from solver.occupancy import Occupancy
from solver.params import EQUITY_SCALE, Tier
from solver.result import Assignment
from solver.sides import pupils_placed

Trip = tuple[str, str, str]
"""A group, an offer and a period."""


def score(
    instance: Instance, sha256: str, rows: Iterable[Assignment | Pin], lots: Lots | None = None
) -> dict[Tier, int]:
    """The value of every tier, in the units of `solver.params.Tier`; `lots` are those drawn for answers seen before."""
    rows = tuple(rows)
    trips, counts = _trips(instance, rows), ints([row.count for row in rows])
    placed: Counter[str] = Counter()
    for name, count in pupils_placed(instance, rows).items():
        placed[instance.group[name].school] += count
    left = ints([instance.pupils_by_school.get(row.id, 0) - placed[row.id] for row in instance.schools])
    occupancy, kept = Occupancy(instance, rows), _kept(instance, rows)
    return {
        Tier.PLACED: int(left.sum()),
        Tier.RESERVES: occupancy.reserves_taken(),
        Tier.EQUITY: int(equity_levels(instance, *unplaced_in_turn(left)).sum()),
        Tier.COMMITMENTS: sum(occupancy.shortfall(line.id) + occupancy.overflow(line.id) for line in instance.lines),
        Tier.STABILITY: sum(row.count for row in instance.announced) - kept.total(),
        Tier.WISHES: sum(
            row.count * instance.rank(instance.group[row.group], instance.offer[row.offer].sector) for row in rows
        ),
        Tier.DISTANCE: exact_dot(trips, counts),
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
    return int(_trips(instance, tuple(rows)).max(initial=0))


def _trips(instance: Instance, rows: tuple[Assignment | Pin, ...]) -> Ints:
    """The trip of each placement (metres)."""
    homes = _places([instance.school[instance.group[row.group].school].position for row in rows])
    return trips_m(homes, _places([instance.offer[row.offer].position for row in rows]))


def _places(positions: list[Position]) -> Ints:
    return np.fromiter(chain.from_iterable(positions), np.int64, 3 * len(positions)).reshape(-1, 3)


class Lots:
    """What each placement draws, drawn once however many answers are compared."""

    def __init__(self, instance: Instance, sha256: str) -> None:
        self.instance, self.sha256 = instance, sha256
        self._banned, self._told = banned_offers(instance), instance.announced_groups
        self._trip, self._profile, self._listed = cache(partial(draw_trip, sha256)), cache(_profile), cache(_listed)
        self._announced = {(row.group, row.offer, row.period) for row in instance.announced}
        self._moving, self._staying = dict[Trip, int](), dict[Trip, int]()

    def total(self, rows: Iterable[Assignment | Pin], kept: Mapping[Trip, int]) -> int:
        """The draw of these rows, of whose pupils so many are where they were told."""
        total, known = 0, self._moving
        for row in rows:
            trip = row.group, row.offer, row.period
            if (drawn := known.get(trip)) is None:
                drawn = known[trip] = self._draw(trip)
            total += row.count * drawn
        return total + sum(stays * self._staying[trip] for trip, stays in kept.items())

    def _draw(self, trip: Trip) -> int:
        """Of a pupil who comes; and what one who stays where it was told draws more is remembered beside."""
        group, sector = self.instance.group[trip[0]], self.instance.offer[trip[1]].sector
        banned, periods = self._banned.get(group.id, ()), self._listed(self.instance.accepted(group))
        profile = self._profile(group.school, group.level, group.reach_m, group.needs, banned, group.departments)
        key = class_key(profile, periods, group.wishes, group.id if group.id in self._told else None)
        drawn = draw_class(self.sha256, key, sector if sector in group.wishes else "")
        if trip in self._announced:
            self._staying[trip] = draw_kept(self.sha256, key, *trip[1:]) - drawn
        return self._trip(profile, *trip[1:]) + drawn


def _listed(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _profile(
    school: str, level: str, reach_m: int, needs: frozenset[str], banned: tuple[str, ...], departments: frozenset[str]
) -> str:
    return profile_key(school, level, reach_m, _listed(needs), banned, _listed(departments))
