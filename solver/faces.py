"""Lexicographic optimisation: one tier after the other, each on the answers that the tiers before it find best.

After a tier's optimum, potentials tell which arcs may still move. With reduced cost r = cost + p(tail) - p(head), the
optimal flows are exactly those with no flow where r > 0 and full capacity where r < 0, so those arcs are fixed and the
next tier is decided on the rest (the optimal face). The bound of a tier is the value of its dual, from the potentials
alone: no flow on the face can cost less.

Searching is separate from proving. Several tiers are searched in one solve, with scaled costs, when 64 bits hold them;
each is then proven by its own unscaled potentials. A tier the joint search missed is searched again by itself. In the
official order the first two are found by maximum flows (`solver.leximin`), and proven all the same.

The potentials are the highest that are nowhere positive, so they depend on the optimum and not on the flow that reaches
it: neither does the face, and how the tiers before the last search were searched changes nothing in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solver.arrays import Ints, exact_dot
from solver.flow import LARGEST_COST, FlowError, minimum_cost_flow, potentials
from solver.leximin import spread_unplaced
from solver.network import Network
from solver.params import Tier
from solver.tiers import Names, arc_costs

CYCLE = 16
"""A later tier may weigh this many of its largest unit costs before it could disturb an earlier one in a joint search.

Too small only costs time: what the search gets wrong, the proof refuses.
"""

ARCS_TOGETHER = 20_000
"""Small bundles of arcs are searched together up to this size."""


@dataclass(frozen=True)
class Optimum:
    """A flow, and a proven bound on the cost of each tier in order. Fewer bounds than tiers: a proof failed there."""

    flow: Ints
    bounds: tuple[int, ...]


def optimise(network: Network, tiers: Sequence[Tier], names: Names, announce: Callable[[Tier], None]) -> Optimum:
    """Search and prove the tiers in order. Stops at the first that cannot be proven, keeping the last flow it has.

    Raises:
        FlowError: the first search already failed, so there is no flow at all.
    """
    (face, bounds), together = _begin(network, tiers, names, announce), len(tiers)
    while len(bounds) < len(tiers):
        waiting = tiers[len(bounds) : len(bounds) + together]
        announce(waiting[0])
        costs = face.price(waiting, names)
        try:
            face.search(costs)
        except FlowError:
            if not face.has_flow:
                raise
            break
        proven = face.prove(costs)
        bounds += proven
        if not proven and together == 1:
            break
        together = together if proven else 1
    return Optimum(face.flow, tuple(bounds))


def _begin(
    network: Network, tiers: Sequence[Tier], names: Names, announce: Callable[[Tier], None]
) -> tuple[Face, list[int]]:
    """The face of all the tiers before the last search, found the quick way in the official order; else all flows."""
    face = Face(network)
    costs = face.price(tiers, names) if tuple(tiers[:2]) == (Tier.PLACED, Tier.EQUITY) else []
    if not 2 <= len(costs) < len(tiers):
        return face, []
    announce(tiers[0])
    try:
        face.adopt(spread_unplaced(network))
        bounds = face.prove(costs[:2])
        if len(costs) > 2:
            announce(tiers[2])
            for arcs in face.moving():
                face.reroute(costs[2:], arcs)
            bounds += face.prove(costs[2:])
    except FlowError:
        return Face(network), []
    return (face, bounds) if len(bounds) == len(costs) else (Face(network), [])


class Face:
    """The flows that are optimal for every tier so far: some arcs are free, the others stay as they are."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.flow = np.zeros(len(network.tail), np.int64)
        self.free = np.arange(len(network.tail), dtype=np.int64)
        self.has_flow = False

    def adopt(self, flow: Ints) -> None:
        """Start from this flow.

        Raises:
            FlowError: it breaks a capacity, or loses or invents pupils somewhere.
        """
        network = self.network
        left = network.supply.copy()
        np.subtract.at(left, network.tail, flow)
        np.add.at(left, network.head, flow)
        if left.any() or (flow < 0).any() or (flow > network.capacity).any():
            raise FlowError("not a flow of this network")
        self.flow, self.has_flow = flow, True

    def moving(self) -> list[Ints]:
        """The free arcs on some cycle of what can change, in bundles that share no node.

        On the others every flow of the face is the same.
        """
        nodes, tail, head = self._nodes(self.free)
        flow, capacity = self.flow[self.free], self.network.capacity[self.free]
        more, less = flow < capacity, flow > 0
        ends = (np.concatenate((tail[more], head[less])), np.concatenate((head[more], tail[less])))
        links = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(len(nodes), len(nodes)))
        label = connected_components(links, connection="strong")[1]
        arcs = np.flatnonzero(label[tail] == label[head])
        sizes = np.bincount(label[tail[arcs]])
        bundle = ((np.cumsum(sizes) - sizes) // ARCS_TOGETHER)[label[tail[arcs]]]
        order = np.argsort(bundle, kind="stable")
        return np.split(self.free[arcs[order]], np.flatnonzero(np.diff(bundle[order])) + 1) if len(arcs) else []

    def price(self, tiers: Sequence[Tier], names: Names) -> list[Ints]:
        """Costs of the first tiers, as many as one search holds; a column per tier, right on arcs that count.

        An arc counts if it is free or carries flow.
        """
        counts = self.flow > 0
        counts[self.free] = True
        arcs = np.flatnonzero(counts).astype(np.int64)
        costs: list[Ints] = []
        for tier in tiers:
            column = np.zeros(len(counts), np.int64)
            column[arcs] = arc_costs(tier, self.network, arcs, names)
            if costs and not self._fits([*costs, column]):
                break
            costs.append(column)
        return costs

    def _fits(self, costs: Sequence[Ints]) -> bool:
        joint = sum(weight * _largest(cost) for weight, cost in zip(_weights(costs), costs, strict=True))
        return joint * (len(self.network.supply) + 1) < LARGEST_COST

    def search(self, costs: Sequence[Ints]) -> None:
        """Find a flow on the face that should be optimal for the tiers, compared in order."""
        free, cost = self.free, _joint(costs, self.free)
        if self.has_flow and not cost.any():
            return
        nodes, tail, head = self._nodes(free)
        supply = self._supply(free)[nodes]
        self.flow[free] = minimum_cost_flow(tail, head, self.network.capacity[free], cost, supply)
        self.has_flow = True

    def reroute(self, costs: Sequence[Ints], arcs: Ints) -> None:
        """The same on some arcs alone: the nodes they touch keep sending and receiving what they do now."""
        cost = _joint(costs, arcs)
        if not cost.any():
            return
        nodes, tail, head = self._nodes(arcs)
        sent = np.zeros(len(nodes), np.int64)
        np.add.at(sent, tail, self.flow[arcs])
        np.subtract.at(sent, head, self.flow[arcs])
        self.flow[arcs] = minimum_cost_flow(tail, head, self.network.capacity[arcs], cost, sent)

    def prove(self, costs: Sequence[Ints]) -> list[int]:
        """Prove the tiers in order on the flow found, and keep the optimal face of each; the bounds of those proven."""
        bounds = []
        for column in costs:
            try:
                bound, reduced = self._dual(column)
            except FlowError:
                break
            if bound != exact_dot(column, self.flow):
                break
            bounds.append(bound)
            self.free = self.free[reduced == 0]
        return bounds

    def _dual(self, column: Ints) -> tuple[int, Ints]:
        """The bound that the flow's potentials give on the face, and the free arcs' reduced costs."""
        free, cost, capacity = self.free, column[self.free], self.network.capacity[self.free]
        already = exact_dot(column, self.flow) - exact_dot(cost, self.flow[free])
        nodes, tail, head = self._nodes(free)
        height = potentials(tail, head, capacity, cost, self.flow[free], len(nodes))
        reduced = cost + height[tail] - height[head]
        bound = already - exact_dot(self._supply(free)[nodes], height) + exact_dot(np.minimum(reduced, 0), capacity)
        return bound, reduced

    def _nodes(self, arcs: Ints) -> tuple[Ints, Ints, Ints]:
        """The nodes that these arcs touch, and the ends of the arcs renumbered among them."""
        tail, head = self.network.tail[arcs], self.network.head[arcs]
        used = np.zeros(len(self.network.supply), np.bool_)
        used[tail] = used[head] = True
        number = np.cumsum(used) - 1
        return np.flatnonzero(used), number[tail], number[head]

    def _supply(self, free: Ints) -> Ints:
        """What each node still has to send once the other arcs have carried theirs."""
        carried = self.flow.copy()
        carried[free] = 0
        fixed = np.flatnonzero(carried)
        supply = self.network.supply.copy()
        np.subtract.at(supply, self.network.tail[fixed], carried[fixed])
        np.add.at(supply, self.network.head[fixed], carried[fixed])
        return supply


def _weights(costs: Sequence[Ints]) -> list[int]:
    """What each tier is multiplied by, so that it outweighs the later ones."""
    weights = [1]
    for cost in reversed(costs[1:]):
        weights.append(weights[-1] * (CYCLE * _largest(cost) + 1))
    return weights[::-1]


def _joint(costs: Sequence[Ints], arcs: Ints) -> Ints:
    """One cost per arc that compares the tiers in order."""
    cost = np.zeros(len(arcs), np.int64)
    for weight, column in zip(_weights(costs), costs, strict=True):
        cost += weight * column[arcs]
    return cost


def _largest(cost: Ints) -> int:
    return int(np.abs(cost).max(initial=0))
