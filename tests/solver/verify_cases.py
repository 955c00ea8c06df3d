"""Small random instances in which every rule has something to say, with lawful placements for them.

Invented places on an invented coast: two académies that touch, an island, a quota tree. What is lawful is judged by
`verify_oracle`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from random import Random

from solver.instance import Announced, Ban, Department, Group, Instance, Offer, Period, Pin, QuotaLine, School
from solver.params import OFFICIAL_TIERS, Params, TerritoryRule, Tier
from tests.solver.verify_oracle import Document, Placements, broken_by_one, broken_rules, honest

DEPARTMENTS = (
    Department("D1", "north", neighbours=frozenset({"D2"})),
    Department("D2", "south", neighbours=frozenset({"D1"})),
    Department("D3", "south"),
    Department("D4", "isle", landmass="island"),
)
PERIODS = (Period("p1", ("2027-W05",)), Period("p2", ("2027-W06",)), Period("p3", ("2027-W24", "2027-W25")))
LINES = (
    QuotaLine("wide", ceiling=5, commitment=7),
    QuotaLine("narrow", parent="wide", level="3e", ceiling=3, commitment=1),
    QuotaLine("other", commitment=2),
    QuotaLine("idle", parent="other", ceiling=4),
    QuotaLine("priced", parent="other", ceiling=1, commitment=2, overflow_price=2),
)
SECTORS = ("numérique", "santé", "bâtiment")
LEVELS = ("3e", "2de_gt")


def _place(random: Random) -> tuple[int, int, int]:
    return random.randrange(4_200_000, 4_290_000), random.randrange(170_000, 260_000), 4_700_000


def _school(random: Random, number: int) -> School:
    department = random.choices(DEPARTMENTS, (4, 3, 3, 1))[0].code
    return School(f"school-{number}", department, _place(random), random.choice(("none", "rep", "rep_plus", "rural")))


def _offer(random: Random, number: int) -> Offer:
    line = random.choice((None, "wide", "narrow", "other", "idle", "priced"))
    levels = {"3e"} if line == "narrow" else random.choice(({"3e"}, {"2de_gt"}, set(LEVELS)))
    kept = random.sample(("none", "rep", "rural", "school:school-0", "school:school-1"), random.choice((0, 0, 1, 2)))
    return Offer(
        f"offer-{number}",
        random.choices(DEPARTMENTS, (4, 3, 3, 1))[0].code,
        _place(random),
        random.choice(SECTORS),
        frozenset(levels),
        {period.id: random.choices((0, 1, 2, 4), (1, 4, 4, 2))[0] for period in random.sample(PERIODS, 2)},
        frozenset({"wheelchair"} if random.random() < 0.5 else ()),
        random.choice((None, None, 1, 2)),
        line,
        random.choice((None, None, frozenset({"D1", "D2"}))),
        {name: random.randint(1, 2) for name in kept},
    )


def _group(random: Random, number: int, schools: tuple[School, ...]) -> Group:
    return Group(
        f"group-{number}",
        random.choice(schools).id,
        random.choice(LEVELS),
        random.randint(1, 4),
        frozenset(period.id for period in random.sample(PERIODS, random.randint(1, 2))),
        tuple(random.sample(SECTORS, random.choice((0, 1, 2)))),
        random.choice((15_000, 50_000, 140_000)),
        frozenset({"wheelchair"} if random.random() < 0.2 else ()),
        frozenset(random.sample(("D1", "D2", "D3"), 2) if random.random() < 0.25 else ()),
    )


def random_instance(random: Random) -> Instance:
    """An instance with bans and, most of the time, pins that can be held."""
    schools = tuple(_school(random, number) for number in range(4))
    offers = tuple(_offer(random, number) for number in range(random.randint(5, 9)))
    groups = tuple(_group(random, number, schools) for number in range(random.randint(5, 9)))
    middle = [tier for tier in OFFICIAL_TIERS[2:-1] if tier is not Tier.LONGEST]
    random.shuffle(middle)
    middle.insert(middle.index(Tier.DISTANCE) + 1, Tier.LONGEST)
    params = Params((*OFFICIAL_TIERS[:2], *middle, OFFICIAL_TIERS[-1]), random.choice(list(TerritoryRule)))
    names = {(random.choice(groups).id, random.choice(offers).id) for _ in range(3)}
    bans = tuple(Ban(*name) for name in sorted(names))
    free = Instance(DEPARTMENTS, schools, PERIODS, offers, groups, LINES, bans=bans, params=params)
    placed = sorted(lawful_placements(free, random).items())
    pinned = random.sample(placed, min(len(placed), random.choice((0, 1, 2))))
    told = sorted(lawful_placements(free, random).items()) if random.random() < 0.3 else []
    return dataclasses.replace(
        free,
        pins=tuple(Pin(*name, random.randint(1, count)) for name, count in pinned),
        announced=tuple(Announced(*name, random.randint(1, count)) for name, count in told if random.random() < 0.7),
    )


def lawful_placements(instance: Instance, random: Random) -> Placements:
    """Pins first, then pupil after pupil wherever a rule-abiding seat is left, in a random order.

    A second turn gives the reserved seats that the first left to others.
    """
    placements: Placements = Counter({(pin.group, pin.offer, pin.period): pin.count for pin in instance.pins})
    names = [(g.id, o.id, p.id) for g in instance.groups for o in instance.offers for p in instance.periods]
    random.shuffle(names)
    for name in names + names:
        while not broken_by_one(instance, name):
            placements[name] += 1
            if broken_rules(instance, placements):
                placements[name] -= 1
                break
    return +placements


def random_case(random: Random) -> tuple[Instance, Placements]:
    instance = random_instance(random)
    return instance, lawful_placements(instance, random)


def documents(instance: Instance, placements: Placements) -> tuple[Document, Document]:
    """Both documents of placements that leave nobody out for nothing."""
    pair = honest(instance, placements)
    assert pair is not None
    return pair


def triangle(reach_m: int = 5_000) -> Instance:
    """A REP collège of four pupils, 3 km and 4 km away from one site of two seats, under a line that promised three."""
    return Instance(
        departments=(Department("59", "Lille"),),
        schools=(School("collège", "59", (0, 0, 0), "rep"),),
        periods=(Period("2027-W05", ("2027-W05",)),),
        lines=(QuotaLine("line", level="3e", commitment=3),),
        offers=(Offer("site", "59", (3_000, 4_000, 0), "santé", frozenset({"3e"}), {"2027-W05": 2}, line="line"),),
        groups=(
            Group("a", "collège", "3e", 1, frozenset({"2027-W05"}), ("santé", "numérique"), reach_m),
            Group("b", "collège", "3e", 1, frozenset({"2027-W05"}), ("numérique",), reach_m),
            Group("c", "collège", "3e", 2, frozenset({"2027-W05"}), (), reach_m),
        ),
        params=Params(territory_rule=TerritoryRule.DEPARTMENT),
    )


def at_the_site(*groups: str) -> Placements:
    return Counter((group, "site", "2027-W05") for group in groups)


def scattered(random: Random, spread: int) -> Instance:
    """Schools and offers without seats, anywhere in a cube of twice `spread` metres around the centre of the earth."""

    def somewhere() -> tuple[int, int, int]:
        return random.randint(-spread, spread), random.randint(-spread, spread), random.randint(-spread, spread)

    offers = (Offer(f"o{n}", "D", somewhere(), "santé", frozenset({"3e"}), {"p": 0}) for n in range(60))
    schools = tuple(School(f"s{n}", "D", somewhere()) for n in range(12))
    reaches = [(school.id, reach_m) for school in schools for reach_m in (0, 49_999, 200_000, 2_000_000)]
    groups = (Group(f"{name} {reach_m}", name, "3e", 1, frozenset({"p"}), reach_m=reach_m) for name, reach_m in reaches)
    return Instance((Department("D", "A"),), schools, (Period("p", ("2027-W05",)),), tuple(offers), tuple(groups))
