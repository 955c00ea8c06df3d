"""A round fans out by component over workers: the same bytes as one worker, recorded once whoever dies on the way."""

from __future__ import annotations

import json
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import col, select

from service.config import Settings
from service.domain import round_parts
from service.domain.rounds import claim, end_round, held_by, launch_round
from service.jobs import worker
from service.jobs.app import enqueue_round
from service.jobs.attempts import Outcome, Workshop, open_workshop, run_round
from service.jobs.helping import PART_COMMAND, compute_part
from service.jobs.messages import GarbageError
from service.jobs.sharing import read_part, write_part
from service.persistence.bulk import fetch
from service.persistence.engine import session_scope
from service.persistence.packed import unpack
from service.persistence.rows import row_id
from service.persistence.tables import RoundDossier, RoundPart
from service.vocabulary import RoundStatus
from tests.promises.processes import kill, start
from tests.promises.round_scenes import (
    COORDINATOR,
    TODAY,
    audited,
    child_that,
    engine_at,
    expire,
    launched,
    quick_workshop,
    read_round,
    url_of,
    wait_until,
)

SEED = 20261124
SPLIT = (
    "import solver.components, service.jobs.sharing, service.jobs.solve_child as child; "
    "solver.components.ARCS_PER_PART = 85; service.jobs.sharing.SMALLEST = 0; child.main()"
)
"""The real child, for which no part is too small to be offered."""
SHARING = (sys.executable, "-c", SPLIT)


def again(engine: Engine, round_id: int) -> int:
    with session_scope(engine) as session:
        return row_id(launch_round(session, read_round(engine, round_id).campaign_id, COORDINATOR))


def bytes_of(engine: Engine, round_id: int) -> tuple[object, ...]:
    """What a round says, but for how long it took."""
    with session_scope(engine, write=False) as session:
        kept = session.get_one(RoundDossier, round_id)
        documents = [unpack(kept.instance_gz), unpack(kept.certificate_gz)]
        return *documents, {**json.loads(unpack(kept.result_gz)), "seconds": 0}


def parts(engine: Engine) -> list[RoundPart]:
    with session_scope(engine, write=False) as session:
        return list(session.scalars(select(RoundPart)))


def spread_rows(engine: Engine) -> int:
    """A small campaign whose schools and places are several countries."""
    return launched(engine, SEED, schools=8, pupils=80, sites=40)


def test_parts_computed_elsewhere_give_the_same_bytes(sqlite_engine: Engine) -> None:
    """By one worker, or with others that compute one part and fail at the next: one result, one certificate."""
    engine, helped = sqlite_engine, list[bool]()
    plain = spread_rows(engine)
    assert run_round(quick_workshop(engine), plain) is Outcome.COMPUTED
    alone = again(engine, plain)
    assert run_round(quick_workshop(engine, command=SHARING), alone) is Outcome.COMPUTED
    assert bytes_of(engine, alone)[2] == bytes_of(engine, plain)[2]
    shared = again(engine, plain)
    help_at_once = partial(_help, quick_workshop(engine), helped)
    assert run_round(quick_workshop(engine, command=SHARING, spread=help_at_once), shared) is Outcome.COMPUTED
    assert set(helped) == {True, False}
    assert bytes_of(engine, shared) == bytes_of(engine, alone)
    assert parts(engine) == []


def _help(workshop: Workshop, helped: list[bool], part_id: int) -> None:
    works = len(helped) % 2 == 0
    command = PART_COMMAND if works else child_that("os.kill(os.getpid(), signal.SIGKILL)")
    helped.append(compute_part(workshop, part_id, command))
    assert helped[-1] is works


def test_a_part_is_taken_once_and_means_nothing_after_its_attempt(engine: Engine) -> None:
    """Two helpers never hold it together; an answer too late, or for an attempt that is over, changes nothing."""
    round_id = spread_rows(engine)
    with session_scope(engine) as session:
        token = claim(session, round_id, 600.0)
        assert token is not None
        assert round_parts.offer_part(session, round_id, token + 1, 1, b"other attempt") is None
        key = round_parts.offer_part(session, round_id, token, 1, b"body")
        assert key is not None
        first = round_parts.take_part(session, key, 600.0)
        assert first is not None
        assert first[1] == b"body"
        assert round_parts.take_part(session, key, 600.0) is None
        assert not round_parts.take_back(session, round_id, token, 1)
        round_parts.give_part_back(session, key, first[0])
        second = round_parts.take_part(session, key, 600.0)
        assert second is not None
        assert not round_parts.answer_part(session, key, first[0], b"too late")
        assert round_parts.keep_part(session, key, second[0], 600.0)
        assert round_parts.answer_part(session, key, second[0], b"answer")
        assert round_parts.read_answer(session, round_id, token, 1) == b"answer"
        other = round_parts.offer_part(session, round_id, token, 2, b"left behind")
        assert other is not None
        third = round_parts.take_part(session, other, 600.0)
        assert third is not None
        assert end_round(session, held_by(round_id, token), RoundStatus.FAILED, "test") == [round_id]
        assert not round_parts.keep_part(session, other, third[0], 600.0)
        assert not round_parts.answer_part(session, other, third[0], b"for nobody")
        round_parts.drop_unwanted_parts(session)
        assert fetch(session, select(col(RoundPart.id))) == []


def test_a_part_says_nothing_but_arrays() -> None:
    """Bytes that would call anything else are refused before they are read; so are broken ones."""
    sent = (print, (1,), {})
    for body in (pickle.dumps(sent), write_part((1, 2))[:-2], b"", b"\x80\x05garbage"):
        with pytest.raises(GarbageError):
            read_part(body)
    assert read_part(write_part((1, "two"))) == (1, "two")


PATIENT = """
import pathlib, time
from service.jobs.sharing import Sharing
settle = Sharing._settle
def wait_for_help(*asked):
    until = time.monotonic() + 120
    while not pathlib.Path({!r}).exists() and time.monotonic() < until:
        time.sleep(0.02)
    return settle(*asked)
Sharing._settle = wait_for_help
"""
"""A child that asks for no part before another worker has come to help, however late that one is ready."""


def gated(folder: str) -> tuple[str, ...]:
    return (sys.executable, "-c", PATIENT.format(f"{folder}/helper") + SPLIT)


def owner(url: str, round_id: int, folder: str) -> None:
    """The worker of a shared round, whose child waits for help before it asks for a part."""
    run_round(quick_workshop(engine_at(url), command=gated(folder)), round_id)


def test_the_owner_killed_while_a_part_is_in_other_hands(sqlite_engine: Engine, tmp_path: Path) -> None:
    """The next worker starts the round again and records it once, with the bytes of one worker; whoever still computes
    a part for the dead one stops, and gives it to nobody."""
    engine = sqlite_engine
    alone = spread_rows(engine)
    assert run_round(quick_workshop(engine, command=SHARING), alone) is Outcome.COMPUTED
    shared = again(engine, alone)
    dying = start(owner, url_of(engine), shared, str(tmp_path))
    wait_until(lambda: bool(parts(engine)), "a part on offer")
    waits = f'touch "{tmp_path}/helper"; exec sleep 60'
    with ThreadPoolExecutor(1) as other:
        help_given = other.submit(compute_part, quick_workshop(engine), row_id(parts(engine)[0]), ("sh", "-c", waits))
        wait_until((tmp_path / "helper").exists, "a part in other hands")
        kill(dying)
        expire(engine, shared)
        assert worker.sweep(engine) == [shared]
        assert run_round(quick_workshop(engine, command=SHARING), shared) is Outcome.COMPUTED
        assert help_given.result(30) is False
    assert read_round(engine, shared).attempt == 2
    assert bytes_of(engine, shared) == bytes_of(engine, alone)
    with session_scope(engine, write=False) as session:
        assert audited(session, "record_round") == 2
    assert worker.sweep(engine) == []
    assert parts(engine) == []


def gated_workshop(folder: str, settings: Settings) -> Workshop:
    return replace(open_workshop(settings), command=gated(folder), lease_s=600.0)


def gated_worker(settings: Settings, folder: str) -> None:
    """The real worker; the child that helps another says who its worker is, then waits for the end."""
    # The tests' PostgreSQL is thrown away with its folder and does not wait for the disk; a worker refuses that.
    worker.check_durability = lambda _engine: None
    worker.open_workshop = partial(gated_workshop, folder)
    waits = f'echo $PPID > "{folder}/helper.new"; mv "{folder}/helper.new" "{folder}/helper"; exec cat'
    worker.compute_part = partial(compute_part, command=("sh", "-c", waits))
    worker.run(settings)


@pytest.mark.postgres
def test_a_helper_killed_in_the_middle_of_a_part(postgres_engine: Engine, tmp_path: Path) -> None:
    """Two workers on one PostgreSQL share a round; the one that helps is killed: its part is taken again, and the
    round recorded once, at its first attempt, with the bytes of one worker."""
    alone = spread_rows(postgres_engine)
    assert run_round(quick_workshop(postgres_engine, command=SHARING), alone) is Outcome.COMPUTED
    shared = again(postgres_engine, alone)
    settings = Settings(database_url=url_of(postgres_engine), heartbeat_s=0.05, today=TODAY)
    workers = [start(gated_worker, settings, str(tmp_path)) for _ in range(2)]
    enqueue_round(settings, shared)
    wait_until((tmp_path / "helper").exists, "a worker that helps")
    helper = next(one for one in workers if one.pid == int((tmp_path / "helper").read_text()))
    held = next(one.id for one in parts(postgres_engine) if one.token and one.answer is None)
    kill(helper)
    assert read_round(postgres_engine, shared).status is RoundStatus.RUNNING
    with session_scope(postgres_engine) as session:
        ended = text("UPDATE roundpart SET lease_until = '2000-01-01' WHERE id = :id")
        session.connection().execute(ended, {"id": held})
    wait_until(lambda: read_round(postgres_engine, shared).status is RoundStatus.COMPUTED, "the round recorded")
    assert read_round(postgres_engine, shared).attempt == 1
    assert bytes_of(postgres_engine, shared) == bytes_of(postgres_engine, alone)
    with session_scope(postgres_engine, write=False) as session:
        assert audited(session, "record_round") == 2
    other = next(one for one in workers if one is not helper)
    other.terminate()
    other.join(60)
    assert other.exitcode == 0
