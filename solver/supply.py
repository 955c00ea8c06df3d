"""Offers as arrays: places, levels, needs served, and one row per (offer, period) that has a seat: an opening.

It knows what is offered, not who may have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Bools, Ints, ints, starts_of
from solver.instance import Instance


@dataclass(frozen=True)
class Supply:
    """Columns over offers and over openings, in the order of identifiers (offer, then period).

    `opening_start[o]:opening_start[o + 1]` are the openings of offer o. Positions are geocentric metres (n x 3).
    """

    position: Ints
    department: Ints
    sector: Ints
    sectors: dict[str, int]
    admits_level: dict[str, Bools]
    serves: dict[str, Bools]
    opening_offer: Ints
    opening_period: Ints
    opening_seats: Ints
    opening_start: Ints


def tabulate_supply(instance: Instance) -> Supply:
    """The instance's offers as columns."""
    offers = instance.offers
    department = {row.code: i for i, row in enumerate(instance.departments)}
    period = {row.id: i for i, row in enumerate(instance.periods)}
    sectors = {name: i for i, name in enumerate(sorted({offer.sector for offer in offers}))}
    levels = sorted({level for offer in offers for level in offer.levels})
    needs = sorted({need for offer in offers for need in offer.serves})
    openings = ints(
        [
            (i, index, seats)
            for i, offer in enumerate(offers)
            for index, seats in sorted((period[name], seats) for name, seats in offer.seats.items())
            if seats
        ]
    ).reshape(-1, 3)
    return Supply(
        position=ints([offer.position for offer in offers]).reshape(-1, 3),
        department=ints([department[offer.department] for offer in offers]),
        sector=ints([sectors[offer.sector] for offer in offers]),
        sectors=sectors,
        admits_level={level: np.array([level in offer.levels for offer in offers], np.bool_) for level in levels},
        serves={need: np.array([need in offer.serves for offer in offers], np.bool_) for need in needs},
        opening_offer=openings[:, 0],
        opening_period=openings[:, 1],
        opening_seats=openings[:, 2],
        opening_start=starts_of(openings[:, 0], len(offers)),
    )
