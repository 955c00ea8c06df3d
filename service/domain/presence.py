"""What came of a stay: held, in part, or nobody came and why, said by the school, by the host, or by both.

Responsible for what counts as held when two sides speak: somebody says so and nobody says the contrary. A difference is
shown to both, and either may correct what it said. Refuses to judge who is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, exists, select, true, update
from sqlmodel import Session, col

from service.domain.audit import record
from service.domain.confirmations import Voice
from service.domain.offer_views import gated_conventions
from service.errors import Conflict, ServiceError
from service.persistence.bulk import fetch, insert_missing, upsert
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    Confirmation,
    Offer,
    Opening,
    Period,
    Presence,
)
from service.vocabulary import (
    TOOK_PLACE,
    AbsenceCause,
    AgreementState,
    ConfirmationState,
    Outcome,
    Side,
)


def has_begun(today: date) -> ColumnElement[bool]:
    """Confirmed stays whose first day has come: what came of them can be said."""
    begun = (
        select(col(Opening.id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(col(Period.starts_on) <= today)
    )
    return and_(col(Confirmation.state) == ConfirmationState.CONFIRMED, col(Confirmation.opening_id).in_(begun))


def may_speak(session: Session, voice: Voice) -> ColumnElement[bool]:
    """The stays this side may tell about: what a host says of a pupil crosses the gate of its convention too."""
    if voice.side is Side.SCHOOL:
        return true()
    known = {key for key in session.scalars(select(col(Offer.convention_id)).distinct()) if key is not None}
    gated = gated_conventions(session, known)
    openings = select(col(Opening.id)).join(Offer, col(Offer.id) == col(Opening.offer_id))
    return col(Confirmation.opening_id).not_in(
        openings.where(col(Offer.convention_id).in_(sorted(filter(None, gated))))
    )


def is_unsaid(side: Side) -> ColumnElement[bool]:
    """Stays of which that side has said nothing."""
    said = exists().where(col(Presence.confirmation_id) == col(Confirmation.id), col(Presence.side) == side)
    return ~said


def to_say(session: Session, voice: Voice, today: date) -> ColumnElement[bool]:
    """The stays that have begun, and of which that side may speak and has said nothing."""
    return and_(has_begun(today), is_unsaid(voice.side), may_speak(session, voice))


def say_held(session: Session, voice: Voice, actor: str, today: date, now: datetime) -> int:
    """Every stay that has begun and of which this side has said nothing was held. Returns how many."""
    waiting = select(col(Confirmation.id)).where(voice.covers(), to_say(session, voice, today))
    rows = [_row(row[0], voice.side, Outcome.HELD, None, actor, now) for row in fetch(session, waiting)]
    new = insert_missing(session, Presence, rows, ("confirmation_id", "side"))
    if new:
        record(session, actor, "say_presence", "presence", side=voice.side, outcome=Outcome.HELD, count=new)
    return new


def say(
    session: Session, voice: Voice, stay_id: int, outcome: str, cause: str, actor: str, today: date, now: datetime
) -> None:
    """What came of one stay; saying it again corrects what that side said.

    Raises:
        ServiceError: an outcome or a cause that is not in the list.
        Conflict: not a confirmed stay of theirs that has begun.
    """
    is_known = outcome in set(Outcome) and (not cause or cause in set(AbsenceCause))
    if not is_known or (outcome == Outcome.HELD) == bool(cause):
        raise ServiceError("outcome_unknown", "Choisissez dans la liste ce qu’il en a été, avec son motif.", "outcome")
    theirs = select(col(Confirmation.id)).where(
        voice.covers(), has_begun(today), may_speak(session, voice), col(Confirmation.id) == stay_id
    )
    if not fetch(session, theirs):
        raise Conflict("stay_not_begun", "Ce stage n’a pas commencé, ou n’est plus confirmé\u00a0: relisez la liste.")
    row = _row(stay_id, voice.side, Outcome(outcome), AbsenceCause(cause) if cause else None, actor, now)
    changed = {name: row[name] for name in ("outcome", "cause", "said_at", "said_by")}
    upsert(session, Presence, row, ("confirmation_id", "side"), changed, "confirmation_id")
    session.expire_all()
    record(session, actor, "say_presence", f"confirmation:{stay_id}", side=voice.side, outcome=outcome)


def _row(
    stay_id: int, side: Side, outcome: Outcome, cause: AbsenceCause | None, actor: str, now: datetime
) -> dict[str, object]:
    return {
        "confirmation_id": stay_id,
        "side": side,
        "outcome": outcome,
        "cause": cause,
        "said_at": now,
        "said_by": actor,
    }


def stays_held() -> Select[int]:
    """The stays (`Confirmation.id`) that count as held, for a query: a side says so and none says nobody came."""
    denied = select(col(Presence.confirmation_id)).where(col(Presence.outcome) == Outcome.NO_SHOW)
    held = select(col(Presence.confirmation_id)).where(col(Presence.outcome).in_(TOOK_PLACE)).distinct()
    return held.where(col(Presence.confirmation_id).not_in(denied))


Said = Mapping[Side, tuple[Outcome, AbsenceCause | None]]
"""What each side said of one stay."""


def said_of_stays(session: Session, ids: Sequence[int]) -> Mapping[int, Said]:
    """What was said of these stays, by key."""
    rows = fetch(
        session,
        select(col(Presence.confirmation_id), col(Presence.side), col(Presence.outcome), col(Presence.cause)).where(
            col(Presence.confirmation_id).in_(ids)
        ),
    )
    found: dict[int, dict[Side, tuple[Outcome, AbsenceCause | None]]] = {}
    for stay_id, side, outcome, cause in rows:
        found.setdefault(stay_id, {})[Side(side)] = Outcome(outcome), AbsenceCause(cause) if cause else None
    return found


def differ(said: Iterable[tuple[Outcome, AbsenceCause | None]]) -> bool:
    """Whether the two sides tell different things."""
    return len({outcome for outcome, _ in said}) > 1


def close_agreements(session: Session, today: date, now: datetime) -> int:
    """Closes the signed agreements whose period is over, once something was said of each pupil. Returns how many."""
    ended = select(col(Opening.id)).join(Period, col(Period.id) == col(Opening.period_id))
    over = col(Agreement.opening_id).in_(ended.where(col(Period.ends_on) < today))
    said = exists().where(col(Presence.confirmation_id) == col(AgreementStay.confirmation_id))
    unsaid = exists().where(col(AgreementStay.agreement_id) == col(Agreement.id), col(AgreementStay.live), ~said)
    done = session.exec(
        update(Agreement)
        .where(col(Agreement.state) == AgreementState.SIGNED, over, ~unsaid)
        .values(state=AgreementState.CLOSED, ended_at=now, version=col(Agreement.version) + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return int(done.rowcount)
