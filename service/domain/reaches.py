"""What a school has within a distance today: sites with a free place for a class, by distance and by département.

Responsible for telling it before a request is sent, by the rules a round applies to places: the campaign's territory,
each convention's, straight metres. Refuses to promise anything: who gets which place is the round's to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from service.domain.accepted_departments import served_departments
from service.domain.bridge import trip_between
from service.domain.convention_states import accepts_offers, departments_of, get_convention
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import Campaign, Convention, Department, Offer, Opening, Period, School, Site
from service.vocabulary import Level, OfferStatus

STEPS_KM = (10, 20, 30, 50, 100)
KM_OF_A_DEGREE = 111
"""Of latitude, at least: sites farther north or south than this are not even read."""


@dataclass(frozen=True, slots=True)
class Within:
    """What lies within `km` of the school."""

    km: int
    sites: int
    seats: int


@dataclass(frozen=True, slots=True)
class ReachToday:
    """`steps` compare distances, the one asked among them; `departments` (name, code, sites) are those of that one.

    Sites are those of the départements that the class accepts; `left_out` counts the others, within the distance asked.
    """

    asked: Within
    steps: tuple[Within, ...]
    departments: tuple[tuple[str, str, int], ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    site: int
    department: str
    metres: int
    seats: int


def km_of_minutes(minutes: int, kmh: int) -> int:
    """A travel time as a distance in a straight line, rounded down, never under one kilometre: an estimate."""
    return max(1, minutes * kmh // 60)


@dataclass(frozen=True, slots=True)
class Where:
    """How far, and in which départements: none named, in all those that the campaign allows."""

    km: int
    departments: Collection[str] = ()


def reach_today(
    session: Session,
    campaign: Campaign,
    school: School,
    level: Level,
    periods: Collection[str],
    where: Where,
    today: date,
) -> ReachToday:
    """Free places for the level in `periods` (all those ahead when none is named), within reach and at other steps."""
    km, listed = where.km, where.departments
    distances = sorted({*STEPS_KM, km})
    around = _places(session, campaign, school, level, periods, distances[-1], today)
    places = [one for one in around if not listed or one.department in listed]
    within = {limit: _within(places, limit) for limit in distances}
    department_of = {one.site: one.department for one in places if one.metres <= km * 1000}
    sites = Counter(department_of.values())
    rows = fetch(session, select(col(Department.code), col(Department.name)))
    names: dict[str, str] = {code: name for code, name in rows}  # noqa: C416
    found = tuple(
        (names[code], code, count) for code, count in sorted(sites.items(), key=lambda row: (-row[1], row[0]))
    )
    left_out = _within(around, km).sites - within[km].sites
    return ReachToday(within[km], tuple(within.values()), found, left_out)


def _within(places: Collection[_Place], km: int) -> Within:
    near = [one for one in places if one.metres <= km * 1000]
    return Within(km, len({one.site for one in near}), sum(one.seats for one in near))


def _places(
    session: Session,
    campaign: Campaign,
    school: School,
    level: Level,
    periods: Collection[str],
    km: int,
    today: date,
) -> list[_Place]:
    ours = served_departments(session, campaign, school)
    rows = fetch(session, _free_places(campaign, school, level, periods, km, today))
    admits = {key: _admits(session, key, school, today) for key in {row[4] for row in rows if row[4]}}
    home = school.latitude, school.longitude
    return [
        _Place(site, department, trip_between(home, (latitude, longitude)), int(seats))
        for site, department, latitude, longitude, convention, seats in rows
        if department in ours and admits.get(convention, True)
    ]


def _admits(session: Session, key: str, school: School, today: date) -> bool:
    """Whether places under the convention are filled today, and for schools of that département."""
    convention = get_convention(session, key)
    territory = departments_of(session, convention)
    return accepts_offers(session, convention, today)[0] and (territory is None or school.department_code in territory)


def _free_places(
    campaign: Campaign, school: School, level: Level, periods: Collection[str], km: int, today: date
) -> Selection:
    room = case((col(Opening.keeps) < col(Opening.capacity), col(Opening.keeps)), else_=col(Opening.capacity))
    margin = km / KM_OF_A_DEGREE + 0.1
    place = (col(Site.id), col(Site.department_code), col(Site.latitude), col(Site.longitude), col(Convention.key))
    query = (
        select(*place, func.sum(room - col(Opening.used)))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .outerjoin(Convention, col(Convention.id) == col(Offer.convention_id))
        .where(
            col(Offer.status) == OfferStatus.PUBLISHED,
            col(Offer.school_year) == campaign.school_year,
            col(Offer.level) == level,
            room > col(Opening.used),
            col(Period.starts_on) > today,
            col(Site.latitude).between(school.latitude - margin, school.latitude + margin),
        )
        .group_by(*place)
    )
    return query.where(col(Opening.period_id).in_(sorted(periods))) if periods else query
