"""An invented college year: the national seconde of `solver.generate`, and 3e classes spread over thirty weeks.

Each 3e class has its week, each of its pupils ranks three sectors, and the hosts of the seconde that belong to no
convention receive them too, three weeks of the year.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from solver.generate import SECTORS, generate
from solver.instance import Group, Instance, Offer, Period

WEEKS = tuple(Period(f"2027-3e-{week:02d}", (f"2027-3e-{week:02d}",)) for week in range(1, 31))
SECONDE_SHARE = 560 / 1430
CLASS_SIZE = 27
REACH_M = 25_000


def generate_year(pupils: int, seed: int) -> Instance:
    """A year of `pupils` pupils, one group each; the same seed always gives the same bytes.

    Raises:
        ValueError: a negative number of pupils.
    """
    base = generate(round(pupils * SECONDE_SHARE), seed)
    random = Random(seed)
    asking = pupils - sum(group.count for group in base.groups)
    groups: list[Group] = []
    for number in range(-(-asking // CLASS_SIZE)):
        school = base.schools[int(random.random() * len(base.schools))]
        week = frozenset({WEEKS[int(random.random() * len(WEEKS))].id})
        for pupil in range(min(CLASS_SIZE, asking - number * CLASS_SIZE)):
            wishes = _three_sectors(random)
            groups.append(Group(f"class-{number:06d}-{pupil:02d}", school.id, "3e", 1, week, wishes, REACH_M))
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
