"""Schools that ask to come to discovery activities, and the room left for them.

Responsible for who may ask and for never promising more room than there is. Refuses to know pupils: only numbers of
them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.texts import clean_text, plural
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.rows import row_id, take_version
from service.persistence.tables import ActivityRequest, Department, DiscoveryActivity, Partner, School
from service.vocabulary import (
    ACTIVITY_REQUEST_TRANSITIONS,
    ActivityRequestStatus,
    ActivityStatus,
    Audience,
    SchoolType,
)

MOST_PUPILS_OF_A_SCHOOL = 1000
AUDIENCES_OF_SCHOOL = {
    SchoolType.COLLEGE: frozenset({Audience.CINQUIEME, Audience.QUATRIEME, Audience.TROISIEME}),
    SchoolType.LYCEE: frozenset({Audience.SECONDE, Audience.PREMIERE, Audience.TERMINALE}),
}


@dataclass(frozen=True, slots=True)
class ActivityNearby:
    """An activity as a school sees it, with what it asked if it did."""

    activity: DiscoveryActivity
    partner_name: str
    left: int
    request: ActivityRequest | None


def requests_of_activity(session: Session, activity: DiscoveryActivity) -> list[tuple[ActivityRequest, School]]:
    """Who asked, in the order they asked."""
    query = (
        select(ActivityRequest, School)
        .join(School, col(School.id) == col(ActivityRequest.school_id))
        .where(ActivityRequest.activity_id == activity.id)
        .order_by(col(ActivityRequest.asked_at), col(ActivityRequest.id))
    )
    return list(session.exec(query).all())


def room_left(session: Session, activity: DiscoveryActivity) -> int:
    """Computed from the requests accepted, never typed."""
    return activity.room - accepted_pupils(session, [row_id(activity)]).get(row_id(activity), 0)


def accepted_pupils(session: Session, activities: Collection[int]) -> dict[int, int]:
    counts = session.exec(
        select(ActivityRequest.activity_id, func.sum(col(ActivityRequest.pupils)))
        .where(
            col(ActivityRequest.activity_id).in_(activities), ActivityRequest.status == ActivityRequestStatus.ACCEPTED
        )
        .group_by(col(ActivityRequest.activity_id))
    )
    return {activity: int(pupils) for activity, pupils in counts}


def waiting_requests(session: Session, partner: Partner) -> dict[int, int]:
    counts = session.exec(
        select(ActivityRequest.activity_id, func.count(col(ActivityRequest.id)))
        .join(DiscoveryActivity, col(DiscoveryActivity.id) == col(ActivityRequest.activity_id))
        .where(
            DiscoveryActivity.partner_id == partner.id,
            DiscoveryActivity.status == ActivityStatus.ANNOUNCED,
            ActivityRequest.status == ActivityRequestStatus.ASKED,
        )
        .group_by(col(ActivityRequest.activity_id))
    )
    return dict(counts.all())


def activities_near(session: Session, school: School, today: date) -> list[ActivityNearby]:
    """Activities to come for the school's levels in its académie, and those it asked for, soonest first."""
    academy = select(col(Department.academy_code)).where(Department.code == school.department_code).scalar_subquery()
    near = select(col(Department.code)).where(col(Department.academy_code) == academy)
    mine = {one.activity_id: one for one in _requests_of_school(session, school)}
    query = (
        select(DiscoveryActivity, Partner.name)
        .join(Partner, col(Partner.id) == col(DiscoveryActivity.partner_id))
        .where(
            (
                col(DiscoveryActivity.department_code).in_(near)
                & (col(DiscoveryActivity.status) == ActivityStatus.ANNOUNCED)
                & (col(DiscoveryActivity.happens_on) >= today)
            )
            | col(DiscoveryActivity.id).in_(mine)
        )
        .order_by(col(DiscoveryActivity.happens_on), col(DiscoveryActivity.id))
    )
    rows = [(one, name) for one, name in session.exec(query) if row_id(one) in mine or is_for(school, one)]
    accepted = accepted_pupils(session, [row_id(one) for one, _ in rows])
    return [
        ActivityNearby(one, name, one.room - accepted.get(row_id(one), 0), mine.get(row_id(one))) for one, name in rows
    ]


def is_for(school: School, activity: DiscoveryActivity) -> bool:
    return bool(set(activity.audience) & AUDIENCES_OF_SCHOOL[school.kind])


def _requests_of_school(session: Session, school: School) -> Sequence[ActivityRequest]:
    return session.exec(select(ActivityRequest).where(ActivityRequest.school_id == school.id)).all()


def ask_to_come(
    session: Session, school: School, activity_id: int, pupils: int, message: str, today: date, actor: str
) -> ActivityRequest:
    """A school asks, once per activity; what it withdrew it may ask again.

    Raises:
        NotFound: the activity does not exist or is not for this school.
        ServiceError: no pupils or too many; no room; a message that is too long.
        Conflict: the activity is cancelled or past, or the school has already asked.
    """
    activity = session.get(DiscoveryActivity, activity_id)
    if activity is None or all(row_id(one.activity) != activity_id for one in activities_near(session, school, today)):
        raise NotFound
    if activity.status is not ActivityStatus.ANNOUNCED or activity.happens_on < today:
        raise Conflict("activity_over", "Cette activité n’est plus ouverte aux demandes.")
    if not 1 <= pupils <= MOST_PUPILS_OF_A_SCHOOL:
        message_fr = f"Indiquez un nombre d’élèves de 1 à {MOST_PUPILS_OF_A_SCHOOL}."
        raise ServiceError("count_out_of_bounds", message_fr, "pupils")
    if pupils > (left := room_left(session, activity)):
        raise ServiceError("activity_full", f"Il reste de quoi recevoir {plural(left, 'élève')}.", "pupils")
    said = clean_text(message, "message", "Le message", at_most=500, required=False)
    found = _request_of(session, school, activity_id)
    if found is not None and found.status is not ActivityRequestStatus.WITHDRAWN:
        raise Conflict("already_asked", "Votre établissement a déjà demandé cette activité.")
    asked = found or ActivityRequest(activity_id=activity_id, school_id=row_id(school), pupils=pupils)
    asked.pupils, asked.message, asked.status = pupils, said, ActivityRequestStatus.ASKED
    session.add(asked)
    session.flush()
    record(session, actor, "ask_activity", f"activity:{activity.id}", school=school.uai, pupils=pupils)
    return asked


def answer_request(
    session: Session, activity: DiscoveryActivity, request_id: int, accepted: bool, actor: str, version: int
) -> ActivityRequest:
    """The partner accepts or declines.

    The activity's own version moves too: two acceptances at once cannot both take the last room.

    Raises:
        NotFound: the request is not one of this activity's.
        ServiceError: not enough room left.
        Conflict: already answered that way, or changed meanwhile.
    """
    asked = session.get(ActivityRequest, request_id)
    if asked is None or asked.activity_id != activity.id:
        raise NotFound
    wanted = ActivityRequestStatus.ACCEPTED if accepted else ActivityRequestStatus.DECLINED
    if wanted not in ACTIVITY_REQUEST_TRANSITIONS[asked.status] or activity.status is not ActivityStatus.ANNOUNCED:
        raise Conflict("request_answered", "Cette demande a déjà reçu sa réponse, ou n’est plus d’actualité.")
    take_version(session, asked, version)
    take_version(session, activity, None)
    if accepted and asked.pupils > (left := room_left(session, activity)):
        raise ServiceError("activity_full", f"Il reste de quoi recevoir {plural(left, 'élève')} seulement.")
    asked.status = wanted
    session.add(asked)
    session.flush()
    record(session, actor, "answer_activity", f"activity:{activity.id}", request=request_id, accepted=accepted)
    return asked


def withdraw_request(session: Session, school: School, activity_id: int, actor: str) -> None:
    """The school will not come; its room is free again.

    Raises:
        NotFound: it has asked for nothing there.
        Conflict: there is nothing left to withdraw.
    """
    asked = _request_of(session, school, activity_id)
    if asked is None:
        raise NotFound
    if ActivityRequestStatus.WITHDRAWN not in ACTIVITY_REQUEST_TRANSITIONS[asked.status]:
        raise Conflict("request_closed", "Cette demande n’est plus en cours.")
    take_version(session, asked, None)
    asked.status = ActivityRequestStatus.WITHDRAWN
    session.add(asked)
    session.flush()
    record(session, actor, "withdraw_activity", f"activity:{activity_id}", school=school.uai)


def _request_of(session: Session, school: School, activity_id: int) -> ActivityRequest | None:
    query = select(ActivityRequest).where(
        ActivityRequest.activity_id == activity_id, ActivityRequest.school_id == school.id
    )
    return session.exec(query).first()
