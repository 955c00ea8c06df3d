"""No message is lost: whatever the mail server does, each line ends sent or given up with its reason.

At least once, never less. The sabotage, a sender that drops what it could not send, is seen by the same judgement.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from sqlalchemy import Engine, delete, update
from sqlmodel import Session, col, select

from service.config import Settings
from service.domain import outbox
from service.domain.letters import Letter
from service.jobs.postman import deliver_due
from service.persistence.clock import InstantIn
from service.persistence.engine import session_scope
from service.persistence.tables import OutboxLine
from service.vocabulary import MailStatus
from tests.service.jobs.mail_receiver import Receiver, receiving

LETTER = Letter("Objet", ["Un paragraphe."])
MOODS = ("take", "take", "take", "defer", "defer text", "die")
Mishap = Callable[[Session, outbox.ClaimedMail, str], None]


def post_everything(engine: Engine, receiver: Receiver, letters: int) -> list[str]:
    """Queues so many letters and posts until none waits. Returns the addresses written to."""
    addresses = [f"personne{number}@ecole.example" for number in range(letters)]
    with session_scope(engine) as session:
        outbox.queue_letters(session, {("essai", one): LETTER for one in addresses})
    with receiving(receiver):
        settings = Settings(smtp_host=receiver.host, smtp_port=receiver.port, smtp_starttls=False)
        while deliver_due(engine, settings):
            with session_scope(engine) as session:
                session.exec(update(OutboxLine).values(next_try_at=InstantIn(-1)))
    return addresses


def losses(engine: Engine, receiver: Receiver, addresses: list[str]) -> list[str]:
    """Addresses whose message neither arrived nor waits for a person with its reason."""
    with session_scope(engine, write=False) as session:
        lines = {line.recipient: line for line in session.exec(select(OutboxLine))}
    explained = {one for one, line in lines.items() if line.status is MailStatus.FAILED and line.last_error}
    arrived = {one for one, line in lines.items() if line.status is MailStatus.SENT and one in receiver.recipients}
    return sorted(set(addresses) - explained - arrived)


def moody(seed: int) -> Receiver:
    random = Random(seed)
    never = {f"personne{number}@ecole.example" for number in (3, 7)}
    return Receiver(lambda address: "refuse" if address in never else random.choice(MOODS))


def test_none_is_lost(sqlite_engine: Engine, seed: int, full: bool) -> None:
    """A server that refuses, puts off and hangs up at random: everything arrives, or says why it did not."""
    receiver = moody(seed)
    addresses = post_everything(sqlite_engine, receiver, 300 if full else 30)
    assert losses(sqlite_engine, receiver, addresses) == []
    with session_scope(sqlite_engine, write=False) as session:
        assert outbox.count_by_status(session)[MailStatus.QUEUED] == 0


def drop_it(session: Session, mail: outbox.ClaimedMail, _error: str) -> None:
    session.exec(delete(OutboxLine).where(col(OutboxLine.id) == mail.id))


def forget_the_reason(session: Session, mail: outbox.ClaimedMail, _error: str) -> None:
    session.exec(update(OutboxLine).where(col(OutboxLine.id) == mail.id).values(status=MailStatus.SENT))


@pytest.mark.parametrize(
    ("step", "mishap"), [("put_off", drop_it), ("give_up", drop_it), ("give_up", forget_the_reason)]
)
def test_a_line_dropped_on_error_is_seen(
    sqlite_engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch, step: str, mishap: Mishap
) -> None:
    """Sabotage: a sender that drops the line, or calls it sent, when the server will not take it."""
    monkeypatch.setattr(outbox, step, mishap)
    receiver = moody(seed)
    addresses = post_everything(sqlite_engine, receiver, 40)
    assert losses(sqlite_engine, receiver, addresses)
