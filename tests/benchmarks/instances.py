"""The invented instances the benchmarks run on: a national seconde, a full year, a plain one for simpler models."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from solver.generate import SECTORS, generate
from solver.instance import Group, Instance, Offer, Period

SEED = 2027
WEEKS = tuple(Period(f"2027-3e-{week:02d}", (f"2027-3e-{week:02d}",)) for week in range(1, 31))
SECONDE_SHARE = 560 / 1430
CLASS_SIZE = 27


def seconde(pupils: int) -> Instance:
    """One national campaign: three ranked sectors, 0.45 seat per pupil."""
    return generate(pupils, SEED)


def full_year(pupils: int) -> Instance:
    """The seconde and the 3e over thirty weeks: each 3e class has its week, each of its pupils ranks three sectors."""
    base = seconde(round(pupils * SECONDE_SHARE))
    random = Random(SEED)
    asking = pupils - sum(group.count for group in base.groups)
    classes = -(-asking // CLASS_SIZE)
    groups: list[Group] = []
    for number in range(classes):
        school = base.schools[int(random.random() * len(base.schools))]
        week = frozenset({WEEKS[int(random.random() * len(WEEKS))].id})
        for pupil in range(min(CLASS_SIZE, asking - number * CLASS_SIZE)):
            wishes = _three_sectors(random)
            groups.append(Group(f"class-{number:06d}-{pupil:02d}", school.id, "3e", 1, week, wishes, 25_000))
    offers = tuple(_third_year_offer(random, offer) for offer in base.offers if offer.line is None)
    return replace(base, periods=base.periods + WEEKS, offers=base.offers + offers, groups=base.groups + tuple(groups))


def _three_sectors(random: Random) -> tuple[str, ...]:
    ranked: list[str] = []
    while len(ranked) < 3:
        sector = SECTORS[int(len(SECTORS) * random.random())]
        if sector not in ranked:
            ranked.append(sector)
    return tuple(ranked)


def _third_year_offer(random: Random, offer: Offer) -> Offer:
    """The same host, three weeks of the year, two to six seats each."""
    first = int(random.random() * (len(WEEKS) - 2))
    seats = {week.id: 2 + int(random.random() * 5) for week in WEEKS[first : first + 3]}
    return replace(offer, id=f"{offer.id}-3e", levels=frozenset({"3e"}), seats=seats)


def plain(pupils: int) -> Instance:
    """Seats, reach, level and periods only: no quota, no maximum per school, no ban."""
    base = seconde(pupils)
    offers = tuple(replace(offer, line=None, max_per_school=None) for offer in base.offers)
    return replace(base, offers=offers, lines=(), bans=())
