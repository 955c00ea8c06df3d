"""Which offers a school can reach: territory rule, offers' own lists, landmass, metres. k-d trees, never all pairs.

Levels, periods, needs and seats are not looked at here: they belong to the pupils, and this is about places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from solver.arrays import Bools, Ints, ints, starts_of
from solver.geography import is_served_by, trips_m
from solver.instance import Instance
from solver.supply import Supply
from solver.validation import MAX_REACH_M

SLACK_M = 2.0
"""Added to the trees' radius; the exact integer trip decides afterwards."""
FARTHER_M = MAX_REACH_M + 1
"""No trip in reach is so long: a pair and its trip are one number, and numbers are sorted in no time."""


@dataclass(frozen=True)
class Reachable:
    """Pairs (school, offer) sorted by school then offer: `start[s]:start[s + 1]` are those of school s."""

    start: Ints
    school: Ints
    offer: Ints
    trip_m: Ints


@dataclass(frozen=True)
class Territory:
    """What the campaign's rule and the offers' own lists admit: a row of `admitted` per département of a school."""

    admitted: tuple[Bools, ...]

    @classmethod
    def of(cls, instance: Instance, supply: Supply) -> Territory:
        """Work out the rule for each pair of départements, then each offer's own list."""
        rule, departments = instance.params.territory_rule, instance.departments
        listed = [(i, offer.admits) for i, offer in enumerate(instance.offers) if offer.admits is not None]
        rows = []
        for school in departments:
            served = np.array([is_served_by(rule, school, host) for host in departments], np.bool_)
            admitted = served[supply.department]
            admitted[[i for i, codes in listed if school.code not in codes]] = False
            rows.append(admitted)
        return cls(tuple(rows))


def find_reachable(instance: Instance, supply: Supply, territory: Territory) -> Reachable:
    """Every pair within the longest limit among the school's groups."""
    limit: dict[str, int] = {}
    for name, reach_m in {(group.school, group.reach_m) for group in instance.groups}:
        limit[name] = max(limit.get(name, 0), reach_m)
    schools_of: dict[str, list[int]] = {}
    for i, school in enumerate(instance.schools):
        if school.id in limit:
            schools_of.setdefault(school.department, []).append(i)
    position = ints([school.position for school in instance.schools]).reshape(-1, 3)
    reach = ints([limit.get(school.id, -1) for school in instance.schools])
    trees: dict[bytes, cKDTree] = {}
    found = [np.empty(0, np.int64)]
    for code, admitted in zip((row.code for row in instance.departments), territory.admitted, strict=True):
        schools, offers = ints(schools_of.get(code, [])), np.flatnonzero(admitted)
        if len(schools) and len(offers):
            key = np.packbits(admitted).tobytes()
            if key not in trees:
                trees[key] = cKDTree(supply.position[offers])
            near, offer, trip = _within(position[schools], reach[schools], trees[key], supply.position[offers])
            found.append((schools[near] * len(instance.offers) + offers[offer]) * FARTHER_M + trip)
    pair, trip_m = np.divmod(np.sort(np.concatenate(found)), FARTHER_M)
    leaves, reached = np.divmod(pair, max(1, len(instance.offers)))
    return Reachable(starts_of(leaves, len(instance.schools)), leaves, reached, trip_m)


def _within(places: Ints, reach: Ints, tree: cKDTree, positions: Ints) -> tuple[Ints, Ints, Ints]:
    """Pairs (place, position, metres), as indices, within each place's own limit; the tree holds the positions."""
    near = cKDTree(places).sparse_distance_matrix(tree, float(reach.max()) + SLACK_M, output_type="ndarray")
    place, position = near["i"], near["j"]
    trip = trips_m(places[place], positions[position])
    kept = trip <= reach[place]
    return place[kept], position[kept], trip[kept]
