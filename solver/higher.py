"""A sector that a placed pupil ranks higher than the one obtained, and why not there: data, nothing looked for.

Facts only: whoever shows them writes the sentences. `solver.why_here` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from solver.params import Tier


class HigherReason(StrEnum):
    """Why not in a sector ranked higher. The first that applies, in this order."""

    NO_OFFER_IN_REACH = "no_offer_in_reach"
    """No offer of the sector and level that territory, distance and the pupil's own départements let it go to."""
    PERIODS_NOT_OPEN = "periods_not_open"
    """Those open in none of its periods."""
    NEEDS_NOT_SERVED = "needs_not_served"
    BANNED = "banned"
    PINNED = "pinned"
    """The pupil is pinned where it is."""
    ALL_SEATS_TAKEN = "all_seats_taken"
    QUOTA_CEILING = "quota_ceiling"
    """The offers with free seats are under a full quota line."""
    SCHOOL_MAXIMUM = "school_maximum"
    """The others already have the school's maximum."""
    GROUP_TOO_LARGE = "group_too_large"
    """Those who stay together are more than the free seats of any of them."""
    MINIMUM_GROUP = "minimum_group"
    """They would be fewer of their school than the offers with room receive."""
    EARLIER_AIM = "earlier_aim"
    """A seat is free, and an aim before the wishes is served by leaving the pupil where it is."""
    GROUP_RULES = "group_rules"
    """The same in a round with groups kept together or received together: an aim before, or a rule of theirs."""
    NOT_PROVEN = "not_proven"
    """A seat is free, and nothing proves that the pupil could not have it."""


@dataclass(frozen=True, slots=True)
class Higher:
    """A sector ranked higher than the one obtained, and why not there.

    `openings` it may have, in its periods. At the prices the least costly is `offer` in `period`, and going there makes
    `tier` worse by `at_least` (in the tier's unit). None when the prices do not tell the two apart, without a
    certificate, or when no opening may be had; what it costs then is for `solver.what_if` and a pin there to say.
    """

    sector: str
    rank: int
    reason: HigherReason
    openings: int = 0
    offer: str = ""
    period: str = ""
    tier: Tier | None = None
    at_least: int | None = None


@dataclass(frozen=True, slots=True)
class WhyHere:
    """`count` pupils of a group at a place, the rank they obtain, and every sector they rank higher, in their order."""

    group: str
    offer: str
    period: str
    count: int
    rank: int
    higher: tuple[Higher, ...]
