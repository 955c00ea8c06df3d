"""Days without school in a département: school holidays of its zone or académie, public holidays, corrected lines.

Packages give the days they know (zones A, B, C; legal holidays); the store's calendar lines complete and correct them.
Refuses to know levels and periods.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
from sqlmodel import Session, select
from vacances_scolaires_france import SchoolHolidayDates

from service.domain.dates import french_day
from service.errors import ServiceError
from service.persistence.tables import Academy, CalendarEntry, Department

CLOSED_FROM_DAYS = 3
"""A week with that many of its five weekdays off is no week of placement."""
_LAST_KNOWN_DAY = date(2028, 8, 31)
"""The package has rows after that day, but they miss whole holidays: they are not to be believed."""
_ZONES = ("A", "B", "C")
_CACHE = "school_days"


@dataclass(frozen=True, slots=True)
class SchoolDays:
    """Days off of one département over one school year. `territory` is how people name what decides them."""

    territory: str
    school: Mapping[date, str]
    public: Mapping[date, str]

    def off(self, day: date) -> str:
        """Why there is no school that day, or nothing."""
        return self.school.get(day) or self.public.get(day, "")

    def why_closed(self, monday: date) -> str:
        """Why a week is closed, as a whole sentence without advice, or nothing."""
        weekdays = [monday + timedelta(days=offset) for offset in range(5)]
        if sum(1 for day in weekdays if self.off(day)) < CLOSED_FROM_DAYS:
            return ""
        if any(day in self.school for day in weekdays):
            return f"La semaine du {french_day(monday)} est en vacances scolaires pour {self.territory}."
        return f"La semaine du {french_day(monday)} a trop de jours fériés pour {self.territory}."


def school_days(session: Session, department_code: str, school_year: str) -> SchoolDays:
    """Read once per session: a page or a whole import asks for the same départements again and again.

    Raises:
        ServiceError: `department_unknown`.
    """
    cache: dict[tuple[str, str], SchoolDays] = session.info.setdefault(_CACHE, {})
    key = (department_code, school_year)
    if key not in cache:
        department = session.get(Department, department_code)
        if department is None:
            message = f"Le département «\u00a0{department_code[:5]}\u00a0» n’existe pas."
            raise ServiceError("department_unknown", message, "department")
        cache[key] = _read(session, department, school_year)
    return cache[key]


def forget_school_days(session: Session) -> None:
    """After a calendar line has changed."""
    session.info.pop(_CACHE, None)


def _read(session: Session, department: Department, school_year: str) -> SchoolDays:
    academy = session.get_one(Academy, department.academy_code)
    first_year = int(school_year[:4])
    school = dict(zone_days(academy.zone, first_year)) if academy.zone in _ZONES else {}
    scopes = {
        ("national", ""),
        ("zone", academy.zone),
        ("academy", academy.code),
        ("department", department.code),
    }
    for entry in session.exec(select(CalendarEntry)):
        if (entry.territory_type, "" if entry.territory_type == "national" else entry.territory) in scopes:
            school.update(dict.fromkeys(_days(entry.starts_on, entry.ends_on), entry.label))
    territory = f"la zone {academy.zone}" if academy.zone in _ZONES else f"l’académie de {academy.name}"
    return SchoolDays(territory, school, public_days(department.holidays_subdivision, first_year))


def _days(start: date, end: date) -> Iterable[date]:
    return (start + timedelta(days=offset) for offset in range((end - start).days + 1))


@lru_cache(maxsize=32)
def zone_days(zone: str, first_year: int) -> Mapping[date, str]:
    """Holidays of a zone between 1 August of `first_year` and 31 July of the next, as the package has them."""
    start, end = date(first_year, 8, 1), date(first_year + 1, 7, 31)
    known = _package().data
    return {
        day: str(row["nom_vacances"])
        for day, row in known.items()
        if start <= day <= min(end, _LAST_KNOWN_DAY) and row[f"vacances_zone_{zone.lower()}"]
    }


@lru_cache(maxsize=1)
def _package() -> SchoolHolidayDates:
    return SchoolHolidayDates()


@lru_cache(maxsize=64)
def public_days(subdivision: str, first_year: int) -> Mapping[date, str]:
    """Public holidays of the two calendar years a school year straddles."""
    found = holidays.country_holidays(
        "FR", subdiv=subdivision or None, years=(first_year, first_year + 1), language="fr"
    )
    return dict(found.items())


def read_known_days() -> None:
    """Reads now what the first question would read."""
    zone_days(_ZONES[0], _LAST_KNOWN_DAY.year - 1)
    public_days("", _LAST_KNOWN_DAY.year - 1)


def is_calendar_known(school_year: str) -> bool:
    """Whether the school holidays of the zones are known for that year."""
    return date(int(school_year[5:]), 7, 31) <= _LAST_KNOWN_DAY
