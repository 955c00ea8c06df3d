"""Random instances small enough to be exhausted, in which every rule and every aim can matter.

Places lie a few kilometres apart on a line in an invented country of two académies and an island.
"""

from __future__ import annotations

from random import Random

from solver.instance import Announced, Ban, Department, Group, Instance, Offer, Period, Pin, QuotaLine, School
from solver.params import OFFICIAL_TIERS, Params, TerritoryRule, Tier

DEPARTMENTS = (
    Department("A", "east", neighbours=frozenset({"B"})),
    Department("B", "west", neighbours=frozenset({"A", "C"})),
    Department("C", "west", neighbours=frozenset({"B"})),
    Department("I", "east", landmass="island"),
)
PERIODS = (Period("p", ("2027-W10",)), Period("q", ("2027-W11",)))
PRIORITIES = ("none", "rural", "rep", "rep_plus")
MOST_PUPILS = 6


def tiny_instance(random: Random, *, official: bool = False) -> Instance:
    """At most six pupils and four offers; `official` keeps the official order of the aims."""
    schools = tuple(_school(random, i) for i in range(random.randint(1, 3)))
    offers = tuple(_offer(random, i, schools) for i in range(random.randint(1, 4)))
    groups = _groups(random, schools)
    bans = {(random.choice(groups).id, random.choice(offers).id) for _ in range(random.choice((0, 0, 1, 2)))}
    middle = [tier for tier in OFFICIAL_TIERS[2:-1] if tier is not Tier.LONGEST]
    if not official and random.random() < 0.5:
        random.shuffle(middle)
    middle.insert(middle.index(Tier.DISTANCE) + 1, Tier.LONGEST)
    rule = random.choice((TerritoryRule.ANYWHERE, *TerritoryRule))
    return Instance(
        departments=DEPARTMENTS,
        schools=schools,
        periods=PERIODS,
        offers=offers,
        groups=groups,
        lines=_lines(random),
        pins=_pins(random, groups, offers, bans),
        bans=tuple(Ban(*ban) for ban in bans),
        announced=_announced(random, groups, offers),
        params=Params((*OFFICIAL_TIERS[:2], *middle, OFFICIAL_TIERS[-1]), rule),
    )


def _lines(random: Random) -> tuple[QuotaLine, ...]:
    """A tree of three depths, in which the narrower ceilings may sometimes be passed at a price."""
    wide, narrow = random.choice((None, None, 1, 3)), random.choice((None, None, 1, 2))
    return (
        QuotaLine("nation", None, None, ceiling=3, commitment=2),
        QuotaLine("west", "nation", None, ceiling=2, overflow_price=wide),
        QuotaLine("west/3e", "west", "3e", ceiling=1, commitment=random.choice((1, 1, 2)), overflow_price=narrow),
        QuotaLine("east", "nation", None, commitment=3),
    )


def _reserved(random: Random) -> dict[str, int]:
    """Seats for a priority class, for one school, for both, mostly for nobody."""
    names = random.sample((*PRIORITIES, "school:school-0", "school:school-1"), random.choice((0, 0, 1, 1, 2)))
    return {name: random.choice((1, 1, 2)) for name in names}


def _place(random: Random) -> tuple[int, int, int]:
    return random.randrange(0, 20_000, 500), random.randrange(0, 3), 6_000_000


def _school(random: Random, number: int) -> School:
    return School(f"school-{number}", random.choice("AABC"), _place(random), random.choice(PRIORITIES))


def _offer(random: Random, number: int, schools: tuple[School, ...]) -> Offer:
    known = {*PRIORITIES, *(f"school:{school.id}" for school in schools)}
    reserved = {name: seats for name, seats in _reserved(random).items() if name in known}
    levels = random.choice((("3e",), ("3e",), ("2de_gt",), ("3e", "2de_gt")))
    lines = ["nation", "west", "east", None, None] + ["west/3e"] * (levels == ("3e",))
    return Offer(
        id=f"offer-{number}",
        department=random.choice("AAABBCI"),
        position=_place(random),
        sector=random.choice("xyz"),
        levels=frozenset(levels),
        seats={period.id: random.choice((0, 1, 1, 2, 3)) for period in random.sample(PERIODS, random.randint(1, 2))},
        serves=frozenset(random.choice(((), ("step-free",)))),
        max_per_school=random.choice((None, None, 1)),
        line=random.choice(lines),
        admits=random.choice((None, None, None, frozenset("AB"))),
        reserved=reserved,
    )


def _groups(random: Random, schools: tuple[School, ...]) -> tuple[Group, ...]:
    groups, left = [], random.randint(1, MOST_PUPILS)
    while left:
        count = random.randint(1, min(3, left))
        left -= count
        groups.append(
            Group(
                id=f"group-{len(groups)}",
                school=random.choice(schools).id,
                level=random.choice(("3e", "3e", "2de_gt")),
                count=count,
                periods=frozenset(period.id for period in random.sample(PERIODS, random.randint(1, 2))),
                wishes=tuple(random.sample("xyzw", random.choice((0, 1, 2, 3)))),
                reach_m=random.choice((8_000, 20_000, 20_000)),
                needs=frozenset(("step-free",) if random.random() < 0.15 else ()),
                departments=frozenset(random.choice(("", "", "", "", "A", "BC"))),
            )
        )
    return tuple(groups)


def _pins(
    random: Random, groups: tuple[Group, ...], offers: tuple[Offer, ...], bans: set[tuple[str, str]]
) -> tuple[Pin, ...]:
    """Sometimes a pin; it may well break a rule, but it does not contradict the instance."""
    group, offer = random.choice(groups), random.choice(offers)
    if random.random() > 0.3 or group.level not in offer.levels or (group.id, offer.id) in bans:
        return ()
    return (Pin(group.id, offer.id, random.choice(sorted(offer.seats)), random.randint(1, group.count)),)


def _announced(random: Random, groups: tuple[Group, ...], offers: tuple[Offer, ...]) -> tuple[Announced, ...]:
    """Now and then some placements already told, to pupils who may no longer have them."""
    rows: dict[tuple[str, str, str], int] = {}
    for group in groups if random.random() < 0.4 else ():
        left = random.randint(0, group.count + 1)
        while left:
            offer, count = random.choice(offers), random.randint(1, left)
            key = (group.id, offer.id, random.choice(sorted(offer.seats)))
            rows[key] = rows.get(key, 0) + count
            left -= count
    return tuple(Announced(*key, count) for key, count in rows.items())
