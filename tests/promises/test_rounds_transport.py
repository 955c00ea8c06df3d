"""Whatever the queue loses, doubles or reorders, and whoever dies on the way, each round ends once."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from service.domain import rounds
from service.jobs.attempts import run_round
from service.persistence.engine import session_scope
from service.vocabulary import RoundStatus
from tests.promises.processes import start
from tests.promises.round_scenes import (
    audited,
    child_that_answers,
    engine_at,
    expire,
    launched,
    quick_workshop,
    read_round,
    right_answer,
    url_of,
)

POINTS = ("freeze", "optimise:placed", "verify", "record")
LOST, DIES = 0.3, 0.25
TURNS = 60


def die_at(url: str, round_id: int, command: tuple[str, ...], point: str) -> None:
    """A worker that is killed when it reaches that point of the round, if it ever gets the round."""

    def tell(phase: str, _progress: float) -> None:
        if phase == point:
            os.kill(os.getpid(), signal.SIGKILL)

    run_round(quick_workshop(engine_at(url), command=command, tell=tell), round_id)


class Transport:
    """A queue at its worst. Every decision comes from the seed."""

    def __init__(self, engine: Engine, seed: int, folder: Path, count: int) -> None:
        self.engine, self.chance = engine, random.Random(seed)
        # All launched first: campaigns of one school year share their offers, so the next would change the answer.
        launches = [launched(engine, seed + number, schools=2, pupils=6, sites=5) for number in range(count)]
        self.commands = {
            round_id: child_that_answers(folder / f"answer-{round_id}", right_answer(engine, round_id)[1])
            for round_id in launches
        }

    def carry(self, waiting: list[int]) -> None:
        """Each message comes one to three times, in any order, or never; some of those who take one die."""
        messages = [round_id for round_id in waiting for _ in range(self.chance.randint(1, 3))]
        self.chance.shuffle(messages)
        for round_id in messages:
            fate = self.chance.random()
            if fate < LOST:
                continue
            if fate < LOST + DIES:
                point = self.chance.choice(POINTS)
                start(die_at, url_of(self.engine), round_id, self.commands[round_id], point).join(60)
            else:
                run_round(quick_workshop(self.engine, command=self.commands[round_id]), round_id)
            if self.chance.random() < 0.5 and read_round(self.engine, round_id).status == RoundStatus.RUNNING:
                expire(self.engine, round_id)

    def sweep(self) -> list[int]:
        for round_id in self.commands:
            if read_round(self.engine, round_id).status == RoundStatus.RUNNING:
                expire(self.engine, round_id)
        with session_scope(self.engine) as session:
            return rounds.sweep(session)


def test_each_round_ends_once(engine: Engine, seed: int, tmp_path: Path, full: bool) -> None:
    """Messages lost, doubled and out of order, workers killed: each round is recorded once, or failed at its third."""
    transport = Transport(engine, seed, tmp_path, 50 if full else 5)
    turns = 0
    while waiting := transport.sweep():
        turns += 1
        assert turns < TURNS, f"stuck for ever: {waiting}"
        transport.carry(waiting)
    ended = [read_round(engine, round_id) for round_id in transport.commands]
    recorded = [one for one in ended if one.status == RoundStatus.COMPUTED]
    assert all(one.attempt == rounds.ATTEMPTS for one in ended if one.status == RoundStatus.FAILED)
    assert {one.status for one in ended} <= {RoundStatus.COMPUTED, RoundStatus.FAILED}
    with session_scope(engine, write=False) as session:
        assert audited(session, "record_round") == len(recorded)
        decided = "SELECT (SELECT count(*) FROM placement) + (SELECT count(*) FROM unplacedpupil)"
        total = session.connection().execute(text(decided)).scalar_one()
    assert total == sum(one.pupils for one in recorded)


@pytest.mark.parametrize("claimed", [False, True], ids=["message lost", "worker dead"])
def test_sabotage_without_the_sweep(sqlite_engine: Engine, seed: int, claimed: bool) -> None:
    """Sabotage: with nobody to sweep, a lost message or a dead worker leaves its round active for ever."""
    round_id = launched(sqlite_engine, seed, schools=2, pupils=6)
    if claimed:
        with session_scope(sqlite_engine) as session:
            rounds.claim(session, round_id, 600)
        expire(sqlite_engine, round_id)
    assert read_round(sqlite_engine, round_id).status in rounds.ACTIVE_ROUNDS
    with session_scope(sqlite_engine) as session:
        assert rounds.sweep(session) == [round_id]
