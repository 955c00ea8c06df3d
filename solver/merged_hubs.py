"""Hubs as one node each where sectors do not matter: what the first two aims' maximum flows run through.

Nothing limits the arcs between hubs, so two hubs with choices that the same hubs of any sector lead to are one place
as long as wishes do not count. It only knows how to leave those hubs out, and how to put a flow back through them.
"""

from __future__ import annotations

import numpy as np

from solver.arrays import Ints, distinct, share
from solver.network import Kind, Network


class MergedHubs:
    """`node` says where each node stands; arcs lead from hubs of any sector (`tail`) to merged ones (`head`)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._list_paths()
        first = self._first_alike()
        self.node = np.arange(len(network.supply), dtype=np.int64)
        self.node[self.leaf] = first
        self.head, self.tail = np.divmod(distinct(self.node[self.leaf] * len(self.node) + self.above), len(self.node))

    def _list_paths(self) -> None:
        """From a hub of any sector (`above`) to one with choices (`leaf`), by a sector's arc and a period's (or -1)."""
        network = self.network
        sector, period = (np.flatnonzero(network.kind == kind) for kind in (Kind.SECTOR, Kind.PERIOD))
        into = np.full(len(network.supply), -1, np.int64)
        into[network.head[sector]] = sector
        over = np.zeros(len(network.supply), np.bool_)
        over[network.tail[period]] = True
        direct = sector[~over[network.head[sector]]]
        self.period = np.concatenate((np.full(len(direct), -1, np.int64), period))
        self.sector = np.concatenate((direct, into[network.tail[period]]))
        self.leaf = network.head[np.concatenate((direct, period))].astype(np.int64)
        self.above = network.tail[self.sector].astype(np.int64)

    def _first_alike(self) -> Ints:
        """For each path's leaf, the first leaf that exactly the same hubs lead to."""
        order = np.lexsort((self.above, self.leaf))
        leaves, start, count = np.unique(self.leaf[order], return_index=True, return_counts=True)
        alike = np.zeros(len(leaves), np.int64)
        for nth in range(int(count.max(initial=0))):
            longer = count > nth
            above = np.full(len(leaves), -1, np.int64)
            above[longer] = self.above[order[start[longer] + nth]]
            key = alike * (len(self.network.supply) + 1) + above + 1
            alike = np.searchsorted(distinct(key), key)
        first = leaves[np.unique(alike, return_index=True)[1]][alike]
        rows: Ints = first[np.searchsorted(leaves, self.leaf)]
        return rows

    def put_back(self, flow: Ints, ways: Ints) -> None:
        """Write into `flow` what the arcs between hubs carry, from what these ways and the choices carry."""
        network, choice = self.network, np.flatnonzero(self.network.kind == Kind.CHOICE)
        sent = np.bincount(network.tail[choice], flow[choice], len(network.supply)).astype(np.int64)
        leaves = np.unique(self.leaf)
        leaves = leaves[np.argsort(self.node[leaves], kind="stable")]
        row, place, pupils = share(ways, sent[leaves])
        nodes = len(network.supply)
        key = self.above * nodes + self.leaf
        order = np.argsort(key)
        path = order[np.searchsorted(key[order], self.tail[row] * nodes + leaves[place])]
        np.add.at(flow, self.sector[path], pupils)
        through = self.period[path] >= 0
        np.add.at(flow, self.period[path[through]], pupils[through])
