"""The invented instances the benchmarks run on: a national seconde, a full year, a plain one for simpler models."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from solver.generate import LEVEL, generate
from solver.generate_year import generate_year
from solver.instance import Group, Instance, Whole
from solver.params import Tier

SEED = 2027


def seconde(pupils: int) -> Instance:
    """One national campaign: three ranked sectors, 0.45 seat per pupil."""
    return generate(pupils, SEED)


def nearest_first(pupils: int) -> Instance:
    """The seconde with distance, and the longest trip that goes with it, before wishes."""
    base = seconde(pupils)
    tiers = [tier for tier in base.params.tiers if tier is not Tier.WISHES]
    tiers.insert(tiers.index(Tier.LONGEST) + 1, Tier.WISHES)
    return replace(base, params=replace(base.params, tiers=tuple(tiers)))


def full_year(pupils: int) -> Instance:
    """The seconde and the 3e over thirty weeks."""
    return generate_year(pupils, SEED)


LARGE_HOST = "large-host"
LARGE_HOST_SEATS = 200


def with_a_large_host(pupils: int) -> Instance:
    """The seconde with a host of two hundred seats in the département that has most offers, without quota."""
    base = seconde(pupils)
    busiest = Counter(offer.department for offer in base.offers).most_common(1)[0][0]
    near = next(offer for offer in base.offers if offer.department == busiest)
    share = LARGE_HOST_SEATS // len(base.periods)
    seats = {period.id: share for period in base.periods}
    host = replace(near, id=LARGE_HOST, levels=frozenset({LEVEL}), seats=seats, max_per_school=None, line=None)
    return replace(base, offers=(*base.offers, host))


def with_wholes(pupils: int) -> Instance:
    """The seconde with one pupil in twenty in a class group of five to thirty that stays together."""
    base, random = seconde(pupils), Random(SEED)
    by_school: dict[str, list[Group]] = {}
    for group in base.groups:
        by_school.setdefault(group.school, []).append(group)
    schools = sorted(by_school)
    wholes: list[Group] = []
    gone: set[str] = set()
    while len(gone) * 20 < pupils:
        size, classmates = 5 + int(random.random() * 26), by_school[schools[int(random.random() * len(schools))]]
        members = [classmates.pop() for _ in range(min(size, len(classmates)))]
        if members:
            gone.update(group.id for group in members)
            wholes.append(replace(members[0], id=f"whole-{len(wholes):05d}", count=len(members)))
    groups = (*(group for group in base.groups if group.id not in gone), *wholes)
    bans = tuple(ban for ban in base.bans if ban.group not in gone)
    return replace(base, groups=groups, bans=bans, wholes=tuple(Whole(group.id) for group in wholes))


def plain(pupils: int) -> Instance:
    """Seats, reach, level and periods only: no quota, no maximum per school, no ban."""
    base = seconde(pupils)
    offers = tuple(replace(offer, line=None, max_per_school=None) for offer in base.offers)
    return replace(base, offers=offers, lines=(), bans=())
