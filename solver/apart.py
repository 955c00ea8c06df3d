"""Searches a least costly flow as if wide quota lines did not bind: what only they hold together is searched apart.

A line under its ceiling and past its commitment asks nothing of anybody, yet it joins places a thousand kilometres
apart. The lines that the flow at hand leaves inside their bounds are let go, each part that remains is searched by
itself, and the lines are filled again. A line that the parts together bring out of its bounds is put back, and what it
touches is searched again. Without bounds that bind nothing could cost less, so what holds with them costs least too.

It knows costs and capacities, not what they stand for, and it proves nothing: `solver.faces` does.
"""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solver.arrays import Bools, Ints, Shorts, Whole, bundled
from solver.flow import Problem, minimum_cost_flows
from solver.machine import hand_back

ARCS_TOGETHER = 20_000
"""Small parts are searched together up to this size."""
MOST_SEARCHES = 3
"""After these the lines are all put back."""


def search_apart(problem: Problem, lines: Bools, sink: int, flow: Whole, executor: Executor | None) -> Whole:
    """A flow of least cost that sends what each node sends in `flow`, the flow at hand, which it takes the place of.

    `lines` marks the nodes that may be let go; all arcs that leave one lead to the same node. Parts may share the
    node `sink`, where everything ends; the number of nodes stands for none.

    Raises:
        FlowError: the library failed.
    """
    apart = Apart(problem, lines, sink, flow)
    for searches in range(MOST_SEARCHES + 1):
        if searches == MOST_SEARCHES:
            apart.put_back(apart.loose)
        apart.search(executor)
        beyond = apart.fill()
        if not beyond.any():
            break
        apart.put_back(beyond)
    return apart.flow


class Apart:
    """A flow, the lines let go (`loose`), and the arcs that are still to be searched (`due`)."""

    def __init__(self, problem: Problem, lines: Bools, sink: int, flow: Whole) -> None:
        self.tail, self.head, self.capacity, self.cost, self.sent = problem
        self.flow, self.sink, nodes = flow, sink, len(lines)
        leaving = np.flatnonzero(lines[self.tail])
        self.outs = leaving[np.lexsort((self.cost[leaving], self.tail[leaving]))]
        self.above = np.arange(nodes, dtype=np.int32)
        self.above[self.tail[self.outs]] = self.head[self.outs]
        self.loose = np.zeros(nodes, np.bool_)
        self.loose[self.tail[self.outs]] = True
        self.loose &= ~self._beyond(np.bincount(self.tail, self.flow, nodes).astype(np.int64))
        self.due = np.ones(len(self.tail), np.bool_)

    def _beyond(self, through: Ints) -> Bools:
        """The lines for which one unit more or less might cost something, when so much goes through each node."""
        ends, cost, nodes = self.tail[self.outs], self.cost[self.outs], len(self.above)
        least = np.bincount(ends[cost < 0], self.capacity[self.outs[cost < 0]], nodes).astype(np.int64)
        most = least + np.bincount(ends[cost == 0], self.capacity[self.outs[cost == 0]], nodes).astype(np.int64)
        beyond: Bools = (through < least) | (through > most)
        return beyond & self.loose

    def _targets(self) -> Shorts:
        """For each node the first one above it that is not let go, itself if it is not."""
        target = np.where(self.loose, self.above, np.arange(len(self.above), dtype=np.int32))
        while self.loose[target].any():
            target = target[target]
        return target

    def search(self, executor: Executor | None) -> None:
        """Search the arcs that are due, part by part."""
        target, nodes = self._targets(), len(self.above)
        rows = np.flatnonzero(~self.loose[self.tail]).astype(np.int32)
        tail, head = self.tail[rows], target[self.head[rows]]
        inner = head != self.sink
        links = coo_array((np.ones(int(inner.sum()), np.int8), (tail[inner], head[inner])), shape=(nodes, nodes))
        label = connected_components(links, directed=False)[1][tail]
        del inner, links, tail, head  # each column is millions of arcs long
        touched = np.zeros(nodes, np.bool_)
        touched[label[self.due[rows]]] = True
        again = touched[label]
        rows, label = rows[again], label[again]
        parts = [rows[part] for part in bundled(label, ARCS_TOGETHER)]
        del rows, label, again
        parts = [arcs for arcs in parts if self.cost[arcs].any()]
        sent = np.zeros(nodes, np.int64)
        np.add.at(sent, target, self.sent)
        problems = (self._problem(arcs, target, sent) for arcs in parts)
        hand_back(executor)
        for arcs, found in zip(parts, minimum_cost_flows(problems, executor), strict=True):
            self.flow[arcs] = found
        self.due[:] = False

    def _problem(self, arcs: Shorts, target: Shorts, sent: Ints) -> Problem:
        """One part by itself: the sink, if it has one, takes what the others send."""
        number = np.zeros(len(sent), np.int32)
        tail, head = self.tail[arcs], target[self.head[arcs]]
        number[tail] = number[head] = 1
        nodes = np.flatnonzero(number)
        number[nodes] = np.arange(len(nodes), dtype=np.int32)
        supply = sent[nodes]
        if nodes[-1] == self.sink:
            supply[-1] = -supply[:-1].sum()
        return number[tail], number[head], self.capacity[arcs], self.cost[arcs], supply

    def fill(self) -> Bools:
        """Send through the lines let go what comes to them, the cheapest way first; those it brings out of bounds."""
        outs = self.outs[self.loose[self.tail[self.outs]]]
        self.flow[outs] = 0
        through = self.sent.copy()
        np.add.at(through, self.head, self.flow)
        waiting = self.loose.copy()
        while waiting.any():  # the lines that no line still waiting leads to
            ready = waiting.copy()
            ready[self.above[waiting]] = False
            lines = np.flatnonzero(ready)
            np.add.at(through, self.above[lines], through[lines])
            waiting[lines] = False
        beyond = self._beyond(through)
        tail, most = self.tail[outs], self.capacity[outs].astype(np.int64)
        ends = np.cumsum(most)
        before = ends - most
        first = np.searchsorted(tail, tail)  # what the cheaper ways of the same line take comes first
        self.flow[outs] = np.clip(through[tail] - (before - before[first]), 0, most)
        return beyond

    def put_back(self, lines: Bools) -> None:
        """Let these lines bind again: what they touch is due."""
        before = self._targets()
        self.loose = self.loose & ~lines
        self.due |= (self._targets() != before)[self.head] | lines[self.tail]
