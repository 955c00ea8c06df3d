"""Lexicographic optimisation: one tier after the other, each on the answers that the tiers before it find best.

After a tier's optimum, potentials tell which arcs may still move. With reduced cost r = cost + p(tail) - p(head), the
optimal flows are exactly those with no flow where r > 0 and full capacity where r < 0, so those arcs are fixed and the
next tier is decided on the rest (the optimal face). The bound of a tier is the value of its dual, from the potentials
alone: no flow on the face can cost less.

Searching is separate from proving. Several tiers are searched in one solve, with scaled costs, when 64 bits hold them;
each is then proven by its own unscaled potentials. A tier the joint search missed is searched again by itself. The last
tier, the draw, is searched alone: its costs are hashes, and few arcs are left to it. In the official order the first
three are found by maximum flows when nothing is reserved, else the first (`solver.leximin`), and proven all the same.

The potentials are the highest that are nowhere positive, up to the sink's, in the network whose limits are those that
can bind. They depend on the optimum and not on the flow that reaches it: neither does the face, and how the tiers
before the last search were searched changes nothing in the answer. They are what a certificate is made from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from solver.apart import ARCS_TOGETHER, search_apart
from solver.arrays import Ints, Shorts, bundled, exact_dot
from solver.flow import LARGEST_COST, FlowError, minimum_cost_flows
from solver.leximin import spread_unplaced
from solver.longest import is_longer, least_longest, move_off, prove_longest
from solver.machine import beside, hand_back
from solver.network import Kind, Network
from solver.params import OFFICIAL_TIERS, Tier
from solver.potentials import potentials
from solver.tiers import Names, arc_costs, joint_weights, largest_of

DRAWN_APART = 20_000
"""From so many lots on, half of them are worth a copy of the process, where there is one to be had."""
Announce = Callable[[Tier], None]


@dataclass(frozen=True)
class Optimum:
    """A flow, a proven bound on the cost of each tier in order, and each one's potentials (a row of nodes per tier).

    Fewer bounds than tiers: a proof failed there. `free` are the arcs that the tiers proven leave free, `longest` the
    least longest trip (metres) of the flows that they find best.
    """

    flow: Ints
    bounds: tuple[int, ...]
    potentials: tuple[Ints, ...]
    free: Ints
    longest: int


def optimise(
    network: Network, tiers: Sequence[Tier], names: Names, announce: Announce, executor: Executor | None = None
) -> Optimum:
    """Search and prove these tiers, which are sums, in order; on an executor, side by side what a face leaves apart.

    Raises:
        FlowError: the first search already failed, so there is no flow at all.
    """
    announce(tiers[0])
    face = _begin(network, tiers, names, executor)
    face.improve(tiers, announce)
    return face.best()


def shorten(
    network: Network,
    tiers: Sequence[Tier],
    names: Names,
    found: Optimum,
    longest: int,
    announce: Announce,
    executor: Executor | None = None,
) -> Optimum:
    """The tiers from `longest` on, on the face where those before it are best, given the longest trip in all parts.

    Raises:
        FlowError: no flow of the face keeps to that.
    """
    announce(Tier.LONGEST)
    face = Face(network, names, executor)
    face.flow, face.free, face.has_flow = found.flow, found.free, True
    face.bounds, face.potentials = list(found.bounds), list(found.potentials)
    face.close(found.longest, longest)
    face.improve(tiers, announce)
    return face.best()


def _begin(network: Network, tiers: Sequence[Tier], names: Names, executor: Executor | None) -> Face:
    """The face of the first three tiers, of one if seats are reserved, in the official order; else all flows."""
    quick = 1 if (network.kind == Kind.RELEASED).any() else 3
    if tuple(tiers[:3]) == OFFICIAL_TIERS[:3]:
        with suppress(FlowError):
            flow = spread_unplaced(network, executor)
            hand_back(executor)
            face = Face(network, names, executor)
            face.adopt(flow)
            if face.prove(tiers[:quick]) == quick:
                return face
    return Face(network, names, executor)


class Face:
    """The flows that are optimal for every tier so far: some arcs are free, the others stay as they are."""

    def __init__(self, network: Network, names: Names, executor: Executor | None = None) -> None:
        self.network, self.names, self.executor = network, names, executor
        self.flow = np.zeros(len(network.tail), np.int64)
        self.free = np.arange(len(network.tail), dtype=np.int64)
        self.has_flow = False
        self.bounds: list[int] = []
        self.potentials: list[Ints] = []

    def improve(self, tiers: Sequence[Tier], announce: Announce) -> None:
        """Search and prove those of the tiers that are not proven yet. Stops at the first that cannot be.

        Raises:
            FlowError: the first search already failed, so there is no flow at all.
        """
        together = len(tiers)
        while waiting := tiers[len(self.bounds) :]:
            announce(waiting[0])
            sums = [tier for tier in waiting if tier is not Tier.DRAW]
            searched = self.fitting((sums or waiting)[:together])
            try:
                self.search(searched)
            except FlowError:
                if len(searched) > 1:  # the library refuses sums of costs that its own limits would let pass
                    together = 1
                    continue
                if not self.has_flow:
                    raise
                break
            proven = self.prove(searched)
            if not proven and len(searched) == 1:
                break
            together = len(tiers) if proven else 1

    def best(self) -> Optimum:
        longest = least_longest(self.network, self.flow, self._moving()) if self.has_flow else 0
        return Optimum(self.flow, tuple(self.bounds), tuple(self.potentials), self.free, longest)

    def close(self, mine: int, longest: int) -> None:
        """Prove that this part's longest trip is at least `mine`, and close the arcs longer than `longest`.

        Raises:
            FlowError: `mine` or `longest` is not what it should be.
        """
        network, nothing = self.network, np.zeros(len(self.network.supply), np.int64)
        decides = 0 < mine == longest
        self.potentials.append(prove_longest(network, self.flow, self.free, mine) if decides else nothing)
        self.bounds.append(mine)
        move_off(network, self.flow, self._moving(), longest)
        self.free = self.free[~is_longer(network, self.free, longest)]

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

    def fitting(self, tiers: Sequence[Tier]) -> Sequence[Tier]:
        """The first tiers, as many as one search holds, and at least one."""
        if len(tiers) > 1:
            largest = [largest_of(self._costs(tier, self.free)) for tier in tiers]
            for count in range(len(tiers), 1, -1):
                joint = sum(a * b for a, b in zip(joint_weights(largest[:count]), largest[:count], strict=True))
                if joint * (len(self.network.supply) + 1) < LARGEST_COST:
                    return tiers[:count]
        return tiers[:1]

    def search(self, tiers: Sequence[Tier]) -> None:
        """Find a flow on the face that should be optimal for the tiers, compared in order.

        Once there is a flow, the arcs that cannot change are left alone, and what they leave apart is solved apart.
        """
        network = self.network
        if not self.has_flow:
            problem = (network.tail, network.head, network.capacity, self._joint(tiers, self.free), network.supply)
            (self.flow,) = minimum_cost_flows([problem], self.executor)
        elif len(arcs := np.concatenate([np.arange(0), *self._moving()])):
            nodes, tail, head = self._nodes(arcs)
            sent, sink = self._sent(nodes, tail, head, arcs), int(np.searchsorted(nodes, len(network.supply) - 1))
            problem = (tail, head, network.capacity[arcs], self._joint(tiers, arcs), sent)
            rows, flow = arcs.astype(np.int32), self.flow[arcs].astype(np.int32)  # a solve never holds more than now
            del arcs
            self.flow[rows] = search_apart(problem, network.is_line[nodes], sink, flow, self.executor)
        self.has_flow = True

    def prove(self, tiers: Sequence[Tier]) -> int:
        """Prove the tiers in order on the flow found, and keep the optimal face of each; how many could be proven."""
        for number, tier in enumerate(tiers):
            try:
                value, bound, height, reduced = self._dual(tier)
            except FlowError:
                return number
            if bound != value:
                return number
            self.bounds.append(bound)
            self.potentials.append(height)
            self.free = self.free[reduced == 0]
        return len(tiers)

    def _moving(self) -> list[Ints]:
        """The free arcs on some cycle of what can change, in bundles that share no node, the largest first.

        On the others every flow of the face is the same.
        """
        nodes, tail, head = self._nodes(self.free)
        flow, capacity = self.flow[self.free], self.network.capacity[self.free]
        more, less = flow < capacity, flow > 0
        ends = (np.concatenate((tail[more], head[less])), np.concatenate((head[more], tail[less])))
        links = csr_array((np.ones(len(ends[0]), np.int8), ends), shape=(len(nodes), len(nodes)))
        label = connected_components(links, connection="strong")[1]
        arcs = np.flatnonzero(label[tail] == label[head])
        return [self.free[arcs[rows]] for rows in bundled(label[tail[arcs]], ARCS_TOGETHER)]

    def _costs(self, tier: Tier, arcs: Ints) -> Ints:
        """Each arc's cost. Lots are drawn once: they are looked up again to prove what was found with them."""
        if tier is not Tier.DRAW:
            return arc_costs(tier, self.network, arcs, self.names)
        new = arcs[self.drawn[arcs] < 0]
        lots = partial(arc_costs, tier, self.network, names=self.names)
        mine, others = np.array_split(new, [len(new) // 2])
        with beside(self.executor if len(new) > DRAWN_APART else None, partial(lots, others)) as drawn_beside:
            self.drawn[mine] = lots(mine)
            self.drawn[others] = drawn_beside()
        return self.drawn[arcs].astype(np.int64)

    @cached_property
    def drawn(self) -> Shorts:
        """The lot of each arc, once it is drawn; -1 before."""
        return np.full(len(self.network.tail), -1, np.int32)

    def _joint(self, tiers: Sequence[Tier], arcs: Ints) -> Ints:
        """One cost per arc that compares the tiers in order."""
        weights = joint_weights([largest_of(self._costs(tier, arcs)) for tier in tiers])
        total = np.zeros(len(arcs), np.int64)
        for weight, tier in zip(weights, tiers, strict=True):
            total += weight * self._costs(tier, arcs)
        return total

    def _sent(self, nodes: Ints, tail: Shorts, head: Shorts, arcs: Ints) -> Ints:
        """What each node sends through these arcs, less what it receives: now, or in all when there is no flow yet."""
        if not self.has_flow:
            return self.network.supply[nodes]
        sent = np.zeros(len(nodes), np.int64)
        np.add.at(sent, tail, self.flow[arcs])
        np.subtract.at(sent, head, self.flow[arcs])
        return sent

    def _dual(self, tier: Tier) -> tuple[int, int, Ints, Ints]:
        """The flow's cost, the bound its potentials give on the face, these, and the free arcs' reduced costs."""
        network, free = self.network, self.free
        cost, fixed, everywhere = self._costs(tier, free), self._fixed(tier), np.zeros(len(network.supply), np.int64)
        if not cost.any():
            return fixed, fixed, everywhere, cost
        nodes, tail, head = self._nodes(free)
        more = ~network.limited[free] | (self.flow[free] < network.capacity[free])
        height = potentials(tail, head, more, self.flow[free] > 0, cost, len(nodes))
        if nodes[-1] == len(network.supply) - 1:
            height -= height[-1]
        everywhere[nodes] = height
        value, sent = exact_dot(cost, self.flow[free]), self._sent(nodes, tail, head, free)
        reduced = cost + height[tail]
        reduced -= height[head]
        bound = exact_dot(np.minimum(reduced, 0), network.capacity[free]) - exact_dot(sent, height)
        return fixed + value, fixed + bound, everywhere, reduced

    def _fixed(self, tier: Tier) -> int:
        """What the arcs that no longer move cost."""
        still = self.flow > 0
        still[self.free] = False
        rest = np.flatnonzero(still)
        return exact_dot(self._costs(tier, rest), self.flow[rest])

    def _nodes(self, arcs: Ints) -> tuple[Ints, Shorts, Shorts]:
        """The nodes that these arcs touch, and the ends of the arcs renumbered among them."""
        tail, head = self.network.tail[arcs], self.network.head[arcs]
        used = np.zeros(len(self.network.supply), np.bool_)
        used[tail] = used[head] = True
        number = np.cumsum(used, dtype=np.int32) - 1
        return np.flatnonzero(used), number[tail], number[head]
