"""Minimum-cost flow: the only module that uses OR-Tools' solver of it.

Nodes are handed over in an order that keeps neighbours together: at national size the library spends most of its time
waiting for memory, and answers twice as fast. What it answers is proven elsewhere (`solver.potentials`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from importlib.metadata import version

import numpy as np
from ortools.graph.python.max_flow import SimpleMaxFlow
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from solver.arrays import Ints, Shorts, Whole

ENGINE = f"SimpleMinCostFlow {version('ortools')}"
LARGEST_COST = 2**61
"""Largest unit cost times number of nodes that the library's cost scaling holds."""
AHEAD = 4
"""Problems handed to an executor before the answer of the first is waited for: each is held until it is solved."""
NODES_IN_CACHE = 10_000
"""Up to this size the order of nodes makes no difference."""


class FlowError(Exception):
    """The library did not answer OPTIMAL, or what it answered is not optimal."""


Problem = tuple[Whole, Whole, Whole, Ints, Ints]
"""Tails, heads, capacities and costs of arcs, and the supply of each node."""


def minimum_cost_flows(problems: Iterable[Problem], executor: Executor | None) -> Iterator[Ints]:
    """The flow of each problem, in order; side by side when there is an executor, a few problems ahead of the answers.

    Raises:
        FlowError: as below. What a lost worker raises is known to its executor alone.
    """
    if executor is None:
        yield from (minimum_cost_flow(*problem) for problem in problems)
        return
    waiting = deque[Future[Ints]]()
    for problem in problems:
        waiting.append(executor.submit(minimum_cost_flow, *problem))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def minimum_cost_flow(tail: Whole, head: Whole, capacity: Whole, cost: Ints, supply: Ints) -> Ints:
    """A flow of least cost that carries every supply.

    Raises:
        FlowError: the library failed, or the magnitudes are beyond what it can hold.
    """
    largest, nodes = int(np.abs(cost).max(initial=0)), len(supply)
    if largest * (nodes + 1) >= LARGEST_COST:
        raise FlowError(f"costs up to {largest} on {nodes} nodes are beyond 64 bits")
    place = place_by_neighbours(tail, head, nodes)
    problem = SimpleMinCostFlow()
    arcs = problem.add_arcs_with_capacity_and_unit_cost(
        place[tail], place[head], capacity.astype(np.int64), np.ascontiguousarray(cost)
    )
    problem.set_nodes_supplies(place, supply)
    status = problem.solve()
    if status != problem.OPTIMAL:
        raise FlowError(f"minimum-cost flow: {status}")
    return np.asarray(problem.flows(arcs), dtype=np.int64)


def place_by_neighbours(tail: Whole, head: Whole, nodes: int) -> Shorts:
    """A number for each node, near those of its neighbours."""
    place = np.arange(nodes, dtype=np.int32)
    if nodes > NODES_IN_CACHE:
        ends = [np.concatenate(pair, dtype=np.int32) for pair in ((tail, head), (head, tail))]
        links = csr_array((np.ones(len(ends[0]), np.int8), (ends[0], ends[1])), shape=(nodes, nodes))
        place[reverse_cuthill_mckee(links, symmetric_mode=True)] = np.arange(nodes, dtype=np.int32)
    return place


def route(tail: Ints, head: Ints, capacity: Ints, sent: Ints) -> tuple[Ints, Ints]:
    """A flow that carries as much as it can of what nodes send (positive) to those that take it (negative).

    Returns the flow, and the nodes that what is left over could still get to, in order: none if everything is carried.

    Raises:
        FlowError: the library failed.
    """
    problem, source, target = SimpleMaxFlow(), len(sent), len(sent) + 1
    giving, taking = np.flatnonzero(sent > 0), np.flatnonzero(sent < 0)
    for ends, most in (
        ((tail, head), capacity),
        ((np.full(len(giving), source), giving), sent[giving]),
        ((taking, np.full(len(taking), target)), -sent[taking]),
    ):
        problem.add_arcs_with_capacity(ends[0].astype(np.int32), ends[1].astype(np.int32), most.astype(np.int64))
    if not len(giving):
        return np.zeros(len(tail), np.int64), giving
    if problem.solve(source, target) != problem.OPTIMAL:
        raise FlowError("maximum flow failed")
    beyond = np.sort(np.asarray(problem.get_source_side_min_cut(), np.int64))
    return np.asarray(problem.flows(np.arange(len(tail), dtype=np.int32)), np.int64), beyond[beyond < len(sent)]
