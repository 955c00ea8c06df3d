"""Whatever happens to workers and to children, a round is recorded once, or ends with its reason on screen."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Engine, true
from sqlalchemy.exc import OperationalError
from sqlmodel import col

from service.domain import recording, rounds
from service.jobs.attempts import Outcome, attempt_round, run_round
from service.jobs.child import TOO_LONG
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, Placement, RoundDossier, UnplacedPupil
from service.vocabulary import RoundStatus
from tests.promises.processes import kill, start
from tests.promises.round_scenes import (
    MISBEHAVIOURS,
    SLOW,
    audited,
    checksum,
    child_that,
    child_that_answers,
    count_rows,
    engine_at,
    expire,
    is_alive,
    launched,
    phase_of,
    quick_workshop,
    read_round,
    right_answer,
    url_of,
    wait_until,
)

RESULT_TABLES = (Placement, UnplacedPupil, RoundDossier)


def work(url: str, round_id: int, changes: dict[str, Any]) -> None:
    """A worker in a process of its own."""
    run_round(quick_workshop(engine_at(url), **changes), round_id)


def children_of(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text(encoding="utf-8").split()
    ]


def stop_past_its_lease(pid: int, engine: Engine, round_id: int) -> None:
    """SIGSTOP between two transactions: stopped inside one, a worker would hold the database against everybody."""
    for _ in range(5):
        os.kill(pid, signal.SIGSTOP)
        try:
            return expire(engine, round_id)
        except OperationalError:
            os.kill(pid, signal.SIGCONT)
            sleep(0.05)  # time to end the transaction it was stopped in
    raise AssertionError(f"worker {pid} always holds the database")


def recorded_once(engine: Engine, round_id: int) -> None:
    found = read_round(engine, round_id)
    assert found.status == RoundStatus.COMPUTED
    assert found.failure == ""
    counts = count_rows(engine, *RESULT_TABLES)
    assert counts["RoundDossier"] == 1
    assert counts["Placement"] + counts["UnplacedPupil"] == found.pupils
    with session_scope(engine, write=False) as session:
        assert audited(session, "record_round") == 1


def test_a_worker_killed_in_the_middle(engine: Engine, seed: int, tmp_path: Path) -> None:
    """kill -9 of the worker while it solves: its child dies too, the sweep finds the round, it is recorded once."""
    round_id = launched(engine, seed)
    worker = start(work, url_of(engine), round_id, {"command": SLOW})
    wait_until(lambda: phase_of(engine, round_id) == "optimise:placed", "the child's first step")
    assert worker.pid is not None
    children = children_of(worker.pid)
    kill(worker)
    assert children
    wait_until(lambda: not any(is_alive(child) for child in children), "the orphan's end")
    expire(engine, round_id)
    with session_scope(engine) as session:
        assert rounds.sweep(session) == [round_id]
    command = child_that_answers(tmp_path / "answer", right_answer(engine, round_id)[1])
    assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.COMPUTED
    assert read_round(engine, round_id).attempt == 2
    recorded_once(engine, round_id)


def test_the_real_child_dies_with_its_worker(sqlite_engine: Engine, seed: int) -> None:
    """The solving process itself does not outlive a worker killed with -9."""
    round_id = launched(sqlite_engine, seed, schools=6, pupils=600, sites=100)
    worker = start(work, url_of(sqlite_engine), round_id, {})
    assert worker.pid is not None
    pid = worker.pid
    wait_until(lambda: bool(children_of(pid)), "the child's start")
    children = children_of(pid)
    kill(worker)
    wait_until(lambda: not any(is_alive(child) for child in children), "the orphan's end")


POINTS = ("freeze", "optimise:placed", "verify", "record")


class TakenOver:
    """At one point of an attempt, its lease ends and another worker computes the whole round."""

    def __init__(self, engine: Engine, round_id: int, command: tuple[str, ...], point: str) -> None:
        self.engine, self.round_id, self.point = engine, round_id, point
        self.command, self.content = command, ""

    def __call__(self, phase: str, _progress: float) -> None:
        if phase != self.point or self.content:
            return
        expire(self.engine, self.round_id)
        second = quick_workshop(self.engine, command=self.command)
        assert attempt_round(second, self.round_id) is Outcome.COMPUTED
        self.content = checksum(self.engine)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_comes_back_too_late(engine: Engine, seed: int, tmp_path: Path, point: str) -> None:
    """A worker stalled past its lease, at any point, is fenced off: it leaves nothing, the other's result stands."""
    round_id = launched(engine, seed)
    command = child_that_answers(tmp_path / "answer", right_answer(engine, round_id)[1])
    takeover = TakenOver(engine, round_id, command, point)
    first = quick_workshop(engine, command=command, tell=takeover, heartbeat_s=600.0)
    assert attempt_round(first, round_id) is Outcome.LOST
    assert checksum(engine) == takeover.content
    recorded_once(engine, round_id)


def test_sabotage_a_lease_without_token(
    sqlite_engine: Engine, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage: when nothing checks the token, the late worker is not fenced off, so the test above would see it."""
    round_id = launched(sqlite_engine, seed)
    command = child_that_answers(tmp_path / "answer", right_answer(sqlite_engine, round_id)[1])
    takeover = TakenOver(sqlite_engine, round_id, command, "record")
    first = quick_workshop(sqlite_engine, command=command, tell=takeover, heartbeat_s=600.0)
    anyone = lambda round_id, _token: (col(AllocationRound.id) == round_id) & true()  # noqa: E731
    monkeypatch.setattr(rounds, "held_by", anyone)
    monkeypatch.setattr(recording, "held_by", anyone)
    outcome = attempt_round(first, round_id)
    assert (outcome, checksum(sqlite_engine)) != (Outcome.LOST, takeover.content)


def test_a_stopped_worker_resumed_after_a_takeover(engine: Engine, seed: int, tmp_path: Path, full: bool) -> None:
    """SIGSTOP past the lease, takeover, resume: one result; the first worker ends its child and leaves."""
    for trial in range(20 if full else 1):
        round_id = launched(engine, seed + 31 * trial)
        worker = start(work, url_of(engine), round_id, {"command": SLOW})
        assert worker.pid is not None
        wait_until(lambda: phase_of(engine, round_id) == "optimise:placed", "the child's first step")  # noqa: B023
        children = children_of(worker.pid)
        stop_past_its_lease(worker.pid, engine, round_id)
        command = child_that_answers(tmp_path / "answer", right_answer(engine, round_id)[1])
        assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.COMPUTED
        before = checksum(engine)
        os.kill(worker.pid, signal.SIGCONT)
        worker.join(60)
        assert worker.exitcode == 0
        assert not any(is_alive(child) for child in children)
        assert checksum(engine) == before


@pytest.mark.parametrize("does", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_a_poisoned_round(sqlite_engine: Engine, seed: int, does: str) -> None:
    """A child that fails each time, however it fails: three attempts, then `failed` with its reason; no row is left."""
    round_id = launched(sqlite_engine, seed, schools=1, pupils=2, sites=1)
    assert run_round(quick_workshop(sqlite_engine, command=child_that(does)), round_id) is Outcome.FAILED
    found = read_round(sqlite_engine, round_id)
    assert (found.status, found.attempt) == (RoundStatus.FAILED, rounds.ATTEMPTS)
    assert found.failure.startswith(rounds.GIVEN_UP)
    assert set(count_rows(sqlite_engine, *RESULT_TABLES).values()) == {0}
    with session_scope(sqlite_engine) as session:
        assert rounds.sweep(session) == []


def test_a_child_without_memory(sqlite_engine: Engine, seed: int) -> None:
    """The real child under a memory limit too low for it: the attempt fails, the worker goes on."""
    round_id = launched(sqlite_engine, seed, schools=6, pupils=1200, sites=200)
    workshop = quick_workshop(sqlite_engine, memory_bytes=2**26)
    assert attempt_round(workshop, round_id) is Outcome.RETRY
    assert read_round(sqlite_engine, round_id).failure.startswith("Le calcul")


def test_a_child_that_hangs(engine: Engine, seed: int) -> None:
    """A child that says nothing more is ended by the watchdog, on a clock that the test moves."""
    round_id = launched(engine, seed, schools=1, pupils=2, sites=1)
    hour = [0.0]

    def step_aside(phase: str, _progress: float) -> None:
        if phase == "optimise:placed":
            hour[0] += 10_000.0

    workshop = quick_workshop(engine, command=SLOW, clock=lambda: hour[0], tell=step_aside)
    assert attempt_round(workshop, round_id) is Outcome.RETRY
    assert read_round(engine, round_id).failure == TOO_LONG


def test_cancelling_a_running_round(engine: Engine, seed: int) -> None:
    """Cancelled while it runs: the child is gone at the next heartbeat and the tables keep no trace of a result."""
    round_id = launched(engine, seed)
    worker = start(work, url_of(engine), round_id, {"command": SLOW})
    assert worker.pid is not None
    wait_until(lambda: phase_of(engine, round_id) == "optimise:placed", "the child's first step")
    children = children_of(worker.pid)
    with session_scope(engine) as session:
        rounds.cancel_round(session, round_id, "user:1")
    worker.join(60)
    assert worker.exitcode == 0
    assert not any(is_alive(child) for child in children)
    assert read_round(engine, round_id).status == RoundStatus.CANCELLED
    assert set(count_rows(engine, *RESULT_TABLES).values()) == {0}


def test_cancelling_at_the_last_moment(engine: Engine, seed: int, tmp_path: Path) -> None:
    """Cancelled between the last heartbeat and the record: nothing is recorded."""
    round_id = launched(engine, seed)

    def cancel(phase: str, _progress: float) -> None:
        if phase == "record":
            with session_scope(engine) as session:
                rounds.cancel_round(session, round_id, "user:1")

    command = child_that_answers(tmp_path / "answer", right_answer(engine, round_id)[1])
    workshop = quick_workshop(engine, command=command, tell=cancel, heartbeat_s=600.0)
    assert attempt_round(workshop, round_id) is Outcome.CANCELLED
    assert read_round(engine, round_id).status == RoundStatus.CANCELLED
    assert set(count_rows(engine, *RESULT_TABLES).values()) == {0}


def test_a_worker_asked_to_stop(engine: Engine, seed: int, tmp_path: Path) -> None:
    """A worker that stops in good order hands its round back: the attempt does not count and another takes it."""
    round_id = launched(engine, seed)
    stopping = threading.Event()
    workshop = quick_workshop(engine, command=SLOW, stopping=stopping, tell=lambda *_: stopping.set())
    assert run_round(workshop, round_id) is Outcome.STOPPED
    with session_scope(engine) as session:
        assert rounds.sweep(session) == [round_id]
    command = child_that_answers(tmp_path / "answer", right_answer(engine, round_id)[1])
    assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.COMPUTED
    assert read_round(engine, round_id).attempt == 1
    recorded_once(engine, round_id)


def test_a_doubled_message(engine: Engine, seed: int, tmp_path: Path) -> None:
    """The same message delivered to four workers at once, then again: one computes, the others leave in silence."""
    round_id = launched(engine, seed)
    command = child_that_answers(tmp_path / "answer", right_answer(engine, round_id)[1])
    outcomes: list[Outcome] = []
    workers = [
        threading.Thread(target=lambda: outcomes.append(run_round(quick_workshop(engine, command=command), round_id)))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    outcomes.append(run_round(quick_workshop(engine, command=command), round_id))
    assert sorted(outcomes) == [Outcome.COMPUTED, *[Outcome.NOT_MINE] * 4]
    recorded_once(engine, round_id)
