"""School years, periods and which of them a level may use in a département.

Levels' windows and lengths come from the dated rules in the store, days off from `school_days`. The choices shown in a
form and the check at entry are the same code: what is greyed is what is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from service.domain.dates import french_span
from service.domain.school_days import SchoolDays, forget_school_days, is_calendar_known, school_days
from service.domain.school_years import (
    iso_week,
    period_label,
    periods_of_rule,
    school_year_of,
    seconde_fortnight,
    window_of,
)
from service.errors import Refusals, ServiceError
from service.persistence.tables import LevelRule, Period
from service.vocabulary import LEVEL_LABELS, Level, PeriodKind

__all__ = [
    "PeriodChoice",
    "allows_two_hosts",
    "check_periods",
    "forget_calendars",
    "holiday_of",
    "iso_week",
    "make_periods",
    "most_stays",
    "period_choices",
    "period_label",
    "school_year_of",
    "seconde_fortnight",
    "window_of",
]

_PERIODS = "periods"
_RULES = "level_rules"
_KINDS: dict[str, frozenset[PeriodKind]] = {
    "week": frozenset({PeriodKind.WEEK}),
    "block": frozenset({PeriodKind.WEEK, PeriodKind.BLOCK}),
    "fortnight": frozenset({PeriodKind.FORTNIGHT}),
}
_WEEK = frozenset({PeriodKind.WEEK})
"""What an offer opens besides, where pupils may be shared between two hosts: one of the weeks of their fortnight."""


@dataclass(frozen=True, slots=True)
class PeriodChoice:
    """A period as a form shows it: `why_closed` says why it is greyed."""

    period: Period
    label_fr: str
    open: bool
    why_closed: str


def make_periods(session: Session, school_year: str) -> list[Period]:
    """Every period of the year that some level's rule allows; those already there are kept.

    Raises:
        ServiceError: `calendar_unknown` when the zones' holidays are not known for that year.
    """
    if not is_calendar_known(school_year):
        raise ServiceError(
            "calendar_unknown",
            f"Le calendrier scolaire {school_year} n’est pas connu de cette version. Mettez à jour le service.",
            "school_year",
        )
    existing = {one.id for one in session.exec(select(Period).where(Period.school_year == school_year))}
    for level in Level:
        for period in periods_of_rule(_rule(session, level, school_year), school_year):
            if period.id not in existing:
                existing.add(period.id)
                session.add(period)
    session.flush()
    forget_calendars(session)
    return sorted(_periods(session, school_year).values(), key=lambda one: one.id)


def holiday_of(session: Session, department_code: str, day: date) -> str:
    """Why there is no school that day in that département, or nothing."""
    return school_days(session, department_code, school_year_of(day)).off(day)


def allows_two_hosts(session: Session, level: Level, school_year: str) -> bool:
    """Whether a pupil of the level may spend a week in each of two hosts instead of the whole period in one."""
    rule = _rule(session, level, school_year)
    return bool(rule["period"] == "fortnight" and rule["max_hosts"] > 1)


def most_stays(session: Session, level: Level, school_year: str) -> int:
    """How many times a pupil of the level may go somewhere in the year; 1 where there is one sequence."""
    rule = _rule(session, level, school_year)
    return int(rule["max_hosts"]) if rule["period"] == "block" else 1


def period_choices(
    session: Session, level: Level, school_year: str, department_code: str, *, hosting: bool = False
) -> list[PeriodChoice]:
    """The periods a request's form shows (an offer's with `hosting`), in order; closed ones say why."""
    rule = _rule(session, level, school_year)
    days = school_days(session, department_code, school_year)
    choices = []
    for period in sorted(_periods(session, school_year).values(), key=lambda one: (one.starts_on, one.ends_on)):
        if _is_of_level(rule, period, hosting):
            why = _why_closed(rule, days, period)
            choices.append(PeriodChoice(period, period_label(period), not why, why))
    return choices


def check_periods(
    session: Session,
    level: Level,
    school_year: str,
    department_code: str,
    period_ids: Iterable[str],
    *,
    hosting: bool = False,
) -> list[Period]:
    """The periods a request accepts, or that an offer opens with `hosting`, in order.

    Raises:
        Refusals: one per period that the level may not use there, each saying what to choose instead.
    """
    rule = _rule(session, level, school_year)
    days = school_days(session, department_code, school_year)
    known = _periods(session, school_year)
    wanted = sorted(set(period_ids))
    if not wanted:
        raise Refusals(
            [
                ServiceError(
                    "period_missing", f"Choisissez au moins une période. {_advice(rule, school_year)}", "periods"
                )
            ]
        )
    refusals = []
    for period_id in wanted:
        period = known.get(period_id)
        if period is None or not _is_of_level(rule, period, hosting):
            refusals.append(ServiceError("period_not_of_level", _not_of_level(rule, school_year, period), "periods"))
        elif why := _why_closed(rule, days, period):
            refusals.append(ServiceError("period_closed", f"{why} Choisissez une autre semaine.", "periods"))
    if refusals:
        raise Refusals(refusals)
    return [known[period_id] for period_id in wanted]


def _is_of_level(rule: dict[str, Any], period: Period, hosting: bool) -> bool:
    start, end = window_of(rule, period.school_year)
    kinds = _KINDS[rule["period"]] | (_WEEK if hosting and rule["max_hosts"] > 1 else frozenset())
    return period.kind in kinds and start <= period.starts_on and period.ends_on <= end


def _why_closed(rule: dict[str, Any], days: SchoolDays, period: Period) -> str:
    if not rule["window"]["outside_holidays"]:
        return ""
    mondays = (period.starts_on + timedelta(weeks=offset) for offset in range(len(period.weeks)))
    return next((why for why in map(days.why_closed, mondays) if why), "")


def _not_of_level(rule: dict[str, Any], school_year: str, period: Period | None) -> str:
    what = (
        "Cette période n’existe pas"
        if period is None
        else f"{period_label(period)}\u00a0: cette période ne convient pas"
    )
    return f"{what}. {_advice(rule, school_year)}"


def _advice(rule: dict[str, Any], school_year: str) -> str:
    span = french_span(*window_of(rule, school_year))
    label = LEVEL_LABELS[rule["key"]]
    if rule["period"] == "fortnight":
        return f"En {label}, la séquence se fait {span}."
    return f"En {label}, choisissez des semaines de classe {span}."


def forget_calendars(session: Session) -> None:
    """After periods, rules or calendar lines have changed in this session."""
    for key in (_PERIODS, _RULES):
        session.info.pop(key, None)
    forget_school_days(session)


def _periods(session: Session, school_year: str) -> dict[str, Period]:
    cache: dict[str, dict[str, Period]] = session.info.setdefault(_PERIODS, {})
    if school_year not in cache:
        rows = session.exec(select(Period).where(Period.school_year == school_year))
        cache[school_year] = {one.id: one for one in rows}
    return cache[school_year]


def _rule(session: Session, level: Level, school_year: str) -> dict[str, Any]:
    """The level's rule on the first day of its school year's spring: the last one that has begun."""
    cache: dict[tuple[str, str], dict[str, Any]] = session.info.setdefault(_RULES, {})
    if (level, school_year) not in cache:
        day = date(int(school_year[5:]), 1, 1)
        query = (
            select(LevelRule)
            .where(LevelRule.level == level.value, col(LevelRule.valid_from) <= day)
            .order_by(col(LevelRule.valid_from).desc())
        )
        rule = next((one for one in session.exec(query) if one.valid_to is None or one.valid_to >= day), None)
        if rule is None:
            raise ServiceError(
                "level_without_rule",
                f"Aucune règle n’est enregistrée pour le niveau {LEVEL_LABELS[level]} en {school_year}. "
                "Chargez les données de référence.",
                "level",
            )
        cache[level, school_year] = rule.document
    return cache[level, school_year]
