"""«Quand nous disons optimal, la preuve est dans le dossier.»: what nothing proves stops before the first row."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from service.domain import decisions, recording
from service.domain.publication import publish_round
from service.jobs.attempts import Outcome, run_round
from service.jobs.messages import Answer
from service.persistence.engine import session_scope
from service.persistence.tables import Placement, RoundDossier, UnplacedPupil
from service.vocabulary import RoundStatus
from solver import judges
from solver.blocks import Settlement
from solver.files import canonical_bytes, result_document
from solver.greedy import greedy
from solver.judge.plain.bounds import VOUCHED
from solver.judge.plain.verify import verify_documents
from solver.result import Result, Status
from solver.sides import Sides
from tests.promises.round_scenes import (
    TODAY,
    child_that_answers,
    count_rows,
    frozen,
    launched,
    loads,
    quick_workshop,
    read_round,
    right_answer,
    round_with_something,
)

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]


def kept_of(engine: Engine, round_id: int) -> RoundDossier:
    with session_scope(engine, write=False) as session:
        return session.get_one(RoundDossier, round_id)


def test_a_round_keeps_its_proof(engine: Engine, tmp_path: Path, seed: int) -> None:
    """A round computed by the real child is proven; both judges alone, on a bare Python, accept the bytes kept."""
    round_id = launched(engine, seed, schools=3, pupils=60, sites=24)
    assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    found, kept = read_round(engine, round_id), kept_of(engine, round_id)
    assert found.proved_at is not None
    assert found.verified_at is not None
    files = []
    for name in ("instance", "result", "certificate"):
        files.append(tmp_path / f"{name}.json.gz")
        files[-1].write_bytes(getattr(kept, f"{name}_gz"))
    assert judged("verify", files[:2]) == (0, "")
    values = ", ".join(f"{row['tier']} {row['value']}" for row in found.tiers)
    assert judged("prove", files) == (0, f"proved: {values}\n")


def judged(judge: str, files: list[Path]) -> tuple[int, str]:
    command = [sys.executable, "-I", "-S", str(ROOT / "solver" / "judge"), judge, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def missing(_proof: Document) -> bytes:
    return b""


def unreadable(_proof: Document) -> bytes:
    return b"{]}"


def no_document(_proof: Document) -> bytes:
    return b"[]"


def no_prices(proof: Document) -> bytes:
    del proof["openings"]
    return canonical_bytes(proof)


def broken_price(proof: Document) -> bytes:
    proof["schools"][0][-1][0] = 0.5
    return canonical_bytes(proof)


def wrong_price(proof: Document) -> bytes:
    """At such a price every pupil of the school would stay without a place, and none does at that price."""
    proof["schools"][0][-1][0] += 10**9
    return canonical_bytes(proof)


def aims_reordered(proof: Document) -> bytes:
    proof["tiers"].reverse()
    return canonical_bytes(proof)


def of_another_instance(proof: Document) -> bytes:
    proof["instance_sha256"] = "0" * 64
    return canonical_bytes(proof)


WRONG: list[Callable[[Document], bytes]] = [
    missing,
    unreadable,
    no_document,
    no_prices,
    broken_price,
    wrong_price,
    aims_reordered,
    of_another_instance,
]


def assert_refused(engine: Engine, folder: Path, round_id: int, answer: Answer) -> None:
    command = child_that_answers(folder / "answer", answer)
    assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.REFUSED
    found = read_round(engine, round_id)
    assert (found.status, found.proved_at, found.verified_at) == (RoundStatus.REFUSED, None, None)
    assert "certificate: " in found.failure
    assert set(count_rows(engine, Placement, UnplacedPupil, RoundDossier).values()) == {0}


@pytest.mark.parametrize("spoil", WRONG, ids=lambda spoil: str(spoil.__name__))
def test_a_result_without_its_proof_leaves_nothing(
    sqlite_engine: Engine, tmp_path: Path, seed: int, spoil: Callable[[Document], bytes]
) -> None:
    """The right result with a certificate that is missing or wrong is refused: no row, and the round says why."""
    round_id, answer = round_with_something(sqlite_engine, seed)
    spoiled = replace(answer, certificate=spoil(loads(answer.certificate)))
    assert_refused(sqlite_engine, tmp_path, round_id, spoiled)


@pytest.mark.parametrize("relabelled", [False, True])
def test_a_borrowed_proof_leaves_nothing(sqlite_engine: Engine, tmp_path: Path, seed: int, *, relabelled: bool) -> None:
    """The certificate of another round proves nothing here, even under this round's hash."""
    lender, lent = round_with_something(sqlite_engine, seed)
    round_id, answer = round_with_something(sqlite_engine, seed + 50_000)
    assert lender != round_id
    borrowed = loads(lent.certificate)
    if relabelled:
        borrowed["instance_sha256"] = loads(answer.certificate)["instance_sha256"]
    assert_refused(sqlite_engine, tmp_path, round_id, replace(answer, certificate=canonical_bytes(borrowed)))


def first_come(engine: Engine, round_id: int) -> Result:
    return greedy(frozen(engine, round_id))


def boast(engine: Engine, seed: int) -> tuple[int, Answer]:
    """First come, first served called optimal, each value being its own bound: the verifier cannot tell."""
    round_id, answer = round_with_something(engine, seed)
    plain = first_come(engine, round_id)
    tiers = tuple(replace(row, bound=row.value, proof="potentials") for row in plain.tiers)
    boasted = result_document(replace(plain, status=Status.OPTIMAL, tiers=tiers))
    assert boasted["tiers"] != loads(answer.body)["tiers"]
    assert verify_documents(loads(right_answer(engine, round_id)[0]), boasted) == []
    return round_id, replace(answer, body=canonical_bytes(boasted))


def test_a_worse_result_called_optimal_leaves_nothing(sqlite_engine: Engine, tmp_path: Path, seed: int) -> None:
    """A correct answer that something beats is refused when it is called optimal, the best certificate in hand."""
    assert_refused(sqlite_engine, tmp_path, *boast(sqlite_engine, seed))


def test_sabotage_proof_skipped(
    sqlite_engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage: with the judge's voice swallowed, the same boast is recorded, so the tests above see its absence."""
    round_id, answer = boast(sqlite_engine, seed)
    monkeypatch.setattr(recording, "find_gaps", lambda *_: [])
    command = child_that_answers(tmp_path / "answer", answer)
    assert run_round(quick_workshop(sqlite_engine, command=command), round_id) is Outcome.COMPUTED


def test_a_degraded_round_claims_no_proof(engine: Engine, tmp_path: Path, seed: int) -> None:
    """An answer that does not call itself optimal is recorded without a certificate, and can be published."""
    round_id, answer = round_with_something(engine, seed)
    body = canonical_bytes(result_document(first_come(engine, round_id)))
    command = child_that_answers(tmp_path / "answer", replace(answer, body=body))
    assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.COMPUTED
    found = read_round(engine, round_id)
    assert (found.solver_status, found.proved_at) == ("FEASIBLE", None)
    assert found.verified_at is not None
    assert kept_of(engine, round_id).certificate_gz is None
    with session_scope(engine) as session:
        publish_round(session, round_id, "user:1", TODAY)
    assert read_round(engine, round_id).status is RoundStatus.PUBLISHED


def bounded(engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, Answer]:
    """First come, first served in the engine's own words: the network bounds each aim, and the certificate says so."""
    round_id, _ = round_with_something(engine, seed)
    settled = Settlement(first_come(engine, round_id).assignments, ())
    with monkeypatch.context() as patched:
        patched.setattr(Sides, "exist", True)
        patched.setattr("solver.solve.settle", lambda *_: settled)
        return round_id, right_answer(engine, round_id)[1]


def test_a_degraded_round_keeps_its_bounds(
    engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not the best says how far the best may be: its certificate is kept, and a bare Python accepts it."""
    round_id, answer = bounded(engine, seed, monkeypatch)
    command = child_that_answers(tmp_path / "answer", answer)
    assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.COMPUTED
    found, kept = read_round(engine, round_id), kept_of(engine, round_id)
    assert found.solver_status == "FEASIBLE"
    assert found.proved_at is not None
    files = []
    for name in ("instance", "result", "certificate"):
        files.append(tmp_path / f"{name}.json.gz")
        files[-1].write_bytes(getattr(kept, f"{name}_gz"))
    code, said = judged("prove", files)
    assert (code, said.partition(":")[0]) == (0, "bounded")


@pytest.mark.parametrize("change", [1, -1])
def test_a_bound_that_the_prices_do_not_give_leaves_nothing(
    sqlite_engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch, change: int
) -> None:
    """A degraded result whose bound is not the one its certificate proves is refused: no row."""
    round_id, answer = bounded(sqlite_engine, seed, monkeypatch)
    result = loads(answer.body)
    row = next(row for row in result["tiers"] if row["proof"] in VOUCHED and 0 < row["bound"] < row["value"])
    row["bound"] += change
    assert_refused(sqlite_engine, tmp_path, round_id, replace(answer, body=canonical_bytes(result)))


def test_what_is_judged_is_what_is_kept(engine: Engine, tmp_path: Path, seed: int) -> None:
    """The certificate kept is the child's, byte for byte, and the judge heard is `solver.judge` itself."""
    round_id, answer = round_with_something(engine, seed)
    command = child_that_answers(tmp_path / "answer", answer)
    assert run_round(quick_workshop(engine, command=command), round_id) is Outcome.COMPUTED
    assert gzip.decompress(kept_of(engine, round_id).certificate_gz or b"") == answer.certificate
    assert decisions.Claimed is judges.Claimed
    assert judges.judge_documents.__module__ == "solver.judge.plain.bounds"
