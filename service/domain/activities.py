"""Discovery activities as their partner keeps them: announced, counted once held, cancelled. No pupil is named.

Responsible for the employees mobilised under a convention. Refuses to know rounds and placements: these counters never
mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from service.domain.activity_requests import accepted_pupils, waiting_requests
from service.domain.audit import record
from service.domain.dates import french_day
from service.domain.gathering import gathered
from service.domain.school_years import school_year_of
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.rows import row_id, take_version
from service.persistence.tables import (
    Convention,
    Department,
    DiscoveryActivity,
    Partner,
)
from service.vocabulary import (
    ACTIVITY_TRANSITIONS,
    ActivityKind,
    ActivityStatus,
    Audience,
)

MOST_PEOPLE = 5000


class ActivityDraft(BaseModel):
    """An activity as a partner enters it: `room` pupils may come, `staff` employees give their time."""

    model_config = ConfigDict(frozen=True)

    kind: ActivityKind
    title: str
    happens_on: date
    department_code: str
    audience: tuple[Audience, ...]
    room: int
    staff: int
    place: str = ""
    convention_key: str | None = None


@dataclass(frozen=True, slots=True)
class StaffCount:
    """Employees of one convention in one school year: those announced for days to come, those who really came.

    A person who comes to two activities counts twice: the deeds do not say otherwise, and nobody is named.
    """

    announced: int
    held: int
    activities_held: int
    pupils_met: int


def announce_activity(
    session: Session, partner: Partner, draft: ActivityDraft, today: date, actor: str
) -> DiscoveryActivity:
    """A day given to classes, to come or already past (it is then declared after the fact).

    Raises:
        Refusals: no title, no audience, another school year, people out of bounds, another partner's convention.
    """
    title, place, convention_id = "", "", None
    with gathered() as faults:
        with faults.next():
            title = clean_text(draft.title, "title", "Le titre")
        with faults.next():
            place = clean_text(draft.place, "place", "Le lieu", at_most=200, required=False)
        with faults.next():
            convention_id = _convention_id(session, partner, draft.convention_key)
        if not draft.audience:
            faults.add("audience_missing", "Cochez au moins un niveau.", "audience")
        if session.get(Department, draft.department_code) is None:
            faults.add("department_unknown", "Choisissez le département dans la liste.", "department_code")
        if school_year_of(draft.happens_on) < school_year_of(today):
            said = f"Le {french_day(draft.happens_on)} est d’une année scolaire passée. Choisissez une autre date."
            faults.add("year_past", said, "happens_on")
        for field, number, least in (("room", draft.room, 1), ("staff", draft.staff, 0)):
            if not least <= number <= MOST_PEOPLE:
                faults.add("count_out_of_bounds", f"Indiquez un nombre de {least} à {MOST_PEOPLE}.", field)
    activity = DiscoveryActivity(
        partner_id=row_id(partner),
        convention_id=convention_id,
        school_year=school_year_of(draft.happens_on),
        kind=draft.kind,
        title=title,
        happens_on=draft.happens_on,
        department_code=draft.department_code,
        place=place,
        audience=[one.value for one in Audience if one in draft.audience],
        room=draft.room,
        staff=draft.staff,
    )
    session.add(activity)
    session.flush()
    record(session, actor, "announce_activity", f"activity:{activity.id}", staff=draft.staff, room=draft.room)
    return activity


def _convention_id(session: Session, partner: Partner, key: str | None) -> int | None:
    if not key:
        return None
    query = (
        select(Convention)
        .where(Convention.key == key, Convention.partner_id == partner.id)
        .order_by(col(Convention.version).desc())
    )
    convention = session.exec(query).first()
    if convention is None:
        raise ServiceError("convention_unknown", "Choisissez la convention dans la liste.", "convention_key")
    return row_id(convention)


def get_activity(session: Session, partner: Partner, activity_id: int) -> DiscoveryActivity:
    """The activity, if it is that partner's.

    Raises:
        NotFound: it is not, or there is none: the same answer.
    """
    activity = session.get(DiscoveryActivity, activity_id)
    if activity is None or activity.partner_id != partner.id:
        raise NotFound
    return activity


def count_activity(
    session: Session, activity: DiscoveryActivity, staff: int, pupils_met: int, today: date, actor: str, version: int
) -> None:
    """Who was really there, once the day has come; may be corrected.

    Raises:
        ServiceError: before the day, or people out of bounds.
        Conflict: the activity is cancelled, or someone else has just changed it.
    """
    _refuse_move(activity, ActivityStatus.HELD)
    if activity.happens_on > today:
        said = f"L’activité a lieu le {french_day(activity.happens_on)}. Comptez les présents ce jour-là ou après."
        raise ServiceError("activity_to_come", said, "pupils_met")
    for field, number in (("staff", staff), ("pupils_met", pupils_met)):
        if not 0 <= number <= MOST_PEOPLE:
            raise ServiceError("count_out_of_bounds", f"Indiquez un nombre de 0 à {MOST_PEOPLE}.", field)
    take_version(session, activity, version)
    activity.status, activity.staff, activity.pupils_met = ActivityStatus.HELD, staff, pupils_met
    session.add(activity)
    session.flush()
    record(session, actor, "count_activity", f"activity:{activity.id}", staff=staff, pupils=pupils_met)


def cancel_activity(session: Session, activity: DiscoveryActivity, actor: str, version: int) -> None:
    """The day will not take place; the schools that asked keep seeing it, cancelled."""
    _refuse_move(activity, ActivityStatus.CANCELLED)
    take_version(session, activity, version)
    activity.status = ActivityStatus.CANCELLED
    session.add(activity)
    session.flush()
    record(session, actor, "cancel_activity", f"activity:{activity.id}")


def _refuse_move(activity: DiscoveryActivity, wanted: ActivityStatus) -> None:
    if wanted not in ACTIVITY_TRANSITIONS[activity.status]:
        state = "annulée" if activity.status is ActivityStatus.CANCELLED else "déjà tenue"
        raise Conflict("activity_state", f"Cette activité est {state}\u00a0: elle ne peut plus être modifiée ainsi.")


def activities_of_partner(session: Session, partner: Partner) -> list[tuple[DiscoveryActivity, int, int]]:
    """Each activity, newest first, with its accepted pupils and its requests that wait for an answer."""
    rows = session.exec(
        select(DiscoveryActivity)
        .where(DiscoveryActivity.partner_id == partner.id)
        .order_by(col(DiscoveryActivity.happens_on).desc(), col(DiscoveryActivity.id))
    ).all()
    accepted = accepted_pupils(session, [row_id(one) for one in rows])
    waiting = waiting_requests(session, partner)
    return [(one, accepted.get(row_id(one), 0), waiting.get(row_id(one), 0)) for one in rows]


def staff_mobilised(session: Session, convention: Convention, school_year: str) -> StaffCount:
    """What the convention's activities of the year amount to, cancelled ones left out."""
    versions = select(col(Convention.id)).where(Convention.key == convention.key)
    rows = session.exec(
        select(DiscoveryActivity).where(
            col(DiscoveryActivity.convention_id).in_(versions), DiscoveryActivity.school_year == school_year
        )
    ).all()
    held = [one for one in rows if one.status is ActivityStatus.HELD]
    return StaffCount(
        announced=sum(one.staff for one in rows if one.status is ActivityStatus.ANNOUNCED),
        held=sum(one.staff for one in held),
        activities_held=len(held),
        pupils_met=sum(one.pupils_met or 0 for one in held),
    )
