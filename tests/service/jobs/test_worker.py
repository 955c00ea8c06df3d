"""The worker as a process of its own: takes rounds from the queue, computes them really, stops in good order."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.config import Settings
from service.domain import rounds
from service.domain.publication import publish_round
from service.errors import ServiceError
from service.jobs import worker
from service.jobs.app import enqueue_round, make_queue
from service.jobs.attempts import Workshop, open_workshop
from service.jobs.inline import Outcome, run_now
from service.persistence.engine import session_scope
from service.vocabulary import RoundStatus
from tests.promises.processes import start
from tests.promises.round_scenes import (
    SLOW,
    TODAY,
    engine_at,
    expire,
    is_alive,
    launched,
    phase_of,
    quick_workshop,
    read_round,
    url_of,
    wait_until,
)


def settings_of(engine: Engine, folder: Path) -> Settings:
    """The queue of a SQLite database is a file of the test's own; on PostgreSQL it is in the database itself."""
    queue = f"sqlite:///{folder / 'queue.db'}" if engine.dialect.name == "sqlite" else ""
    return Settings(database_url=url_of(engine), queue_url=queue, heartbeat_s=0.05, today=TODAY)


def work_for(settings: Settings) -> None:
    if not settings.is_sqlite:
        # The tests' PostgreSQL is thrown away with its folder and does not wait for the disk; a worker refuses that.
        worker.check_durability = lambda _engine: None
    worker.run(settings)


def stop(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == 0


def is_computed(engine: Engine, round_id: int) -> bool:
    return read_round(engine, round_id).status == RoundStatus.COMPUTED


def test_a_round_through_the_queue(engine: Engine, seed: int, tmp_path: Path) -> None:
    """A number put on the queue is computed by a worker in another process, then published; SIGTERM ends it all."""
    settings = settings_of(engine, tmp_path)
    round_id = launched(engine, seed)
    enqueue_round(settings, round_id)
    process = start(work_for, settings)
    wait_until(lambda: is_computed(engine, round_id), "the round")
    with session_scope(engine) as session:
        assert publish_round(session, round_id, "user:1", TODAY).solver_status == "OPTIMAL"
    stop(process)


def test_a_lost_message(sqlite_engine: Engine, seed: int, tmp_path: Path) -> None:
    """A round whose message was lost is found by the sweep that a worker makes when it starts."""
    settings = settings_of(sqlite_engine, tmp_path)
    round_id = launched(sqlite_engine, seed)
    process = start(work_for, settings)
    wait_until(lambda: is_computed(sqlite_engine, round_id), "the round nobody announced")
    stop(process)
    found = read_round(sqlite_engine, round_id)
    assert (found.status, found.attempt) == (RoundStatus.COMPUTED, 1)


def test_stopped_in_mid_round(sqlite_engine: Engine, seed: int, tmp_path: Path) -> None:
    """SIGTERM in mid-round: handed back at once, the attempt does not count, and the next worker finishes it."""
    settings = settings_of(sqlite_engine, tmp_path)
    round_id = launched(sqlite_engine, seed)
    enqueue_round(settings, round_id)
    process = start(slow_worker, settings)
    wait_until(lambda: phase_of(sqlite_engine, round_id) == "optimise:placed", "the child's first step")
    stop(process)
    found = read_round(sqlite_engine, round_id)
    assert (found.status, found.attempt) == (RoundStatus.RUNNING, 0)
    process = start(work_for, settings)
    wait_until(lambda: is_computed(sqlite_engine, round_id), "the round handed back")
    stop(process)


def slow_worker(settings: Settings) -> None:
    """The real worker, whose child never answers."""
    worker.open_workshop = open_slow_workshop
    worker.run(settings)


def open_slow_workshop(settings: Settings) -> Workshop:
    return quick_workshop(engine_at(settings.database_url), command=SLOW)


def test_the_sweep_puts_back_what_nobody_finishes(engine: Engine, seed: int) -> None:
    """Queued rounds and those whose lease is over go back on the queue; a round in good hands does not."""
    waiting, dead, alive = (launched(engine, seed + n) for n in range(3))
    with session_scope(engine) as session:
        assert rounds.claim(session, dead, 600) == 1
        assert rounds.claim(session, alive, 600) == 1
    expire(engine, dead)
    assert worker.sweep(engine) == sorted([waiting, dead])


def test_the_sweep_only_reads_when_there_is_nothing_to_end(sqlite_engine: Engine, seed: int) -> None:
    """While somebody writes (a large publication), waiting rounds go back on the queue all the same."""
    waiting, dead = launched(sqlite_engine, seed), launched(sqlite_engine, seed + 1)
    with session_scope(sqlite_engine) as session:
        assert rounds.claim(session, dead, 600) == 1
    expire(sqlite_engine, dead)
    with session_scope(sqlite_engine) as writer:
        writer.connection()
        assert worker.sweep(sqlite_engine) == sorted([waiting, dead])


def test_inline(engine: Engine, seed: int, tmp_path: Path) -> None:
    """The same round without a queue: the caller hears each phase in order, and the same checks are made."""
    round_id = launched(engine, seed)
    heard: list[str] = []
    outcome = run_now(settings_of(engine, tmp_path), round_id, lambda phase, _progress: heard.append(phase))
    assert outcome is Outcome.COMPUTED
    expected = ["freeze", "reachable", "optimise:placed", "prove", "verify", "record"]
    assert [phase for phase in heard if phase in expected] == expected
    found = read_round(engine, round_id)
    assert found.verified_at is not None
    assert set(found.baseline) == {"placed", "hostings", "first_wishes", "tiers"}
    assert found.baseline["placed"] <= found.placed


def test_a_weak_database_is_refused(tmp_path: Path) -> None:
    """A worker does not start on a database that could lose what it has confirmed."""
    path = tmp_path / "weak.db"
    sqlite3.connect(path).close()
    settings = Settings(database_url=f"sqlite:///{path}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "open_workshop", weak_workshop)
        with pytest.raises(ServiceError, match="synchronous"):
            worker.run(settings)


def weak_workshop(settings: Settings) -> Workshop:
    workshop = open_workshop(settings)
    with workshop.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA synchronous = OFF")
    return workshop


@pytest.mark.parametrize("address", ["redis://localhost/0", "sqlite://"])
def test_an_unknown_queue_is_refused(address: str) -> None:
    """A storage this version does not know is refused, and the setting is named."""
    with pytest.raises(ValueError, match="SEQUENCE_QUEUE_URL"):
        make_queue(Settings(queue_url=address))


def test_two_launches_wait_for_one_worker(sqlite_engine: Engine, seed: int, tmp_path: Path) -> None:
    """Two campaigns launched at once are computed one after the other by the same worker."""
    settings = settings_of(sqlite_engine, tmp_path)
    both = [launched(sqlite_engine, seed + n, schools=2, pupils=6) for n in range(2)]
    senders = [threading.Thread(target=enqueue_round, args=(settings, round_id)) for round_id in both]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    process = start(work_for, settings)
    wait_until(lambda: all(is_computed(sqlite_engine, round_id) for round_id in both), "both rounds")
    assert is_alive(process.pid or 0)
    stop(process)
