"""The worker's pulse: says from a thread of its own that its work is still in good hands, or learns that it is not.

Responsible for the lease, the watchdog and the order to stop; whichever speaks first ends the child and gives the
verdict. Refuses to write anything but the heartbeat.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from service.domain.rounds import Beat
from service.persistence.engine import session_scope

logger = structlog.get_logger(__name__)


class Verdict(StrEnum):
    """Why an attempt must end before its result."""

    LOST = "lost"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    OVERTIME = "overtime"


class Pulse:
    """A context: calls `beat` while it is open. `phase` and `progress` are what the next one will say."""

    def __init__(
        self,
        engine: Engine,
        beat: Callable[[Session, str, float], Beat],
        *,
        heartbeat_s: float,
        time_s: float,
        stopping: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._engine, self._say, self._heartbeat_s = engine, beat, heartbeat_s
        self._stopping, self._clock, self._deadline = stopping, clock, clock() + time_s
        self._closed, self._lock = threading.Event(), threading.Lock()
        self._kill: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self.phase, self.progress = "freeze", 0.0
        self.verdict: Verdict | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """No beat after this: whoever gives the round up must not be made to hold it again."""
        self._closed.set()
        self._thread.join()

    def tell(self, phase: str, progress: float) -> None:
        self.phase, self.progress = phase, progress

    def watch_over(self, kill: Callable[[], None]) -> None:
        """`kill` ends the child as soon as there is a verdict, at once if there is one already."""
        with self._lock:
            self._kill = kill
            if self.verdict is not None:
                kill()

    def _run(self) -> None:
        while not self._closed.wait(self._heartbeat_s):
            verdict = self._beat()
            if verdict is None:
                continue
            with self._lock:
                self.verdict = verdict
                if self._kill is not None:
                    self._kill()
            return

    def _beat(self) -> Verdict | None:
        if self._stopping.is_set():
            return Verdict.STOPPED
        if self._clock() >= self._deadline:
            return Verdict.OVERTIME
        try:
            with session_scope(self._engine) as session:
                beat = self._say(session, self.phase, self.progress)
        except SQLAlchemyError:
            logger.warning("heartbeat_missed", exc_info=True)
            return None
        return {Beat.KEPT: None, Beat.LOST: Verdict.LOST, Beat.CANCELLED: Verdict.CANCELLED}[beat]
