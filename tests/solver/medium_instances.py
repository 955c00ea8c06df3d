"""Random instances too large to be exhausted and small enough for a general solver, in which every rule can matter."""

from __future__ import annotations

import dataclasses
from random import Random

from solver.greedy import greedy
from solver.instance import Announced, Ban, Department, Group, Instance, Offer, Period, Pin, QuotaLine, School
from solver.params import OFFICIAL_TIERS, Params, TerritoryRule, Tier
from solver.result import Assignment

DEPARTMENTS = (
    Department("A", "east", neighbours=frozenset({"B"})),
    Department("B", "west", neighbours=frozenset({"A", "C"})),
    Department("C", "west", neighbours=frozenset({"B"})),
    Department("I", "east", landmass="island"),
)
PERIODS = (Period("p", ("2027-W10",)), Period("q", ("2027-W11",)), Period("r", ("2027-W12", "2027-W13")))
SECTORS = ("health", "bakery", "energy", "justice", "metal")
PRIORITIES = ("none", "none", "rural", "qpv", "rep", "rep_plus")


def medium_instance(random: Random) -> Instance:
    """Some sixty to a hundred and fifty pupils, seats scarce or plenty, quotas that bind, a few pins that hold."""
    schools = tuple(_school(random, number) for number in range(random.randint(4, 9)))
    most_seats = random.choice((3, 8, 20))
    offers = tuple(_offer(random, number, most_seats) for number in range(random.randint(12, 26)))
    groups = tuple(_group(random, number, schools) for number in range(random.randint(24, 48)))
    bans = {(random.choice(groups).id, random.choice(offers).id) for _ in range(6)}
    rule = random.choice((TerritoryRule.ANYWHERE, TerritoryRule.ACADEMY_OR_NEIGHBOUR, *TerritoryRule))
    middle = [tier for tier in OFFICIAL_TIERS[2:-1] if tier is not Tier.LONGEST]
    if random.random() < 0.5:
        random.shuffle(middle)
    middle.insert(middle.index(Tier.DISTANCE) + 1, Tier.LONGEST)
    free = Instance(
        departments=DEPARTMENTS,
        schools=schools,
        periods=PERIODS,
        offers=offers,
        groups=groups,
        lines=_lines(random),
        bans=tuple(Ban(*ban) for ban in bans),
        params=Params((*OFFICIAL_TIERS[:2], *middle, OFFICIAL_TIERS[-1]), rule),
    )
    placed = greedy(free).assignments
    pinned = random.sample(placed, min(len(placed), random.randrange(4)))
    pins = tuple(Pin(row.group, row.offer, row.period, random.randint(1, row.count)) for row in pinned)
    told = random.sample(placed, len(placed) // 2) if random.random() < 0.5 else []
    announced = {(row.group, row.offer, row.period): row for row in (_told(random, row, offers) for row in told)}
    return dataclasses.replace(free, pins=pins, announced=tuple(announced.values()))


def _told(random: Random, row: Assignment, offers: tuple[Offer, ...]) -> Announced:
    """A placement told, where the pupils could go then or, now and then, anywhere."""
    host = random.choice(offers) if random.random() < 0.3 else next(each for each in offers if each.id == row.offer)
    period = row.period if host.id == row.offer else random.choice(sorted(host.seats))
    return Announced(row.group, host.id, period, random.randint(1, row.count))


def _place(random: Random) -> tuple[int, int, int]:
    return random.randrange(4_200_000, 4_250_000), random.randrange(170_000, 220_000), 4_700_000


def _school(random: Random, number: int) -> School:
    department = random.choices(DEPARTMENTS, (5, 4, 3, 1))[0].code
    return School(f"school-{number}", department, _place(random), random.choice(PRIORITIES))


def _offer(random: Random, number: int, most_seats: int) -> Offer:
    reserved = random.sample(
        ("rural", "rep", "none", "school:school-0", "school:school-1"), random.choice((0, 0, 1, 2))
    )
    line = random.choice((None, None, "nation", "west", "west/3e", "east"))
    levels = {"3e"} if line == "west/3e" else random.choice(({"3e"}, {"3e"}, {"2de_gt"}, {"3e", "2de_gt"}))
    return Offer(
        id=f"offer-{number}",
        department=random.choices(DEPARTMENTS, (5, 4, 3, 1))[0].code,
        position=_place(random),
        sector=random.choice(SECTORS),
        levels=frozenset(levels),
        seats={period.id: random.randint(0, most_seats) for period in random.sample(PERIODS, random.randint(1, 3))},
        serves=frozenset({"step-free"} if random.random() < 0.5 else ()),
        max_per_school=random.choice((None, None, None, 1, 3)),
        line=line,
        admits=random.choice((None, None, None, frozenset({"A", "B"}))),
        reserved={name: random.randint(1, most_seats) for name in reserved},
    )


def _group(random: Random, number: int, schools: tuple[School, ...]) -> Group:
    return Group(
        id=f"group-{number}",
        school=random.choice(schools).id,
        level=random.choice(("3e", "3e", "3e", "2de_gt")),
        count=random.choice((1, 1, 2, 3, 8)),
        periods=frozenset(period.id for period in random.sample(PERIODS, random.randint(1, 3))),
        wishes=tuple(random.sample(SECTORS, random.choice((0, 1, 2, 3, 3)))),
        reach_m=random.choice((10_000, 25_000, 60_000)),
        needs=frozenset({"step-free"} if random.random() < 0.15 else ()),
        departments=frozenset(random.choice(("", "", "", "", "", "A", "AB"))),
    )


def _lines(random: Random) -> tuple[QuotaLine, ...]:
    """A tree of three depths and a line apart; each ceiling and each commitment may be missing."""

    def some(least: int, most: int) -> int | None:
        return random.choice((None, random.randint(least, most), random.randint(least, most)))

    return (
        QuotaLine("nation", None, None, some(10, 80), some(5, 90)),
        _priced(random, QuotaLine("west", "nation", None, some(5, 40), some(5, 50))),
        _priced(random, QuotaLine("west/3e", "west", "3e", some(2, 12), some(2, 15))),
        QuotaLine("east", "nation", None, some(5, 40), some(5, 50)),
    )


def _priced(random: Random, line: QuotaLine) -> QuotaLine:
    """The line, whose ceiling, if it has one, may sometimes be passed."""
    price = None if line.ceiling is None else random.choice((None, 1, 2, 5))
    return dataclasses.replace(line, overflow_price=price)
