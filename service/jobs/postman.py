"""The postman: takes lines from the outbox and hands them to the mail server, beside the rounds that are computed.

Responsible for the end of each attempt: sent, put off or given up, always written down. A thread of the worker's
process: a long round makes no message wait. Refuses to write a message and to drop one.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Protocol, Self

import structlog
from sqlalchemy import Engine

from service.config import Settings
from service.domain import outbox
from service.jobs.smtp import DeferredError, MailServer, RefusedError
from service.persistence.engine import session_scope

logger = structlog.get_logger(__name__)
LOOK_EVERY_S = 2.0
STOP_WITHIN_S = 20.0


class Carrier(Protocol):
    """Who takes a message to its recipient."""

    def send(self, mail: outbox.ClaimedMail) -> None: ...


def deliver_one(engine: Engine, carrier: Carrier, lease_s: float) -> bool:
    """One attempt at the next line due; False when there was none."""
    with session_scope(engine, write=False) as session:
        if not outbox.has_due(session):
            return False
    with session_scope(engine) as session:
        mail = outbox.claim(session, lease_s)
    if mail is None:
        return False
    try:
        carrier.send(mail)
    except DeferredError as deferred:
        logger.warning("mail_put_off", line=mail.id, attempts=mail.attempts)
        with session_scope(engine) as session:
            outbox.put_off(session, mail, str(deferred))
    except RefusedError as refused:
        logger.warning("mail_given_up", line=mail.id)
        with session_scope(engine) as session:
            outbox.give_up(session, mail, str(refused))
    else:
        with session_scope(engine) as session:
            outbox.mark_sent(session, mail)
    return True


def deliver_due(engine: Engine, settings: Settings, stopping: threading.Event | None = None) -> int:
    """Every line due, over one connection, until none is left or a stop is asked for. Returns the attempts made."""
    attempts = 0
    with MailServer(settings) as server:
        while not (stopping is not None and stopping.is_set()) and deliver_one(engine, server, settings.mail_lease_s):
            attempts += 1
    return attempts


class Postman:
    """A context: looks at the outbox while it is open. Without a mail server in the settings, lines wait."""

    def __init__(self, engine: Engine, settings: Settings, look_every_s: float = LOOK_EVERY_S) -> None:
        self._engine, self._settings, self._look_every_s = engine, settings, look_every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    @property
    def is_working(self) -> bool:
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        if self._settings.smtp_host:
            self._thread.start()
        else:
            logger.info("mail_waits", reason="SEQUENCE_SMTP_HOST is not set")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self.is_working:
            self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        while not self._stopping.wait(self._look_every_s):
            try:
                deliver_due(self._engine, self._settings, self._stopping)
            except Exception:
                # The line in hand comes back when its lease is over; the next ones must not wait for a restart.
                logger.exception("mail_round_failed")
