"""Invented instances of any size, for benchmarks and tests: the same seed always gives the same bytes.

The country is a grid of départements (as many as the pupils fill) grouped into académies, with an island apart; schools
stand in towns of unequal size and hosts around them, so some pockets have few offers. The proportions are those of a
national seconde campaign: 140 pupils a school, one offer for nine pupils, 0.45 seat per pupil, some 240 offers within
reach of a school. Only `Random.random` is used, whose sequence Python guarantees. Nothing comes from a real school,
host or pupil.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from random import Random

from solver.geography import position
from solver.instance import Ban, Department, Group, Instance, Offer, Period, QuotaLine, School

PUPILS_PER_SCHOOL = 140
PUPILS_PER_OFFER = 9
SEATS_PER_PUPIL = 0.45
PUPILS_PER_DEPARTMENT = 6_000
COLUMNS, ROWS = 10, 9
SECTORS = tuple(f"sector-{i:02d}" for i in range(12))
PRIORITIES = ("none",) * 6 + ("rural", "rural", "qpv", "rep", "rep_plus")
LEVEL, OTHER_LEVEL = "2de_gt", "3e"
PERIODS = (Period("2027-W24", ("2027-W24",)), Period("2027-W25", ("2027-W25",)))


@dataclass(frozen=True)
class Town:
    """A place where schools and hosts gather; `weight` is its share of the country."""

    department: str
    latitude: float
    longitude: float
    weight: float


def generate(pupils: int, seed: int, seats_per_pupil: float = SEATS_PER_PUPIL) -> Instance:
    """A whole campaign of `pupils` pupils, one group each, with three ranked sectors.

    Raises:
        ValueError: a negative number of pupils or of seats.
    """
    if pupils < 0 or seats_per_pupil < 0:
        raise ValueError(f"pupils and seats per pupil: not negative, not {pupils!r} and {seats_per_pupil!r}")
    random = Random(seed)
    departments = _departments(min(COLUMNS * ROWS, 2 + pupils // PUPILS_PER_DEPARTMENT))
    towns = _towns(random, departments)
    ladder = _ladder(towns)
    schools = tuple(_school(random, i, _pick(random, towns, ladder)) for i in range(-(-pupils // PUPILS_PER_SCHOOL)))
    lines = _lines(departments, pupils)
    line_of = {line.id.rpartition("/")[2]: line.id for line in lines if line.id.count("/") == 2}
    seats = seats_per_pupil * PUPILS_PER_OFFER
    offers = tuple(
        _offer(random, i, _pick(random, towns, ladder), seats, line_of) for i in range(-(-pupils // PUPILS_PER_OFFER))
    )
    groups = tuple(_group(random, i, schools[int(random.random() * len(schools))]) for i in range(pupils))
    bans = tuple(Ban(groups[i].id, offers[i % len(offers)].id) for i in range(0, pupils, 1000))
    return Instance(departments, schools, PERIODS, offers, groups, lines, bans=bans)


def _departments(count: int) -> tuple[Department, ...]:
    """A grid of départements bordering on four sides, six to an académie, and an island of two."""
    cells = [divmod(i, ROWS) for i in range(count)]
    rows = []
    for x, y in cells:
        beside = [cell for cell in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)) if cell in cells]
        near = frozenset(_code(*cell) for cell in beside)
        rows.append(Department(_code(x, y), f"academy-{x // 2}-{y // 3}", "mainland", near))
    rows += [
        Department("island-n", "academy-island", "island", frozenset({"island-s"})),
        Department("island-s", "academy-island", "island", frozenset({"island-n"})),
    ]
    return tuple(rows)


def _code(x: int, y: int) -> str:
    return f"d{x}{y}"


def _towns(random: Random, departments: tuple[Department, ...]) -> tuple[Town, ...]:
    """Eight towns per département, the first much larger; a département weighs between one and five."""
    towns = []
    for department in departments:
        weight = 5 ** random.random()
        if department.landmass == "mainland":
            south, west = 43.0 + 0.75 * int(department.code[2]), -1.0 + 0.85 * int(department.code[1])
        else:
            south, west = (42.4 if department.code == "island-n" else 41.7), 8.9
        for rank in range(1, 9):
            latitude, longitude = south + 0.7 * random.random(), west + 0.8 * random.random()
            towns.append(Town(department.code, latitude, longitude, weight / rank))
    return tuple(towns)


def _ladder(towns: tuple[Town, ...]) -> list[float]:
    """Cumulated weights, the last one being 1."""
    total, sums = sum(town.weight for town in towns), [0.0]
    for town in towns:
        sums.append(sums[-1] + town.weight / total)
    return sums[1:]


def _pick(random: Random, towns: tuple[Town, ...], ladder: list[float]) -> Town:
    return towns[min(bisect(ladder, random.random()), len(towns) - 1)]


def _around(random: Random, town: Town, spread_km: float) -> tuple[int, int, int]:
    """A place near the town's centre, dense in the middle."""
    distance, angle = spread_km * random.random() ** 2 / 111.0, 2 * math.pi * random.random()
    east = distance * math.sin(angle) / math.cos(math.radians(town.latitude))
    return position(town.latitude + distance * math.cos(angle), town.longitude + east)


def _school(random: Random, number: int, town: Town) -> School:
    priority = PRIORITIES[int(random.random() * len(PRIORITIES))]
    return School(f"school-{number:06d}", town.department, _around(random, town, 12), priority)


def _lines(departments: tuple[Department, ...], pupils: int) -> tuple[QuotaLine, ...]:
    """One convention over a fifth of the seats: a national line over académie lines over département lines.

    The ceilings bind in the larger départements, the commitments in the smaller ones.
    """
    share = max(1, int(0.2 * SEATS_PER_PUPIL * pupils / len(departments)))
    whole = len(departments) * share
    academies = Counter(row.academy for row in departments)
    national = QuotaLine("line", None, LEVEL, whole, whole // 2)
    regional = [QuotaLine(f"line/{name}", "line", LEVEL, n * share) for name, n in sorted(academies.items())]
    local = [
        QuotaLine(f"line/{row.academy}/{row.code}", f"line/{row.academy}", LEVEL, 1 + share, 1 + share // 2)
        for row in departments
    ]
    return (national, *regional, *local)


def _offer(random: Random, number: int, town: Town, seats: float, lines: dict[str, str]) -> Offer:
    """A host with seats in one of the two weeks or in both; some belong to the convention, some limit each school."""
    weeks = PERIODS if random.random() < 0.5 else (PERIODS[int(random.random() * 2)],)
    line = lines[town.department] if random.random() < 0.2 else None
    both_levels = line is None and random.random() < 0.2
    return Offer(
        id=f"offer-{number:06d}",
        department=town.department,
        position=_around(random, town, 25),
        sector=SECTORS[int(len(SECTORS) * random.random() ** 1.5)],
        levels=frozenset({LEVEL, OTHER_LEVEL} if both_levels else {LEVEL}),
        seats={week.id: 1 + int(random.random() * seats * 2 / len(weeks)) for week in weeks},
        serves=frozenset({"step-free"}) if random.random() < 0.4 else frozenset(),
        max_per_school=2 if random.random() < 0.2 else None,
        line=line,
    )


def _group(random: Random, number: int, school: School) -> Group:
    """One pupil: three different sectors in order, either week or one of them, sometimes a need or a longer limit."""
    ranked: list[str] = []
    while len(ranked) < 3:
        sector = SECTORS[int(len(SECTORS) * random.random())]
        if sector not in ranked:
            ranked.append(sector)
    weeks = PERIODS if random.random() < 0.7 else (PERIODS[int(random.random() * 2)],)
    return Group(
        id=f"group-{number:07d}",
        school=school.id,
        level=LEVEL if random.random() < 0.95 else OTHER_LEVEL,
        count=1,
        periods=frozenset(week.id for week in weeks),
        wishes=tuple(ranked),
        reach_m=35_000 if random.random() < 0.05 else 20_000,
        needs=frozenset({"step-free"}) if random.random() < 0.01 else frozenset(),
    )
