"""School years, ISO weeks and the periods a level's rule draws in a year. Pure: no database, no holidays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from service.domain.dates import french_day, french_span
from service.persistence.tables import Period
from service.vocabulary import PeriodKind

SCHOOL_YEAR_TURNS_ON = (8, 1)
"""A policy: after the reporting season of July and before the schools reopen."""


def school_year_of(day: date) -> str:
    """«2026-2027» for a day between 1 August 2026 and 31 July 2027."""
    first = day.year if (day.month, day.day) >= SCHOOL_YEAR_TURNS_ON else day.year - 1
    return f"{first}-{first + 1}"


def iso_week(day: date) -> str:
    """«2026-W53»: the year is the week's, not always the day's."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def seconde_fortnight(year: int) -> tuple[date, date]:
    """The Monday eleven days before the last Friday of June, and that Friday."""
    friday = _friday_on_or_before(date(year, 6, 30))
    return friday - timedelta(days=11), friday


def college_window(first_year: int) -> tuple[date, date]:
    """First Monday on or after 1 September, last Friday on or before 1 June."""
    first = date(first_year, 9, 1)
    return first + timedelta(days=-first.weekday() % 7), _friday_on_or_before(date(first_year + 1, 6, 1))


def _friday_on_or_before(day: date) -> date:
    return day - timedelta(days=(day.weekday() - 4) % 7)


def periods_of_rule(rule: dict[str, Any], school_year: str) -> Iterable[Period]:
    """Every period a level's rule allows in a school year."""
    start, end = window_of(rule, school_year)
    if rule["period"] == "fortnight":
        yield _period(PeriodKind.FORTNIGHT, school_year, start, 2)
        if rule["max_hosts"] > 1:
            yield from (_period(PeriodKind.WEEK, school_year, start + timedelta(weeks=each), 1) for each in range(2))
        return
    weeks = ((end - start).days + 3) // 7
    longest = rule["length"]["maximum"] if rule["period"] == "block" else 1
    for first in range(weeks):
        monday = start + timedelta(weeks=first)
        yield _period(PeriodKind.WEEK, school_year, monday, 1)
        for length in range(2, min(longest, weeks - first) + 1):
            yield _period(PeriodKind.BLOCK, school_year, monday, length)


def window_of(rule: dict[str, Any], school_year: str) -> tuple[date, date]:
    """First Monday and last Friday of a level's window in a school year."""
    first_year = int(school_year[:4])
    if rule["window"]["kind"] == "june_fortnight":
        return seconde_fortnight(first_year + 1)
    return college_window(first_year)


def _period(kind: PeriodKind, school_year: str, monday: date, weeks: int) -> Period:
    week = iso_week(monday)
    return Period(
        id=week if weeks == 1 else f"{week}-{weeks}",
        kind=kind,
        school_year=school_year,
        starts_on=monday,
        ends_on=monday + timedelta(weeks=weeks, days=-3),
        weeks=[iso_week(monday + timedelta(weeks=offset)) for offset in range(weeks)],
    )


def period_label(period: Period) -> str:
    """«Semaine du 1er février 2027», «Du 14 au 25 juin 2027»."""
    if len(period.weeks) == 1:
        return f"Semaine du {french_day(period.starts_on)}"
    return french_span(period.starts_on, period.ends_on).capitalize()
