"""The hard rules' names: the engine adds each, the verifier checks each, a truth table in the tests fixes each."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """One name per hard rule. A result that breaks one is refused under that name."""

    DEMAND = "demand"
    """A group never has more pupils placed than it counts, and those left are declared unplaced."""
    LEVEL = "level"
    PERIOD = "period"
    """The period is one the group accepts and the offer opens."""
    NEEDS = "needs"
    REACH = "reach"
    """The trip is within the group's limit, on one landmass."""
    TERRITORY = "territory"
    """The campaign's territory rule and the offer's own list of départements."""
    DEPARTMENTS = "departments"
    """The offer is in one of the départements that the group accepts, when it says which."""
    SEATS = "seats"
    """In each period; and at any time, over the offer's periods under way, the largest of their numbers of seats."""
    RESERVE = "reserve"
    """Nobody sits on a seat reserved for others while a pupil of theirs, who could have it, is without a place.

    Those who stay together, or come in numbers, are not exchanged one for one."""
    SCHOOL_MAXIMUM = "school_maximum"
    QUOTA_CEILING = "quota_ceiling"
    PIN = "pin"
    BAN = "ban"
    WHOLE = "whole"
    """A group that stays whole has all its pupils in one (offer, period), or in one bundle, or none."""
    MINIMUM_GROUP = "minimum_group"
    """The pupils of one school in one (offer, period) are none or at least the minimum, unless a pin brought them."""
    BUNDLE = "bundle"
    """As many pupils of a group in each period of a bundle."""
    SEQUENCE = "sequence"
    """The placements of one pupil never overlap in time."""


PROPERTIES: tuple[str, ...] = (*Rule, "identity", "announced_tiers", "reasons")
"""Every property `solver.judge` checks: the hard rules, the file's identity (hash, known rows), tiers and reasons."""
