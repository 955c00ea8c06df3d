"""Two workers on one PostgreSQL take two rounds at once; one is killed in the middle, its round is recorded once."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.config import Settings
from service.jobs import worker
from service.jobs.app import enqueue_round
from service.jobs.attempts import Workshop, open_workshop
from service.persistence.engine import session_scope
from service.vocabulary import RoundStatus
from tests.promises.processes import kill, start
from tests.promises.round_scenes import TODAY, audited, expire, launched, read_round, url_of, wait_until

pytestmark = pytest.mark.postgres


def gated_workshop(gate: str, settings: Settings) -> Workshop:
    """The real one, whose real child waits until the gate is there: nothing is over before the test says so.

    Nobody waits for a worker that is gone.
    """
    look = f'while [ ! -e "{gate}" ]; do kill -0 $PPID || exit; sleep 0.02; done'
    waits = f'{look}; exec "{sys.executable}" -m service.jobs.solve_child'
    return replace(open_workshop(settings), command=("sh", "-c", waits), lease_s=600.0)


def gated_worker(settings: Settings, gate: str) -> None:
    # The tests' PostgreSQL is thrown away with its folder and does not wait for the disk; a worker refuses that.
    worker.check_durability = lambda _engine: None
    worker.open_workshop = partial(gated_workshop, gate)
    worker.run(settings)


def test_two_rounds_at_once_and_one_worker_killed(postgres_engine: Engine, tmp_path: Path) -> None:
    """Both rounds run at the same time; after the kill -9 the other worker computes both, each recorded once."""
    settings = Settings(database_url=url_of(postgres_engine), heartbeat_s=0.05, today=TODAY)
    both = [launched(postgres_engine, seed, schools=2, pupils=20, sites=10) for seed in (20261122, 20261123)]
    gate = tmp_path / "gate"
    workers = [start(gated_worker, settings, str(gate)) for _ in range(2)]
    for round_id in both:
        enqueue_round(settings, round_id)
    wait_until(lambda: {status_of(postgres_engine, one) for one in both} == {RoundStatus.RUNNING}, "both at once")
    kill(workers[0])
    orphan = orphan_of(postgres_engine, both)
    expire(postgres_engine, orphan)
    assert worker.sweep(postgres_engine) == [orphan]
    enqueue_round(settings, orphan)
    gate.touch()
    wait_until(lambda: {status_of(postgres_engine, one) for one in both} == {RoundStatus.COMPUTED}, "both recorded")
    assert {one: read_round(postgres_engine, one).attempt for one in both} == {
        one: 2 if one == orphan else 1 for one in both
    }
    with session_scope(postgres_engine, write=False) as session:
        assert audited(session, "record_round") == 2
    workers[1].terminate()
    workers[1].join(60)
    assert workers[1].exitcode == 0


def status_of(engine: Engine, round_id: int) -> RoundStatus:
    return read_round(engine, round_id).status


def orphan_of(engine: Engine, both: list[int]) -> int:
    """The round whose lease nobody extends any more, while the other's is extended again and again.

    Looked at twice: what the dead worker had just sent may still be written after it.
    """
    for _ in range(2):
        seen = leases(engine, both)
        wait_until(lambda: leases(engine, both) != seen, "a heartbeat of the worker that lives")  # noqa: B023
        now = leases(engine, both)
    still = [one for one in both if now[one] == seen[one]]
    assert len(still) == 1
    return still[0]


def leases(engine: Engine, both: list[int]) -> dict[int, datetime | None]:
    return {one: read_round(engine, one).lease_until for one in both}
