"""The hubs of the network: where pupils of one profile meet before they choose an opening.

A hub is (profile, set of periods, sector or any sector). Because the wish costs depend on (class, sector) and the trip
costs on (profile, opening), hubs replace one arc per pupil and opening by a few arcs per pupil.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Bools, Ints, distinct, find, ints, places, runs
from solver.choices import Choices
from solver.demand import Demand
from solver.supply import Supply


@dataclass(frozen=True)
class Hubs:
    """Hubs as sorted keys, the arcs between them (indices into `keys`), and the hub each choice leaves from."""

    keys: Ints
    sector_arcs: tuple[Ints, Ints]
    period_arcs: tuple[Ints, Ints]
    of_choice: Ints
    sets: int
    sectors: int

    def find(self, profile: Ints, periods: Ints, row: Ints, sector: Ints) -> tuple[Ints, Bools]:
        """Index of the hub of a sector for each of these rows of a profile and its periods, and whether it exists.

        Sector -1 is any sector; one below is none, which no hub has.
        """
        wanted = _key(profile, periods, -1, self.sets, self.sectors)[row]
        wanted += sector
        wanted += 1
        at, exists = find(self.keys, wanted)
        return at, exists & (sector >= -1)


def _key(profile: Ints | int, periods: Ints | int, sector: Ints | int, sets: int, sectors: int) -> Ints:
    return ints(profile * (sets * (sectors + 1)) + (periods * (sectors + 1) + sector + 1))


def list_hubs(demand: Demand, supply: Supply, choices: Choices) -> Hubs:
    """Start from the hubs the choices need, and go up: several periods, then any sector."""
    sets, sectors = len(demand.period_sets), len(supply.sectors)
    at_opening = _key(0, supply.opening_period, supply.sector[supply.opening_offer], sets, sectors)
    leaf_of_choice = at_opening[choices.opening]
    leaf_of_choice += _key(choices.profile, 0, -1, sets, sectors)
    leaves = distinct(leaf_of_choice)
    over, under = _unfold(demand, leaves, sets, sectors)
    several = over != under
    ranked = distinct(np.concatenate((leaves, over)))
    wanted = distinct(over)
    anywhere = wanted - wanted % (sectors + 1)
    keys = distinct(np.concatenate((ranked, anywhere)))
    return Hubs(
        keys=keys,
        sector_arcs=(find(keys, anywhere)[0], find(keys, wanted)[0]),
        period_arcs=(find(keys, over[several])[0], find(keys, under[several])[0]),
        of_choice=places(keys, leaf_of_choice),
        sets=sets,
        sectors=sectors,
    )


def _unfold(demand: Demand, leaves: Ints, sets: int, sectors: int) -> tuple[Ints, Ints]:
    """Pairs (hub over the class's periods, hub of one of them) for each (profile, periods) of a class.

    A single period gives the same hub twice.
    """
    used = np.stack(demand.asked)
    sizes = ints([len(periods) for periods in demand.period_sets])
    flat = ints([period for periods in demand.period_sets for period in periods])
    profile, periods = np.repeat(used, sizes[used[1]], axis=1)
    period = flat[runs((np.cumsum(sizes) - sizes)[used[1]], sizes[used[1]])]
    base = _key(profile, period, -1, sets, sectors)
    first = np.searchsorted(leaves, base).astype(np.int64)
    count = np.searchsorted(leaves, base + sectors + 1).astype(np.int64) - first
    under = leaves[runs(first, count)]
    profile, periods = np.repeat(profile, count), np.repeat(periods, count)
    return _key(profile, periods, under % (sectors + 1) - 1, sets, sectors), under
