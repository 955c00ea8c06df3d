"""The scribe: writes the documents of the agreements that schools have validated, a few at a time, beside the rounds.

Responsible for bulk: a lycée's 230 or a thousand at once take the same memory, and what is written is kept at once, so
that a stop loses none. A thread of the worker's process. Refuses to decide what an agreement says.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Engine, select
from sqlmodel import col

from service.documents.agreements import write_agreement
from service.domain.agreement_papers import papers_of
from service.domain.signatures import store_document
from service.persistence.bulk import fetch
from service.persistence.columns import utc_now
from service.persistence.engine import session_scope
from service.persistence.tables import Agreement
from service.vocabulary import AgreementState

logger = structlog.get_logger(__name__)
LOOK_EVERY_S = 1.0
STOP_WITHIN_S = 20.0
AT_ONCE = 25


def write_some(engine: Engine, at_most: int = AT_ONCE) -> int:
    """Writes the next documents; returns how many. Typeset outside any transaction, each kept in its own."""
    with session_scope(engine, write=False) as session:
        waiting = select(col(Agreement.id)).where(col(Agreement.state) == AgreementState.SCHOOL_VALIDATED)
        ids = [row[0] for row in fetch(session, waiting.order_by(col(Agreement.id)).limit(at_most))]
        papers = papers_of(session, ids)
    now = utc_now()
    written = {key: write_agreement(paper, now) for key, paper in papers.items()}
    with session_scope(engine) as session:
        return sum(store_document(session, key, pdf, now) for key, pdf in written.items())


def write_waiting(engine: Engine, stopping: threading.Event | None = None) -> int:
    """Every document that waits, until none is left or a stop is asked for. Returns how many were written."""
    total = 0
    while not (stopping is not None and stopping.is_set()) and (written := write_some(engine)):
        total += written
    return total


class Scribe:
    """A context: looks for agreements to write while it is open."""

    def __init__(self, engine: Engine, look_every_s: float = LOOK_EVERY_S) -> None:
        self._engine, self._look_every_s = engine, look_every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        while not self._stopping.wait(self._look_every_s):
            try:
                if written := write_waiting(self._engine, self._stopping):
                    logger.info("agreements_written", documents=written)
            except Exception:
                # The rows still say what is to be written: the next look starts there again.
                logger.exception("agreements_failed")
