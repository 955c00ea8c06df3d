"""The first two aims by maximum flows alone: as many placed as possible, and the unplaced spread over schools fairly.

Only the arcs of the schools' unplaced pupils cost anything there, so the optimum has a threshold structure: some ten
maximum flows find it (`solver.cuts`), each much cheaper than one flow with costs.

Neither aim looks at wishes, so classes stand at their hub of any sector, and hubs that only sectors tell apart are one
(`solver.merged_hubs`). It proves nothing: `solver.faces` does.
"""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np

from solver.arrays import Ints, Shorts, starts_of
from solver.cuts import Part, Schools, settle
from solver.flow import place_by_neighbours
from solver.machine import hand_back
from solver.merged_hubs import MergedHubs
from solver.network import Kind, Network

UNLIMITED = 2**40
LEFT_OUT = (Kind.WISH, Kind.SECTOR, Kind.PERIOD, Kind.LEFT, Kind.UNPLACED)
"""The arcs that the maximum flows do without."""


class Spread:
    """The arcs that the maximum flows run through, what their nodes send, and the levels of the schools' unplaced."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._stand_at_hubs()
        unplaced = np.flatnonzero(network.kind == Kind.UNPLACED)
        levels, rank = np.unique(network.number[unplaced], return_inverse=True)
        self.ranks = len(levels) + 2
        self.school, place = np.unique(network.tail[unplaced], return_inverse=True)
        order = np.lexsort((rank, place))
        self.unplaced = unplaced[order]
        self.keys = place[order] * self.ranks + rank[order] + 1
        self.start = starts_of(place[order], len(self.school))

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
        kept = np.flatnonzero(np.isin(kind, LEFT_OUT, invert=True)).astype(np.int32)
        self.arcs, self.hubs, self.merged = kept, hubs, MergedHubs(network)
        node, ways = self.merged.node, np.full(len(self.merged.tail), pupils.sum())
        self.tail = np.concatenate((node[network.tail[kept]], pairs[hubs], self.merged.tail), dtype=np.int32)
        self.head = np.concatenate((network.head[kept], school[first[hubs]], self.merged.head), dtype=np.int32)
        capacity = np.bincount(self.hub_of_left, pupils, len(pairs)).astype(np.int64)
        self.capacity = np.concatenate((network.capacity[kept], capacity[hubs], ways), dtype=np.int32)

    def settle(self, executor: Executor | None) -> None:
        """The flow of every arc, and how many each school leaves unplaced; neighbours are kept together meanwhile."""
        place, order = self._neighbours()
        need = np.empty_like(self.need)
        need[place] = self.need
        part = Part(
            tail=place[self.tail[order]],
            head=place[self.head[order]],
            capacity=self.capacity[order],
            flow=np.zeros(len(order), np.int32),
            need=need,
            piece=np.zeros(len(need), np.int64),
            low=np.array([0]),
            high=np.array([self.ranks - 1]),
            schools=Schools(place[self.school].astype(np.int64), self.keys, self.ranks),
            sink=int(place[-1]),
        )
        del self.tail, self.head, self.capacity  # some hundred megabytes of a country, which the part holds too
        hand_back(executor)
        flow, self.unplaced_of_school = settle(part, executor)
        self.flow = np.empty_like(flow)
        self.flow[order] = flow

    def _neighbours(self) -> tuple[Shorts, Shorts]:
        """A number for each node, near those of its neighbours, and the arcs in that order."""
        nodes, inner = len(self.need), self.head != len(self.need) - 1
        place = place_by_neighbours(self.tail[inner], self.head[inner], nodes)
        order = np.argsort(place[self.tail].astype(np.int64) * nodes + place[self.head])
        return place, order.astype(np.int32)


def spread_unplaced(network: Network, executor: Executor | None = None) -> Ints:
    """A flow that should place as many as possible, and leave the others where equity leaves them.

    Raises:
        FlowError: the library failed.
    """
    spread = Spread(network)
    spread.settle(executor)
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
