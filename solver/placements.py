"""A list of placements as columns, beside the classes and openings they are about, and what its pupils rank higher.

It counts nothing: seats, gates and lines are for those who ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints, ints, runs
from solver.parts import Parts
from solver.result import Assignment


@dataclass(frozen=True)
class Placements:
    """One row per placement: the class, the opening, the rank obtained, the pupils, and those that no pin holds."""

    member: Ints
    opening: Ints
    rank: Ints
    count: Ints
    free: Ints


def tabulate_placements(parts: Parts, rows: Iterable[Assignment]) -> Placements:
    """The rows in the order given."""
    instance, supply, rows = parts.instance, parts.supply, tuple(rows)
    group = {row.id: i for i, row in enumerate(instance.groups)}
    pairs = zip(supply.opening_offer.tolist(), supply.opening_period.tolist(), strict=True)
    opening = {(instance.offers[o].id, instance.periods[p].id): i for i, (o, p) in enumerate(pairs)}
    pinned = Counter({(pin.group, pin.offer, pin.period): pin.count for pin in instance.pins})
    count = ints([row.count for row in rows])
    return Placements(
        member=parts.demand.group_class[ints([group[row.group] for row in rows])],
        opening=ints([opening[row.offer, row.period] for row in rows]),
        rank=ints([instance.rank(instance.group[row.group], instance.offer[row.offer].sector) for row in rows]),
        count=count,
        free=count - ints([pinned[row.group, row.offer, row.period] for row in rows]),
    )


def higher_wishes(parts: Parts, made: Placements) -> tuple[Ints, Ints, Ints]:
    """Rows (placement, rank less one, sector) of each sector ranked higher than the one obtained; -1: never offered."""
    demand, supply = parts.demand, parts.supply
    names = [[supply.sectors.get(name, -1) for name in wishes] for wishes in demand.wish_lists]
    sizes, flat = ints([len(wishes) for wishes in names]), ints([sector for wishes in names for sector in wishes])
    wishes = demand.class_wishes[made.member]
    row = np.repeat(np.arange(len(wishes), dtype=np.int64), sizes[wishes])
    sector = flat[runs((np.cumsum(sizes) - sizes)[wishes], sizes[wishes])]
    place = runs(np.zeros(len(wishes), np.int64), sizes[wishes])
    obtained = sizes[wishes].copy()
    same = sector == supply.sector[supply.opening_offer[made.opening]][row]
    obtained[row[same]] = place[same]
    higher = place < obtained[row]
    return row[higher], place[higher], sector[higher]


def over_periods(parts: Parts, member: Ints) -> tuple[Ints, Ints]:
    """For each row's class, one row per period it accepts: the row it comes from, and profile * periods + period."""
    demand = parts.demand
    sizes = ints([len(members) for members in demand.period_sets])
    flat = ints([period for members in demand.period_sets for period in members])
    mine = demand.class_periods[member]
    row = np.repeat(np.arange(len(member), dtype=np.int64), sizes[mine])
    period = flat[runs((np.cumsum(sizes) - sizes)[mine], sizes[mine])]
    return row, demand.class_profile[member[row]] * len(parts.instance.periods) + period
