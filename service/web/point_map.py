"""A small map of a place: its point, its commune's centre, the towns around and a scale, as numbers for an SVG.

Responsible for what is drawn where. Refuses to ask anything of another site, and to choose colours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from service.domain.points import REFUSED_M, Point, Town, centre_of, metres_between, own_point, read_point, towns_around
from service.errors import ServiceError
from service.persistence.tables import Commune
from service.web.french import distance

WIDTH, HEIGHT = 320, 220
_MARGIN, _LINE, _LETTER = 16, 14, 6.4
_LEAST_KM = 6.0
"""Half the height of the map, at least: a point beside the centre is still shown among its neighbours."""
_SCALES_KM = (1, 2, 5, 10, 20, 50)
_TOWNS = 9


@dataclass(frozen=True, slots=True)
class Mark:
    """`anchor` is the side the name is written from."""

    x: float
    y: float
    name: str
    anchor: str = "start"
    shift: float = 7.0


@dataclass(frozen=True, slots=True)
class PointMap:
    """`said` tells in a sentence all that the drawing adds to the field; `place` is None at the commune's centre."""

    said: str
    centre: Mark
    place: Mark | None
    towns: tuple[Mark, ...]
    scale: tuple[float, str]


@dataclass(frozen=True, slots=True)
class _Frame:
    middle: Point
    pixels_of_km: float

    def place(self, point: Point) -> tuple[float, float]:
        north = (point.latitude - self.middle.latitude) * 111.2
        east = (point.longitude - self.middle.longitude) * 111.2 * math.cos(math.radians(self.middle.latitude))
        return round(WIDTH / 2 + east * self.pixels_of_km, 1), round(HEIGHT / 2 - north * self.pixels_of_km, 1)

    def mark(self, town: Town) -> Mark:
        x, y = self.place(town.point)
        room = x + 7 + len(town.name) * _LETTER < WIDTH
        return Mark(x, y, town.name) if room else Mark(x, y, town.name, "end", -7.0)


def typed_map(session: Any, commune: Commune | None, typed: str) -> PointMap | None:
    """The map of what is typed in a form; None where that is no point, or one too far to be shown."""
    try:
        point = read_point(typed)
    except ServiceError:
        return None
    return None if commune is None else point_map(session, commune, point)


def point_map(session: Any, commune: Commune, point: Point | None) -> PointMap | None:
    """The map of a place that stands at `point` (None: at the centre of its commune)."""
    centre = centre_of(commune)
    point = own_point(point, commune) if point is not None else None
    away = 0 if point is None else metres_between(centre, point)
    if away > REFUSED_M:
        return None
    where = f"{commune.name} ({commune.department_code})"
    other = point or centre
    middle = Point((centre.latitude + other.latitude) / 2, (centre.longitude + other.longitude) / 2)
    half = max(_LEAST_KM, away / 1000 * 0.75)
    frame = _Frame(middle, (HEIGHT / 2 - _MARGIN) / half)
    home = frame.mark(Town(commune.name, centre))
    kept = [home]
    for town in towns_around(session, middle, half * WIDTH / HEIGHT):
        mark = frame.mark(town)
        if len(kept) <= _TOWNS and _inside(mark) and all(_apart(mark, one) for one in kept):
            kept.append(mark)
    length = max((one for one in _SCALES_KM if one * frame.pixels_of_km <= WIDTH / 3), default=1)
    return PointMap(
        said=f"Le point est à {distance(away)} du centre de {where}." if point else f"Au centre de {where}.",
        centre=home,
        place=None if point is None else Mark(*frame.place(point), ""),
        towns=tuple(kept[1:]),
        scale=(round(length * frame.pixels_of_km, 1), f"{length}\u00a0km"),
    )


def _inside(mark: Mark) -> bool:
    """Above the scale, and not cut by the frame."""
    return 8 <= mark.x <= WIDTH - 8 and 14 <= mark.y <= HEIGHT - 26


def _span(mark: Mark) -> tuple[float, float]:
    ends = mark.x, mark.x + math.copysign(7 + len(mark.name) * _LETTER, mark.shift)
    return min(ends), max(ends)


def _apart(one: Mark, other: Mark) -> bool:
    """Whether two names do not touch."""
    (a, b), (c, d) = _span(one), _span(other)
    return abs(one.y - other.y) >= _LINE or b < c or d < a
