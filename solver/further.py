"""Which openings pupils could have if they travelled further, whatever the distance.

The mirror of `solver.candidates`, which stops at the reach: asked only for those who have no place, and only of the
openings that still lead to one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints, ints
from solver.candidates import Territory
from solver.choices import accepts, list_filters
from solver.geography import trips_m
from solver.parts import Parts
from solver.rules import Rule

PAIRS_AT_ONCE = 1_000_000
"""Askers times openings looked at together: bounds the memory."""


@dataclass(frozen=True)
class Asked:
    """What pupils without a place ask, each thing once: a profile and a set of periods; `node` of such a class."""

    profile: Ints
    periods: Ints
    node: Ints


def find_further(parts: Parts, territory: Territory, asked: Asked, openings: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Rows (asker, opening, metres) of what each may have among these openings but for its reach.

    In pieces; all the rows of an asker are in one.
    """
    instance, supply = parts.instance, parts.supply
    department = {row.code: i for i, row in enumerate(instance.departments)}
    home_of_school = ints([department[row.department] for row in instance.schools])
    home = home_of_school[parts.demand.profile_school[asked.profile]]
    for i, admitted in enumerate(territory.admitted):
        near = openings[admitted[supply.opening_offer[openings]]]
        askers = np.flatnonzero(home == i)
        pieces = -(-len(askers) * len(near) // PAIRS_AT_ONCE)
        for some in np.array_split(askers, pieces) if pieces else ():
            yield _meet(parts, asked, some, near)


def _meet(parts: Parts, asked: Asked, askers: Ints, openings: Ints) -> tuple[Ints, Ints, Ints]:
    instance, demand, supply = parts.instance, parts.demand, parts.supply
    asker, opening = np.repeat(askers, len(openings)), np.tile(openings, len(askers))
    kept = accepts(demand, supply, asked.periods[asker], opening)
    asker, opening = asker[kept], opening[kept]
    profile, offer = asked.profile[asker], supply.opening_offer[opening]
    places = ints([school.position for school in instance.schools]).reshape(-1, 3)
    trip = trips_m(places[demand.profile_school[profile]], supply.position[offer])
    filters = list_filters(instance, demand, supply, {Rule.REACH})
    kept = np.logical_and.reduce([allows(profile, offer, trip) for allows in filters])
    return asker[kept], opening[kept], trip[kept]
