"""Last year's requests taken up again: one draft per class that asked, for as many pupils, in the weeks that match.

Responsible for what is the same from one year to the next. Pupils and their wishes are not: neither is copied. A draft
is sent by a person who has read it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.domain.accepted_departments import served_departments
from service.domain.calendar import period_choices
from service.domain.request_entries import create_requests, existing_classes
from service.domain.request_rules import MOST_PUPILS, RequestDraft
from service.domain.schools import LEVELS_OF_SCHOOL
from service.errors import ServiceError
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    Campaign,
    ClassGroup,
    Period,
    PlacementRequest,
    Pupil,
    RequestPeriod,
    School,
)
from service.vocabulary import Level, RequestStatus

_A_YEAR = timedelta(weeks=52)


@dataclass(frozen=True, slots=True)
class LastYears:
    """A class's request of the year before: `periods` are those it accepted, in order."""

    class_name: str
    level: Level
    size: int
    reach_km: int
    departments: Sequence[str]
    two_hosts: bool
    every_period: bool
    periods: Sequence[tuple[date, int]]
    """First day and number of weeks."""


def year_before(school_year: str) -> str:
    first = int(school_year[:4])
    return f"{first - 1}-{first}"


def last_years(session: Session, campaign: Campaign, school: School) -> list[LastYears]:
    """The requests that can be taken up: classes that asked the year before and have no class of that name now."""
    pupils = select(func.count()).where(col(Pupil.class_id) == col(ClassGroup.id)).correlate(ClassGroup)
    query = (
        select(
            col(PlacementRequest.id),
            col(ClassGroup.name),
            col(ClassGroup.level),
            pupils.scalar_subquery(),
            col(PlacementRequest.reach_km),
            col(PlacementRequest.departments),
            col(PlacementRequest.two_hosts),
            col(PlacementRequest.every_period),
        )
        .join(ClassGroup, col(ClassGroup.id) == col(PlacementRequest.class_id))
        .where(
            col(ClassGroup.school_id) == row_id(school),
            col(ClassGroup.school_year) == year_before(campaign.school_year),
            col(PlacementRequest.status) != RequestStatus.WITHDRAWN,
        )
        .order_by(col(ClassGroup.name), col(PlacementRequest.id))
    )
    taken = {name for _, name in existing_classes(session, campaign.school_year, {row_id(school)})}
    possible = LEVELS_OF_SCHOOL[school.kind] & set(campaign.levels)
    # Of two campaigns of that year, the later one is the model.
    found = {row[1]: row for row in fetch(session, query) if row[1] not in taken and row[2] in possible}
    periods = _periods(session, [row[0] for row in found.values()])
    return [
        LastYears(name, level, size, reach_km, departments, two_hosts, every_period, periods.get(request_id, ()))
        for request_id, name, level, size, reach_km, departments, two_hosts, every_period in found.values()
    ]


def _periods(session: Session, request_ids: Sequence[int]) -> dict[int, list[tuple[date, int]]]:
    found: dict[int, list[tuple[date, int]]] = {}
    query = (
        select(col(RequestPeriod.request_id), col(Period.starts_on), col(Period.weeks))
        .join(Period, col(Period.id) == col(RequestPeriod.period_id))
        .where(col(RequestPeriod.request_id).in_(request_ids))
        .order_by(col(Period.starts_on), col(Period.ends_on))
    )
    for request_id, starts_on, weeks in fetch(session, query):
        found.setdefault(request_id, []).append((starts_on, len(weeks)))
    return found


def copy_last_years(
    session: Session, campaign: Campaign, school: School, actor: str, today: date
) -> list[PlacementRequest]:
    """Makes the drafts, all of them or none.

    Raises:
        ServiceError: `nothing_to_copy`.
        Conflict: the campaign is not open.
    """
    models = last_years(session, campaign, school)
    if not models:
        message = f"Aucune demande de {year_before(campaign.school_year)} n’est à reprendre."
        raise ServiceError("nothing_to_copy", message)
    served = served_departments(session, campaign, school)
    periods = [_matching(session, campaign, school, one, today) for one in models]
    drafts = [
        RequestDraft(
            class_name=one.class_name,
            level=one.level,
            size=min(max(one.size, 1), MOST_PUPILS),
            period_ids=matching,
            reach_km=one.reach_km,
            departments=tuple(code for code in one.departments if code in served),
            two_hosts=one.two_hosts,
            every_period=one.every_period and len(matching) == len(one.periods),
        )
        for one, matching in zip(models, periods, strict=True)
    ]
    return create_requests(session, campaign, [(school, draft) for draft in drafts], actor)


def _matching(session: Session, campaign: Campaign, school: School, model: LastYears, today: date) -> tuple[str, ...]:
    """The periods of this year that match those of the model and are open; the next open one when none is."""
    choices = period_choices(session, model.level, campaign.school_year, school.department_code)
    open_ones = [one.period for one in choices if one.open and one.period.starts_on > today]
    by_start = {(one.starts_on, len(one.weeks)): one.id for one in open_ones}
    kept = [by_start[start + _A_YEAR, weeks] for start, weeks in model.periods if (start + _A_YEAR, weeks) in by_start]
    if kept:
        return tuple(kept)
    start, weeks = model.periods[0] if model.periods else (date.min, 1)
    alike = [one for one in open_ones if len(one.weeks) == weeks] or open_ones
    after = [one.id for one in alike if one.starts_on - _A_YEAR >= start] or [one.id for one in alike]
    return tuple(after[:1])
