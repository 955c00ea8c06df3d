"""The engine against an independent solver of whole-number programmes, on hundreds of instances of medium size."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from solver import tiers
from solver.instance import Instance
from solver.params import Tier
from solver.result import Status
from solver.solve import solve
from tests.solver.linear_programme import Programme, best_values
from tests.solver.medium_instances import medium_instance

ENOUGH = 40
"""Instances among which every mistake below shows: the rarest changes the answer of four instances in ten."""


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    return 300 if pytestconfig.getoption("--full") else 30


def instances(seed: int, times: int) -> Iterator[Instance]:
    return (medium_instance(Random(f"{seed}/medium/{number}")) for number in range(times))


def reached(instance: Instance) -> tuple[int, ...]:
    return tuple(row.value for row in solve(instance).tiers)


def announced(instance: Instance) -> tuple[int, ...]:
    result = solve(instance)
    assert result.status is Status.OPTIMAL, result.diagnosis
    return tuple(row.value for row in result.tiers)


def test_another_solver_finds_the_same_values(seed: int, rounds: int) -> None:
    """Aim after aim, in the order of the campaign, another solver reaches what Séquence announces and no better."""
    found = [(announced(instance), best_values(instance)) for instance in instances(seed, rounds)]
    assert [mine for mine, _ in found] == [theirs for _, theirs in found]
    unplaced = [mine[0] for mine, _ in found]
    assert len(set(unplaced)) > rounds // 2, "the instances are all alike"


@pytest.mark.parametrize(
    "rule", ["place_each_pupil_once", "hold_seats", "hold_school_maxima", "hold_ceilings", "hold_pins"]
)
def test_sabotage_a_rule_forgotten(rule: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever side forgets a rule, the comparison sees it: each rule changes the answer of some instance."""
    monkeypatch.setattr(Programme, rule, lambda _programme: None)
    assert any(best_values(instance) != announced(instance) for instance in instances(seed, ENOUGH))


@pytest.mark.parametrize("aim", [tier for tier in Tier if tier not in {Tier.PLACED, Tier.LONGEST}])
def test_sabotage_an_aim_forgotten(aim: Tier, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine for which an aim costs nothing reaches worse values, and the comparison sees them."""
    costs = dict(tiers._COSTS) | {aim: lambda _network, arcs, _names: np.zeros(len(arcs), np.int64)}
    monkeypatch.setattr(tiers, "_COSTS", costs)
    assert any(best_values(instance) != reached(instance) for instance in instances(seed, ENOUGH))


def test_sabotage_equity_counts_pupils_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose equity is not convex, every pupil left counting the same, is seen too."""
    monkeypatch.setattr("solver.model.equity_levels", lambda _instance, _school, nth: np.ones_like(nth))
    assert any(best_values(instance) != reached(instance) for instance in instances(seed, ENOUGH))
