"""Parts of a round under way, offered to whichever worker is free: leased like the round, and gone with its attempt.

Every step is one UPDATE that says which attempt and which token it expects. Refuses to know what a part holds, and to
decide when a round is over: a part is help, never a truth.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlmodel import Session, col

from service.domain.rounds import held_by
from service.persistence.bulk import fetch
from service.persistence.clock import InstantIn
from service.persistence.rows import row_id
from service.persistence.tables import AllocationRound, RoundPart
from service.vocabulary import RoundStatus


def _is_wanted() -> ColumnElement[bool]:
    """The attempt that offers it is still the one under way."""
    return exists().where(
        col(AllocationRound.id) == col(RoundPart.round_id),
        col(AllocationRound.token) == col(RoundPart.round_token),
        col(AllocationRound.status) == RoundStatus.RUNNING,
    )


def _held(part_id: int, token: int) -> ColumnElement[bool]:
    return and_(
        col(RoundPart.id) == part_id,
        col(RoundPart.token) == token,
        col(RoundPart.answer).is_(None),
        _is_wanted(),
    )


def offer_part(session: Session, round_id: int, round_token: int, number: int, body: bytes) -> int | None:
    """The key of the part; None when the round is no longer this attempt's."""
    if not fetch(session, select(col(AllocationRound.id)).where(held_by(round_id, round_token))):
        return None
    offered = RoundPart(round_id=round_id, round_token=round_token, number=number, body=body)
    session.add(offered)
    session.flush()
    return row_id(offered)


def take_part(session: Session, part_id: int, lease_s: float) -> tuple[int, bytes] | None:
    """The token of whoever computes it, and its body; None when it is answered, taken, or wanted by nobody."""
    taken = _take(session, col(RoundPart.id) == part_id, lease_s)
    if taken is None:
        return None
    body = fetch(session, select(col(RoundPart.body)).where(col(RoundPart.id) == part_id))
    return taken, bytes(body[0][0])


def _take(session: Session, which: ColumnElement[bool], lease_s: float) -> int | None:
    free = or_(col(RoundPart.lease_until).is_(None), col(RoundPart.lease_until) <= InstantIn())
    row = session.exec(
        update(RoundPart)
        .where(which, col(RoundPart.answer).is_(None), free, _is_wanted())
        .values(token=col(RoundPart.token) + 1, lease_until=InstantIn(lease_s))
        .returning(col(RoundPart.token))
        .execution_options(synchronize_session=False)
    ).first()
    return None if row is None else int(row[0])


def take_back(session: Session, round_id: int, round_token: int, number: int) -> bool:
    """Whether the round's own worker may compute that part itself: nobody does, or nobody is heard of any more."""
    mine = and_(
        col(RoundPart.round_id) == round_id, col(RoundPart.round_token) == round_token, col(RoundPart.number) == number
    )
    return _take(session, mine, _AS_LONG_AS_THE_ROUND) is not None


_AS_LONG_AS_THE_ROUND = 7 * 86_400.0


def read_answer(session: Session, round_id: int, round_token: int, number: int) -> bytes | None:
    rows = fetch(
        session,
        select(col(RoundPart.answer)).where(
            col(RoundPart.round_id) == round_id,
            col(RoundPart.round_token) == round_token,
            col(RoundPart.number) == number,
            col(RoundPart.answer).is_not(None),
        ),
    )
    return bytes(rows[0][0]) if rows else None


def keep_part(session: Session, part_id: int, token: int, lease_s: float) -> bool:
    """Extends the lease; False when the part is somebody else's, or wanted no more: stop computing."""
    return _write(session, part_id, token, lease_until=InstantIn(lease_s))


def answer_part(session: Session, part_id: int, token: int, answer: bytes) -> bool:
    """Whether the answer was still awaited from this worker."""
    return _write(session, part_id, token, answer=answer)


def give_part_back(session: Session, part_id: int, token: int) -> None:
    """This worker will not answer: the round's own computes the part."""
    _write(session, part_id, token, lease_until=InstantIn())


def _write(session: Session, part_id: int, token: int, **values: object) -> bool:
    statement = update(RoundPart).where(_held(part_id, token)).values(**values)
    return bool(session.exec(statement.execution_options(synchronize_session=False)).rowcount == 1)


def drop_parts(session: Session, round_id: int, round_token: int) -> None:
    """The attempt is over, whatever its end."""
    ours = and_(col(RoundPart.round_id) == round_id, col(RoundPart.round_token) == round_token)
    session.exec(delete(RoundPart).where(ours).execution_options(synchronize_session=False))


def has_unwanted_parts(session: Session) -> bool:
    return bool(fetch(session, select(col(RoundPart.id)).where(~_is_wanted()).limit(1)))


def drop_unwanted_parts(session: Session) -> None:
    """Those that a worker has left behind without a word."""
    session.exec(delete(RoundPart).where(~_is_wanted()).execution_options(synchronize_session=False))
