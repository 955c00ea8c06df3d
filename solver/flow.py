"""Minimum-cost flow: the only module that uses OR-Tools' solver of it.

Nodes are handed over in an order that keeps neighbours together: at national size the library spends most of its time
waiting for memory, and answers twice as fast. What it answers is proven elsewhere (`solver.potentials`).
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from solver.arrays import Ints, Shorts, Whole

ENGINE = f"SimpleMinCostFlow {version('ortools')}"
LARGEST_COST = 2**61
"""Largest unit cost times number of nodes that the library's cost scaling holds."""
NODES_IN_CACHE = 10_000
"""Up to this size the order of nodes makes no difference."""


class FlowError(Exception):
    """The library did not answer OPTIMAL, or what it answered is not optimal."""


def minimum_cost_flow(tail: Whole, head: Whole, capacity: Whole, cost: Ints, supply: Ints) -> Ints:
    """A flow of least cost that carries every supply.

    Raises:
        FlowError: the library failed, or the magnitudes are beyond what it can hold.
    """
    largest, nodes = int(np.abs(cost).max(initial=0)), len(supply)
    if largest * (nodes + 1) >= LARGEST_COST:
        raise FlowError(f"costs up to {largest} on {nodes} nodes are beyond 64 bits")
    place = _place_by_neighbours(tail, head, nodes)
    problem = SimpleMinCostFlow()
    arcs = problem.add_arcs_with_capacity_and_unit_cost(
        place[tail], place[head], capacity.astype(np.int64), np.ascontiguousarray(cost)
    )
    problem.set_nodes_supplies(place, supply)
    status = problem.solve()
    if status != problem.OPTIMAL:
        raise FlowError(f"minimum-cost flow: {status}")
    return np.asarray(problem.flows(arcs), dtype=np.int64)


def _place_by_neighbours(tail: Whole, head: Whole, nodes: int) -> Shorts:
    """A number for each node, near those of its neighbours."""
    place = np.arange(nodes, dtype=np.int32)
    if nodes > NODES_IN_CACHE:
        ends = [np.concatenate(pair, dtype=np.int32) for pair in ((tail, head), (head, tail))]
        links = csr_array((np.ones(len(ends[0]), np.int8), (ends[0], ends[1])), shape=(nodes, nodes))
        place[reverse_cuthill_mckee(links, symmetric_mode=True)] = np.arange(nodes, dtype=np.int32)
    return place
