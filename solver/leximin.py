"""The first two aims by maximum flows alone: as many placed as possible, and the unplaced spread over schools fairly.

Only the arcs of the schools' unplaced pupils cost anything there, so the optimum has a threshold structure: for any
level t, a minimum cut says which schools leave unplaced at least, and which at most, as many pupils as their levels
below t. The two sides then no longer depend on each other (arcs across the cut are full one way, empty the other), and
each is cut again, all at once: some ten maximum flows, each much cheaper than one flow with costs.

Neither aim looks at wishes, so classes stand at their hub of any sector, and hubs that only sectors tell apart are one
(`solver.merged_hubs`). It proves nothing: `solver.faces` does.
"""

from __future__ import annotations

import numpy as np
from ortools.graph.python.max_flow import SimpleMaxFlow

from solver.arrays import Bools, Ints, Shorts, starts_of
from solver.flow import FlowError
from solver.merged_hubs import MergedHubs
from solver.network import Kind, Network

UNLIMITED = 2**40
LEFT_OUT = (Kind.WISH, Kind.SECTOR, Kind.PERIOD, Kind.LEFT, Kind.UNPLACED)
"""The arcs that the maximum flows do without."""


class Spread:
    """The cuts so far: node v belongs to the part of levels `low[v]` to `high[v]`; each level interval is one part.

    `need` is what a node still has to send once the flow so far and the settled unplaced pupils are counted: each cut
    starts from the flow of those before it, and only looks for ways that are left.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.sink = len(network.supply) - 1
        self._stand_at_hubs()
        unplaced = np.flatnonzero(network.kind == Kind.UNPLACED)
        levels, rank = np.unique(network.number[unplaced], return_inverse=True)
        self.ranks = len(levels) + 2
        self.school, place = np.unique(network.tail[unplaced], return_inverse=True)
        order = np.lexsort((rank, place))
        self.unplaced = unplaced[order]
        self.keys = place[order] * self.ranks + rank[order] + 1
        self.start = starts_of(place[order], len(self.school))
        self.low = np.zeros(len(network.supply), np.int64)
        self.high = np.full(len(network.supply), self.ranks - 1, np.int64)

    def _stand_at_hubs(self) -> None:
        """Move each class to its hub of any sector; a class without one leaves all its pupils to its school."""
        network, kind = self.network, self.network.kind
        is_hub = np.zeros(len(network.supply), np.bool_)
        is_hub[network.tail[kind == Kind.SECTOR]] = True
        self.wish = np.flatnonzero((kind == Kind.WISH) & is_hub[network.head])
        self.left = np.flatnonzero(kind == Kind.LEFT)
        stand = np.full(len(network.supply), -1, np.int64)
        stand[network.tail[self.wish]] = network.head[self.wish]
        pupils = network.supply[network.tail[self.left]]
        hub, school = stand[network.tail[self.left]], network.head[self.left]
        self.need = np.zeros(len(network.supply), np.int64)
        np.add.at(self.need, np.where(hub < 0, school, hub), pupils)
        pairs, self.hub_of_left = np.unique(np.where(hub < 0, -1, hub), return_inverse=True)
        first = np.unique(self.hub_of_left, return_index=True)[1]
        hubs = np.flatnonzero(pairs >= 0)
        kept = np.flatnonzero(np.isin(kind, LEFT_OUT, invert=True))
        self.arcs, self.hubs, self.merged = kept, hubs, MergedHubs(network)
        node, ways = self.merged.node, np.full(len(self.merged.tail), pupils.sum())
        self.tail = np.concatenate((node[network.tail[kept]], pairs[hubs], self.merged.tail), dtype=np.int32)
        self.head = np.concatenate((network.head[kept], school[first[hubs]], self.merged.head), dtype=np.int32)
        capacity = np.bincount(self.hub_of_left, pupils, len(pairs)).astype(np.int64)
        self.capacity = np.concatenate((network.capacity[kept], capacity[hubs], ways), dtype=np.int32)
        self.flow = np.zeros(len(self.tail), np.int32)
        self.inner = np.arange(len(self.tail), dtype=np.int32)

    def below(self, rank: Ints) -> Ints:
        """How many unplaced pupils each school has at levels below a rank of its own."""
        at = np.arange(len(self.school)) * self.ranks + rank
        return np.searchsorted(self.keys, at).astype(np.int64) - self.start[:-1]

    def settle(self) -> None:
        """Cut until each part has one level, then route every part. The first cut sets the places' side apart."""
        middle = np.ones(len(self.low), np.int64)
        while (moving := self._undecided()).any():
            room = self.below(middle[self.school]) - self.below(self.low[self.school])
            arcs = self.inner[moving[self.tail[self.inner]]]
            above = self._cut(arcs, np.where(moving[self.school], room, 0), moving)
            self._split(moving, middle, above)
            middle = self._middle()
        self._route()

    def _middle(self) -> Ints:
        """For each node, the lowest level inside its part's where the part's schools could take all it has left.

        It would be the answer if the part held together, so each cut tells truly different schools apart.
        """
        least, part = np.arange(self.ranks), self.low[self.school]
        most = least.copy()
        most[self.low] = self.high
        left, school_low = np.bincount(self.low, self.need, self.ranks), self.below(part)
        bottom, top = least, most
        while (top - bottom > 1).any():
            level = (bottom + top) // 2
            room = self.below(level[part]) - school_low
            enough = np.bincount(part, room, self.ranks) >= left
            bottom, top = np.where(enough, bottom, level), np.where(enough, level, top)
        middle: Ints = np.clip(top, least + 1, np.maximum(most - 1, least + 1))[self.low]
        return middle

    def _undecided(self) -> Bools:
        """Nodes of the parts where some school may still leave more or fewer pupils, at different levels."""
        room = self.below(self.high[self.school]) - self.below(self.low[self.school])
        most = np.bincount(self.low[self.school], room, self.ranks)
        needs = np.bincount(self.low, self.need, self.ranks)
        decided = (needs <= 0) | (needs >= most)
        decided[0] = most[0] == 0
        undecided: Bools = (self.high - self.low > 1) & ~decided[self.low]
        return undecided

    def _cut(self, arcs: Shorts, room: Ints, moving: Bools) -> Ints:
        """The nodes on the source's side of a minimum cut, once as much as possible is sent."""
        problem, source, target = self._problem(arcs, np.where(moving, self.need, 0))
        ends = np.full(len(self.school), target, np.int32)
        problem.add_arcs_with_capacity(self.school.astype(np.int32), ends, room)
        self._send(problem, source, target, arcs)
        above = np.asarray(problem.get_source_side_min_cut(), np.int64)
        return above[above < len(self.need)]

    def _send(self, problem: SimpleMaxFlow, source: int, target: int, arcs: Shorts) -> None:
        """Solve, and add what is sent through these arcs, in either direction, to the flow so far."""
        if problem.solve(source, target) != problem.OPTIMAL:
            raise FlowError("maximum flow failed")
        arcs, forth = self._open(arcs)
        sent = np.asarray(problem.flows(np.arange(len(arcs), dtype=np.int32)), np.int32)
        sent[forth:] *= -1
        used = np.flatnonzero(sent)
        arcs, sent = arcs[used], sent[used]
        np.add.at(self.flow, arcs, sent)
        np.subtract.at(self.need, self.tail[arcs], sent)
        np.add.at(self.need, self.head[arcs], sent)
        self.need[self.sink] = 0

    def _open(self, arcs: Shorts) -> tuple[Shorts, int]:
        """Those of the arcs that can take more, how many these are, then those that can give some back."""
        flow = self.flow[arcs]
        more, less = arcs[flow < self.capacity[arcs]], arcs[flow > 0]
        return np.concatenate((more, less)), len(more)

    def _problem(self, arcs: Shorts, need: Ints) -> tuple[SimpleMaxFlow, int, int]:
        """What arcs inside parts leave open, what nodes must send and receive, and the sink that takes what comes."""
        problem, source, target = SimpleMaxFlow(), len(need), len(need) + 1
        giving, taking = np.flatnonzero(need > 0), np.flatnonzero(need < 0)
        taking = np.append(taking[taking != self.sink], self.sink)
        taken = np.append(-need[taking[:-1]], UNLIMITED)
        both, forth = self._open(arcs)
        more, less = both[:forth], both[forth:]
        for tail, head, capacity in (
            (self.tail[more], self.head[more], self.capacity[more] - self.flow[more]),
            (self.head[less], self.tail[less], self.flow[less]),
            (np.full(len(giving), source), giving, need[giving]),
            (taking, np.full(len(taking), target), taken),
        ):
            ends = (tail.astype(np.int32, copy=False), head.astype(np.int32, copy=False))
            problem.add_arcs_with_capacity(*ends, capacity)
        return problem, source, target

    def _split(self, moving: Bools, middle: Ints, above: Ints) -> None:
        """Nodes above the cut keep the levels from the middle on, the others those below; no arc across can change."""
        low = self.low.copy()
        upper = np.zeros(len(low), np.bool_)
        upper[above] = True
        upper &= moving
        settled = np.where(upper[self.school], self.below(middle[self.school]) - self.below(self.low[self.school]), 0)
        np.subtract.at(self.need, self.school, settled)
        self.low[upper] = middle[upper]
        self.high[moving & ~upper] = middle[moving & ~upper]
        self.inner = self.inner[self.low[self.tail[self.inner]] == self.low[self.head[self.inner]]]

    def _route(self) -> None:
        """Flows inside the parts: what a part has left goes to its schools, no more, whatever the level."""
        problem, source, target = self._problem(self.inner, self.need)
        room = self.below(self.high[self.school]) - self.below(self.low[self.school])
        parts, part = np.unique(self.low[self.school], return_inverse=True)
        left = np.bincount(self.low, self.need, self.ranks).astype(np.int64)[parts]
        gate = target + 1 + np.arange(len(parts))
        into = problem.add_arcs_with_capacity(self.school.astype(np.int32), gate[part].astype(np.int32), room)
        ends = np.full(len(parts), target, np.int32)
        problem.add_arcs_with_capacity(gate.astype(np.int32), ends, np.maximum(left, 0))
        self._send(problem, source, target, self.inner)
        self.unplaced_of_school = self.below(self.low[self.school]) + np.asarray(problem.flows(into), np.int64)


def spread_unplaced(network: Network) -> Ints:
    """A flow that should place as many as possible, and leave the others where equity leaves them.

    Raises:
        FlowError: the library failed.
    """
    spread = Spread(network)
    spread.settle()
    flow = np.zeros(len(network.tail), np.int64)
    flow[spread.arcs] = spread.flow[: len(spread.arcs)]
    spread.merged.put_back(flow, spread.flow[len(spread.arcs) + len(spread.hubs) :].astype(np.int64))
    pupils = network.supply[network.tail[spread.left]]
    unplaced = _share_out(spread, pupils)
    flow[spread.left] = unplaced
    placed = np.zeros(len(network.supply), np.int64)
    placed[network.tail[spread.left]] = pupils - unplaced
    flow[spread.wish] = placed[network.tail[spread.wish]]
    nth = np.arange(len(spread.keys)) - spread.start[spread.keys // spread.ranks]
    flow[spread.unplaced] = nth < spread.unplaced_of_school[spread.keys // spread.ranks]
    return flow


def _share_out(spread: Spread, pupils: Ints) -> Ints:
    """The unplaced pupils of each hub taken from its classes, one class after the other."""
    most = np.full(int(spread.hub_of_left.max(initial=-1)) + 1, UNLIMITED, np.int64)
    most[spread.hubs] = spread.flow[len(spread.arcs) :][: len(spread.hubs)]
    order = np.argsort(spread.hub_of_left, kind="stable")
    hub, ends = spread.hub_of_left[order], np.cumsum(pupils[order])
    before = ends - pupils[order]
    first = starts_of(hub, len(most))[:-1]
    taken = np.empty(len(order), np.int64)
    taken[order] = np.clip(most[hub] - (before - before[first[hub]]), 0, pupils[order])
    return taken
