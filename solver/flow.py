"""Minimum-cost flow and its potentials: the only module that uses OR-Tools' graph solver.

`SimpleMinCostFlow` gives flows, not potentials in Python. Potentials are the shortest distances in the residual
network: computed here, they prove the flow optimal without trusting the library that found it.
"""

from __future__ import annotations

import numpy as np
import ortools
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from solver.arrays import Ints, runs, starts_of

ENGINE = f"SimpleMinCostFlow {ortools.__version__}"
LARGEST_COST = 2**61
"""Largest unit cost times number of nodes that the library's cost scaling holds."""


class FlowError(Exception):
    """The library did not answer OPTIMAL, or what it answered is not optimal."""


def minimum_cost_flow(tail: Ints, head: Ints, capacity: Ints, cost: Ints, supply: Ints) -> Ints:
    """A flow of least cost that carries every supply.

    Raises:
        FlowError: the library failed, or the magnitudes are beyond what it can hold.
    """
    largest = int(np.abs(cost).max(initial=0))
    if largest * (len(supply) + 1) >= LARGEST_COST:
        raise FlowError(f"costs up to {largest} on {len(supply)} nodes are beyond 64 bits")
    problem = SimpleMinCostFlow()
    arcs = problem.add_arcs_with_capacity_and_unit_cost(
        tail.astype(np.int32), head.astype(np.int32), capacity, np.ascontiguousarray(cost)
    )
    problem.set_nodes_supplies(np.arange(len(supply), dtype=np.int32), supply)
    status = problem.solve()
    if status != problem.OPTIMAL:
        raise FlowError(f"minimum-cost flow: {status}")
    return np.asarray(problem.flows(arcs), dtype=np.int64)


def potentials(tail: Ints, head: Ints, capacity: Ints, cost: Ints, flow: Ints, nodes: int) -> Ints:
    """Shortest distances from everywhere to each node of the residual network (all at most 0).

    Bellman-Ford on arrays: each pass only relaxes the arcs that leave a node improved by the pass before.

    Raises:
        FlowError: a negative cycle, hence a flow that is not optimal.
    """
    source, target, length = _residual(tail, head, capacity, cost, flow)
    start = starts_of(source, nodes)
    degree = np.diff(start)
    distance = np.zeros(nodes, np.int64)
    improved = np.arange(nodes, dtype=np.int64)
    marks = np.zeros(nodes, np.bool_)
    for _ in range(nodes + 1):
        rows = runs(start[improved], degree[improved])
        reached, through = target[rows], np.repeat(distance[improved], degree[improved]) + length[rows]
        better = through < distance[reached]
        if not better.any():
            return distance
        reached = reached[better]
        np.minimum.at(distance, reached, through[better])
        marks[reached] = True
        improved = np.flatnonzero(marks).astype(np.int64)
        marks[improved] = False
    raise FlowError("negative cycle: the flow is not optimal")


def _residual(tail: Ints, head: Ints, capacity: Ints, cost: Ints, flow: Ints) -> tuple[Ints, Ints, Ints]:
    """Arcs that can still take flow, and the reverses of those that carry some, sorted by source."""
    more, less = np.flatnonzero(flow < capacity), np.flatnonzero(flow > 0)
    source = np.concatenate((tail[more], head[less]))
    order = np.argsort(source, kind="stable")
    target = np.concatenate((head[more], tail[less]))[order]
    return source[order], target, np.concatenate((cost[more], -cost[less]))[order]
