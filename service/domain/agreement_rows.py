"""Which agreement covers which stay, and how far it has gone: a few reads, and what ends one with its stays.

Responsible for following the confirmations: a stay that is over takes its agreement with it. Knows no page.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, exists, select, update
from sqlmodel import Session, col

from service.errors import Conflict, NotFound
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import Agreement, AgreementStay, Confirmation, Signature
from service.vocabulary import AGREEMENT_LABELS, AGREEMENT_TRANSITIONS, AgreementState, ConfirmationState

OPEN = (AgreementState.DRAFT, AgreementState.HOST_COMPLETED)
"""Still being filled in."""
ENDED = (AgreementState.AMENDED, AgreementState.CANCELLED, AgreementState.CLOSED)
_STANDING = (ConfirmationState.ASKED, ConfirmationState.CONFIRMED)


def get_agreement(session: Session, agreement_id: int) -> Agreement:
    found = session.get(Agreement, agreement_id)
    if found is None:
        raise NotFound
    return found


def move(session: Session, agreement: Agreement, to: AgreementState, now: datetime | None = None) -> None:
    """The next state of an agreement, taken by one conditional statement: of two people, one alone moves it.

    Raises:
        Conflict: `agreement_state`, it is not in a state that leads there (any more).
    """
    before = [state for state, after in AGREEMENT_TRANSITIONS.items() if to in after]
    values: dict[str, object] = {"state": to, "version": col(Agreement.version) + 1}
    if to in ENDED:
        values["ended_at"] = now
    session.flush()
    touched = session.exec(
        update(Agreement).where(col(Agreement.id) == agreement.id, col(Agreement.state).in_(before)).values(**values)
    )
    if touched.rowcount != 1:
        session.refresh(agreement)
        label = AGREEMENT_LABELS[agreement.state].lower()
        raise Conflict("agreement_state", f"Cette convention de stage est {label}\u00a0: relisez la page.")
    session.refresh(agreement)


def end_with_stays(session: Session, now: datetime) -> int:
    """Stays that no longer stand leave their agreements; those that cover nobody any more are cancelled.

    Returns how many were cancelled. What a departed pupil has not signed is no longer awaited.
    """
    standing = exists().where(
        col(Confirmation.id) == col(AgreementStay.confirmation_id), col(Confirmation.state).in_(_STANDING)
    )
    unread = {"synchronize_session": False}
    left = [row[0] for row in fetch(session, select(col(AgreementStay.id)).where(col(AgreementStay.live), ~standing))]
    if not left:
        return 0
    session.exec(
        update(AgreementStay).where(col(AgreementStay.id).in_(left)).values(live=False).execution_options(**unread)
    )
    for one in session.scalars(
        select(Signature).where(col(Signature.stay_id).in_(left), col(Signature.signed_at).is_(None))
    ).all():
        session.delete(one)
    covers = exists().where(col(AgreementStay.agreement_id) == col(Agreement.id), col(AgreementStay.live))
    touched = session.exec(
        update(Agreement)
        .where(~covers, col(Agreement.state).not_in(ENDED))
        .values(state=AgreementState.CANCELLED, ended_at=now, version=col(Agreement.version) + 1)
        .execution_options(**unread)
    )
    session.expire_all()
    return int(touched.rowcount)


def stays_of(session: Session, agreement: Agreement) -> list[AgreementStay]:
    """The pupils an agreement covers, in the order they were entered."""
    query = (
        select(AgreementStay)
        .where(col(AgreementStay.agreement_id) == row_id(agreement), col(AgreementStay.live))
        .order_by(col(AgreementStay.id))
    )
    return list(session.scalars(query))


def stays_by_state(*states: AgreementState) -> Select[int]:
    """The stays (`Confirmation.id`) whose live agreement is in one of these states, to be used in a query.

    What a school's board and the ledger read: `stays_by_state(SIGNED, CLOSED)` are the signed ones.
    """
    return (
        select(col(AgreementStay.confirmation_id))
        .join(Agreement, col(Agreement.id) == col(AgreementStay.agreement_id))
        .where(col(AgreementStay.live), col(Agreement.state).in_(states))
    )
