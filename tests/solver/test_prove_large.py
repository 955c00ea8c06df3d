"""The fast judge of optimality proves the rounds that the plain one proves, and no other."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from random import Random
from typing import Any

import numpy as np
import pytest

from solver import judges, prove_large
from solver.columns import instance_store, result_store
from solver.files import Document
from solver.generate import generate
from solver.judge.plain.prices import AIMS
from solver.judge.plain.prove import prove_documents
from solver.judges import Claimed
from solver.large_columns import Ints
from solver.large_prices import exact_sum, greatest, signs
from solver.machine import in_a_copy
from solver.verify_large import Beside
from tests.solver.certificates import Claim, Round, claims, proven_round, rounds, values_of
from tests.solver.ordinary import ordinary_rounds

A_FEW, ZEROS = 40, [0] * len(AIMS)
TOLD = {"reason": "all_seats_taken", "offers": [], "lines": [], "facts": {}}
MISSING = {"engine": "", "seconds": {}, "diagnosis": ""}


def is_proven(asked: Document, result: Document, certificate: Document, beside: Beside = nullcontext) -> bool:
    """The fast judge alone; claims are given the fields that no judge of optimality reads."""
    told = MISSING | result | {"unplaced": [TOLD | row for row in result["unplaced"]]}
    return prove_large.is_proven(instance_store(asked), result_store(told), certificate, beside)


def judged(asked: Document, result: Document, certificate: Document) -> list[str]:
    told = MISSING | result | {"unplaced": [TOLD | row for row in result["unplaced"]]}
    return Claimed(asked, told).prove(certificate)


@pytest.fixture(autouse=True)
def every_round_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "LARGE", 0)


def believed(claim: Claim) -> bool:
    return is_proven(claim.about.asked, claim.result, claim.certificate)


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 2_000 if pytestconfig.getoption("--full") else 100


def false_claims(random: Random, monkeypatch: pytest.MonkeyPatch) -> Iterator[Claim]:
    for found in ordinary_rounds(random, 10_000):
        yield from claims(random, found, monkeypatch)


def test_every_proven_round_is_proven_in_columns(seed: int, times: int) -> None:
    """Quotas, commitments, pins, bans, maxima, other orders of the aims: the plain judge is never asked."""
    met = dict.fromkeys(("lines", "openings", "maxima", "pins", "bans"), 0)
    for found in ordinary_rounds(Random(f"{seed} columns"), times):
        assert is_proven(found.asked, found.result, found.certificate)
        for name in ("openings", "maxima", "lines"):
            met[name] += any(any(row[-1]) for row in found.certificate[name])
        for name in ("pins", "bans"):
            met[name] += bool(found.asked[name])
    assert all(count >= times // 20 for count in met.values()), met


def test_what_is_not_read_is_proven_by_the_plain_judge(seed: int, times: int) -> None:
    """Announced placements, reserves and whatever else is rare: the fast judge says nothing, and the verdict stands."""
    asked = 0
    for found in rounds(Random(f"{seed} rare"), times):
        assert judged(found.asked, found.result, found.certificate) == []
        asked += not is_proven(found.asked, found.result, found.certificate)
    assert asked > 0


def test_larger_rounds_are_proven_in_columns(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some hundreds of pupils, menu after menu as in a national round."""
    monkeypatch.setattr("solver.large_menus.AT_ONCE", 50)
    monkeypatch.setattr("solver.prove_large.SCHOOLS_AT_ONCE", 2)
    monkeypatch.setattr("solver.large_spelling.ROWS_AT_ONCE", 7)
    random = Random(f"{seed} larger")
    for _ in range(times // 10):
        instance = generate(random.randint(50, 600), random.randrange(2**31), seats_per_pupil=random.uniform(0.3, 1.5))
        found = proven_round(instance)
        assert found is not None
        assert is_proven(found.asked, found.result, found.certificate)


@pytest.mark.parametrize("half", ["_is_best", "_is_shortest"])
def test_half_of_a_proof_may_be_read_in_a_copy(half: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared between the process and a copy of it, a proof is one, and is none when either half fails."""
    found = proven_round(generate(300, seed, seats_per_pupil=0.5))
    assert found is not None
    assert is_proven(found.asked, found.result, found.certificate, in_a_copy)
    monkeypatch.setattr(prove_large, half, lambda *_: False)
    assert not is_proven(found.asked, found.result, found.certificate, in_a_copy)


def test_every_worse_answer_is_refused(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lawful answers that are worse, with the true certificate or with one made for them: refused in the same words."""
    kinds = set()
    for claim in islice(false_claims(Random(f"{seed} worse"), monkeypatch), 2 * times):
        assert not believed(claim)
        pair = claim.about.asked, claim.result, claim.certificate
        assert judged(*pair) == prove_documents(*pair)
        kinds.add(claim.kind)
    assert kinds == {"borrowed", "recomputed"}


def test_prices_moved_at_random_prove_what_the_plain_judge_says(seed: int, times: int) -> None:
    """Whatever numbers an edited certificate holds, for a true round too, the two judges agree."""
    random, kept = Random(f"{seed} edits"), 0
    for found in ordinary_rounds(random, times):
        edited = copy.deepcopy(found.certificate)
        for name in ("lines", "schools", "openings", "maxima"):
            for row in edited[name]:
                row[-1][random.randrange(len(row[-1]))] += random.choice((-1, 0, 0, 0, 0, 0, 0, 0, 1))
        faults = prove_documents(found.asked, found.result, edited)
        assert is_proven(found.asked, found.result, edited) == (faults == [])
        kept += faults == []
    assert 0 < kept < times


def test_announced_values_are_recounted(seed: int) -> None:
    """A value or a bound announced one off, tiers in another order, another instance, a status without optimality."""
    drawn = (proven_round(generate(100, seed + n)) for n in range(50))
    # Now and then nobody has a place: nothing can then be forgotten.
    found = next(one for one in drawn if one is not None and one.result["assignments"])
    lies = [
        found.result | {"tiers": found.result["tiers"][::-1]},
        found.result | {"status": "FEASIBLE"},
        found.result | {"instance_sha256": "0" * 64},
        found.result | {"assignments": found.result["assignments"][1:]},
    ]
    for i in range(len(found.result["tiers"])):
        for field in ("value", "bound"):
            lies.append(copy.deepcopy(found.result))
            lies[-1]["tiers"][i][field] += 1
    for lie in lies:
        assert judged(found.asked, lie, found.certificate) == prove_documents(found.asked, lie, found.certificate) != []
    for field, value in (("format", ""), ("instance_sha256", "0" * 64), ("tiers", found.certificate["tiers"][::-1])):
        assert not is_proven(found.asked, found.result, found.certificate | {field: value})


STRANGE: dict[str, Any] = {
    "a price of the sink": {"lines": [[None, ZEROS]]},
    "a line nobody knows": {"lines": [["nowhere", ZEROS]]},
    "a price twice": {"schools": [["school", ZEROS], ["school", ZEROS]]},
    "a price beyond any": {"schools": [["school", [2**60, *ZEROS[1:]]]]},
    "a price that is a fraction": {"schools": [["school", [0.5, *ZEROS[1:]]]]},
    "a price that is a boolean": {"schools": [["school", [True, *ZEROS[1:]]]]},
    "a price too short": {"schools": [["school", ZEROS[1:]]]},
    "prices of what is not read": {"reserves": [["offer", "p", None, ZEROS]]},
    "prices of what nobody knows": {"colours": [["red", ZEROS]]},
    "no rows": {"openings": None},
    "no row": {"openings": [1]},
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_certificate_proves_nothing_in_columns(name: str, seed: int) -> None:
    """Prices of what does not exist, or that could overflow, are for the plain judge."""
    found = proven_round(generate(50, seed))
    assert found is not None
    [school, *_] = (row["id"] for row in found.asked["schools"])
    rows = {
        table: [[school if each == "school" else each for each in row] if type(row) is list else row for row in value]
        if value
        else value
        for table, value in STRANGE[name].items()
    }
    assert not is_proven(found.asked, found.result, found.certificate | rows)


def overflow_only(_reduced: Ints, flow: Ints, capacity: Ints) -> Any:
    return (flow >= 0) & (flow <= capacity)


def test_sabotage_bounds_written_with_the_flow(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that looks at the placements accepts every worse answer: it is an identity."""
    found = list(islice(false_claims(Random(f"{seed} identity"), monkeypatch), A_FEW))
    monkeypatch.setattr(prove_large, "is_settled", overflow_only)
    assert not any(map(believed, found))
    monkeypatch.setattr(prove_large, "share", lambda arcs: exact_sum(arcs.reduced, arcs.flow))
    assert all(map(believed, found))


def test_sabotage_first_aim_only(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked on the first aim only, whoever places as many passes, however badly."""
    honest_settled, honest_bound = prove_large.is_settled, prove_large.Proof.bound

    def settled(reduced: Ints, flow: Ints, capacity: Ints) -> Any:
        return honest_settled(reduced[:1], flow, capacity)

    def bound(proof: prove_large.Proof) -> dict[str, int] | None:
        values = prove_large.tier_values(proof.found, proof.found.trips, proof.costs)
        low = honest_bound(proof)
        return None if low is None else {tier: low[tier] if tier == "placed" else values[tier] for tier in low}

    found = list(islice(false_claims(Random(f"{seed} first"), monkeypatch), 3 * A_FEW))
    borrowed = [claim for claim in found if claim.kind == "borrowed"]
    monkeypatch.setattr(prove_large, "is_settled", settled)
    monkeypatch.setattr(prove_large.Proof, "bound", bound)
    accepted = list(filter(believed, borrowed))
    assert accepted
    assert accepted == [claim for claim in borrowed if claim.values[0] == values_of(claim.about.result)[0]]


def test_sabotage_each_tier_by_itself(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tested apart, a tier refuses good answers: what an earlier tier has settled is none of its business."""
    honest = prove_large.is_settled

    def settled(reduced: Ints, flow: Ints, capacity: Ints) -> Any:
        return np.all([honest(row[None], flow, capacity) for row in reduced], axis=0)

    good = list(ordinary_rounds(Random(f"{seed} apart"), A_FEW))
    assert all(is_proven(found.asked, found.result, found.certificate) for found in good)
    monkeypatch.setattr(prove_large, "is_settled", settled)
    refused = [found for found in good if not is_proven(found.asked, found.result, found.certificate)]
    assert len(refused) > len(good) // 4


@pytest.mark.parametrize("name", prove_large.LAWFUL)
def test_sabotage_a_rule_not_looked_at(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule about single pupils is asked: said to be broken, nothing is proven."""
    found = next(ordinary_rounds(Random(seed), 10))
    assert is_proven(found.asked, found.result, found.certificate)
    monkeypatch.setitem(prove_large.CLEAR, name, lambda _: False)
    assert not is_proven(found.asked, found.result, found.certificate)


def test_lexicographic_arithmetic() -> None:
    """Signs, the greatest of each segment with its ties, and sums past 64 bits."""
    vectors = np.array([[0, 1, 0, -1, 0], [0, -5, -1, 9, 2]])
    assert signs(vectors).tolist() == [0, 1, -1, -1, 1]
    segments = np.array([3, 3, 3, 7, 9, 9])
    assert greatest(segments, np.array([[1, 2, 2, -9, 0, 0], [9, 4, 4, 0, 1, 2]])).tolist() == [1, 2, 3, 5]
    assert greatest(np.zeros(0, np.int64), np.zeros((2, 0), np.int64)).tolist() == []
    assert exact_sum(np.array([[2**55, 2**55], [1, -1]]), np.array([2**20, 2**20])) == [2**76, 0]


def test_a_round_is_all_that_differs(seed: int) -> None:
    """The certificate of a round proves no other round."""
    one, other = (proven_round(generate(60, seed + n)) for n in range(2))
    assert isinstance(one, Round)
    assert isinstance(other, Round)
    assert not is_proven(one.asked, one.result, other.certificate)
    assert not is_proven(other.asked, one.result, one.certificate)
