"""«Un tour est enregistré et publié en entier ou pas du tout», even when the disk refuses or the database is killed."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from service.domain import publication, recording
from service.domain.publication import publish_round
from service.jobs.attempts import Outcome, attempt_round, run_round
from service.persistence.engine import session_scope
from service.vocabulary import RoundStatus
from tests.promises.processes import start
from tests.promises.round_scenes import (
    TODAY,
    checksum,
    child_that_answers,
    count_rows,
    engine_at,
    expire,
    launched,
    quick_workshop,
    read_round,
    right_answer,
    url_of,
)
from tests.promises.test_rounds_published import STAGES, check_whole
from tests.promises.test_rounds_workers import RESULT_TABLES, recorded_once
from tests.service.databases import PostgresDatabases

SIZE = {"schools": 3, "pupils": 60, "sites": 24}
SEED = 20261122
FULL, DONE = 3, 0
PAGE = 4096


def answer_for(engine: Engine, round_id: int, folder: Path) -> tuple[str, ...]:
    """A child that gives the round's right answer at once."""
    return child_that_answers(folder / "answer", right_answer(engine, round_id)[1])


@pytest.fixture
def round_id(request: pytest.FixtureRequest) -> int:
    """A round just launched, on fixed rows that place several pupils."""
    name = "sqlite_engine" if "sqlite_engine" in request.fixturenames else "postgres_engine"
    return launched(request.getfixturevalue(name), SEED, **SIZE)


def write_little(work: Callable[[Engine], None], url: str, limit: int, again: bool) -> None:
    """Works where no file may grow beyond `limit` bytes; `again`: once more, when the disk takes everything."""
    engine = engine_at(url)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        work(engine)
    except DBAPIError:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if not again:
            raise SystemExit(FULL) from None
        work(engine)
    raise SystemExit(DONE)


class Publish:
    """Publishes a round, in any process."""

    def __init__(self, round_id: int) -> None:
        self.round_id = round_id

    def __call__(self, engine: Engine) -> None:
        with session_scope(engine) as session:
            publish_round(session, self.round_id, "user:1", TODAY)


class Record(Publish):
    """Makes one attempt at a round whose child answers at once."""

    def __init__(self, round_id: int, command: tuple[str, ...]) -> None:
        super().__init__(round_id)
        self.command = command

    def __call__(self, engine: Engine) -> None:
        workshop = quick_workshop(engine, command=self.command, heartbeat_s=600.0)
        if attempt_round(workshop, self.round_id) is not Outcome.COMPUTED:
            raise SystemExit(FULL)


def ends(work: Callable[[Engine], None], engine: Engine, limit: int, *, again: bool = False) -> int:
    engine.dispose()  # whoever leaves last puts the journal away: each attempt begins with none
    process = start(write_little, work, url_of(engine), limit, again)
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


def limits(engine: Engine, full: bool) -> list[int]:
    """Sizes of file at which a disk may be full, in pages: each of them, or a few up to what a round writes."""
    return [PAGE * pages for pages in (range(1, 400) if full else (1, 9, 16, 24, 40))]


def test_the_disk_refuses_while_publishing(sqlite_engine: Engine, round_id: int, tmp_path: Path, full: bool) -> None:
    """A disk full at the nth page, n = 1… until success: nothing of the round, or all of it, and nothing else."""
    answered = answer_for(sqlite_engine, round_id, tmp_path)
    assert run_round(quick_workshop(sqlite_engine, command=answered), round_id) is Outcome.COMPUTED
    before, refused = checksum(sqlite_engine), 0
    for limit in limits(sqlite_engine, full):
        if ends(Publish(round_id), sqlite_engine, limit) == DONE:
            break
        refused += 1
        assert checksum(sqlite_engine) == before, limit
        assert sound(sqlite_engine)
    assert refused > 2
    if read_round(sqlite_engine, round_id).status is not RoundStatus.PUBLISHED:
        assert ends(Publish(round_id), sqlite_engine, 9 * PAGE, again=True) == DONE
    check_whole(sqlite_engine, round_id)
    assert sound(sqlite_engine)


def sound(engine: Engine) -> bool:
    with session_scope(engine, write=False) as session:
        return session.connection().execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]


def test_the_disk_refuses_while_recording(sqlite_engine: Engine, round_id: int, tmp_path: Path, full: bool) -> None:
    """The same while a worker claims, computes and records: no row of a result until it is recorded, once."""
    recorded, refused = Record(round_id, answer_for(sqlite_engine, round_id, tmp_path)), 0
    for limit in limits(sqlite_engine, full):
        if ends(recorded, sqlite_engine, limit) == DONE:
            break
        refused += 1
        assert set(count_rows(sqlite_engine, *RESULT_TABLES).values()) == {0}, limit
        assert sound(sqlite_engine)
        with session_scope(sqlite_engine) as session:
            anew = "UPDATE allocationround SET status = 'queued', attempt = 0, lease_until = NULL"
            session.connection().execute(text(anew))
    assert refused > 2
    if read_round(sqlite_engine, round_id).status is not RoundStatus.COMPUTED:
        assert ends(recorded, sqlite_engine, 10**9) == DONE
    recorded_once(sqlite_engine, round_id)


def test_sabotage_commit_before_the_disk_is_full(sqlite_engine: Engine, round_id: int, tmp_path: Path) -> None:
    """Sabotage: a publication that commits on its way leaves something when the disk refuses the rest."""
    answered = answer_for(sqlite_engine, round_id, tmp_path)
    assert run_round(quick_workshop(sqlite_engine, command=answered), round_id) is Outcome.COMPUTED
    before = checksum(sqlite_engine)
    for limit in limits(sqlite_engine, True)[8::2]:
        if ends(CommitEarly(round_id), sqlite_engine, limit) == DONE or checksum(sqlite_engine) != before:
            break
    assert read_round(sqlite_engine, round_id).status is RoundStatus.PUBLISHED
    with pytest.raises(AssertionError):
        check_whole(sqlite_engine, round_id)


class CommitEarly(Publish):
    """Commits once the round is taken, before its seats are."""

    def __call__(self, engine: Engine) -> None:
        take = publication._take_seats

        def committing(session: Session, key: int) -> None:
            session.commit()
            take(session, key)

        publication._take_seats = committing
        super().__call__(engine)


@pytest.mark.postgres
def test_the_database_is_killed(
    postgres_engine: Engine,
    postgres_databases: PostgresDatabases,
    round_id: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    full: bool,
) -> None:
    """The server stopped at once in the middle of a record, of a publication, and just after one: nothing half done,
    nothing confirmed and lost, the same round recorded and published afterwards."""
    engine, crash = postgres_engine, postgres_databases.crash
    recorded = Record(round_id, answer_for(engine, round_id, tmp_path))
    for stage in ("_write_rows", "insert_rows", "record") if full else ("_write_rows",):
        with monkeypatch.context() as patch:
            patch.setattr(recording, stage, followed_by(getattr(recording, stage), crash))
            with pytest.raises(DBAPIError):
                recorded(engine)
        postgres_databases.start_again()
        assert set(count_rows(engine, *RESULT_TABLES).values()) == {0}
        expire(engine, round_id)
        with session_scope(engine) as session:
            session.connection().execute(text("UPDATE allocationround SET attempt = 0"))
    recorded(engine)
    recorded_once(engine, round_id)
    before = checksum(engine)
    for stage in STAGES if full else ("_publish_placements",):
        with monkeypatch.context() as patch:
            patch.setattr(publication, stage, followed_by(getattr(publication, stage), crash))
            with pytest.raises(DBAPIError):
                Publish(round_id)(engine)
        postgres_databases.start_again()
        assert checksum(engine) == before
    Publish(round_id)(engine)
    crash()
    postgres_databases.start_again()
    check_whole(engine, round_id)


def followed_by(step: Callable[..., Any], crash: Callable[[], None]) -> Callable[..., Any]:
    def stage(*values: Any, **named: Any) -> Any:
        done = step(*values, **named)
        crash()
        return done

    return stage
