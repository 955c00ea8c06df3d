"""The engine against every possible answer, on hundreds of tiny instances."""

from __future__ import annotations

from itertools import count
from random import Random

import pytest

from solver.files import instance_document, instance_sha256, result_document
from solver.greedy import greedy
from solver.judge.plain.verify import verify_documents
from solver.result import Status
from solver.solve import solve
from tests.solver.brute_force import Exhaustion, exhaust
from tests.solver.tiny_instances import tiny_instance


def _rounds(config: pytest.Config) -> int:
    return 2_000 if config.getoption("--full") else 400


def test_no_answer_beats_the_engine_on_any_aim(seed: int, pytestconfig: pytest.Config) -> None:
    """Séquence finds the best answer there is, on every aim in the order chosen, and its own verifier agrees."""
    infeasible = unplaced = 0
    for number in range(_rounds(pytestconfig)):
        instance = tiny_instance(Random(f"{seed}/{number}"))
        truth = exhaust(instance, instance_sha256(instance))
        result = solve(instance)
        if truth is None:
            infeasible += 1
            assert result.status is Status.INFEASIBLE, number
            assert "pin of group" in result.diagnosis
            continue
        assert result.status is Status.OPTIMAL, (number, result.diagnosis)
        assert tuple(row.value for row in result.tiers) == truth.best, number
        assert all(row.bound == row.value and row.proof == "potentials" for row in result.tiers), number
        assert verify_documents(instance_document(instance), result_document(result)) == [], number
        unplaced += bool(result.unplaced)
    assert infeasible, "no instance had an impossible pin: the comparison says less than it should"
    assert unplaced, "everybody was always placed: the comparison says less than it should"


def test_the_worst_served_school_is_as_well_served_as_can_be(seed: int, pytestconfig: pytest.Config) -> None:
    """No way to place as many pupils leaves the worst served school better off, then the next level, and so on."""
    compared = 0
    for number in count():
        if number >= _rounds(pytestconfig) and compared >= 5:
            break
        instance = tiny_instance(Random(f"{seed}/equity/{number}"), official=True)
        sha256 = instance_sha256(instance)
        truth, result = exhaust(instance, sha256), solve(instance)
        if truth is None or len(truth.unplaced_per_school) < 2:
            continue
        compared += 1
        search = Exhaustion(instance, sha256)
        left = dict.fromkeys((group.school for group in instance.groups), 0)
        for row in result.unplaced:
            left[instance.group[row.group].school] += row.count
        assert search.levels(left) == min(search.levels(dict(other)) for other in truth.unplaced_per_school), number


def test_first_come_first_served_obeys_the_rules_and_never_does_better(seed: int, pytestconfig: pytest.Config) -> None:
    """Serving requests in the order they came is lawful, and never better than the round on the aims in order."""
    worse = 0
    for number in range(_rounds(pytestconfig)):
        instance = tiny_instance(Random(f"{seed}/greedy/{number}"))
        first, best = greedy(instance), solve(instance)
        assert (first.status is Status.INFEASIBLE) == (best.status is Status.INFEASIBLE), number
        if best.status is Status.INFEASIBLE:
            continue
        assert verify_documents(instance_document(instance), result_document(first)) == [], number
        values = tuple(row.value for row in best.tiers), tuple(row.value for row in first.tiers)
        assert values[0] <= values[1], number
        worse += values[0] < values[1]
    assert worse
