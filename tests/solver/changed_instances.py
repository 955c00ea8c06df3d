"""Instances changed in ways whose effect on the answer is known beforehand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from random import Random
from typing import Any

from solver.instance import ROW_KEYS, Group, Instance
from tests.solver.medium_instances import PERIODS, SECTORS

FIRST_M = 170_000
EVEN = 126 * 10_000
"""Levels of equity come out whole for a school whose pupils divide this, and a weight that 126 divides."""
EVEN_WEIGHTS = {"none": 126, "rural": 126, "qpv": 252, "rep": 252, "rep_plus": 252}


def change(instance: Instance, table: str, row: Any, **fields: Any) -> Instance:
    """The instance with one row changed."""
    rows = getattr(instance, table)
    changed = tuple(dataclasses.replace(each, **fields) if each is row else each for each in rows)
    return dataclasses.replace(instance, **{table: changed})


def one_more_seat(instance: Instance, random: Random) -> Instance:
    offer = random.choice(instance.offers)
    period = random.choice(sorted(offer.seats))
    return change(instance, "offers", offer, seats={**offer.seats, period: offer.seats[period] + 1})


def one_more_period_of_an_offer(instance: Instance, random: Random) -> Instance:
    offer = random.choice([row for row in instance.offers if len(row.seats) < len(PERIODS)])
    period = random.choice([row.id for row in PERIODS if row.id not in offer.seats])
    return change(instance, "offers", offer, seats={**offer.seats, period: 2})


def one_more_period_accepted(instance: Instance, random: Random) -> Instance:
    group = random.choice(instance.groups)
    return change(instance, "groups", group, periods=group.periods | {random.choice(PERIODS).id})


def a_wider_reach(instance: Instance, random: Random) -> Instance:
    group = random.choice(instance.groups)
    return change(instance, "groups", group, reach_m=group.reach_m + random.choice((5_000, 40_000)))


def one_more_offer(instance: Instance, random: Random) -> Instance:
    offer = random.choice(instance.offers)
    return dataclasses.replace(instance, offers=(*instance.offers, dataclasses.replace(offer, id="another")))


def a_higher_ceiling(instance: Instance, random: Random) -> Instance:
    line = random.choice(instance.lines)
    return change(instance, "lines", line, ceiling=None if line.ceiling is None else line.ceiling + 1)


def a_lifted_ban(instance: Instance, random: Random) -> Instance:
    ban = random.choice(instance.bans)
    return dataclasses.replace(instance, bans=tuple(row for row in instance.bans if row is not ban))


def no_maximum(instance: Instance, random: Random) -> Instance:
    return change(instance, "offers", random.choice(instance.offers), max_per_school=None)


WIDER: tuple[Callable[[Instance, Random], Instance], ...] = (
    one_more_seat,
    one_more_period_of_an_offer,
    one_more_period_accepted,
    a_wider_reach,
    one_more_offer,
    a_higher_ceiling,
    a_lifted_ban,
    no_maximum,
)
"""Whatever was allowed before still is."""


def renamed(instance: Instance, random: Random) -> Instance:
    """The same question with other names, in another order: pupils, schools, hosts, lines, periods, sectors."""
    names: dict[str, str] = {}
    for table in ("schools", "periods", "offers", "groups", "lines"):
        new = random.sample(range(1000), len(getattr(instance, table)))
        names |= {row.id: f"{table}/{number}" for row, number in zip(getattr(instance, table), new, strict=True)}
    names |= dict(zip(SECTORS, random.sample([f"sector/{n}" for n in range(50)], len(SECTORS)), strict=True))
    fields = {"id", "school", "offer", "group", "line", "parent", "period", "sector"}

    def field(name: str, value: Any) -> Any:
        if name in fields:
            return names.get(value, value)
        if name == "seats":
            return {names[period]: count for period, count in value.items()}
        if name == "reserved":
            schools = {f"school:{row.id}": f"school:{names[row.id]}" for row in instance.schools}
            return {schools.get(category, category): count for category, count in value.items()}
        if name in {"periods", "wishes"}:
            return type(value)(names[each] for each in value)
        return value

    def row(each: Any) -> Any:
        return type(each)(**{one.name: field(one.name, getattr(each, one.name)) for one in dataclasses.fields(each)})

    tables = {table: tuple(row(each) for each in getattr(instance, table)) for table in ROW_KEYS}
    return Instance(**tables, params=instance.params)


def weights_times(instance: Instance, times: int) -> Instance:
    """Every priority weighs so many times more. Schools are completed so that no level of equity is rounded."""
    missing = []
    for school, pupils in instance.pupils_by_school.items():
        more = next(more for more in range(EVEN) if EVEN % (pupils + more) == 0)
        if more:
            missing.append(Group(f"more/{school}", school, "3e", more, frozenset({"p"})))
    weights = {name: times * weight for name, weight in EVEN_WEIGHTS.items()}
    params = dataclasses.replace(instance.params, priority_weights=weights)
    return dataclasses.replace(instance, groups=(*instance.groups, *missing), params=params)


def ranks_times(instance: Instance, times: int) -> Instance:
    """Every rank so many times higher: sectors that nobody offers stand before each wish, and after the last."""

    def spaced(group: Group) -> tuple[str, ...]:
        nobody = iter(f"nobody/{number}" for number in range(100))
        wishes = group.wishes or (SECTORS[0],)
        before = [name for wish in wishes for name in (*(next(nobody) for _ in range(times - 1)), wish)]
        return (*before, *(next(nobody) for _ in range(times - 1)))

    groups = tuple(dataclasses.replace(group, wishes=spaced(group)) for group in instance.groups)
    return dataclasses.replace(instance, groups=groups)


def metres_times(instance: Instance, times: int) -> Instance:
    """The country on a line, where no distance is rounded, and stretched so many times, reach included."""

    def stretched(position: tuple[int, int, int]) -> tuple[int, int, int]:
        return 4_200_000, FIRST_M + times * (position[1] - FIRST_M), 4_700_000

    places = {
        table: tuple(dataclasses.replace(row, position=stretched(row.position)) for row in getattr(instance, table))
        for table in ("schools", "offers")
    }
    groups = tuple(dataclasses.replace(group, reach_m=times * group.reach_m) for group in instance.groups)
    return dataclasses.replace(instance, groups=groups, **places)
