"""Random rounds without what the fast judges leave to the plain ones: the same instances, these fields silent."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from random import Random
from typing import Any

from solver.instance import Instance
from solver.large_layout import ORDINARY
from tests.solver.certificates import Round, proven_round
from tests.solver.tiny_instances import tiny_instance
from tests.solver.tiny_sides import LONG, tiny_sides
from tests.solver.verify_cases import lawful_placements, random_instance
from tests.solver.verify_oracle import Placements


def ordinary(instance: Instance) -> Instance:
    """The instance, every field that the fast judges do not read at the value that says nothing."""
    changed: dict[str, Any] = {name: () for name in ORDINARY if "." not in name}
    # Without its price, a ceiling that may be passed could shut out the pins.
    open_lines = {row.id for row in instance.lines if row.overflow_price is not None}
    changed["lines"] = tuple(
        dataclasses.replace(row, ceiling=None, overflow_price=None) if row.id in open_lines else row
        for row in instance.lines
    )
    for name, value in ORDINARY.items():
        listed, _, field = name.partition(".")
        if field:
            rows = changed.get(listed, getattr(instance, listed))
            changed[listed] = tuple(dataclasses.replace(row, **{field: value}) for row in rows)
    return dataclasses.replace(instance, **changed)


def ordinary_instance(random: Random) -> Instance:
    return ordinary(random_instance(random))


def ordinary_wholes(random: Random) -> Instance:
    """The same with groups that stay whole, at most of whose offers several ask for the same seats."""
    plain = tiny_sides(random)
    offers = tuple(
        dataclasses.replace(
            row, seats={name: seats for name, seats in row.seats.items() if name != LONG.id} or {"p": 1}
        )
        for row in plain.offers
    )
    groups = tuple(
        dataclasses.replace(row, periods=(row.periods - {LONG.id}) or frozenset("p")) for row in plain.groups
    )
    return ordinary(dataclasses.replace(plain, offers=offers, groups=groups, bundles=(), sequences=()))


def ordinary_case(random: Random) -> tuple[Instance, Placements]:
    instance = ordinary_instance(random)
    return instance, lawful_placements(instance, random)


def ordinary_rounds(random: Random, times: int) -> Iterator[Round]:
    """Proven ones, with quotas, commitments, pins, bans, maxima and other orders of the aims."""
    for number in range(times):
        instance = (tiny_instance, random_instance)[number % 2](random)
        if (found := proven_round(ordinary(instance))) is not None:
            yield found
