"""Bounds for the aims after one left open: what no answer can beat that keeps the earlier aims at the values reached.

Side constraints make an answer worse than the network's for some aim. From there on, the answers to compare with are no
face of the network: they may pay as much for the earlier aims as this answer does. So the earlier aims join the one to
be bounded, each at a price: for any weights, the least weighted sum on the network, less what the earlier aims may
cost, bounds the aim (Lagrange). The potentials of that sum are all a judge needs, who adds up the rest; poor weights
give a poor bound, never a wrong one. Weights are looked for between two flows, one that the aim alone would have and
one that the earlier aims would.

The longest trip and the aims after it are no such sums, or would need every lot: they are not bounded here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from solver.arrays import Ints, exact_dot
from solver.faces import Face, Optimum
from solver.flow import LARGEST_COST, FlowError
from solver.network import Network
from solver.params import Tier
from solver.tiers import Names, arc_costs, largest_of

TURNS = 4
"""Prices tried between the two ends; each costs a search as long as that of one aim."""
ARCS_WEIGHED = 200_000
"""A larger network's aims are bounded alone: seven searches an aim would take longer than the round itself."""


@dataclass(frozen=True)
class Held:
    """What bounds an aim: the weights of it and of the aims held, the potentials of their sum, and the bound.

    Before the row of the sum, `potentials` have one for each aim proven, which stay on their common face. The bound is
    of arcs alone: pins and constants are left out, in the costs allowed as well.
    """

    tier: Tier
    weights: Mapping[Tier, int]
    potentials: tuple[Ints, ...]
    bound: int


def hold(
    network: Network, names: Names, tiers: Sequence[Tier], optimum: Optimum, allowed: Mapping[Tier, int], closed: int
) -> Iterator[Held]:
    """A bound for each aim from the first that is not proven, in order, up to the longest trip; for one at least.

    `closed` aims are proven at the network's own value. `allowed` is what arcs may cost for each aim.
    """
    last = tiers.index(Tier.LONGEST)
    closed = min(closed, last - 1)
    face = Face(network, names)
    face.adopt(optimum.flow)
    if face.prove(tiers[:closed]) < closed:
        return
    before: dict[Tier, int] = {}
    for tier in tiers[closed:last]:
        bracket = _Bracket(face, tier, before, allowed)
        try:
            yield bracket.best()
        except FlowError:
            return
        before = bracket.weights


class Weighed(Face):
    """The face of a weighted sum of aims on another face, and what its flow costs for each."""

    def __init__(self, base: Face, weights: Mapping[Tier, int]) -> None:
        super().__init__(base.network, base.names)
        self.adopt(base.flow.copy())
        self.free, self.bounds, self.potentials = base.free, list(base.bounds), list(base.potentials)
        self.weights = weights
        self.search([Tier.PLACED], None)
        if not self.prove([Tier.PLACED]):
            raise FlowError("a weighted sum could not be proven")

    def _costs(self, _tier: Tier, arcs: Ints) -> Ints:
        total = np.zeros(len(arcs), np.int64)
        for tier, weight in self.weights.items():
            total += weight * arc_costs(tier, self.network, arcs, self.names)
        return total

    def cost(self, weights: Mapping[Tier, int]) -> int:
        """What the flow costs in another sum."""
        carrying = np.flatnonzero(self.flow)
        flow = self.flow[carrying]
        return sum(w * exact_dot(arc_costs(t, self.network, carrying, self.names), flow) for t, w in weights.items())


class _Bracket:
    """The search of weights for one aim, between a flow that costs the earlier aims too much and one that does not."""

    def __init__(self, face: Face, tier: Tier, before: Mapping[Tier, int], allowed: Mapping[Tier, int]) -> None:
        self.face, self.tier, self.before, self.allowed = face, tier, before, allowed
        self.weights = {**before, tier: 1}
        """For the next aims: this one beside those before it."""

    def best(self) -> Held:
        alone = Weighed(self.face, {self.tier: 1})
        found = [self._held(alone)]
        if self.before and len(self.face.flow) <= ARCS_WEIGHED:
            last = Weighed(Weighed(self.face, self.before), {self.tier: 1})
            found += self._between(self._ends(alone), self._ends(last))
        return max(found, key=lambda held: held.bound)

    def _ends(self, face: Weighed) -> tuple[int, int]:
        """What a flow costs for the earlier aims together, and for this one."""
        return face.cost(self.before), face.cost({self.tier: 1})

    def _between(self, loose: tuple[int, int], tight: tuple[int, int]) -> Iterator[Held]:
        """Prices at which the two ends cost the same, then from one of them to what these prices find."""
        most = sum(weight * self.allowed[tier] for tier, weight in self.before.items())
        for _ in range(TURNS):
            if loose[0] <= tight[0] or loose[1] >= tight[1]:
                return
            price = Fraction(tight[1] - loose[1], loose[0] - tight[0])
            self.weights = self._rounded(price)
            face = Weighed(self.face, self.weights)
            yield self._held(face)
            middle = self._ends(face)
            if middle in (loose, tight):
                return
            loose, tight = (middle, tight) if middle[0] > most else (loose, middle)

    def _rounded(self, price: Fraction) -> dict[Tier, int]:
        """Whole weights near this price of the earlier aims, as large as a search holds."""
        exact = {**{tier: weight * price for tier, weight in self.before.items()}, self.tier: Fraction(1)}
        arcs, network = np.arange(len(self.face.flow), dtype=np.int64), self.face.network
        largest = {tier: largest_of(arc_costs(tier, network, arcs, self.face.names)) for tier in exact}
        room = LARGEST_COST // (2 * (len(network.supply) + 1) * len(exact))
        scale = min(room / (exact[tier] * largest[tier]) for tier in exact if largest[tier])
        return {tier: max(1, round(weight * scale)) for tier, weight in exact.items()}

    def _held(self, face: Weighed) -> Held:
        others = sum(weight * self.allowed[tier] for tier, weight in face.weights.items() if tier is not self.tier)
        bound = -((others - face.bounds[-1]) // face.weights[self.tier])  # rounded up: costs are whole
        return Held(self.tier, face.weights, tuple(face.potentials), bound)
