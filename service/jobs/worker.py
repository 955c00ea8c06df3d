"""The worker: a process that takes rounds from the queue, puts back those that nobody finishes, and posts the mail.

Responsible for starting and for stopping in good order: on SIGTERM or SIGINT the child is killed and the round handed
back, so that another worker takes it. Refuses to serve anything.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime

import structlog
from huey.consumer import Consumer
from sqlalchemy import Engine

from service.config import Settings
from service.domain import rounds
from service.domain.attempts import forget_old_attempts
from service.domain.campaigns import day_in_france
from service.domain.confirmation_asks import remind_to_confirm
from service.domain.confirmations import expire_silent
from service.domain.convention_deadlines import queue_deadline_reminders
from service.domain.presence import close_agreements
from service.domain.presence_mail import ask_what_was_held
from service.domain.reminders import queue_reminders
from service.domain.reporting_mail import queue_reporting_mail
from service.domain.retention import purge
from service.domain.round_parts import drop_unwanted_parts, has_unwanted_parts
from service.jobs.app import Queue, make_queue
from service.jobs.attempts import Workshop, open_workshop, run_round
from service.jobs.helping import compute_part
from service.jobs.postman import Postman
from service.jobs.scribe import Scribe
from service.persistence.columns import utc_now
from service.persistence.engine import check_durability, session_scope

logger = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Works until a signal says to stop. Call it from the main thread of a process of its own.

    Raises:
        ServiceError: the database could lose what it has confirmed.
    """
    workshop = open_workshop(settings)
    check_durability(workshop.engine)
    queue = open_queue(settings, workshop)
    logger.info("worker_started", lease_s=workshop.lease_s)
    with Postman(workshop.engine, settings), Scribe(workshop.engine):
        _Consumer(queue, workshop.stopping).run()
    workshop.engine.dispose()
    logger.info("worker_stopped")


def open_queue(settings: Settings, workshop: Workshop) -> Queue:
    """The queue as a worker holds it: it knows how to compute, and what to put back."""
    queue: Queue = make_queue(
        settings,
        lambda round_id: run_round(replace(workshop, spread=queue.enqueue_part), round_id),
        lambda part_id: compute_part(workshop, part_id),
        lambda: sweep(workshop.engine),
        lambda: remind(workshop.engine, settings.today or day_in_france(utc_now())),
        lambda: erase(workshop.engine, settings.today or day_in_france(utc_now())),
    )
    return queue


def sweep(engine: Engine) -> list[int]:
    """Ends the rounds nobody will finish; returns those to put on the queue again."""
    # A large publication keeps SQLite's only writer for longer than one waits: most minutes there is nothing to write.
    with session_scope(engine, write=False) as session:
        has_to_end = rounds.has_rounds_to_end(session) or has_unwanted_parts(session)
        waiting = rounds.find_waiting(session)
    if has_to_end:
        with session_scope(engine) as session:
            waiting = rounds.sweep(session)
            drop_unwanted_parts(session)
    if waiting:
        logger.info("rounds_put_back", rounds=waiting)
    return waiting


def remind(engine: Engine, today: date, at: datetime | None = None) -> int:
    """Queues the reminders of that day, once each, and ends what nobody answered in time. Returns how many are new.

    `at` is the instant from which links count their days, by default this one.
    """
    now = at or utc_now()
    with session_scope(engine) as session:
        new = queue_reminders(session, today)
        expire_silent(session, today, now)
        new += remind_to_confirm(session, today, now)
        new += ask_what_was_held(session, today, now)
        close_agreements(session, today, now)
        new += queue_deadline_reminders(session, today)
        new += queue_reporting_mail(session, today, now)
        forget_old_attempts(session, now)
    if new:
        logger.info("reminders_queued", messages=new)
    return new


def erase(engine: Engine, today: date) -> dict[str, int]:
    """Erases what is out of its time on that day. Returns how many rows of each kind."""
    with session_scope(engine) as session:
        erased = purge(session, today)
    if erased:
        logger.info("out_of_time_erased", **erased)
    return erased


class _Consumer(Consumer):  # type: ignore[misc]
    """The library's consumer, that tells the computation under way before it waits for it."""

    def __init__(self, queue: Queue, stopping: threading.Event) -> None:
        super().__init__(queue.huey, workers=1, max_delay=1.0, graceful_signal="TERM")
        self._stopping = stopping

    def stop(self, graceful: bool = True) -> None:  # noqa: ARG002
        self._stopping.set()
        super().stop(graceful=True)
