"""Dates as the law counts them and as French people write them. No calendar of schools here."""

from __future__ import annotations

import calendar
from datetime import date

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def french_day(day: date) -> str:
    """«1er février 2027»."""
    return f"{_day_number(day)} {MONTHS[day.month - 1]} {day.year}"


def french_span(start: date, end: date) -> str:
    """«du 14 au 25 juin 2027», «du 31 mai au 4 juin 2027», «du 28 décembre 2026 au 1er janvier 2027»."""
    if start.year != end.year:
        return f"du {french_day(start)} au {french_day(end)}"
    if start.month != end.month:
        return f"du {_day_number(start)} {MONTHS[start.month - 1]} au {french_day(end)}"
    return f"du {_day_number(start)} au {french_day(end)}"


def short_date(day: date) -> str:
    """«27/11/2026»."""
    return day.strftime("%d/%m/%Y")


def _day_number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


def add_months(day: date, months: int) -> date:
    """The same day some months later (earlier when negative), or the last of the month when there is no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    return add_months(day, 12 * years)
