"""Which territory covers which: a département, its académie, its région académique, the country.

Responsible for the keys under which rights and campaigns name a territory («department:69», «academy:10»,
«region:84», nothing for the country: the three numberings collide, so a code never goes without its kind), and for the
one condition that cuts a query to a perimeter. Refuses to know who holds which right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from service.errors import ServiceError
from service.persistence.bulk import fetch
from service.persistence.tables import Academy, Department, Region
from service.vocabulary import Role

NATION = ""
Area = frozenset[str] | None
"""Codes of départements; None is the whole country, overseas included."""
KINDS: Mapping[Role, str] = {
    Role.REGION_COORDINATOR: "region",
    Role.ACADEMY_COORDINATOR: "academy",
    Role.DEPARTMENT_COORDINATOR: "department",
}
"""What a coordinator's role is about."""
_KINDS = ("", *KINDS.values())
"""The widest first; the country has no kind."""
_GEOGRAPHY = "geography"


def _kind(key: str) -> int:
    """The wider, the smaller."""
    return _KINDS.index(key.partition(":")[0])


def role_of_territory(key: str) -> Role:
    """The role of those who coordinate it."""
    kind = key.partition(":")[0]
    return next((role for role, named in KINDS.items() if named == kind), Role.NATIONAL_COORDINATOR)


def common(one: Area, other: Area) -> Area:
    """What both cover."""
    return other if one is None else one if other is None else one & other


def contains(outer: Area, inner: Area) -> bool:
    """Whether the second lies in the first, whole."""
    return outer is None or (inner is not None and inner <= outer)


def overlaps(one: Area, other: Area) -> bool:
    both = common(one, other)
    return both is None or bool(both)


def within(department: ColumnElement[str] | Mapped[str], area: Area) -> ColumnElement[bool]:
    """The condition on a column of départements: everything is in the country."""
    return true() if area is None else department.in_(sorted(area))


@dataclass(frozen=True)
class Geography:
    """Every territory: its name, and its départements."""

    names: Mapping[str, str]
    departments: Mapping[str, frozenset[str]]

    def area(self, key: str) -> Area:
        """
        Raises:
            ServiceError: `territory_unknown`.
        """
        if key == NATION:
            return None
        if key not in self.departments:
            raise ServiceError("territory_unknown", "Choisissez un territoire dans la liste.", "territory")
        return self.departments[key]

    def name(self, key: str) -> str:
        """«académie de Lyon», «Rhône (69)», «France entière»."""
        return self.names.get(key, key)

    def union(self, keys: Iterable[str]) -> Area:
        """What several territories cover together."""
        areas = [self.area(key) for key in keys]
        return None if None in areas else frozenset(code for area in areas for code in area or ())

    def inside(self, area: Area) -> list[str]:
        """The territories that lie in an area, the widest first; the country itself when the area is the country."""
        return [key for key in self._ordered if contains(area, self.area(key))]

    def under(self, keys: Iterable[str]) -> list[str]:
        """These territories and what lies in them, never one of a wider kind: overseas, a département, its académie and
        its région are the same land under three coordinations."""
        tops = [(_kind(key), self.area(key)) for key in keys]
        return [
            one
            for one in self._ordered
            if any(_kind(one) >= kind and contains(area, self.area(one)) for kind, area in tops)
        ]

    def around(self, department: str) -> list[str]:
        """The région académique, the académie and the département where a département is, in that order."""
        holding = [key for key, codes in self.departments.items() if department in codes]
        return sorted(holding, key=_kind)

    @cached_property
    def _ordered(self) -> list[str]:
        return sorted(self.names, key=lambda key: (_kind(key), self.names[key], key))


def read_geography(session: Session) -> Geography:
    """Read once per session, in one query: it is reference data."""
    kept: Geography | None = session.info.get(_GEOGRAPHY)
    if kept is None:
        session.info[_GEOGRAPHY] = kept = _read(session)
    return kept


def _read(session: Session) -> Geography:
    rows = fetch(
        session,
        select(
            col(Department.code),
            col(Department.name),
            col(Academy.code),
            col(Academy.name),
            col(Region.code),
            col(Region.name),
        )
        .join(Academy, col(Academy.code) == col(Department.academy_code))
        .join(Region, col(Region.code) == col(Academy.region_code)),
    )
    names, departments = {NATION: "France entière"}, dict[str, set[str]]()
    for code, name, academy, academy_name, region, region_name in rows:
        named = {
            f"department:{code}": f"{name} ({code})",
            f"academy:{academy}": f"Académie\u00a0: {academy_name}",
            f"region:{region}": f"Région académique\u00a0: {region_name}",
        }
        names |= named
        for key in named:
            departments.setdefault(key, set()).add(code)
    return Geography(names, {key: frozenset(codes) for key, codes in departments.items()})


def area_of(session: Session, key: str) -> Area:
    """The départements of a territory.

    Raises:
        ServiceError: `territory_unknown`.
    """
    return None if key == NATION else read_geography(session).area(key)


def forget_geography(session: Session) -> None:
    """After the reference data has changed."""
    session.info.pop(_GEOGRAPHY, None)


def right_holds(school_year: str, current: str) -> bool:
    """Whether a right given until the end of a school year still opens anything in the `current` one."""
    return not school_year or school_year >= current
