"""The meetings that steer conventions: who is called, who came, minutes drafted from the figures, proposed, validated.

Responsible for the life of the minutes: what is proposed is frozen, and validated once every member present has agreed.
Refuses to compute a figure: `reported_figures` does.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.convention_deadlines import current_conventions, meeting_due_on
from service.domain.dates import french_day
from service.domain.letters import Letter
from service.domain.outbox import queue_letters
from service.domain.reported_figures import FigureLine, as_row, figure_lines, year_on_year
from service.domain.reporting import committee_day, get_reporting
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Convention, MeetingMember, Membership, Partner, SteeringMeeting, User
from service.vocabulary import BODY_LABELS, BodyKind, MinutesStatus, Role

STATE = "État"


def plan_meetings(session: Session, school_year: str, today: date, actor: str) -> list[SteeringMeeting]:
    """One committee for every discovery convention, one meeting for each other text; those already planned are kept."""
    planned = []
    for convention, _ in current_conventions(session):
        kind = BodyKind(convention.document["steering"]["kind"])
        national = kind is BodyKind.NATIONAL_COMMITTEE
        key = "" if national else convention.key
        day = committee_day(school_year) if national else meeting_due_on(convention, max(today, _last_day(school_year)))
        planned.append(_plan(session, kind, key, school_year, day, actor))
    return list({row_id(one): one for one in planned}.values())


def _last_day(school_year: str) -> date:
    """A day of July of that year: the meeting that closes it is due then."""
    return date(int(school_year[5:]), 7, 1)


def _plan(session: Session, kind: BodyKind, key: str, school_year: str, day: date, actor: str) -> SteeringMeeting:
    found = session.exec(
        select(SteeringMeeting).where(
            SteeringMeeting.kind == kind,
            SteeringMeeting.convention_key == key,
            SteeringMeeting.school_year == school_year,
        )
    ).first()
    if found is None:
        found = SteeringMeeting(kind=kind, convention_key=key, school_year=school_year, planned_on=day)
        session.add(found)
        session.flush()
        record(session, actor, "plan_meeting", f"meeting:{found.id}", kind=kind, planned_on=str(day))
    _call_members(session, found)
    return found


def conventions_of_meeting(session: Session, meeting: SteeringMeeting) -> list[tuple[Convention, Partner]]:
    """The texts a meeting is about."""
    if meeting.convention_key:
        return [one for one in current_conventions(session) if one[0].key == meeting.convention_key]
    return [one for one in current_conventions(session) if one[0].document["steering"]["kind"] == meeting.kind]


def _call_members(session: Session, meeting: SteeringMeeting) -> None:
    """The State's coordinators, the members of the committee for the committee, the partners' people."""
    names = {row_id(partner): partner.name for _, partner in conventions_of_meeting(session, meeting)}
    roles = {Role.NATIONAL_COORDINATOR: STATE}
    if meeting.kind is BodyKind.NATIONAL_COMMITTEE:
        roles[Role.COMMITTEE_MEMBER] = "Membre du comité"
    query = (
        select(Membership, User)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(User.active).is_(True))
        .order_by(col(Membership.id))
    )
    known = {one.user_id for one in members_of(session, meeting)}
    for right, user in session.exec(query).all():
        speaks_for = roles.get(right.role) or (names.get(right.partner_id) if right.partner_id is not None else None)
        if speaks_for is not None and row_id(user) not in known:
            known.add(row_id(user))
            session.add(MeetingMember(meeting_id=row_id(meeting), user_id=row_id(user), speaks_for=speaks_for))
    session.flush()


def members_of(session: Session, meeting: SteeringMeeting) -> list[MeetingMember]:
    query = select(MeetingMember).where(MeetingMember.meeting_id == row_id(meeting))
    return list(session.exec(query.order_by(col(MeetingMember.speaks_for), col(MeetingMember.user_id))))


def meetings_for(session: Session, user_id: int | None) -> list[SteeringMeeting]:
    """Newest first; only those a person is called to, unless None."""
    query = select(SteeringMeeting).order_by(col(SteeringMeeting.planned_on).desc(), col(SteeringMeeting.id))
    if user_id is not None:
        query = query.join(MeetingMember, col(MeetingMember.meeting_id) == col(SteeringMeeting.id)).where(
            MeetingMember.user_id == user_id
        )
    return list(session.exec(query))


def get_meeting(session: Session, meeting_id: int, user_id: int | None) -> SteeringMeeting:
    """
    Raises:
        NotFound: none has that number, or the person is not called to it.
    """
    found = next((one for one in meetings_for(session, user_id) if one.id == meeting_id), None)
    if found is None:
        raise NotFound
    return found


def figures_of_meeting(session: Session, meeting: SteeringMeeting) -> list[FigureLine]:
    """The year's figures of the conventions the meeting is about; none before the reporting campaign is opened."""
    campaign = get_reporting(session, meeting.school_year)
    keys = {convention.key for convention, _ in conventions_of_meeting(session, meeting)}
    return [one for one in figure_lines(session, campaign) if one.convention_key in keys] if campaign else []


def write_minutes(
    session: Session,
    meeting: SteeringMeeting,
    *,
    place: str,
    decisions: str,
    present: set[int],
    actor: str,
) -> None:
    """What only people know of a meeting: where, who came, what was decided. Proposed minutes do not change.

    Raises:
        Conflict: `minutes_proposed`.
        ServiceError: a text that cannot be stored.
    """
    _refuse_unless_draft(meeting)
    meeting.place = clean_text(place, "place", "Le lieu", at_most=200, required=False)
    kept = [
        clean_text(one, "decisions", "Une décision", at_most=1_000) for one in decisions.splitlines() if one.strip()
    ]
    meeting.decisions = "\n".join(kept)
    for member in members_of(session, meeting):
        member.present = member.user_id in present
        session.add(member)
    session.add(meeting)
    session.flush()
    record(session, actor, "write_minutes", f"meeting:{meeting.id}", present=len(present))


def _refuse_unless_draft(meeting: SteeringMeeting) -> None:
    if meeting.status is not MinutesStatus.DRAFT:
        raise Conflict("minutes_proposed", "Le compte rendu est déjà proposé\u00a0: il ne change plus.")


def minutes_document(session: Session, meeting: SteeringMeeting) -> dict[str, Any]:
    """The minutes as data: what was proposed, or the draft as it stands."""
    if meeting.document:
        return meeting.document
    campaign = get_reporting(session, meeting.school_year)
    users = {row_id(user): user.name for user in session.exec(select(User)).all()}
    years = year_on_year(session)
    lines = figures_of_meeting(session, meeting)
    return {
        "body": BODY_LABELS[meeting.kind],
        "school_year": meeting.school_year,
        "held_on": meeting.planned_on.isoformat(),
        "place": meeting.place,
        "final": campaign is not None and campaign.final_at is not None,
        "conventions": [convention.title for convention, _ in conventions_of_meeting(session, meeting)],
        "members": [
            {"name": users[one.user_id], "speaks_for": one.speaks_for, "present": one.present}
            for one in members_of(session, meeting)
        ],
        "figures": [{**as_row(line), "years": years.get((line.convention_key, line.code), {})} for line in lines],
        "decisions": meeting.decisions.splitlines(),
    }


def propose_minutes(session: Session, meeting: SteeringMeeting, today: date, now: datetime, actor: str) -> None:
    """The State proposes: the document is frozen and each member present is asked to validate it.

    Raises:
        Conflict: `minutes_proposed`.
        ServiceError: `too_early` before the meeting, or `nobody_present`.
    """
    _refuse_unless_draft(meeting)
    if today < meeting.planned_on:
        said = f"La réunion a lieu le {french_day(meeting.planned_on)}\u00a0: son compte rendu se propose ensuite."
        raise ServiceError("too_early", said)
    present = [one for one in members_of(session, meeting) if one.present]
    if not present:
        raise ServiceError("nobody_present", "Cochez les membres présents\u00a0: eux seuls valident le compte rendu.")
    meeting.document = minutes_document(session, meeting)
    meeting.status, meeting.proposed_at = MinutesStatus.PROPOSED, now
    session.add(meeting)
    session.flush()
    addresses = select(User.email).where(col(User.id).in_([one.user_id for one in present]))
    letter = Letter(
        f"{BODY_LABELS[meeting.kind]} {meeting.school_year}\u00a0: compte rendu à valider",
        [f"Le compte rendu de la réunion du {french_day(meeting.planned_on)} vous est proposé."],
        action="Lire et valider le compte rendu",
        path=f"/comite/{meeting.id}",
    )
    queue_letters(session, {(f"minutes:{meeting.id}", email): letter for email in session.exec(addresses).all()})
    record(session, actor, "propose_minutes", f"meeting:{meeting.id}", present=len(present))


def validate_minutes(session: Session, meeting: SteeringMeeting, user_id: int, now: datetime) -> bool:
    """A member present agrees; True once all have, which validates the minutes.

    Raises:
        Conflict: `minutes_not_proposed`, `not_present` or `already_validated`.
    """
    if meeting.status is not MinutesStatus.PROPOSED:
        raise Conflict("minutes_not_proposed", "Aucun compte rendu n’attend votre validation.")
    members = members_of(session, meeting)
    own = next((one for one in members if one.user_id == user_id), None)
    if own is None or not own.present:
        raise Conflict("not_present", "Seuls les membres présents valident le compte rendu.")
    if own.validated_at is not None:
        raise Conflict("already_validated", "Vous avez déjà validé ce compte rendu.")
    own.validated_at = now
    session.add(own)
    complete = all(one.validated_at is not None for one in members if one.present)
    if complete:
        meeting.status, meeting.validated_at = MinutesStatus.VALIDATED, now
        session.add(meeting)
    session.flush()
    record(session, f"user:{user_id}", "validate_minutes", f"meeting:{meeting.id}", complete=complete)
    return complete
