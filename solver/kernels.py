"""Loops over arcs that no array operation names, compiled by numba: the only module that loads it.

Loading and compiling take seconds, so only a large network asks for it (`solver.potentials` says when), and what is
compiled is kept on disk for the next run where numba finds a folder to write in. Each loop is plain Python that would
give the same answer uncompiled, and knows nothing of what the arcs stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from solver.arrays import Bools, Ints, Shorts


@cache
def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """The same function as machine code, which lets other threads run meanwhile."""
    compile_with = import_module("numba").njit
    try:
        fast: Callable[..., Any] = compile_with(nogil=True, cache=True)(loop)
    except RuntimeError:  # no folder can be written: neither the package's nor the user's
        fast = compile_with(nogil=True)(loop)
    return fast


def join_ends(tail: Shorts, head: Shorts, both: Bools, cost: Ints, label: Shorts, offset: Ints) -> int:
    """Number the groups of nodes that the marked arcs join, in the order of their first nodes; how many there are.

    Writes each node's group in `label` and its height in `offset`: above its group's first node, along these arcs.
    """
    nodes = len(label)
    for node in range(nodes):  # meanwhile a label is a node nearer the first, an offset the height above it
        label[node] = node
    for arc in range(len(tail)):
        if both[arc]:
            low, high, above = tail[arc], head[arc], cost[arc]
            while label[low] != low:  # and each node met is moved one further
                offset[low] += offset[label[low]]
                label[low] = label[label[low]]
                above += offset[low]
                low = label[low]
            while label[high] != high:
                offset[high] += offset[label[high]]
                label[high] = label[label[high]]
                above -= offset[high]
                high = label[high]
            if low < high:
                label[high], offset[high] = low, above
            elif high < low:
                label[low], offset[low] = high, -above
    groups = 0
    for node in range(nodes):
        first = label[node]
        if first == node:
            label[node] = groups
            groups += 1
        else:  # the node before is settled already: nodes only point to lower ones
            offset[node] += offset[first]
            label[node] = label[first]
    return groups


def list_residual(
    tail: Shorts, head: Shorts, more: Bools, less: Bools, cost: Ints, label: Shorts, offset: Ints, start: Ints
) -> tuple[Shorts, Ints]:
    """The targets and lengths of the arcs that leave each group, forwards or backwards, for another.

    Writes where each group's begin in `start` (one more than the groups, zeros before). An arc inside a group that is
    shorter than the way already there is a negative cycle, and is listed with it.
    """
    for arc in range(len(tail)):
        source, target = label[tail[arc]], label[head[arc]]
        length = cost[arc] + offset[tail[arc]] - offset[head[arc]]
        if more[arc] and (source != target or length < 0):
            start[source + 1] += 1
        if less[arc] and (source != target or length > 0):
            start[target + 1] += 1
    for group in range(len(start) - 1):
        start[group + 1] += start[group]
    at = start[:-1].copy()
    targets, lengths = np.empty(start[-1], np.int32), np.empty(start[-1], np.int64)
    for arc in range(len(tail)):
        source, target = label[tail[arc]], label[head[arc]]
        length = cost[arc] + offset[tail[arc]] - offset[head[arc]]
        if more[arc] and (source != target or length < 0):
            targets[at[source]], lengths[at[source]] = target, length
            at[source] += 1
        if less[arc] and (source != target or length > 0):
            targets[at[target]], lengths[at[target]] = source, -length
            at[target] += 1
    return targets, lengths


def relax(distance: Ints, start: Ints, target: Shorts, length: Ints, passes: int) -> bool:
    """Lower each distance to the shortest way there, first come, first served; whether these passes were enough.

    A node whose way comes through one that waits for its own turn will be lowered again: it lets its turn pass.
    """
    nodes = len(distance)
    queue, waiting = np.arange(nodes).astype(np.int32), np.ones(nodes, np.bool_)
    through = np.full(nodes, -1, np.int32)
    first, count, turn = 0, nodes, nodes
    while count > 0:
        if turn == 0:
            passes -= 1
            if passes <= 0:
                return False
            turn = count
        node = queue[first]
        first = first + 1 if first + 1 < nodes else 0
        count, turn = count - 1, turn - 1
        waiting[node] = False
        if through[node] >= 0 and waiting[through[node]]:
            continue
        here = distance[node]
        for arc in range(start[node], start[node + 1]):
            there = target[arc]
            if here + length[arc] < distance[there]:
                distance[there] = here + length[arc]
                through[there] = node
                if not waiting[there]:
                    waiting[there] = True
                    last = first + count
                    queue[last if last < nodes else last - nodes] = there
                    count += 1
    return True
