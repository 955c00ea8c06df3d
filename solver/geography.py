"""Trips and reach: the only module that knows the earth is round.

A place is frozen as geocentric x, y, z in whole metres, and a trip is the whole number of metres of the straight chord
between two places. Both are exact integers, so the engine (numpy) and the verifier (plain Python) can never disagree by
a rounding. The chord is shorter than the great circle by d^3 / 24 R^2: 1 m at 100 km, 28 m at 300 km.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from solver.instance import Department, Position
from solver.params import TerritoryRule

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the GRS 80 ellipsoid (IUGG)."""


def position(latitude: float, longitude: float) -> Position:
    """Freeze a place given in degrees.

    Raises:
        ValueError: NaN, or degrees outside [-90, 90] and [-180, 180].
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"position: latitude {latitude!r}, longitude {longitude!r} are no place on earth")
    lat, lon = math.radians(latitude), math.radians(longitude)
    ring = EARTH_RADIUS_M * math.cos(lat)
    return round(ring * math.cos(lon)), round(ring * math.sin(lon)), round(EARTH_RADIUS_M * math.sin(lat))


def trip_m(a: Position, b: Position) -> int:
    """Length of the trip in whole metres (rounded down)."""
    return math.isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)


def trips_m(origins: NDArray[np.int64], destinations: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same, for n x 3 arrays row by row: exact, squares stay below 2**48 and floats are corrected by one."""
    squares = np.zeros(len(origins), np.int64)
    for axis in range(3):
        apart = origins[:, axis] - destinations[:, axis]
        squares += np.multiply(apart, apart, out=apart)
    roots: NDArray[np.int64] = np.sqrt(squares).astype(np.int64)
    roots -= roots * roots > squares
    roots += (roots + 1) * (roots + 1) <= squares
    return roots


def is_served_by(rule: TerritoryRule, school: Department, host: Department) -> bool:
    """Whether the campaign lets a school of `school` be received in `host`; never across a sea."""
    if school.landmass != host.landmass:
        return False
    if rule is TerritoryRule.ANYWHERE or school.code == host.code:
        return True
    if rule is TerritoryRule.DEPARTMENT:
        return False
    same_academy = school.academy == host.academy
    return same_academy or (rule is TerritoryRule.ACADEMY_OR_NEIGHBOUR and host.code in school.neighbours)
