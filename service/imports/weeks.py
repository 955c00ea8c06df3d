"""Weeks as people write them in a cell, read as the periods a level may use: « 25/01/2027, S5, 2027-W06 ».

Responsible for what was meant. Whether a period is open there is the calendar's to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from service.domain.calendar import PeriodChoice
from service.errors import ServiceError
from service.imports.faults import quoted

_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_NUMBERED = re.compile(r"(?:semaine|sem\.?|s)\s*([0-9]{1,2})", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,;|\n+]| et |\s+(?=[0-9]{1,2}/)")
_FIRST_WEEK_OF_AUTUMN = 30


def read_weeks(text: str, choices: Sequence[PeriodChoice], school_year: str) -> list[str]:
    """Identifiers of periods, in the order written. An empty cell means the only period there is, if there is one.

    Raises:
        ServiceError: `week_unknown` or `period_missing`.
    """
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if not parts:
        possible = [one.period.id for one in choices if one.open]
        if len(possible) != 1:
            raise ServiceError("period_missing", "Les semaines manquent. Écrivez leurs dates, par exemple 25/01/2027.")
        return possible
    return list(dict.fromkeys(_read_one(part, choices, school_year) for part in parts))


def _read_one(text: str, choices: Sequence[PeriodChoice], school_year: str) -> str:
    named = next((one.period.id for one in choices if one.period.id.casefold() == text.casefold()), None)
    if named is not None:
        return named
    try:
        year, week, _ = _day(text, school_year).isocalendar()
    except ValueError:
        message = f"{quoted(text)} n’est pas une semaine. Écrivez la date de son lundi, par exemple 25/01/2027."
        raise ServiceError("week_unknown", message) from None
    start = f"{year}-W{week:02}"
    found = sorted((len(one.period.weeks), one.period.id) for one in choices if one.period.id.startswith(start))
    if not found:
        raise ServiceError("week_unknown", f"{quoted(text)} n’est pas une semaine que ce niveau peut utiliser.")
    return found[0][1]


def _day(text: str, school_year: str) -> date:
    """Any day of the week meant."""
    if found := _DAY.fullmatch(text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if found := _ISO_DAY.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERED.fullmatch(text):
        week = int(found[1])
        year = int(school_year[:4] if week >= _FIRST_WEEK_OF_AUTUMN else school_year[5:])
        return date.fromisocalendar(year, week, 1)
    raise ValueError(text)
