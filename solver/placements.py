"""A list of placements as columns, beside the classes and openings they are about.

It counts nothing: seats, gates and lines are for those who ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from solver.arrays import Ints, ints
from solver.parts import Parts
from solver.result import Assignment


@dataclass(frozen=True)
class Placements:
    """One row per placement: the class, the opening, the pupils, and those of them that no pin holds."""

    member: Ints
    opening: Ints
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
        count=count,
        free=count - ints([pinned[row.group, row.offer, row.period] for row in rows]),
    )
