"""Where a place stands more exactly than its commune's centre: read as maps write it, judged, told with what is near.

Responsible for refusing a point that is not where the place says it is. Refuses to know which place it is.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, select
from sqlmodel import Session, col

from service.errors import ServiceError
from service.persistence.bulk import fetch
from service.persistence.tables import Commune
from solver.geography import position, trip_m

DOUBTFUL_M, REFUSED_M = 15_000, 60_000
"""From the commune's centre: farther than the first is said, farther than the second is refused."""
ELSEWHERE_M = 5_000
"""How much nearer another département's communes have to be for a point to be clearly there."""
AS_WRITTEN_M = 20
"""Two points this near are the same one, as four decimals write it."""
_KM_OF_A_DEGREE = 111
_CENTRES = "centres"
_DOT = re.compile(r"([+-]?[0-9]{1,3}\.[0-9]+)(?:\s*[,;/]\s*|\s+)([+-]?[0-9]{1,3}\.[0-9]+)")
_COMMA = re.compile(r"([+-]?[0-9]{1,3},[0-9]+)(?:\s*[;/]\s*|,\s+|\s+)([+-]?[0-9]{1,3},[0-9]+)")
_ONE = re.compile(r"[+-]?[0-9]{1,3}(?:[.,][0-9]+)?")


class Point(NamedTuple):
    """Degrees; south and west are negative."""

    latitude: float
    longitude: float

    def __str__(self) -> str:
        """As maps write it, and as `read_point` reads it."""
        return f"{self.latitude:.5f}, {self.longitude:.5f}"


@dataclass(frozen=True, slots=True)
class Town:
    name: str
    point: Point


def read_point(text: str, longitude: str = "") -> Point | None:
    """«48.8566, 2.3522», «48,8566 ; 2,3522», or one number in each argument; None when nothing is typed.

    Raises:
        ServiceError: `point_unreadable`, no two numbers or no place on earth.
    """
    first, second = _plain(text), _plain(longitude)
    if not first and not second:
        return None
    pair = _DOT.fullmatch(first) or _COMMA.fullmatch(first)
    if pair is not None and not second:
        first, second = pair[1], pair[2]
    if _ONE.fullmatch(first) and _ONE.fullmatch(second):
        found = Point(float(first.replace(",", ".")), float(second.replace(",", ".")))
        if abs(found.latitude) <= 90 and abs(found.longitude) <= 180:
            return found
    typed = ", ".join(filter(None, (text.strip(), longitude.strip())))
    message = (
        f"«\u00a0{typed[:60]}\u00a0» ne se lit pas comme un point. Copiez la latitude puis la longitude d’une carte, "
        "par exemple «\u00a048.8566, 2.3522\u00a0», ou laissez vide."
    )
    raise ServiceError("point_unreadable", message, "point")


def _plain(text: str) -> str:
    return text.strip().strip("()").replace("°", "").replace("\u2212", "-").replace("\u00a0", " ").strip()


def centre_of(commune: Commune) -> Point:
    return Point(commune.latitude, commune.longitude)


def metres_between(one: Point, other: Point) -> int:
    """In a straight line, as every round counts it."""
    return trip_m(position(*one), position(*other))


def own_point(place: Point, commune: Commune) -> Point | None:
    """The point that was given for a place; None when it stands at its commune's centre."""
    return place if metres_between(place, centre_of(commune)) > AS_WRITTEN_M else None


def settle(session: Session, commune: Commune, point: Point | None) -> tuple[Point, list[str]]:
    """Where a place of that commune stands, and warnings to show: its point, else the commune's centre.

    Raises:
        ServiceError: `point_far`, or `point_elsewhere`: nearer to another département's communes.
    """
    centre = centre_of(commune)
    if point is None:
        return centre, []
    away, where = metres_between(centre, point), f"{commune.name} ({commune.department_code})"
    if away <= DOUBTFUL_M:
        return point, []
    if away > REFUSED_M:
        raise ServiceError("point_far", f"{_told(point, away, where)} {_way_out(centre, point)}", "point")
    elsewhere = _clearly_elsewhere(session, commune, point)
    if elsewhere:
        message = f"{_told(point, away, where)} Il est près de {elsewhere}. Corrigez les coordonnées ou la commune."
        raise ServiceError("point_elsewhere", message, "point")
    return point, [f"{_told(point, away, where)} Vérifiez qu’il est au bon endroit."]


def _told(point: Point, away: int, where: str) -> str:
    return f"Le point {point} est à {away // 1000}\u00a0km du centre de {where}."


def _way_out(centre: Point, point: Point) -> str:
    turned = Point(point.longitude, point.latitude)
    if abs(turned.latitude) <= 90 and metres_between(centre, turned) <= REFUSED_M:
        return f"Latitude et longitude semblent inversées\u00a0: essayez «\u00a0{turned}\u00a0»."
    return "Corrigez les coordonnées ou la commune."


def _clearly_elsewhere(session: Session, commune: Commune, point: Point) -> str:
    """The nearest commune of another département («Vienne (38)») when it is much nearer than any of this one."""
    if _CENTRES not in session.info:
        session.info[_CENTRES] = _read_centres(session)
    found: _Centres = session.info[_CENTRES]
    east = (found.longitudes - point.longitude) * math.cos(math.radians(point.latitude))
    away = np.hypot(found.latitudes - point.latitude, east) * _KM_OF_A_DEGREE * 1000
    own = found.departments == commune.department_code
    theirs = int(np.argmin(np.where(own, math.inf, away)))
    if own[theirs] or away[own].min(initial=math.inf) <= away[theirs] + ELSEWHERE_M:
        return ""
    return f"{found.names[theirs]} ({found.departments[theirs]})"


@dataclass(frozen=True, slots=True)
class _Centres:
    """Every commune's centre, column by column."""

    names: NDArray[np.str_]
    departments: NDArray[np.str_]
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]


def _read_centres(session: Session) -> _Centres:
    """Read once per session: each line of a file of sites may ask."""
    query = select(
        col(Commune.name), col(Commune.department_code), col(Commune.latitude), col(Commune.longitude)
    ).order_by(col(Commune.insee))
    names, departments, latitudes, longitudes = zip(*fetch(session, query), strict=True)
    return _Centres(np.array(names), np.array(departments), np.array(latitudes), np.array(longitudes))


def _around(point: Point, km: float) -> ColumnElement[bool]:
    north = km / _KM_OF_A_DEGREE
    east = north / max(math.cos(math.radians(point.latitude)), 0.1)
    return and_(
        col(Commune.latitude).between(point.latitude - north, point.latitude + north),
        col(Commune.longitude).between(point.longitude - east, point.longitude + east),
    )


def towns_around(session: Session, point: Point, km: float, at_most: int = 40) -> list[Town]:
    """The most populated communes of a square of twice `km` a side, the largest first."""
    query = (
        select(col(Commune.name), col(Commune.latitude), col(Commune.longitude))
        .where(_around(point, km))
        .order_by(col(Commune.population).desc(), col(Commune.insee))
        .limit(at_most)
    )
    return [Town(name, Point(latitude, longitude)) for name, latitude, longitude in fetch(session, query)]
