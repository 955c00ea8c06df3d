"""Lexicographic optimisation: one tier after the other, each on the answers that the tiers before it find best.

After a tier's optimum, potentials tell which arcs may still move. With reduced cost r = cost + p(tail) - p(head), the
optimal flows are exactly those with no flow where r > 0 and full capacity where r < 0, so those arcs are fixed and the
next tier is solved on the rest (the optimal face). It is exact whatever the magnitudes: nothing is scaled.

The bound of a tier is the value of its dual, from the potentials alone: no flow on the face can cost less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints, exact_dot
from solver.flow import FlowError, minimum_cost_flow, potentials
from solver.network import Network
from solver.params import Tier
from solver.tiers import Names, arc_costs


@dataclass(frozen=True)
class Optimum:
    """A flow with, per tier in order, its cost and a bound on it. Fewer bounds than tiers: a proof failed there."""

    flow: Ints
    bounds: tuple[int, ...]


def optimise(network: Network, tiers: Sequence[Tier], names: Names, announce: Callable[[Tier], None]) -> Optimum:
    """Solve the tiers in order. Stops at the first that cannot be proven, keeping the last flow it has.

    Raises:
        FlowError: the first tier already failed, so there is no flow at all.
    """
    face = Face(network)
    bounds: list[int] = []
    for tier in tiers:
        announce(tier)
        try:
            value, bound = face.restrict(arc_costs(tier, network, face.counted(), names))
        except FlowError:
            if not face.has_flow:
                raise
            break
        if value != bound:
            break
        bounds.append(bound)
    return Optimum(face.flow, tuple(bounds))


class Face:
    """The flows that are optimal for every tier so far: some arcs are free, the others stay as they are."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.flow = np.zeros(len(network.tail), np.int64)
        self.free = np.arange(len(network.tail), dtype=np.int64)
        self.has_flow = False
        self._counted: Ints = self.free

    def counted(self) -> Ints:
        """The arcs whose cost matters now: the free ones, then the fixed ones that carry flow."""
        fixed = self.flow > 0
        fixed[self.free] = False
        self._counted = np.concatenate((self.free, np.flatnonzero(fixed).astype(np.int64)))
        return self._counted

    def restrict(self, costs: Ints) -> tuple[int, int]:
        """Minimise `costs` (one per counted arc) on the face, then keep the part of it that is optimal.

        Returns the cost of the flow found, and the bound its potentials prove.
        """
        free, cost = self.free, costs[: len(self.free)]
        fixed = self._counted[len(free) :]
        already = exact_dot(costs[len(free) :], self.flow[fixed])
        if self.has_flow and not cost.any():
            return already, already
        nodes, tail, head = self._nodes(free)
        capacity = self.network.capacity[free]
        supply = self._supply(fixed)[nodes]
        flow = minimum_cost_flow(tail, head, capacity, cost, supply)
        self.flow[free], self.has_flow = flow, True
        height = potentials(tail, head, capacity, cost, flow, len(nodes))
        reduced = cost + height[tail] - height[head]
        bound = already - exact_dot(supply, height) + exact_dot(np.minimum(reduced, 0), capacity)
        self.free = free[reduced == 0]
        return already + exact_dot(cost, flow), bound

    def _nodes(self, arcs: Ints) -> tuple[Ints, Ints, Ints]:
        """The nodes the arcs touch, and the arcs' ends renumbered among them."""
        used = np.zeros(len(self.network.supply), np.bool_)
        used[self.network.tail[arcs]] = used[self.network.head[arcs]] = True
        number = np.cumsum(used) - 1
        return np.flatnonzero(used), number[self.network.tail[arcs]], number[self.network.head[arcs]]

    def _supply(self, fixed: Ints) -> Ints:
        """What each node still has to send once the fixed arcs have carried theirs."""
        supply = self.network.supply.copy()
        np.subtract.at(supply, self.network.tail[fixed], self.flow[fixed])
        np.add.at(supply, self.network.head[fixed], self.flow[fixed])
        return supply
