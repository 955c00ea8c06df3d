"""What only a large instance goes through, made to happen in a small one: same answer, same certificate."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from solver.arrays import Ints, ints
from solver.certificate import solve_with_certificate
from solver.files import canonical_bytes, result_document
from solver.flow import FlowError, minimum_cost_flow
from solver.generate import generate
from solver.generate_year import generate_year
from solver.instance import Instance
from solver.kernels import compiled
from solver.potentials import potentials

WITHOUT_CONSEQUENCE = {
    "pairs looked at a few at a time": "solver.choices.PAIRS_AT_ONCE",
    "arcs relaxed a few at a time": "solver.potentials.ARCS_AT_ONCE",
    "parallel arcs merged at once": "solver.potentials.PATIENCE",
    "potentials found by compiled loops": "solver.potentials.COMPILED_NODES",
}
SAME_VALUES = {
    "neighbours placed together": "solver.flow.NODES_IN_CACHE",
    "every bundle apart": "solver.faces.ARCS_TOGETHER",
    "every part of a search apart": "solver.apart.ARCS_TOGETHER",
    "every piece cut apart": "solver.cuts.ARCS_TOGETHER",
}
"""The flow library meets another network, so where even the draw ties it may choose otherwise."""


def written(instance: Instance) -> dict[str, bytes]:
    result, certificate = solve_with_certificate(instance)
    assert certificate is not None
    document = result_document(result) | {"seconds": {}}
    parts = {"result": document, "tiers": document["tiers"], "certificate": certificate}
    return {name: canonical_bytes(part) for name, part in parts.items()}


@pytest.mark.parametrize("path", [*WITHOUT_CONSEQUENCE, *SAME_VALUES])
def test_a_large_path_gives_the_same_answer(path: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is done to hold a national instance is only about time and memory: every tier and price is the same."""
    instances = [generate(600, seed), generate_year(900, seed)]
    expected = [written(instance) for instance in instances]
    monkeypatch.setattr((WITHOUT_CONSEQUENCE | SAME_VALUES)[path], 1)
    for instance, before in zip(instances, expected, strict=True):
        compared = before.keys() if path in WITHOUT_CONSEQUENCE else ("tiers", "certificate")
        after = written(instance)
        assert {name: after[name] for name in compared} == {name: before[name] for name in compared}


def random_flow(random: Random) -> dict[str, Any]:
    """A flow of least cost on a random network with parallel arcs, limited or not."""
    nodes = random.randrange(3, 12)
    arcs = [random.sample(range(nodes), 2) for _ in range(random.randrange(5, 50))]
    tail, head = ints(arcs).T
    cost, capacity = (ints([random.randrange(low, 9) for _ in arcs]) for low in (0, 1))
    supply = np.zeros(nodes, np.int64)
    supply[0], supply[-1] = 4, -4
    flow = minimum_cost_flow(tail, head, capacity, cost, supply)
    return {"tail": tail, "head": head, "more": flow < capacity, "less": flow > 0, "cost": cost, "nodes": nodes}


def plain_potentials(tail: Ints, head: Ints, more: Ints, less: Ints, cost: Ints, nodes: int) -> list[int]:
    """Bellman-Ford as it is taught."""
    height = [0] * nodes
    for _ in range(nodes):
        for a, b, forth, back, length in zip(
            *(column.tolist() for column in (tail, head, more, less, cost)), strict=True
        ):
            if forth:
                height[b] = min(height[b], height[a] + length)
            if back:
                height[a] = min(height[a], height[b] - length)
    return height


@pytest.mark.parametrize(("path", "value"), [("PATIENCE", 0), ("PATIENCE", 24), ("COMPILED_NODES", 0)])
def test_potentials_are_the_shortest_distances(
    path: str, value: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joining nodes, cutting passes, merging parallel arcs and compiled loops give what the textbook gives."""
    random, compared = Random(f"{seed} potentials"), 0
    monkeypatch.setattr(f"solver.potentials.{path}", value)
    monkeypatch.setattr("solver.potentials.ARCS_AT_ONCE", 5)
    while compared < 150:
        try:
            flow = random_flow(random)
        except FlowError:  # no way for four units
            continue
        shift = ints([random.randrange(-20, 20) for _ in range(flow["nodes"])])
        flow["cost"] = flow["cost"] + shift[flow["tail"]] - shift[flow["head"]]
        assert potentials(**flow).tolist() == plain_potentials(**flow)
        compared += 1


def test_a_loop_that_cannot_be_kept_on_disk_is_compiled_all_the_same() -> None:
    """Where numba finds no place for what it compiles (here: a function of no file), the round goes on without."""
    written_nowhere = eval("lambda number: number + 1")
    assert compiled(written_nowhere)(1) == 2


@pytest.mark.parametrize("compiled_from", [0, 200_000])
def test_a_flow_that_could_be_cheaper_has_no_potentials(
    compiled_from: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever flow is not the cheapest is refused, however its nodes are joined, by compiled loops as well."""
    random, refused = Random(f"{seed} worse"), 0
    monkeypatch.setattr("solver.potentials.COMPILED_NODES", compiled_from)
    while refused < 50:
        try:
            flow = random_flow(random)
        except FlowError:
            continue
        flow["cost"] = ints([random.randrange(-9, 9) for _ in flow["cost"]])
        if not settled(plain_potentials(**flow), **flow):
            with pytest.raises(FlowError, match="negative cycle"):
                potentials(**flow)
            refused += 1


def settled(height: list[int], tail: Ints, head: Ints, more: Ints, less: Ints, cost: Ints, nodes: int) -> bool:
    """Whether no arc would lower a height further."""
    level = ints(height)
    gap = level[tail] + cost - level[head]
    return bool((gap[more] >= 0).all() and (gap[less] <= 0).all())
