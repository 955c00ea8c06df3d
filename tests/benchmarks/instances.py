"""The invented instances the benchmarks run on: a national seconde, a full year, a plain one for simpler models."""

from __future__ import annotations

from dataclasses import replace

from solver.generate import generate
from solver.generate_year import generate_year
from solver.instance import Instance

SEED = 2027


def seconde(pupils: int) -> Instance:
    """One national campaign: three ranked sectors, 0.45 seat per pupil."""
    return generate(pupils, SEED)


def full_year(pupils: int) -> Instance:
    """The seconde and the 3e over thirty weeks."""
    return generate_year(pupils, SEED)


def plain(pupils: int) -> Instance:
    """Seats, reach, level and periods only: no quota, no maximum per school, no ban."""
    base = seconde(pupils)
    offers = tuple(replace(offer, line=None, max_per_school=None) for offer in base.offers)
    return replace(base, offers=offers, lines=(), bans=())
