"""Potentials of a flow: the shortest distances in its residual network, from everywhere to each node.

They prove the flow optimal without trusting the library that found it, so nothing here calls a solver. Arcs that can
both take and give back fix the difference of their ends: the nodes they join are one node for the search, which then
needs ten times fewer passes.

Shortest distances are what they are: the compiled loops of a large network and the arrays of a small one, which would
wait longer for the compiler than for the answer, give the same ones.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from solver.arrays import Bools, Ints, Shorts, runs
from solver.flow import FlowError
from solver.kernels import compiled, join_ends, list_residual, relax

COMPILED_NODES = 200_000
"""From this size on, some 80,000 pupils, loading the compiled loops costs less than they spare."""
PATIENCE = 24
"""Passes after which parallel arcs are worth merging."""

ARCS_AT_ONCE = 500_000
Rows = tuple[Ints, Shorts, Ints]
"""Where each node's arcs begin, their targets and their lengths, in the order of sources."""
MOST_PASSES = 5_000
"""A national instance needs some three hundred: beyond this a negative cycle is no longer doubted."""


def potentials(tail: Shorts, head: Shorts, more: Bools, less: Bools, cost: Ints, nodes: int) -> Ints:
    """Shortest distances from everywhere to each node (all at most 0).

    `more` marks the arcs that can take more flow, `less` those that can give some back.

    Raises:
        FlowError: a negative cycle, hence a flow that is not optimal.
    """
    if nodes >= COMPILED_NODES:
        return _compiled_potentials(tail, head, more, less, cost, nodes)
    both = np.flatnonzero(more & less)
    label, offset = _join(tail[both], head[both], cost[both], nodes)
    distance = np.zeros(int(label.max(initial=-1)) + 1, np.int64)
    np.minimum.at(distance, label, -offset)
    ends = label[tail], label[head]
    _relax(distance, _between(len(distance), *ends, more, less, cost + offset[tail] - offset[head]))
    return offset + distance[label]


def _compiled_potentials(tail: Shorts, head: Shorts, more: Bools, less: Bools, cost: Ints, nodes: int) -> Ints:
    """The same, in the same steps."""
    label, offset = np.empty(nodes, np.int32), np.zeros(nodes, np.int64)
    groups = compiled(join_ends)(tail, head, more & less, cost, label, offset)
    distance, start = np.zeros(groups, np.int64), np.zeros(groups + 1, np.int64)
    target, length = compiled(list_residual)(tail, head, more, less, cost, label, offset, start)
    np.minimum.at(distance, label, -offset)
    if not compiled(relax)(distance, start, target, length, MOST_PASSES):
        raise FlowError("negative cycle: the flow is not optimal")
    offset += distance[label]
    return offset


def _between(groups: int, source: Shorts, target: Shorts, more: Bools, less: Bools, length: Ints) -> Rows:
    """The residual arcs between different groups; inside a group none may be shorter than the way already there."""
    inside = source == target
    if (length[inside & more] < 0).any() or (length[inside & less] > 0).any():
        raise FlowError("negative cycle: the flow is not optimal")
    forth, back = more & ~inside, less & ~inside
    return _rows(
        groups,
        np.concatenate((source[forth], target[back])),
        np.concatenate((target[forth], source[back])),
        np.concatenate((length[forth], -length[back])),
    )


def _join(tail: Shorts, head: Shorts, cost: Ints, nodes: int) -> tuple[Shorts, Ints]:
    """Each node's group, the nodes that these arcs join, and its height above the group's first node."""
    links = csr_array((np.ones(len(tail), np.int8), (tail, head)), shape=(nodes, nodes))
    groups, label = connected_components(links, directed=False)
    first = np.full(groups, nodes, np.int32)
    np.minimum.at(first, label, np.arange(nodes, dtype=np.int32))
    root = np.full(groups, nodes, np.int32)
    ends = [np.concatenate(parts) for parts in ((tail, head, root), (head, tail, first))]
    forest = csr_array((np.ones(len(ends[0]), np.int8), (ends[0], ends[1])), shape=(nodes + 1, nodes + 1))
    above = breadth_first_order(forest, nodes)[1][:nodes].astype(np.int64)
    low, high = tail.astype(np.int64), head.astype(np.int64)
    ends_known = np.concatenate((low * (nodes + 1) + high, high * (nodes + 1) + low))
    order = np.argsort(ends_known, kind="stable")
    below = np.flatnonzero(above < nodes)
    at = order[np.searchsorted(ends_known[order], above[below] * (nodes + 1) + below)]
    offset = np.zeros(nodes, np.int64)
    offset[below] = np.concatenate((cost, -cost))[at]
    above = np.where(above < nodes, above, np.arange(nodes, dtype=np.int64))
    while (above != (further := above[above])).any():
        offset += offset[above]
        above = further
    return label, offset


def _relax(distance: Ints, rows_of: Rows) -> None:
    """Bellman-Ford on arrays: each pass only relaxes the arcs that leave a node improved since its last turn."""
    start, target, length = rows_of
    del rows_of  # each column is let go once it is merged
    improved = np.arange(len(distance), dtype=np.int64)
    marks = np.zeros(len(distance), np.bool_)
    for number in range(min(len(distance) + 1, MOST_PASSES)):
        degree = start[improved + 1] - start[improved]
        for nodes in np.split(improved, np.flatnonzero(np.diff(np.cumsum(degree) // ARCS_AT_ONCE)) + 1):
            rows = runs(start[nodes], start[nodes + 1] - start[nodes])
            reached = target[rows]
            through = np.repeat(distance[nodes], start[nodes + 1] - start[nodes]) + length[rows]
            better = np.flatnonzero(through < distance[reached])
            np.minimum.at(distance, reached[better], through[better])
            marks[reached[better]] = True
        improved = np.flatnonzero(marks)
        marks[improved] = False
        if not len(improved):
            return
        if number == PATIENCE:
            start, target, length = _merge_parallel(start, target, length)
    raise FlowError("negative cycle: the flow is not optimal")


def _rows(nodes: int, source: Shorts, target: Shorts, length: Ints) -> Rows:
    """Where each node's arcs begin, their targets and lengths, in the order of sources."""
    arcs = coo_array((length, (source, target)), shape=(nodes, nodes))
    arcs.has_canonical_format = True  # parallel arcs are kept, not summed
    rows = arcs.tocsr()
    return rows.indptr.astype(np.int64), rows.indices, rows.data


def _merge_parallel(start: Ints, target: Shorts, length: Ints) -> Rows:
    """Only the shortest arc between two nodes."""
    nodes = len(start) - 1
    pair = np.repeat(np.arange(nodes, dtype=np.int64), np.diff(start)) * nodes + target
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    source, target = (column.astype(np.int32) for column in np.divmod(pair[first], nodes))
    return _rows(nodes, source, target, np.minimum.reduceat(length[order], first))
