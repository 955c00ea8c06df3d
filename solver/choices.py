"""What each profile may choose: the openings that level, reach, territory, needs and bans leave it.

One row per (profile, opening); seats, quotas and per-school maxima are for the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints, ints, runs
from solver.candidates import Reachable
from solver.demand import Demand
from solver.instance import Instance
from solver.supply import Supply


@dataclass(frozen=True)
class Choices:
    """Rows sorted by profile, then offer, then period."""

    profile: Ints
    opening: Ints
    trip_m: Ints


def list_choices(instance: Instance, demand: Demand, supply: Supply, reachable: Reachable) -> Choices:
    """Filter the reachable pairs of each profile's school, then unfold the openings in the periods it accepts."""
    school = demand.profile_school
    first = reachable.start[school]
    sizes = reachable.start[school + 1] - first
    rows = runs(first, sizes)
    profile = np.repeat(np.arange(len(school), dtype=np.int64), sizes)
    kept = _admissible(instance, demand, supply, profile, reachable.offer[rows], reachable.trip_m[rows])
    profile, rows = profile[kept], rows[kept]
    offer = reachable.offer[rows]
    sizes = supply.opening_start[offer + 1] - supply.opening_start[offer]
    opening = runs(supply.opening_start[offer], sizes)
    profile, trip = np.repeat(profile, sizes), np.repeat(reachable.trip_m[rows], sizes)
    periods = len(instance.periods)
    accepted = np.isin(profile * periods + supply.opening_period[opening], _accepted(demand, periods))
    return Choices(profile[accepted], opening[accepted], trip[accepted])


def _admissible(instance: Instance, demand: Demand, supply: Supply, profile: Ints, offer: Ints, trip: Ints) -> Ints:
    """Indices of the rows that the profile's reach, level, needs and bans allow."""
    kept = trip <= ints([row[2] for row in demand.profiles])[profile]
    nothing = np.zeros(len(supply.position), np.bool_)
    for level in sorted({row[1] for row in demand.profiles}):
        mine = np.array([row[1] == level for row in demand.profiles], np.bool_)
        kept &= ~mine[profile] | supply.admits_level.get(level, nothing)[offer]
    for need in sorted({need for row in demand.profiles for need in row[3]}):
        mine = np.array([need in row[3] for row in demand.profiles], np.bool_)
        kept &= ~mine[profile] | supply.serves.get(need, nothing)[offer]
    number = {row.id: i for i, row in enumerate(instance.offers)}
    banned = [i * len(number) + number[name] for i, row in enumerate(demand.profiles) for name in row[4]]
    if banned:
        kept &= ~np.isin(profile * len(number) + offer, ints(banned))
    return np.flatnonzero(kept).astype(np.int64)


def _accepted(demand: Demand, periods: int) -> Ints:
    """Keys (profile, period) that some class accepts."""
    pairs = np.unique(np.stack((demand.class_profile, demand.class_periods)), axis=1)
    sizes = ints([len(members) for members in demand.period_sets])
    flat = ints([period for members in demand.period_sets for period in members])
    first = np.cumsum(sizes) - sizes
    profile = np.repeat(pairs[0], sizes[pairs[1]])
    return np.unique(profile * periods + flat[runs(first[pairs[1]], sizes[pairs[1]])])
