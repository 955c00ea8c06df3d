"""Bounds for the aims after one left open: what no answer can beat that keeps the earlier aims at the values reached.

Side constraints make an answer worse than the network's for some aim. From there on, the answers to compare with are no
face of the network: they may pay as much for the earlier aims as this answer does. So the earlier aims join the one to
be bounded, each at a price: for any weights, the least weighted sum on the network, less what the earlier aims may
cost, bounds the aim (Lagrange). The potentials of that sum are all a judge needs, who adds up the rest; poor weights
give a poor bound, never a wrong one. Weights are looked for between two flows, one that the aim alone would have and
one that the earlier aims would.

The longest trip is a maximum: a length bounds it when the trips as long, counted, cost one at least in such a sum. As
it is no sum itself, once left open it is not held for the aims after it, whose answers are then more, and their bounds
no less true. The draw has a bound while it alone is open: in a sum of others it would need every lot there is, to tell
a gap that says nothing of an answer. Its lots are no less than 0, which is then all that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from solver.arrays import Ints, exact_dot
from solver.faces import Face, Optimum
from solver.flow import LARGEST_COST, FlowError
from solver.longest import least_longest, prove_longest, trips_of
from solver.network import Network
from solver.params import Tier
from solver.tiers import Names, arc_costs, largest_of

TURNS = 4
"""Prices tried between the two ends; each costs a search as long as that of one aim."""
LENGTHS = 12
"""Lengths tried for the longest trip: of two thousand, half of what is left each time."""
ARCS_WEIGHED = 200_000
"""A larger network's aims are bounded alone: seven searches an aim would take longer than the round itself."""


@dataclass(frozen=True)
class Held:
    """What bounds an aim: the weights of it and of the aims held, the potentials of their sum, and the bound.

    Before the row of the sum, `potentials` have one for each aim proven, which stay on their common face: `closed`
    aims. For the longest trip, `metres` is the length that counts. A bound below 0 says less than what every aim is at
    least, but it is not 0: an aim is closed by the network's own bound alone.
    """

    tier: Tier
    weights: Mapping[Tier, int]
    potentials: tuple[Ints, ...]
    bound: int
    metres: int | None = None

    @property
    def closed(self) -> int:
        return len(self.potentials) - 1


@dataclass(frozen=True)
class Reached:
    """The value of each aim, and what of it is no arc's: pins and constants (of the longest trip, the longest pin)."""

    values: Mapping[Tier, int]
    aside: Mapping[Tier, int]

    def carried(self, tier: Tier) -> int:
        """What arcs may cost for an aim that is held."""
        return self.values[tier] - self.aside[tier]


def hold(
    network: Network, names: Names, tiers: Sequence[Tier], optimum: Optimum, reached: Reached, closed: int
) -> Iterator[Held]:
    """A bound for each aim from the first that is not proven, or from the longest trip if that comes before, in order.

    `closed` aims are proven at the network's own value. The draw has one if it is the only aim left open.
    """
    closed = min(closed, tiers.index(Tier.LONGEST))
    face = _Base(network, names)
    face.adopt(optimum.flow)
    if face.prove(tiers[:closed]) < closed:
        return
    before: dict[Tier, int] = {}
    for tier in tiers[closed:]:
        if tier is Tier.DRAW and len(face.bounds) < len(tiers) - 1:
            return
        search = (_Lengths if tier is Tier.LONGEST else _Bracket)(face, tier, before, reached)
        try:
            found = search.best()
            yield found
            if found.closed == tiers.index(tier) and found.bound == reached.values[tier]:
                search.close()
            elif tier is not Tier.LONGEST:
                before = search.weights
        except FlowError:
            return


class _Base(Face):
    """The face that the aims proven leave, on which weighted sums are bounded."""

    def least_longest(self, turns: int | None) -> int:
        """No flow of the face has only trips shorter than this (metres)."""
        return least_longest(self.network, self.flow, self._moving(), turns)

    def proof_of(self, longest: int) -> Ints:
        """Potentials that prove it."""
        return prove_longest(self.network, self.flow, self.free, longest)


class Weighed(Face):
    """The face of a weighted sum of aims on another face, and what its flow costs for each.

    In the longest trip's place, trips of so many `metres` are counted.
    """

    def __init__(self, base: Face, weights: Mapping[Tier, int], metres: int | None = None) -> None:
        super().__init__(base.network, base.names)
        self.adopt(base.flow.copy())
        self.free, self.bounds, self.potentials = base.free, list(base.bounds), list(base.potentials)
        self.weights, self.metres = weights, metres
        self.search([Tier.PLACED])
        if not self.prove([Tier.PLACED]):
            raise FlowError("a weighted sum could not be proven")

    def _costs(self, _tier: Tier, arcs: Ints) -> Ints:
        return weighed_costs(self.network, self.names, self.weights, self.metres, arcs)

    def cost(self, weights: Mapping[Tier, int]) -> int:
        """What the flow costs in another sum."""
        carrying = np.flatnonzero(self.flow)
        flow = self.flow[carrying]
        return sum(w * exact_dot(arc_costs(t, self.network, carrying, self.names), flow) for t, w in weights.items())


def weighed_costs(network: Network, names: Names, weights: Mapping[Tier, int], metres: int | None, arcs: Ints) -> Ints:
    """What each arc costs in the sum."""
    total = np.zeros(len(arcs), np.int64)
    for tier, weight in weights.items():
        if tier is Tier.LONGEST and metres is not None:
            total += weight * (trips_of(network, arcs) >= max(1, metres))
        else:
            total += weight * arc_costs(tier, network, arcs, names)
    return total


class _Bracket:
    """The search of weights for one aim, between a flow that costs the earlier aims too much and one that does not."""

    def __init__(self, face: _Base, tier: Tier, before: Mapping[Tier, int], reached: Reached) -> None:
        self.face, self.tier, self.before, self.reached = face, tier, before, reached
        self.weights = {**before, tier: 1}
        """For the next aims: this one beside those before it."""

    @property
    def nothing(self) -> Ints:
        """Potentials that say what the aims proven alone do."""
        return np.zeros(len(self.face.network.supply), np.int64)

    @cached_property
    def alone(self) -> Weighed:
        return Weighed(self.face, {self.tier: 1})

    def best(self) -> Held:
        if self.before and not self.reached.values[self.tier]:
            return Held(self.tier, {self.tier: 1}, (*self.face.potentials, self.nothing), 0)
        found = [self._held(self.alone)]
        if self.before and len(self.face.flow) <= ARCS_WEIGHED:
            last = Weighed(Weighed(self.face, self.before), {self.tier: 1})
            found += self._between(self._ends(self.alone), self._ends(last))
        return max(found, key=lambda held: held.bound)

    def close(self) -> None:
        """Leave on the face the flows that are best for this aim too, as the one found alone is."""
        self.face.flow = self.alone.flow
        if not self.face.prove([self.tier]):
            raise FlowError("an aim bounded at its value could not be proven")

    def _ends(self, face: Weighed) -> tuple[int, int]:
        """What a flow costs for the earlier aims together, and for this one."""
        return face.cost(self.before), face.cost({self.tier: 1})

    def _between(self, loose: tuple[int, int], tight: tuple[int, int]) -> Iterator[Held]:
        """Prices at which the two ends cost the same, then from one of them to what these prices find."""
        most = self._allowed(self.before)
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

    def _allowed(self, weights: Mapping[Tier, int]) -> int:
        """What arcs may cost in a sum of aims that are held."""
        return sum(weight * self.reached.carried(tier) for tier, weight in weights.items())

    def _held(self, face: Weighed) -> Held:
        others = sum(
            weight * self.reached.carried(tier) for tier, weight in face.weights.items() if tier is not self.tier
        )
        bound = -((others - face.bounds[-1]) // face.weights[self.tier])  # rounded up: costs are whole
        return Held(self.tier, face.weights, tuple(face.potentials), bound + self.reached.aside[self.tier])


class _Lengths(_Bracket):
    """The search of the greatest length that some trip must have."""

    def best(self) -> Held:
        """First of the flows of the face, then of those that cost the earlier aims no more than they may."""
        pinned, reached = self.reached.aside[self.tier], self.reached.values[self.tier]
        is_small = len(self.face.flow) <= ARCS_WEIGHED
        least = max(pinned, self.face.least_longest(TURNS if self.before and not is_small else None))
        height = self.face.proof_of(least) if least > pinned else self.nothing
        found = Held(self.tier, {self.tier: 1}, (*self.face.potentials, height), least, least)
        if not self.before or not is_small or least == reached:
            return found
        *_, longest = [found, *self._longer(least, reached)]
        return longest

    def close(self) -> None:
        """Leave on the face the flows without longer trips."""
        self.face.close(0, self.reached.values[self.tier])

    def _longer(self, least: int, reached: int) -> Iterator[Held]:
        """Greater and greater lengths that the earlier aims, held, do not spare everybody.

        A trip as long costs more than all that the earlier aims could spare: as if there were none.
        """
        most = self._allowed(self.before)
        spared = most - Weighed(self.face, self.before).bounds[-1]
        largest = LARGEST_COST // (4 * (len(self.face.network.supply) + 1))
        weights = {**self.before, self.tier: min(largest, spared + 1)}
        metres = np.unique(trips_of(self.face.network, np.arange(len(self.face.flow))))
        steps = metres[(metres > least) & (metres <= reached)].tolist()
        for _ in range(LENGTHS):
            if not steps:
                return
            middle = len(steps) // 2
            face = Weighed(self.face, weights, steps[middle])
            if face.bounds[-1] > most:
                yield Held(self.tier, weights, tuple(face.potentials), steps[middle], steps[middle])
                steps = steps[middle + 1 :]
            else:
                steps = steps[:middle]
