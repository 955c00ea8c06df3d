"""«Aucun résultat n'est publié sans cette vérification.»: wrong results of every kind stop before the first row."""

from __future__ import annotations

import copy
import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from service.domain import decisions, recording
from service.domain.publication import publish_round, verify_ahead
from service.errors import ServiceError
from service.jobs.attempts import Outcome, run_round
from service.jobs.messages import Answer
from service.persistence.engine import session_scope
from service.persistence.tables import Placement, RoundDossier, UnplacedPupil
from service.vocabulary import RoundStatus
from solver import judges
from solver.files import canonical_bytes
from tests.promises.round_scenes import (
    TODAY,
    checksum,
    child_that_answers,
    count_rows,
    loads,
    quick_workshop,
    read_round,
    round_with_something,
)

Document = dict[str, Any]


def one_forgotten(result: Document) -> None:
    result["unplaced"].pop()


def one_dropped(result: Document) -> None:
    result["assignments"].pop()


def placed_twice(result: Document) -> None:
    result["assignments"].append(copy.deepcopy(result["assignments"][0]))


def one_too_many(result: Document) -> None:
    result["assignments"][0]["count"] += 1


def all_in_one_offer(result: Document) -> None:
    first = result["assignments"][0]
    for row in result["assignments"]:
        row["offer"], row["period"] = first["offer"], first["period"]


def unknown_pupil(result: Document) -> None:
    result["assignments"][0]["group"] = "nobody"


def another_reason(result: Document) -> None:
    row = result["unplaced"][0]
    row["reason"] = "banned" if row["reason"] != "banned" else "all_seats_taken"


def better_than_it_is(result: Document) -> None:
    result["tiers"][0]["value"] -= 1


def bound_above(result: Document) -> None:
    result["tiers"][0]["bound"] += 1


def tiers_reordered(result: Document) -> None:
    result["tiers"].reverse()


def optimal_unproven(result: Document) -> None:
    result["tiers"][0]["proof"] = "none"


def another_instance(result: Document) -> None:
    result["instance_sha256"] = "0" * 64


def no_tiers(result: Document) -> None:
    del result["tiers"]


def nothing_placed(result: Document) -> None:
    result["assignments"] = []


def infeasible(result: Document) -> None:
    result["status"] = "INFEASIBLE"


WRONG: dict[Callable[[Document], None], str] = {
    one_forgotten: "demand",
    one_dropped: "demand",
    placed_twice: "identity",
    one_too_many: "demand",
    all_in_one_offer: "seats",
    unknown_pupil: "identity",
    another_reason: "reasons",
    better_than_it_is: "announced_tiers",
    bound_above: "announced_tiers",
    tiers_reordered: "announced_tiers",
    optimal_unproven: "announced_tiers",
    another_instance: "identity",
    no_tiers: "identity",
    nothing_placed: "demand",
    infeasible: "announced_tiers",
}


def falsified(answer: Answer, falsify: Callable[[Document], None]) -> Answer:
    result = loads(answer.body)
    falsify(result)
    return replace(answer, body=canonical_bytes(result))


@pytest.mark.parametrize("falsify", WRONG, ids=lambda falsify: str(falsify.__name__))
def test_a_wrong_result_leaves_nothing(
    sqlite_engine: Engine, tmp_path: Path, seed: int, falsify: Callable[[Document], None]
) -> None:
    """A solver that answers wrong is refused: no row is written, and the round names the property and the line."""
    round_id, answer = round_with_something(sqlite_engine, seed)
    command = child_that_answers(tmp_path / "answer", falsified(answer, falsify))
    assert run_round(quick_workshop(sqlite_engine, command=command), round_id) is Outcome.REFUSED
    found = read_round(sqlite_engine, round_id)
    assert found.status == RoundStatus.REFUSED
    assert f"{WRONG[falsify]}: " in found.failure
    assert set(count_rows(sqlite_engine, Placement, UnplacedPupil, RoundDossier).values()) == {0}


def test_the_right_result_passes(engine: Engine, tmp_path: Path, seed: int) -> None:
    """The same child with the right answer is recorded, on both engines: the refusals above are the verifier's."""
    round_id, answer = round_with_something(engine, seed)
    command, result = child_that_answers(tmp_path / "answer", answer), loads(answer.body)
    assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.COMPUTED
    counts = count_rows(engine, Placement, UnplacedPupil, RoundDossier)
    left = len(result["unplaced"])
    assert counts == {"Placement": len(result["assignments"]), "UnplacedPupil": left, "RoundDossier": 1}


def test_sabotage_verification_skipped(
    sqlite_engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage: with the verifier's voice swallowed, a wrong reason is recorded, so the tests above see its absence."""
    monkeypatch.setattr(recording, "find_faults", lambda *_: [])
    round_id, answer = round_with_something(sqlite_engine, seed)
    command = child_that_answers(tmp_path / "answer", falsified(answer, another_reason))
    assert run_round(quick_workshop(sqlite_engine, command=command), round_id) is Outcome.COMPUTED


def computed(engine: Engine, tmp_path: Path, seed: int) -> int:
    round_id, answer = round_with_something(engine, seed)
    command = child_that_answers(tmp_path / "answer", answer)
    run_round(quick_workshop(engine, command=command), round_id)
    return round_id


def alter_dossier(engine: Engine, round_id: int) -> None:
    """Somebody edits the bytes kept: one tier looks better than it is."""
    with session_scope(engine) as session:
        kept = session.get_one(RoundDossier, round_id)
        result = loads(gzip.decompress(kept.result_gz or b""))
        better_than_it_is(result)
        kept.result_gz = gzip.compress(canonical_bytes(result))


def alter_placement(engine: Engine, round_id: int) -> None:
    """Somebody takes a pupil out of the recorded placements."""
    with session_scope(engine) as session:
        session.connection().execute(
            text("DELETE FROM placement WHERE id = (SELECT min(id) FROM placement WHERE round_id = :id)"),
            {"id": round_id},
        )


@pytest.mark.parametrize(
    ("alter", "code"),
    [(alter_dossier, "verification_refused"), (alter_placement, "placements_altered")],
    ids=["dossier", "rows"],
)
def test_publication_verifies_again(
    engine: Engine, tmp_path: Path, seed: int, alter: Callable[[Engine, int], None], code: str
) -> None:
    """Bytes or rows altered after the computation, or after they were verified ahead, are refused at publication, and
    nothing changes."""
    round_id = computed(engine, tmp_path, seed)
    with session_scope(engine, write=False) as session:
        seen = verify_ahead(session, round_id)
    assert seen is not None
    alter(engine, round_id)
    before = checksum(engine)
    for ahead in (None, seen):
        with pytest.raises(ServiceError) as refusal, session_scope(engine) as session:
            publish_round(session, round_id, "user:1", TODAY, ahead)
        assert refusal.value.code == code
    assert checksum(engine) == before


def test_sabotage_publication_without_verifier(
    sqlite_engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage: when publication does not listen to the verifier, altered bytes are published."""
    round_id = computed(sqlite_engine, tmp_path, seed)
    alter_dossier(sqlite_engine, round_id)
    monkeypatch.setattr(recording, "find_faults", lambda *_: [])
    with session_scope(sqlite_engine) as session:
        publish_round(session, round_id, "user:1", TODAY)
    assert read_round(sqlite_engine, round_id).status == RoundStatus.PUBLISHED


def test_nobody_waits_for_the_verifier(
    sqlite_engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes verified ahead are not verified again by the transaction that publishes them: others may write."""
    round_id = computed(sqlite_engine, tmp_path, seed)
    with session_scope(sqlite_engine, write=False) as session:
        seen = verify_ahead(session, round_id)
    monkeypatch.setattr(recording, "find_faults", lambda *_: ["seats: verified again"])
    with pytest.raises(ServiceError, match="verified again"), session_scope(sqlite_engine) as session:
        publish_round(session, round_id, "user:1", TODAY)
    with session_scope(sqlite_engine) as session:
        publish_round(session, round_id, "user:1", TODAY, seen)
    assert read_round(sqlite_engine, round_id).status == RoundStatus.PUBLISHED
    with session_scope(sqlite_engine, write=False) as session:
        assert verify_ahead(session, round_id) is None


def test_the_verifier_heard_is_the_verifier() -> None:
    """What decides is `solver.judge` itself, not a copy of it."""
    assert decisions.Claimed is judges.Claimed
    assert judges.verify_documents.__module__ == "solver.judge.plain.verify"
