"""The benchmark of a whole round does what the service does, and says when a round costs more than it may."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import col, func, select

from service.domain.rounds import get_round
from service.persistence.engine import make_engine, session_scope
from service.persistence.tables import Campaign, Opening, Placement
from service.vocabulary import RoundStatus
from tests.benchmarks.round_phases import PHASES, ROUND, RUN, Marks, run_phase
from tests.benchmarks.round_trip import Spent, faults_of, fill_and_claim, table

PUPILS, SEED = 280, 2027


def test_every_phase_is_the_service_s_own(tmp_path: Path) -> None:
    """After the last phase the round is published: its placements, its seats and the campaign's pointer agree."""
    engine = make_engine(f"sqlite:///{tmp_path / 'round.db'}")
    fill_and_claim(engine, PUPILS, SEED)
    marks: Marks = {}
    for phase in RUN:
        marks |= run_phase(phase, engine, tmp_path)
    assert tuple(marks) == PHASES
    with session_scope(engine, write=False) as session:
        found = get_round(session, ROUND)
        assert (found.status, found.pupils) == (RoundStatus.PUBLISHED, PUPILS)
        assert found.verified_at is not None
        assert found.proved_at is not None
        assert 0 < found.placed < PUPILS
        published = select(func.count()).select_from(Placement).where(col(Placement.published))
        assert session.exec(published).one() == found.placed
        assert session.exec(select(func.sum(Opening.used))).one() == found.placed
        assert session.exec(select(Campaign.published_round_id)).one() == ROUND
    engine.dispose()


def spent(**seconds: float) -> dict[str, Spent]:
    given = {"solve": 10.0} | seconds
    return {phase: Spent(99.0, given.get(phase, 1.0), 100) for phase in PHASES}


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [({"publish": 10.1}, "publish is longer"), ({"freeze": 9.9, "record": 10.2, "solve": 10.0}, "freeze and record")],
    ids=["longest", "twice"],
)
def test_a_phase_that_takes_too_long_is_a_fault(seconds: dict[str, float], fault: str) -> None:
    """The solver is the longest phase, and what stands around it takes at most twice its time; waiting is not work."""
    assert faults_of(spent()) == []
    assert any(fault in one for one in faults_of(spent(**seconds)))
    on_server = spent() | {"publish": Spent(1.0, 9.0, 100, server_s=1.1)}
    assert faults_of(on_server) == ["publish is longer than solve"]


def test_the_table_has_a_line_per_phase() -> None:
    """One line per phase in their order, wall, processor with the server's, and memory for each database."""
    lines = table({"sqlite": spent(), "postgres": spent() | {"solve": Spent(1, 2, 3, 4)}}, 58_000).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == list(PHASES)
    assert {line.count("|") for line in lines} == {8}
    assert "| 1.0 s | 2.0 s + 4.0 s | 3 MiB |" in lines[3]
