"""Who must stay above a threshold, by minimum cuts: parts of a network are halved until each holds one level.

Nodes have pupils to send, and schools keep some of them, the ones at low levels first. A minimum cut at one level says
which schools keep at least, and which at most, as many as their levels below it. Arcs across the cut are full one way
and empty the other, so both sides, and whatever else the cut leaves unconnected, are then halved each at its own level,
starting from the flow so far. It knows arcs, pupils to send and levels, not what they stand for, and it proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from ortools.graph.python.max_flow import SimpleMaxFlow
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solver.arrays import Bools, Ints, Shorts, Whole, bundled, runs
from solver.flow import FlowError
from solver.machine import beside

ARCS_TOGETHER = 20_000
"""Small pieces are cut together up to this size."""
ARCS_APART = 500_000
"""From so many on, what is left to cut is worth a copy of the process, where there is one to be had."""
UNLIMITED = 2**40


@dataclass
class Schools:
    """Where pupils may be kept: the node of each school, and its levels, as `place * ranks + level`, sorted."""

    node: Ints
    keys: Ints
    ranks: int

    def __post_init__(self) -> None:
        self.base = np.arange(len(self.node), dtype=np.int64) * self.ranks
        self.start = np.searchsorted(self.keys, self.base).astype(np.int64)

    def below(self, level: Ints) -> Ints:
        """How many pupils each school keeps at levels below one of its own."""
        return np.searchsorted(self.keys, self.base + level).astype(np.int64) - self.start

    def some(self, places: Ints, number: Shorts) -> Schools:
        """Some of the schools, with the nodes' new numbers."""
        count = np.diff(np.append(self.start, len(self.keys)))[places].astype(np.int64)
        moved = np.arange(len(places), dtype=np.int64) * self.ranks - self.base[places]
        keys = self.keys[runs(self.start[places], count)] + np.repeat(moved, count)
        return Schools(number[self.node[places]].astype(np.int64), keys, self.ranks)


@dataclass
class Part:
    """Pieces that share no arc, all decided or none: columns over arcs, over nodes (`need`, `piece`), over pieces.

    `need` is what a node still has to send once the flow so far and the pupils settled below `low` are counted. Levels
    from `low` to `high` are a piece's own; it is decided when no school of it has a choice of level left. Only the
    first part has a sink, a node that takes all that comes (-1: none).
    """

    tail: Shorts
    head: Shorts
    capacity: Shorts
    flow: Shorts
    need: Ints
    piece: Ints
    low: Ints
    high: Ints
    schools: Schools
    sink: int = -1
    decided: bool = False

    def kept_below(self, level: Ints) -> Ints:
        """How many pupils each school keeps at its piece's levels, below one of them (a level per piece)."""
        at = self.piece[self.schools.node]
        return self.schools.below(level[at]) - self.schools.below(self.low[at])

    def kept(self) -> Ints:
        """How many each school keeps in all, once its node has nothing to pass on."""
        return self.schools.below(self.low[self.piece[self.schools.node]]) + self.need[self.schools.node]

    def middle(self) -> Ints:
        """For each piece, the lowest level inside its own where its schools could keep all it has left.

        It would be the answer if the piece held together, so each cut tells truly different schools apart. The first
        cut sets the sink's side apart: nobody is kept there.
        """
        if self.sink >= 0:
            return np.ones(len(self.low), np.int64)
        at, left = self.piece[self.schools.node], np.bincount(self.piece, self.need, len(self.low))
        bottom, top = self.low, self.high
        while (top - bottom > 1).any():
            level = (bottom + top) // 2
            enough = np.bincount(at, self.kept_below(level), len(left)) >= left
            bottom, top = np.where(enough, bottom, level), np.where(enough, level, top)
        middle: Ints = np.clip(top, self.low + 1, np.maximum(self.high - 1, self.low + 1))
        return middle

    def halve(self, middle: Ints) -> Bools:
        """Send as much as schools may keep below these levels: the nodes that have more, on the source's side.

        What their schools keep below the level is settled.
        """
        room = self.kept_below(middle)
        problem = Sending(self)
        problem.add(self.schools.node, np.full(len(room), problem.target), room)
        problem.send()
        above = problem.source_side()
        self.need[self.schools.node] -= np.where(above[self.schools.node], room, 0)
        return above

    def route(self) -> None:
        """What each piece has left goes to its schools, no more, whatever the level."""
        problem, room = Sending(self), self.kept_below(self.high)
        left = np.bincount(self.piece, self.need, len(self.low)).astype(np.int64)
        gate = problem.target + 1 + np.arange(len(left))
        problem.add(self.schools.node, gate[self.piece[self.schools.node]], room)
        problem.add(gate, np.full(len(left), problem.target), np.maximum(left, 0))
        problem.send()

    def split(self, middle: Ints, above: Bools) -> list[Step]:
        """What is left to do on both sides of a cut, where somebody still has pupils to send."""
        self.low, self.high = np.concatenate((self.low, middle)), np.concatenate((middle, self.high))
        self.piece = self.piece + np.where(above, len(middle), 0)
        inner = np.flatnonzero(above[self.tail] == above[self.head])
        ends, nodes = (self.tail[inner], self.head[inner]), len(above)
        links = coo_array((np.ones(len(inner), np.int8), ends), shape=(nodes, nodes))
        label = connected_components(links, directed=False)[1]
        busy = np.zeros(len(above), np.bool_)
        busy[label[self.need != 0]] = True
        due = inner[busy[label[self.tail[inner]]]]
        at = label[self.tail[due]]
        decided = self._decided(label)[at]
        return [
            self._some(rows[bundle], label, ended)
            for rows, ended in ((due[~decided], False), (due[decided], True))
            for bundle in bundled(label[self.tail[rows]], ARCS_TOGETHER)
        ]

    def _decided(self, label: Shorts) -> Bools:
        """Of the pieces with these labels, those where no school has a choice of level left."""
        count, at = int(label.max(initial=-1)) + 1, label[self.schools.node]
        low, high = np.zeros(count, np.int64), np.zeros(count, np.int64)
        low[label], high[label] = self.low[self.piece], self.high[self.piece]
        most = np.bincount(at, self.kept_below(self.high), count)
        left = np.bincount(label, self.need, count)
        decided: Bools = (high - low <= 1) | (left <= 0) | (left >= most) | (np.bincount(at, minlength=count) <= 1)
        return decided

    def _some(self, arcs: Ints, label: Shorts, decided: bool) -> Step:
        """The part of these arcs, where pieces have these labels."""
        tail, head = self.tail[arcs], self.head[arcs]
        used = np.zeros(len(label), np.bool_)
        used[tail] = used[head] = True
        nodes, number = np.flatnonzero(used), np.cumsum(used, dtype=np.int32) - 1
        first, piece = np.unique(label[nodes], return_index=True, return_inverse=True)[1:]
        low, high = (levels[self.piece[nodes[first]]] for levels in (self.low, self.high))
        places = np.flatnonzero(used[self.schools.node])
        schools = self.schools.some(places, number)
        columns = (number[tail], number[head], self.capacity[arcs], self.flow[arcs])
        return Part(*columns, self.need[nodes], piece.astype(np.int64), low, high, schools, -1, decided), arcs, places


Step = tuple[Part, Whole, Ints]
"""A part of another, with the rows there of its arcs and of its schools."""


class Sending:
    """A maximum flow through what the arcs of a part leave open, from nodes that must send to those that must take."""

    def __init__(self, part: Part) -> None:
        self.part, self.problem, nodes = part, SimpleMaxFlow(), len(part.need)
        self.source, self.target = nodes, nodes + 1
        self.more = np.flatnonzero(part.flow < part.capacity).astype(np.int32)
        self.less = np.flatnonzero(part.flow > 0).astype(np.int32)
        giving, taking = np.flatnonzero(part.need > 0), np.flatnonzero(part.need < 0)
        more, less = self.more, self.less
        self.add(part.tail[more], part.head[more], part.capacity[more] - part.flow[more])
        self.add(part.head[less], part.tail[less], part.flow[less])
        self.add(np.full(len(giving), self.source), giving, part.need[giving])
        self.add(taking, np.full(len(taking), self.target), -part.need[taking])
        if part.sink >= 0:
            self.add(np.array([part.sink]), np.array([self.target]), np.array([UNLIMITED]))

    def add(self, tail: Whole, head: Whole, capacity: Whole) -> Shorts:
        """Arcs beside the part's own; their numbers."""
        ends = (tail.astype(np.int32, copy=False), head.astype(np.int32, copy=False))
        return np.asarray(self.problem.add_arcs_with_capacity(*ends, capacity), np.int32)

    def send(self) -> None:
        """Solve, and add what is sent, in either direction, to the flow of the part.

        Raises:
            FlowError: the library failed.
        """
        if self.problem.solve(self.source, self.target) != self.problem.OPTIMAL:
            raise FlowError("maximum flow failed")
        part, nodes = self.part, len(self.part.need)
        arcs = np.arange(len(self.more) + len(self.less), dtype=np.int32)
        sent = np.asarray(self.problem.flows(arcs), np.int32)
        part.flow[self.more] += sent[: len(self.more)]
        part.flow[self.less] -= sent[len(self.more) :]
        used = np.flatnonzero(sent)
        rows, sent = np.concatenate((self.more, self.less))[used], sent[used]
        sent[np.searchsorted(used, len(self.more)) :] *= -1
        part.need -= np.bincount(part.tail[rows], sent, nodes).astype(np.int64)
        part.need += np.bincount(part.head[rows], sent, nodes).astype(np.int64)
        if part.sink >= 0:
            part.need[part.sink] = 0

    def source_side(self) -> Bools:
        """The nodes on the source's side of the minimum cut nearest to it, once as much as possible is sent."""
        side = np.zeros(len(self.part.need) + 2, np.bool_)
        side[np.asarray(self.problem.get_source_side_min_cut(), np.int64)] = True
        return side[:-2]


def settle(part: Part, executor: Executor | None = None) -> tuple[Shorts, Ints]:
    """Halve a part until all is decided, then route what is: the flow of its arcs, and how many each school keeps.

    The part is used up. What the first cuts of a large one leave apart is settled half here, half in a copy of this
    process, on a machine lent for it.

    Raises:
        FlowError: the library failed.
    """
    flow, kept = part.flow.copy(), np.zeros(len(part.schools.node), np.int64)
    waiting: list[Step] = [(part, np.arange(len(flow), dtype=np.int32), np.arange(len(kept)))]
    while waiting and not _is_worth_sharing(waiting):
        waiting += _advance(waiting.pop(), flow, kept)
        waiting.sort(key=_size)
    mine, others = list[Step](), list[Step]()
    for step in reversed(waiting):
        min(mine, others, key=lambda half: sum(map(_size, half))).append(step)
    with beside(executor if others else None, partial(_finish, others, flow, kept)) as finished:
        _finish(mine, flow, kept)
        arcs, places = _rows(others)
        flow[arcs], kept[places] = finished()
    return flow, kept


def _size(step: Step) -> int:
    return len(step[0].tail)


def _is_worth_sharing(waiting: Sequence[Step]) -> bool:
    """Whether the largest of these steps is half of them at most, and large enough."""
    sizes = [_size(step) for step in waiting]
    return 2 * max(sizes) <= sum(sizes) and sum(sizes) > ARCS_APART


def _finish(waiting: Sequence[Step], flow: Shorts, kept: Ints) -> tuple[Shorts, Ints]:
    """Take these steps to their ends: the flow of their arcs, and how many their schools keep."""
    left = list(waiting)
    while left:
        left += _advance(left.pop(), flow, kept)
    arcs, places = _rows(waiting)
    return flow[arcs], kept[places]


def _rows(steps: Sequence[Step]) -> tuple[Ints, Ints]:
    """The arcs and the schools of these steps."""
    nothing = np.arange(0)
    return np.concatenate([nothing, *(arcs for _, arcs, _ in steps)]), np.concatenate(
        [nothing, *(at for *_, at in steps)]
    )


def _advance(step: Step, flow: Shorts, kept: Ints) -> list[Step]:
    """Halve or route a part, write what is known by then, and say what is left to do."""
    part, arcs, places = step
    below: list[Step] = []
    if part.decided:
        part.route()
    else:
        middle = part.middle()
        below = part.split(middle, part.halve(middle))
    flow[arcs], kept[places] = part.flow, part.kept()
    return [(inside, arcs[rows], places[schools]) for inside, rows, schools in below]
