"""The answer as data: who goes where, how good it is, how sure we are, and why the others have no place.

It holds facts with parameters, never prose: whoever shows a result writes the sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from solver.params import Tier


class Status(StrEnum):
    """`OPTIMAL`: every tier proven. `FEASIBLE`: a correct answer with a gap. `INFEASIBLE`: pins that cannot hold."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"


class Reason(StrEnum):
    """Why a group has pupils without a place. The first that applies, in this order (`solver.explain`)."""

    NO_OFFER_OF_LEVEL_IN_REACH = "no_offer_of_level_in_reach"
    PERIODS_NOT_OPEN = "periods_not_open"
    NEEDS_NOT_SERVED = "needs_not_served"
    BANNED = "banned"
    OTHER_PLACEMENT_THEN = "other_placement_then"
    """The same pupil's other placements of the year overlap what is left."""
    ALL_SEATS_TAKEN = "all_seats_taken"
    QUOTA_CEILING = "quota_ceiling"
    SCHOOL_MAXIMUM = "school_maximum"
    GROUP_TOO_LARGE = "group_too_large"
    """There is room, nowhere for all those who stay together; `largest_room` is the most there is."""
    MINIMUM_GROUP = "minimum_group"
    """There is room only where the school would send fewer pupils than the offer receives at once."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """`count` pupils of `group` go to `offer` in `period`."""

    group: str
    offer: str
    period: str
    count: int


@dataclass(frozen=True, slots=True)
class TierValue:
    """Value reached by a tier, a bound no answer can beat (earlier tiers held), and who vouches for the bound."""

    tier: Tier
    value: int
    bound: int
    proof: str
    """Who vouches for the bound: `potentials` (dual values of the network; alone they make a tier optimal), `held` (the
    same after a tier left open, for answers as good on the tiers before), `solver` (CP-SAT declares it, on what no
    network can say) or `none` (only the answer is known)."""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """`count` pupils of `group` without a place: the reason and the facts behind it (offers, lines, needs, metres)."""

    group: str
    count: int
    reason: Reason
    offers: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    facts: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """Everything a round records. Rows are sorted by identifiers; `engine` and `seconds` are not part of the answer."""

    instance_sha256: str
    status: Status
    tiers: tuple[TierValue, ...]
    assignments: tuple[Assignment, ...]
    unplaced: tuple[Unplaced, ...]
    engine: str
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)
    diagnosis: str = ""

    @property
    def placed(self) -> int:
        return sum(row.count for row in self.assignments)
