"""One attempt at a round: claim, freeze, solve in a child, verify, record. Whatever goes wrong, the row says it.

Responsible for the order of these steps and for the end of each attempt. Refuses to trust the queue that called it (the
claim decides), the child that solved (the verifier decides) and itself (each write is guarded by the token).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from time import monotonic, perf_counter

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from service.config import Settings
from service.domain import rounds
from service.domain.bridge import freeze, frozen_bytes
from service.domain.campaigns import day_in_france, get_campaign
from service.domain.findings import record_findings
from service.domain.recording import Dossier, LeaseLostError, ResultRefusedError, record_result, verify_dossier
from service.domain.scenarios import record_difference
from service.errors import ServiceError
from service.jobs.boards import Board
from service.jobs.child import SOLVE_COMMAND, TOO_LONG, Child, ChildFailedError
from service.jobs.messages import Answer, Order
from service.jobs.pulse import Pulse, Verdict
from service.jobs.scenarios import difference_document, scenario_bytes
from service.persistence.engine import make_engine, session_scope
from service.vocabulary import RoundKind

logger = structlog.get_logger(__name__)
_Fail = Callable[[Session, int, int, str], bool]


class Outcome(StrEnum):
    NOT_MINE = "not_mine"
    COMPUTED = "computed"
    REFUSED = "refused"
    RETRY = "retry"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    STOPPED = "stopped"


def _nobody_listens(_phase: str, _progress: float) -> None:
    """Most rounds are followed on their row alone."""


def _nobody_helps(_part_id: int) -> None:
    """A worker without a queue computes every part itself."""


@dataclass(frozen=True)
class Workshop:
    """Where rounds are computed: the database, the limits, the child's command, who listens and who is told of parts
    to help with."""

    engine: Engine
    lease_s: float = 60.0
    heartbeat_s: float = 2.0
    memory_bytes: int = 8 * 2**30
    time_s: int = 1800
    command: tuple[str, ...] = SOLVE_COMMAND
    tell: Callable[[str, float], None] = _nobody_listens
    clock: Callable[[], float] = monotonic
    stopping: threading.Event = field(default_factory=threading.Event)
    today: date | None = None
    spread: Callable[[int], object] = _nobody_helps

    def pulse(self, beat: Callable[[Session, str, float], rounds.Beat]) -> Pulse:
        return Pulse(
            self.engine,
            beat,
            heartbeat_s=self.heartbeat_s,
            time_s=self.time_s,
            stopping=self.stopping,
            clock=self.clock,
        )


def open_workshop(settings: Settings, tell: Callable[[str, float], None] | None = None) -> Workshop:
    workshop = Workshop(
        make_engine(settings),
        settings.lease_s,
        settings.heartbeat_s,
        settings.solver_memory_bytes,
        settings.solver_time_s,
        today=settings.today,
    )
    return workshop if tell is None else replace(workshop, tell=tell)


def run_round(workshop: Workshop, round_id: int) -> Outcome:
    """Attempts the round until it has an end, or belongs to someone else."""
    while (outcome := attempt_round(workshop, round_id)) is Outcome.RETRY:
        logger.warning("round_retried", round=round_id)
    logger.info("round_ended", round=round_id, outcome=outcome.value)
    return outcome


def attempt_round(workshop: Workshop, round_id: int) -> Outcome:
    with session_scope(workshop.engine) as session:
        token = rounds.claim(session, round_id, workshop.lease_s)
    if token is None:
        return Outcome.NOT_MINE

    def beat(session: Session, phase: str, progress: float) -> rounds.Beat:
        return rounds.heartbeat(session, round_id, token, workshop.lease_s, phase, progress)

    with workshop.pulse(beat) as pulse:
        attempt = _Attempt(workshop, round_id, token, pulse)
        return attempt.run()


@dataclass(frozen=True)
class _Attempt:
    workshop: Workshop
    round_id: int
    token: int
    pulse: Pulse
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> Outcome:
        try:
            return self._run_to_the_record()
        except ResultRefusedError as refusal:
            self.pulse.close()
            with session_scope(self.workshop.engine) as session:
                rounds.refuse_round(session, self.round_id, self.token, refusal.faults)
            return Outcome.REFUSED
        except LeaseLostError:
            return self._end_early(Verdict.LOST)
        except ChildFailedError as failure:
            return self._end_early(self.pulse.verdict, str(failure))
        except ServiceError as refusal:
            return self._end_early(self.pulse.verdict, refusal.message, rounds.fail_round)
        except Exception as error:
            # A fault of ours or of the database: the attempt fails like any other, and the log keeps the whole story.
            logger.exception("attempt_failed", round=self.round_id)
            return self._end_early(self.pulse.verdict, f"Erreur inattendue du service ({type(error).__name__}).")

    def _run_to_the_record(self) -> Outcome:
        with self._timed("freeze"):
            instance = self._freeze()
        answer = self._solve(instance)
        self._tell("verify", 0.95)
        with self._timed("verify"):
            dossier = verify_dossier(instance, answer.body, answer.certificate)
        if self.pulse.verdict is not None:
            return self._end_early(self.pulse.verdict)
        self._tell("record", 0.98)
        self._record(dossier, answer)
        return Outcome.COMPUTED

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        started = perf_counter()
        yield
        self.seconds[phase] = perf_counter() - started

    def _tell(self, phase: str, progress: float) -> None:
        self.pulse.tell(phase, progress)
        self.workshop.tell(phase, progress)

    def _freeze(self) -> bytes:
        self._tell("freeze", 0.0)
        with snapshot_scope(self.workshop.engine) as session:
            found = rounds.get_round(session, self.round_id)
            campaign = get_campaign(session, found.campaign_id)
            today = self.workshop.today or day_in_france(found.launched_at)
            if found.kind is RoundKind.SCENARIO:
                return scenario_bytes(session, found)
            return frozen_bytes(freeze(session, campaign, today, found.base_round_id))

    def _solve(self, instance: bytes) -> Answer:
        child = Child(self.workshop.command)
        board = Board(self.workshop.engine, self.round_id, self.token, self.workshop.spread, self.pulse)
        try:
            self.pulse.watch_over(child.kill)
            order = Order(instance, self.workshop.memory_bytes, self.workshop.time_s)
            answer = child.solve(order, lambda phase, done: self._tell(phase, 0.05 + 0.9 * done), board)
        finally:
            child.close()
            board.close()
        self.seconds.update(answer.seconds)
        return answer

    def _record(self, dossier: Dossier, answer: Answer) -> None:
        with session_scope(self.workshop.engine, write=False) as session:
            found = rounds.get_round(session, self.round_id)
            is_scenario = found.kind is RoundKind.SCENARIO
            differs = (
                difference_document(session, found, dossier.decision.instance, answer.body) if is_scenario else b""
            )
        with session_scope(self.workshop.engine) as session:
            record_result(session, self.round_id, self.token, dossier, answer.baseline, self.seconds)
            if is_scenario:
                record_difference(session, self.round_id, differs)
            else:
                record_findings(session, self.round_id, answer.findings)

    def _end_early(self, verdict: Verdict | None, cause: str = "", fail: _Fail = rounds.fail_attempt) -> Outcome:
        """`fail` notes the cause, and says whether another attempt may do better."""
        if verdict is Verdict.OVERTIME:
            verdict, cause = None, TOO_LONG
        self.pulse.close()
        with session_scope(self.workshop.engine) as session:
            if verdict is Verdict.STOPPED:
                rounds.hand_back(session, self.round_id, self.token)
                return Outcome.STOPPED
            if rounds.end_cancelled(session, self.round_id, self.token):
                return Outcome.CANCELLED
            if verdict is not None:
                return Outcome.LOST
            again = fail(session, self.round_id, self.token, cause)
            return Outcome.RETRY if again else Outcome.FAILED


@contextmanager
def snapshot_scope(engine: Engine) -> Iterator[Session]:
    """A reading of the whole campaign at one instant: SQLite's readers always see one, PostgreSQL must be asked."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with session_scope(engine, write=False) as session:
        yield session
