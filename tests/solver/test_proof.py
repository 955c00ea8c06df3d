"""Nothing is called optimal without its proof: what the round answers when the engine behind it errs."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor
from pathlib import Path
from random import Random

import numpy as np
import pytest

from solver.arrays import Ints, ints, share
from solver.faces import Face
from solver.files import instance_document, instance_sha256, read_instance, result_document
from solver.flow import FlowError, minimum_cost_flow
from solver.generate import generate
from solver.greedy import greedy
from solver.judge.plain.verify import verify_documents
from solver.model import build_network
from solver.network import Kind, Network
from solver.params import Tier
from solver.parts import gather
from solver.potentials import potentials
from solver.result import Status
from solver.score import equity_levels
from solver.solve import solve
from solver.tiers import names_of
from tests.solver.brute_force import exhaust
from tests.solver.tiny_instances import tiny_instance

NAMED = Path(__file__).parents[2] / "fixtures" / "instances"


FAILURES = {
    "engine: out of order": FlowError("out of order"),
    "engine: std::bad_alloc": MemoryError("std::bad_alloc"),
    "engine: MemoryError": MemoryError(),
}


@pytest.mark.parametrize("diagnosis", FAILURES)
def test_an_engine_that_fails_at_once_leaves_the_first_come_answer(
    diagnosis: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If nothing can be computed, the round says so and gives the lawful baseline, not proven."""

    def fail(*_arguments: object) -> Ints:
        raise FAILURES[diagnosis]

    instance = generate(300, seed)
    monkeypatch.setattr("solver.flow.minimum_cost_flow", fail)
    monkeypatch.setattr("solver.faces.spread_unplaced", fail)
    result = solve(instance)
    assert result.status is Status.FEASIBLE
    assert result.diagnosis == diagnosis
    assert result.assignments == greedy(instance).assignments
    assert all(row.proof == "none" and row.bound <= row.value for row in result.tiers)
    assert verify_documents(instance_document(instance), result_document(result)) == []


def nobody_placed(network: Network, _executor: Executor | None) -> Ints:
    """Every pupil left without a place: a flow, and never the best when there are seats."""
    classes = np.flatnonzero(network.kind == Kind.LEFT)
    left = np.bincount(network.head[classes], network.capacity[classes], len(network.supply)).astype(np.int64)
    schools = np.flatnonzero(network.kind == Kind.UNPLACED)
    first = np.flatnonzero(np.diff(network.tail[schools], prepend=-1))
    nth = np.arange(len(schools)) - np.repeat(first, np.diff(np.append(first, len(schools))))
    flow = np.where(network.kind == Kind.LEFT, network.capacity, 0).astype(np.int64)
    flow[schools] = nth < left[network.tail[schools]]
    return flow


def test_an_engine_that_ignores_costs_is_caught(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the flow library answers with a worse flow, no proof is found for it and it is not used."""

    def careless(tail: Ints, head: Ints, capacity: Ints, cost: Ints, supply: Ints) -> Ints:
        return minimum_cost_flow(tail, head, capacity, -cost, supply)

    instance = generate(300, seed, seats_per_pupil=0.9)
    monkeypatch.setattr("solver.flow.minimum_cost_flow", careless)
    monkeypatch.setattr("solver.faces.spread_unplaced", nobody_placed)
    result = solve(instance)
    assert result.status is Status.FEASIBLE
    assert result.diagnosis == "engine: not even the first aim could be proven"
    assert result.assignments == greedy(instance).assignments
    assert verify_documents(instance_document(instance), result_document(result)) == []


def test_a_pairing_that_invents_a_pupil_is_not_used(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pairs pupils with seats is checked too: a pupil too many or a pin lost gives the baseline instead."""
    instance = read_instance(NAMED / "pinned_pupil.json")
    right = solve(instance).assignments
    wrong = {
        "demand": tuple(dataclasses.replace(row, count=2) for row in right),
        "pin": tuple(row for row in right if row.group != "pinned"),
    }
    for rule, rows in wrong.items():
        monkeypatch.setattr("solver.solve.pair", lambda *_arguments, rows=rows: rows)
        result = solve(instance)
        assert result.status is Status.FEASIBLE
        assert result.diagnosis == f"engine: the placements break the rule {rule}"
        assert verify_documents(instance_document(instance), result_document(result)) == []


def test_a_later_tier_that_fails_keeps_what_was_proven(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the engine stops half-way, the tiers already proven stay proven and the later ones say they are not."""
    calls: list[int] = []

    def tiring(*arguments: Ints) -> Ints:
        calls.append(1)
        if len(calls) > 1:
            raise FlowError("tired")
        return minimum_cost_flow(*arguments)

    instance = generate(300, seed, seats_per_pupil=0.9)
    honest = solve(instance)
    monkeypatch.setattr("solver.flow.minimum_cost_flow", tiring)
    monkeypatch.setattr(Face, "fitting", lambda _self, tiers: tiers[:1])
    result = solve(instance)
    assert result.status is Status.FEASIBLE
    proofs = [row.proof for row in result.tiers]
    assert proofs == sorted(proofs, reverse=True), "a tier is proven after one that is not"
    assert proofs.count("potentials") >= 2
    for mine, best in zip(result.tiers, honest.tiers, strict=True):
        if mine.proof == "potentials":
            assert (mine.value, mine.bound) == (best.value, best.bound)
    assert verify_documents(instance_document(instance), result_document(result)) == []


def test_a_joint_search_that_goes_wrong_is_done_again_tier_by_tier(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searching several tiers at once is only a shortcut: with useless weights the proven values are the same."""
    expected = [_values(number, seed) for number in range(60)]
    searches: list[int] = []

    def counted(*arguments: Ints) -> Ints:
        searches.append(1)
        return minimum_cost_flow(*arguments)

    monkeypatch.setattr("solver.flow.minimum_cost_flow", counted)
    assert [_values(number, seed) for number in range(60)] == expected
    usual = len(searches)
    monkeypatch.setattr("solver.faces.joint_weights", lambda largest: [1] * len(largest))
    assert [_values(number, seed) for number in range(60)] == expected
    assert 2 * len(searches) > 3 * usual, "the useless weights went unnoticed"


def test_a_joint_search_that_the_library_refuses_is_done_tier_by_tier(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library may find a sum of costs too large though its stated limit holds: each aim is then searched alone."""
    expected = [_values(number, seed) for number in range(60)]
    refused: list[int] = []

    def narrow(tail: Ints, head: Ints, capacity: Ints, cost: Ints, supply: Ints) -> Ints:
        if np.abs(cost).max(initial=0) > 10**8:
            refused.append(1)
            raise FlowError("minimum-cost flow: BAD_COST_RANGE")
        return minimum_cost_flow(tail, head, capacity, cost, supply)

    monkeypatch.setattr("solver.flow.minimum_cost_flow", narrow)
    assert [_values(number, seed) for number in range(60)] == expected
    assert refused, "no joint search was refused"


def _values(number: int, seed: int) -> list[tuple[int, str]]:
    return [(row.value, row.proof) for row in solve(tiny_instance(Random(f"{seed}/joint/{number}"))).tiers]


def test_worse_answers_are_never_proven(seed: int) -> None:
    """Forcing a seat that the best answer does not use makes the first tier that suffers lose its proof."""
    refused = 0
    for number in range(40):
        instance = tiny_instance(Random(f"{seed}/worse/{number}"))
        truth = exhaust(instance, instance_sha256(instance))
        if truth is None:
            continue
        parts = gather(instance)
        network = build_network(parts)
        worst = _costliest(network)
        face = Face(network, names_of(parts, "sha256"))
        face.adopt(worst)
        proven = face.prove([Tier.PLACED])
        is_best = int(worst[network.kind == Kind.LEFT].sum()) == truth.best[0]
        assert bool(proven) == is_best, number
        refused += not is_best
    assert refused


def _costliest(network: Network) -> Ints:
    """The flow that leaves the most pupils unplaced."""
    cost = np.where(network.kind == Kind.LEFT, -1, 0)
    return minimum_cost_flow(network.tail, network.head, network.capacity, cost, network.supply)


def test_potentials_refuse_a_flow_that_is_not_optimal() -> None:
    """A cheaper way round shows as a negative cycle, and is refused."""
    tail, head, cost = ints([0, 0, 1]), ints([1, 2, 2]), ints([1, 5, 1])
    short, long = np.array([True, False, True]), np.array([False, True, False])
    assert potentials(tail, head, long, short, cost, 3).tolist() == [-2, -1, 0]
    assert potentials(tail, head, ~long, short, cost, 3).tolist() == [-2, -1, 0]
    with pytest.raises(FlowError, match="negative cycle"):
        potentials(tail, head, short, long, cost, 3)
    with pytest.raises(FlowError, match="negative cycle"):
        potentials(tail, head, ~long | long, ~short | short, cost, 3)


def test_costs_beyond_64_bits_are_refused() -> None:
    """Magnitudes the library would answer wrongly are not given to it."""
    with pytest.raises(FlowError, match="beyond 64 bits"):
        minimum_cost_flow(ints([0]), ints([1]), ints([1]), ints([2**60]), ints([1, -1]))


def test_a_problem_without_solution_is_refused() -> None:
    """A supply that cannot leave is an error of the model, not an answer."""
    with pytest.raises(FlowError, match="INFEASIBLE"):
        minimum_cost_flow(ints([0]), ints([1]), ints([1]), ints([1]), ints([2, -2]))


def test_equity_weighs_the_same_in_the_network_as_in_the_rule(seed: int) -> None:
    """The array arithmetic of equity levels equals the published formula."""
    instance = generate(900, seed)
    schools = [i for i, row in enumerate(instance.schools) if instance.pupils_by_school.get(row.id)]
    for i in schools:
        pupils, priority = instance.pupils_by_school[instance.schools[i].id], instance.schools[i].priority
        nth = ints(range(1, pupils + 1))
        expected = [instance.params.equity_level(priority, n, pupils) for n in nth.tolist()]
        assert equity_levels(instance, np.full(pupils, i), nth).tolist() == expected
        assert expected == sorted(set(expected))


def test_sharing_in_order_gives_each_unit_once(seed: int) -> None:
    """Pairing pupils with seats in order uses every unit on both sides exactly once."""
    random = Random(seed)
    for _ in range(50):
        given = ints([random.randrange(4) for _ in range(random.randrange(1, 9))])
        taken = ints([1] * int(given.sum()))
        random_cut = ints([0, *taken.tolist(), 0])
        mine, theirs, count = share(given, random_cut)
        assert np.bincount(mine, count, len(given)).astype(int).tolist() == given.tolist()
        assert np.bincount(theirs, count, len(random_cut)).astype(int).tolist() == random_cut.tolist()


def test_progress_and_time_are_reported(seed: int) -> None:
    """Whoever waits for a round is told each phase, and the result says how long each took."""
    told: list[str] = []
    result = solve(generate(200, seed), progress=lambda phase, _done: told.append(phase))
    assert told[0] == "reachable"
    assert f"optimise:{Tier.PLACED}" in told
    assert told[-2:] == ["prove", "explain"]
    assert set(told) <= result.seconds.keys()
    assert dataclasses.replace(result, seconds={}) == result, "time is part of the answer"
