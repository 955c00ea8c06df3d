"""What an offer says beyond its seats: groups, seats reserved for a category of schools, hours of the week.

Responsible for checking, storing and reading them back, many offers at once. Refuses to know a convention or a status.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import delete, select
from sqlmodel import Session, col

from service.domain.gathering import gathered
from service.domain.texts import french_number, plural
from service.domain.working_time import WorkDay, judge_hours, limits_of
from service.errors import ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Offer, OfferDay, OfferReserve
from service.vocabulary import PRIORITY_LABELS, Level, Priority

RESERVABLE = (Priority.REP_PLUS, Priority.REP, Priority.QPV, Priority.RURAL)
"""The categories of schools seats may be kept for."""


@dataclass(frozen=True, slots=True)
class Details:
    """`min_group`: pupils of one school in a period, none or at least that many. `reserved`: seats of each period."""

    min_group: int | None = None
    max_per_school: int | None = None
    reserved: Mapping[str, int] = field(default_factory=dict)
    hours: tuple[WorkDay, ...] = ()


def check_details(session: Session, level: Level, details: Details, seats: Iterable[int], day: date | None) -> None:
    """`seats` of each open period; `day` the first one of the first period, whose rules the hours obey.

    Raises:
        Refusals: a group that is none or does not fit, reserves beyond the seats, hours beyond what an age allows.
    """
    smallest = min(seats, default=0)
    with gathered() as faults:
        with faults.next():
            _check_group(details, smallest)
        with faults.next():
            _check_reserves(details.reserved, smallest)
        if details.hours and day is not None:
            for sentence in judge_hours(details.hours, limits_of(session, level, day)).refused:
                faults.add("hours_over_the_limit", sentence, "hours")


def check_room(details: Details, seats: Iterable[int]) -> None:
    """The same after the seats alone have changed.

    Raises:
        ServiceError: fewer seats in an open period than a group or the reserves need.
    """
    smallest = min(seats, default=None)
    if smallest is None:
        return
    for kept, need in (
        (sum(details.reserved.values()), "{} à des établissements prioritaires ou ruraux"),
        (details.min_group or 0, "{} à un groupe de cette taille au moins"),
    ):
        if smallest < kept:
            what = need.format(plural(kept, "place est réservée", "places sont réservées"))
            message = f"{what}\u00a0: gardez-en autant dans chaque période ouverte, ou fermez la période."
            raise ServiceError("seats_under_kept", message, "seats")


def _check_group(details: Details, smallest: int) -> None:
    least, most = details.min_group, details.max_per_school
    if most is not None and most < 1:
        message = "Le maximum par établissement est d’au moins 1. Laissez-le vide s’il n’y en a pas."
        raise ServiceError("max_per_school_invalid", message, "max_per_school")
    if least is None:
        return
    if least < 2:
        message = "Un groupe compte au moins 2 élèves. Laissez vide si un élève peut venir seul."
        raise ServiceError("min_group_invalid", message, "min_group")
    if most is not None and least > most:
        message = f"Un groupe d’au moins {least} élèves dépasse le maximum de {most} par établissement."
        raise ServiceError("min_group_over_maximum", message, "min_group")
    if least > smallest:
        message = f"Un groupe d’au moins {least} élèves ne tient pas dans {plural(smallest, 'place')}."
        raise ServiceError("min_group_over_seats", message, "min_group")


def _check_reserves(reserved: Mapping[str, int], smallest: int) -> None:
    for category, seats in reserved.items():
        if category not in RESERVABLE:
            message = f"Aucune place ne se réserve à la catégorie «\u00a0{category[:20]}\u00a0»."
            raise ServiceError("category_unknown", message, "reserved")
        if seats < 1:
            message = f"Places réservées ({PRIORITY_LABELS[category]})\u00a0: un nombre d’au moins 1, ou rien."
            raise ServiceError("reserve_invalid", message, "reserved")
    kept = sum(reserved.values())
    if reserved and kept > smallest:
        message = (
            f"{french_number(kept)} places réservées sur {plural(smallest, 'place')}\u00a0: réservez-en moins, ou "
            "ouvrez plus de places dans chaque période."
        )
        raise ServiceError("reserves_over_seats", message, "reserved")


def hours_warnings(session: Session, level: Level, details: Details, day: date) -> tuple[str, ...]:
    """What is let through with a word beside the field."""
    if not details.hours:
        return ()
    return judge_hours(details.hours, limits_of(session, level, day)).warned


def write_details(session: Session, wanted: Sequence[tuple[Offer, Details]]) -> None:
    """The reserves and hours of offers, in place of those they had; the offers have keys."""
    ids = [row_id(offer) for offer, _ in wanted]
    for table in (OfferReserve, OfferDay):
        session.connection().execute(delete(table).where(col(table.offer_id).in_(ids)))
    for offer, details in wanted:
        offer.min_group, offer.max_per_school = details.min_group, details.max_per_school
        session.add_all(
            OfferReserve(offer_id=row_id(offer), category=Priority(category), seats=seats)
            for category, seats in sorted(details.reserved.items())
        )
        session.add_all(_day(row_id(offer), day) for day in details.hours)
    session.flush()


def _day(offer_id: int, day: WorkDay) -> OfferDay:
    pause = (day.stretches[0][1], day.stretches[1][0]) if len(day.stretches) == 2 else (None, None)
    starts, ends = day.stretches[0][0], day.stretches[-1][1]
    return OfferDay(
        offer_id=offer_id, weekday=day.weekday, starts=starts, pause_from=pause[0], pause_to=pause[1], ends=ends
    )


def _work_day(row: OfferDay) -> WorkDay:
    if row.pause_from is None or row.pause_to is None:
        return WorkDay(row.weekday, ((row.starts, row.ends),))
    return WorkDay(row.weekday, ((row.starts, row.pause_from), (row.pause_to, row.ends)))


def read_reserves(session: Session, offers: object) -> dict[int, dict[str, int]]:
    """Reserved seats by offer; `offers` is a list of keys or a subquery of them."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    query = select(OfferReserve).where(col(OfferReserve.offer_id).in_(offers))  # type: ignore[arg-type]
    for row in session.scalars(query.order_by(col(OfferReserve.category))):
        found[row.offer_id][row.category.value] = row.seats
    return found


def read_hours(session: Session, offers: object) -> dict[int, tuple[WorkDay, ...]]:
    """Hours by offer, Monday first; `offers` is a list of keys or a subquery of them."""
    found: dict[int, list[WorkDay]] = defaultdict(list)
    query = select(OfferDay).where(col(OfferDay.offer_id).in_(offers))  # type: ignore[arg-type]
    for row in session.scalars(query.order_by(col(OfferDay.weekday))):
        found[row.offer_id].append(_work_day(row))
    return {offer_id: tuple(days) for offer_id, days in found.items()}


def details_of(session: Session, offer: Offer) -> Details:
    """The details of one offer, as stored."""
    ids = [row_id(offer)]
    reserved, hours = read_reserves(session, ids), read_hours(session, ids)
    return Details(offer.min_group, offer.max_per_school, reserved.get(ids[0], {}), hours.get(ids[0], ()))


def with_shares(reserved: Mapping[str, int], seats: int, shares: Mapping[str, int]) -> dict[str, int]:
    """The seats a host keeps for each category, or that percent of its seats, rounded down, when that is more."""
    asked = {category: seats * percent // 100 for category, percent in sorted(shares.items())}
    kept = {one: max(reserved.get(one, 0), asked.get(one, 0)) for one in {**asked, **reserved}}
    return {one: count for one, count in kept.items() if count}
