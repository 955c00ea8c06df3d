"""Both sides say of each published placement that it stands, or take it back with a listed reason.

Responsible for what an answer does: two yes confirm, one no frees the seat at once and remembers never to propose that
host to that pupil again, silence past the last day does the same. Refuses to know links, messages and pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select, update
from sqlmodel import Session, col

from service.domain.agreement_rows import end_with_stays
from service.domain.audit import record
from service.errors import Conflict, ServiceError
from service.persistence.bulk import Selection, fetch, in_parts
from service.persistence.tables import ClassGroup, Confirmation, Offer, Opening, Placement, Pupil, Site
from service.vocabulary import CLOSES, REASONS_OF, ConfirmationState, RefusalReason, Side

LIVE = (ConfirmationState.ASKED, ConfirmationState.CONFIRMED)
GONE = (ConfirmationState.REFUSED, ConfirmationState.EXPIRED)
_UNREAD = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Voice:
    """Who answers, and for which placements: a school, a partner, or one site of a partner."""

    side: Side
    school_id: int | None = None
    partner_id: int | None = None
    site_id: int | None = None

    def covers(self) -> ColumnElement[bool]:
        """The confirmations that this voice may speak of."""
        return col(Confirmation.id).in_(self._ids())

    def _ids(self) -> Selection:
        if self.side is Side.SCHOOL:
            return (
                select(col(Confirmation.id))
                .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
                .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
                .where(col(ClassGroup.school_id) == self.school_id)
            )
        own = col(Site.id) == self.site_id if self.site_id is not None else col(Site.partner_id) == self.partner_id
        return (
            select(col(Confirmation.id))
            .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
            .join(Offer, col(Offer.id) == col(Opening.offer_id))
            .join(Site, col(Site.id) == col(Offer.site_id))
            .where(own)
        )

    def is_silent(self) -> ColumnElement[bool]:
        """The confirmations on which this side has not spoken yet."""
        mine = col(Confirmation.school_at) if self.side is Side.SCHOOL else col(Confirmation.host_at)
        return and_(col(Confirmation.state) == ConfirmationState.ASKED, mine.is_(None))


def confirm(session: Session, voice: Voice, ids: Iterable[int] | None, actor: str, now: datetime) -> int:
    """Says yes to those placements, to all that wait when `ids` is None. What is answered already is left as it is.

    Returns how many were new. The second yes makes the placement confirmed, in the same statement.
    """
    mine, other = ("school", "host") if voice.side is Side.SCHOOL else ("host", "school")
    chosen = voice.is_silent() if ids is None else and_(voice.is_silent(), col(Confirmation.id).in_(sorted(ids)))
    state = case(
        (getattr(Confirmation, f"{other}_at").is_(None), ConfirmationState.ASKED.value),
        else_=ConfirmationState.CONFIRMED.value,
    )
    touched = session.exec(
        update(Confirmation)
        .where(chosen, voice.covers())
        .values({f"{mine}_at": now, f"{mine}_by": actor, "state": state})
        .execution_options(**_UNREAD)
    ).rowcount
    session.expire_all()
    if touched:
        record(session, actor, "confirm_placements", _subject(voice), count=touched, side=voice.side)
    return int(touched)


def _subject(voice: Voice) -> str:
    if voice.side is Side.SCHOOL:
        return f"school:{voice.school_id}"
    return f"partner:{voice.partner_id}" if voice.site_id is None else f"site:{voice.site_id}"


def refuse(session: Session, voice: Voice, confirmation_id: int, reason: str, actor: str, now: datetime) -> None:
    """Takes a placement back, confirmed or not: its seat is free again, or closed when there is none any more.

    Raises:
        ServiceError: `reason_unknown`, a reason that this side does not have.
        Conflict: `already_ended`, it was refused, expired or replaced meanwhile, or is not theirs.
    """
    if reason not in REASONS_OF[voice.side]:
        raise ServiceError("reason_unknown", "Choisissez un motif dans la liste.", "reason")
    touched = session.exec(
        update(Confirmation)
        .where(col(Confirmation.id) == confirmation_id, col(Confirmation.state).in_(LIVE), voice.covers())
        .values(state=ConfirmationState.REFUSED, refused_by=voice.side, reason=RefusalReason(reason), ended_at=now)
        .execution_options(**_UNREAD)
    )
    if touched.rowcount != 1:
        raise Conflict("already_ended", "Ce stage n’est plus à confirmer\u00a0: relisez la liste, elle a changé.")
    session.expire_all()
    free_seats(session, [confirmation_id], close=RefusalReason(reason) in CLOSES)
    end_with_stays(session, now)
    record(session, actor, "refuse_placement", f"confirmation:{confirmation_id}", side=voice.side, reason=reason)


def expire_silent(session: Session, today: date, now: datetime) -> int:
    """Ends the placements a side said nothing of past their last day. Returns how many."""
    late = and_(col(Confirmation.state) == ConfirmationState.ASKED, col(Confirmation.answer_by) < today)
    ids = [row[0] for row in fetch(session, select(col(Confirmation.id)).where(late).with_for_update())]
    for some in in_parts(ids):
        session.exec(
            update(Confirmation)
            .where(col(Confirmation.id).in_(some))
            .values(state=ConfirmationState.EXPIRED, ended_at=now)
            .execution_options(**_UNREAD)
        )
        free_seats(session, some)
    session.expire_all()
    if ids:
        end_with_stays(session, now)
        record(session, "worker", "expire_placements", "confirmations", count=len(ids))
    return len(ids)


def free_seats(session: Session, ids: Sequence[int], *, close: bool = False) -> None:
    """The published placements of these confirmations are none any more, and their seats are given back.

    `close` takes the seats away from their openings as well. A placement counts once, whoever frees it first.
    """
    pupils = aliased_confirmations(ids)
    freed = session.exec(
        update(Placement)
        .where(
            col(Placement.published),
            select(1)
            .where(pupils.c.pupil_id == col(Placement.pupil_id), pupils.c.opening_id == col(Placement.opening_id))
            .exists(),
        )
        .values(published=False)
        .returning(col(Placement.opening_id))
        .execution_options(**_UNREAD)
    ).all()
    counts: dict[int, int] = {}
    for (opening_id,) in freed:
        counts[opening_id] = counts.get(opening_id, 0) + 1
    for opening_id, count in sorted(counts.items()):
        seats = {"capacity": col(Opening.capacity) - count} if close else {}
        session.exec(
            update(Opening)
            .where(col(Opening.id) == opening_id)
            .values(used=col(Opening.used) - count, **seats)
            .execution_options(**_UNREAD)
        )
    session.expire_all()


def aliased_confirmations(ids: Sequence[int]) -> Subquery:
    """Pupil and opening of these confirmations, as a selection to join with."""
    chosen = select(col(Confirmation.pupil_id), col(Confirmation.opening_id))
    return chosen.where(col(Confirmation.id).in_(ids)).subquery()


def ended_pairs(session: Session, school_year: str) -> set[tuple[str, int]]:
    """Pseudonym and offer of each placement taken back in the year: never proposed again."""
    rows = fetch(
        session,
        select(col(Pupil.pseudonym), col(Opening.offer_id))
        .join(Confirmation, col(Confirmation.pupil_id) == col(Pupil.id))
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .where(col(Confirmation.state).in_(GONE), col(Offer.school_year) == school_year),
    )
    return {(pseudonym, offer_id) for pseudonym, offer_id in rows}


def count_by_state(session: Session, voice: Voice) -> dict[ConfirmationState, int]:
    """How many placements of this voice are in each state; every state is there."""
    rows = fetch(
        session,
        select(col(Confirmation.state), func.count()).where(voice.covers()).group_by(col(Confirmation.state)),
    )
    counted = {ConfirmationState(state): count for state, count in rows}
    return {state: counted.get(state, 0) for state in ConfirmationState}


def count_silent(session: Session, voice: Voice) -> int:
    """Placements that wait for this voice."""
    return int(fetch(session, select(func.count()).where(voice.covers(), voice.is_silent()))[0][0])


def unanswered() -> ColumnElement[bool]:
    """Placements on which at least one side has still to speak."""
    missing = or_(col(Confirmation.school_at).is_(None), col(Confirmation.host_at).is_(None))
    return and_(col(Confirmation.state) == ConfirmationState.ASKED, missing)
