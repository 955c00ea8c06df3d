"""What a campaign may choose: the order of the aims, the territory rule, the weights.

Everything here changes the answer, so everything here is part of the frozen instance and of its SHA-256. Limits that
only bound the time spent (memory, seconds) are arguments of `solver.solve` and are deliberately not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Tier(StrEnum):
    """The aims, compared lexicographically. Every tier is a cost to minimise, in the unit given."""

    PLACED = "placed"
    """Pupils left unplaced (pupils)."""
    RESERVES = "reserves"
    """Sum over openings of the reserved seats taken by pupils outside their category (seats).

    With as many placed, a pupil of the category in the place of such a pupil is better: a reserve is only released when
    its category has no taker left."""
    EQUITY = "equity"
    """Sum over schools of the convex cost of their unplaced pupils (see `Params.equity_level`)."""
    COMMITMENTS = "commitments"
    """Sum over quota lines of the seats missing under the commitment, and of the price of each pupil above a ceiling
    that may be passed (seats)."""
    STABILITY = "stability"
    """Sum over announced rows of the pupils missing there: those moved since, or left unplaced (pupils)."""
    WISHES = "wishes"
    """Sum over placements of the rank obtained (1 for the first wish, or for a pupil without wishes).

    A pupil placed by a bundle has a placement in each of its periods: each rank counts, and so do trips and draws."""
    DISTANCE = "distance"
    """Sum over placed pupils of the trip (metres)."""
    LONGEST = "longest"
    """The longest trip of a placed pupil, 0 when nobody is placed (metres): a maximum, where the others are sums."""
    DRAW = "draw"
    """Sum over placed pupils of the draw of their (group, offer, period), derived from the instance's SHA-256."""


class TerritoryRule(StrEnum):
    """Which départements a school may be served from, on top of each offer's own list and of the reach."""

    ANYWHERE = "anywhere"
    ACADEMY_OR_NEIGHBOUR = "academy_or_neighbour"
    """The school's académie, or a département that borders the school's own."""
    ACADEMY = "academy"
    DEPARTMENT = "department"


OFFICIAL_TIERS: tuple[Tier, ...] = tuple(Tier)

DEFAULT_PRIORITY_WEIGHTS: Mapping[str, int] = MappingProxyType(
    {"none": 100, "rural": 115, "qpv": 125, "rep": 125, "rep_plus": 150}
)
"""Percent one unplaced pupil weighs in a school of that class (domain.md section 7; published settings)."""

EQUITY_SCALE = 1_000_000


@dataclass(frozen=True, slots=True)
class Params:
    """The campaign's rules. The defaults are the official ones.

    Raises:
        ValueError: a tier order that does not start with `placed` and `reserves`, does not end with `draw`, parts
            `longest` from `distance`, or repeats or misses a tier; a weight that is not a whole percentage between 1
            and 1,000.
    """

    tiers: tuple[Tier, ...] = OFFICIAL_TIERS
    territory_rule: TerritoryRule = TerritoryRule.ACADEMY_OR_NEIGHBOUR
    priority_weights: Mapping[str, int] = field(default_factory=lambda: DEFAULT_PRIORITY_WEIGHTS)

    def __post_init__(self) -> None:
        if sorted(self.tiers) != sorted(OFFICIAL_TIERS):
            raise ValueError(f"params.tiers: each of {[t.value for t in OFFICIAL_TIERS]} exactly once")
        if self.tiers[:2] != (Tier.PLACED, Tier.RESERVES) or self.tiers[-1] is not Tier.DRAW:
            raise ValueError("params.tiers: 'placed' comes first, 'reserves' second and 'draw' last")
        if self.tiers.index(Tier.LONGEST) != self.tiers.index(Tier.DISTANCE) + 1:
            raise ValueError("params.tiers: 'longest' comes right after 'distance'")
        for name, weight in self.priority_weights.items():
            if type(weight) is not int or not 1 <= weight <= 1000:
                where = f"params.priority_weights[{name!r}]"
                raise ValueError(f"{where}: a whole percentage between 1 and 1000, not {weight!r}")
        if "none" not in self.priority_weights:
            raise ValueError("params.priority_weights: the class 'none' is missing")

    def equity_level(self, priority: str, unplaced: int, pupils: int) -> int:
        """Cost of leaving the `unplaced`-th of a school's `pupils` without a place (weighted millionths).

        Increasing in `unplaced`, so a minimum-cost flow fills it in order. Because the sets of schools' placed counts
        that complete a maximum flow form an integral base polyhedron, the flow that minimises the sum of these levels
        also minimises the number of pupils above *every* level at once: it is the leximin over weighted rates
        (A. Frank and K. Murota, "Decreasing minimization on M-convex sets").
        """
        return unplaced * self.priority_weights[priority] * EQUITY_SCALE // (100 * pupils)
