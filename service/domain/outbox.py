"""Mail to be sent, as rows: queued in the transaction of its cause, claimed by one worker at a time, never dropped.

Responsible for the life of a line: queued → sent, or failed once a person has to look at it. A line is delivered at
least once: a crash between the mail server's answer and our commit repeats it. Refuses to know SMTP, and never commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, update
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.letters import Letter, as_html, as_text, one_line
from service.errors import Conflict
from service.persistence.bulk import insert_missing
from service.persistence.clock import InstantIn
from service.persistence.tables import OutboxLine
from service.vocabulary import MailStatus

BACKOFF_S = (60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600)
"""Seconds before each new attempt: about two days in all, the length of a week-end's breakdown."""
ATTEMPTS = len(BACKOFF_S) + 1
DEAD_SENDER = "L’envoi s’est interrompu sans rien dire."


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A line in the hands of one worker, until its lease is over."""

    id: int
    token: int
    attempts: int
    """This one included."""
    recipient: str
    subject: str
    body: str
    html: str


def queue_letters(session: Session, letters: Mapping[tuple[str, str], Letter]) -> int:
    """One line per (cause, recipient). What was already queued for both is left alone; returns how many are new."""
    rows = [
        {
            "cause": cause,
            "recipient": recipient,
            "subject": one_line(letter.subject),
            "body": as_text(letter),
            "html": as_html(letter),
        }
        for (cause, recipient), letter in letters.items()
    ]
    return insert_missing(session, OutboxLine, rows, ("cause", "recipient"))


def queue_letter(session: Session, cause: str, recipient: str, letter: Letter) -> bool:
    """Whether the line is new."""
    return queue_letters(session, {(cause, recipient): letter}) == 1


def _due() -> ColumnElement[bool]:
    return and_(col(OutboxLine.status) == MailStatus.QUEUED, col(OutboxLine.next_try_at) <= InstantIn())


def has_due(session: Session) -> bool:
    """Whether a line waits for a worker: a look that takes no lock."""
    return session.exec(select(OutboxLine.id).where(_due()).limit(1)).first() is not None


def claim(session: Session, lease_s: float) -> ClaimedMail | None:
    """The next line due, held for `lease_s`; None when there is none, or when another worker was quicker."""
    _give_up_dead(session)
    first = (
        select(OutboxLine.id)
        .where(_due())
        .order_by(col(OutboxLine.next_try_at), col(OutboxLine.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(OutboxLine)
        .where(col(OutboxLine.id) == first.scalar_subquery(), _due())
        .values(token=col(OutboxLine.token) + 1, attempts=col(OutboxLine.attempts) + 1, next_try_at=InstantIn(lease_s))
        .returning(
            col(OutboxLine.id),
            col(OutboxLine.token),
            col(OutboxLine.attempts),
            col(OutboxLine.recipient),
            col(OutboxLine.subject),
            col(OutboxLine.body),
            col(OutboxLine.html),
        )
    )
    row = session.exec(statement).first()
    return None if row is None else ClaimedMail(*row)


def _give_up_dead(session: Session) -> None:
    """A message that ends whoever sends it is not tried for ever."""
    exhausted = and_(_due(), col(OutboxLine.attempts) >= ATTEMPTS)
    session.exec(update(OutboxLine).where(exhausted).values(status=MailStatus.FAILED, last_error=DEAD_SENDER))


def _held(mail: ClaimedMail) -> ColumnElement[bool]:
    return and_(
        col(OutboxLine.id) == mail.id,
        col(OutboxLine.token) == mail.token,
        col(OutboxLine.status) == MailStatus.QUEUED,
    )


def mark_sent(session: Session, mail: ClaimedMail) -> bool:
    """The server has taken it: its text is forgotten. False when the lease was lost meanwhile."""
    done = update(OutboxLine).where(_held(mail))
    sent = session.exec(done.values(status=MailStatus.SENT, sent_at=InstantIn(), body="", html="", last_error=""))
    return sent.rowcount == 1


def put_off(session: Session, mail: ClaimedMail, error: str) -> None:
    """This attempt did not go through: another one later, none after the last."""
    if mail.attempts >= ATTEMPTS:
        give_up(session, mail, error)
        return
    later = InstantIn(BACKOFF_S[mail.attempts - 1])
    session.exec(update(OutboxLine).where(_held(mail)).values(next_try_at=later, last_error=error))


def give_up(session: Session, mail: ClaimedMail, error: str) -> None:
    """No attempt will do better: a person has to look at it."""
    session.exec(update(OutboxLine).where(_held(mail)).values(status=MailStatus.FAILED, last_error=error))


def try_again(session: Session, line_id: int, actor: str) -> None:
    """A person has looked at a line given up: it starts again from its first attempt.

    Raises:
        Conflict: the line is not given up (any more).
    """
    again = update(OutboxLine).where(col(OutboxLine.id) == line_id, col(OutboxLine.status) == MailStatus.FAILED)
    touched = session.exec(again.values(status=MailStatus.QUEUED, attempts=0, next_try_at=InstantIn()))
    if touched.rowcount != 1:
        raise Conflict("mail_not_given_up", "Ce message n’est pas abandonné\u00a0: il n’y a rien à relancer.")
    record(session, actor, "try_mail_again", f"mail:{line_id}")


def count_by_status(session: Session) -> dict[MailStatus, int]:
    """How many lines are in each state; every state is there."""
    rows = session.exec(select(OutboxLine.status, func.count()).group_by(col(OutboxLine.status))).all()
    counted = {MailStatus(status): count for status, count in rows}
    return {status: counted.get(status, 0) for status in MailStatus}
