"""The smallest instance in which a pupil can be placed, to be changed one thing at a time."""

from __future__ import annotations

from typing import Any

from solver.instance import Department, Group, Instance, Offer, Period, School

PLACE = (4_500_000, 300_000, 4_480_000)
EAST = Department("A", "east", neighbours=frozenset({"B"}))
NEXT_TO_EAST = Department("B", "west", neighbours=frozenset({"A"}))
SAME_ACADEMY = Department("E", "east")
FAR_ACADEMY = Department("C", "south")
ISLAND = Department("I", "east", landmass="island")
DEPARTMENTS = (EAST, NEXT_TO_EAST, SAME_ACADEMY, FAR_ACADEMY, ISLAND)
PERIODS = (Period("p", ("2027-W10",)), Period("q", ("2027-W11",)))


def at_km(distance: int) -> tuple[int, int, int]:
    """A place so many kilometres from the school."""
    return PLACE[0], PLACE[1] + 1000 * distance, PLACE[2]


def school(**changes: Any) -> School:
    return School(**{"id": "school", "department": "A", "position": PLACE} | changes)


def offer(**changes: Any) -> Offer:
    given = {"id": "offer", "department": "A", "position": at_km(5), "sector": "x", "levels": frozenset({"3e"})}
    return Offer(**given | {"seats": {"p": 1}} | changes)


def group(**changes: Any) -> Group:
    return Group(
        **{"id": "group", "school": "school", "level": "3e", "count": 1, "periods": frozenset({"p"})} | changes
    )


def world(**changes: Any) -> Instance:
    """One school, one offer 5 km away with one seat, one pupil; `changes` replace whole tables."""
    rows = {"departments": DEPARTMENTS, "schools": (school(),), "periods": PERIODS}
    return Instance(**rows | {"offers": (offer(),), "groups": (group(),)} | changes)
