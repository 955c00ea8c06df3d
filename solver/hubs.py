"""The hubs of the network: where pupils of one profile meet before they choose an opening.

A hub is (profile, set of periods, sector or any sector). Because the wish costs depend on (class, sector) and the trip
costs on (profile, opening), hubs replace one arc per pupil and opening by a few arcs per pupil.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Bools, Ints, distinct, find, ints, runs
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

    def find(self, profile: Ints, periods: Ints, sector: Ints) -> tuple[Ints, Bools]:
        """Index of each hub, and whether it exists; sector -1 is any sector."""
        return find(self.keys, _key(profile, periods, sector, self.sets, self.sectors))


def _key(profile: Ints, periods: Ints, sector: Ints, sets: int, sectors: int) -> Ints:
    return (profile * sets + periods) * (sectors + 1) + sector + 1


def list_hubs(demand: Demand, supply: Supply, choices: Choices) -> Hubs:
    """Start from the hubs the choices need, and go up: several periods, then any sector."""
    sets, sectors = len(demand.period_sets), len(supply.sectors)
    period, sector = supply.opening_period[choices.opening], supply.sector[supply.opening_offer[choices.opening]]
    leaf_of_choice = _key(choices.profile, period, sector, sets, sectors)
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
        of_choice=find(keys, leaf_of_choice)[0],
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
    base = _key(profile, period, np.full(len(profile), -1, np.int64), sets, sectors)
    first = np.searchsorted(leaves, base).astype(np.int64)
    count = np.searchsorted(leaves, base + sectors + 1).astype(np.int64) - first
    under = leaves[runs(first, count)]
    profile, periods = np.repeat(profile, count), np.repeat(periods, count)
    return _key(profile, periods, under % (sectors + 1) - 1, sets, sectors), under
