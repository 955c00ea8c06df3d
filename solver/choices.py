"""What each profile may choose: the openings that level, reach, territory, départements, needs and bans leave it.

One row per (profile, opening); seats, quotas and per-school maxima are for the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from solver.arrays import Bools, Ints, Shorts, distinct, ints, runs
from solver.candidates import Reachable
from solver.demand import Demand
from solver.instance import Instance
from solver.rules import Rule
from solver.supply import Supply

PAIRS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Choices:
    """Rows sorted by profile, then offer, then period."""

    profile: Ints
    opening: Ints
    trip_m: Ints


def list_choices(
    instance: Instance,
    demand: Demand,
    supply: Supply,
    reachable: Reachable,
    without: frozenset[Rule] = frozenset(),
) -> Choices:
    """Filter the reachable pairs of each profile's school, then unfold the openings in the periods it accepts.

    `without` some of the rules (those of `FILTERS`, or `period`), what they alone keep out is listed too.
    """
    school, periods = demand.profile_school, len(instance.periods)
    sizes = reachable.start[school + 1] - reachable.start[school]
    filters = [allows for rule, allows in FILTERS.items() if rule not in without]
    accepted = None if Rule.PERIOD in without else _accepted(demand, periods)
    found = []
    for profiles in np.split(np.arange(len(school), dtype=np.int64), _cuts(sizes)):
        rows = runs(reachable.start[school[profiles]], sizes[profiles])
        profile = np.repeat(profiles, sizes[profiles])
        meeting = Meeting(instance, demand, supply, profile, reachable.offer[rows], reachable.trip_m[rows])
        kept = np.logical_and.reduce([allows(meeting) for allows in filters])
        found.append(_unfold(supply, profile[kept], meeting.offer[kept], meeting.trip_m[kept], periods, accepted))
    profile, opening, trip = (np.concatenate(columns, dtype=np.int64) for columns in zip(*found, strict=True))
    return Choices(profile, opening, trip)


def _cuts(sizes: Ints) -> Ints:
    """Where to cut the profiles so that few pairs are looked at at once: most of them lead nowhere."""
    return np.flatnonzero(np.diff(np.cumsum(sizes) // PAIRS_AT_ONCE)) + 1


def _unfold(
    supply: Supply, profile: Ints, offer: Ints, trip_m: Ints, periods: int, accepted: Ints | None
) -> tuple[Shorts, Shorts, Shorts]:
    """The openings of each pair, in the accepted (profile, period) if they are given."""
    sizes = supply.opening_start[offer + 1] - supply.opening_start[offer]
    opening = runs(supply.opening_start[offer], sizes)
    profile, trip_m = np.repeat(profile, sizes), np.repeat(trip_m, sizes)
    kept = np.ones(len(opening), np.bool_)
    if accepted is not None:
        kept = np.isin(profile * periods + supply.opening_period[opening], accepted)
    return profile[kept].astype(np.int32), opening[kept].astype(np.int32), trip_m[kept].astype(np.int32)


@dataclass(frozen=True)
class Meeting:
    """A profile before an offer of its school's surroundings, one per row."""

    instance: Instance
    demand: Demand
    supply: Supply
    profile: Ints
    offer: Ints
    trip_m: Ints


def _is_within_reach(rows: Meeting) -> Bools:
    return rows.trip_m <= ints([profile[2] for profile in rows.demand.profiles])[rows.profile]


def _is_admitted(rows: Meeting) -> Bools:
    return _has_all(rows, [(profile[1],) for profile in rows.demand.profiles], rows.supply.admits_level)


def _is_served(rows: Meeting) -> Bools:
    return _has_all(rows, [profile[3] for profile in rows.demand.profiles], rows.supply.serves)


def _is_not_banned(rows: Meeting) -> Bools:
    number = {row.id: i for i, row in enumerate(rows.instance.offers)}
    banned = [i * len(number) + number[name] for i, row in enumerate(rows.demand.profiles) for name in row[4]]
    return ~np.isin(rows.profile * len(number) + rows.offer, ints(banned))


def _is_listed(rows: Meeting) -> Bools:
    """Nothing is built for the profiles that accept any département: most campaigns have no other."""
    number: dict[tuple[str, ...], int] = {}
    code = ints([number.setdefault(profile[6], len(number)) for profile in rows.demand.profiles])
    if not any(number):
        return np.ones(len(rows.profile), np.bool_)
    departments = rows.instance.departments
    accepted = np.array([[not some or row.code in some for row in departments] for some in number], np.bool_)
    kept: Bools = accepted[code[rows.profile], rows.supply.department[rows.offer]]
    return kept


def _has_all(rows: Meeting, asked: list[tuple[str, ...]], given: dict[str, Bools]) -> Bools:
    """Whether the offer of each row gives everything its profile asks."""
    kept, nothing = np.ones(len(rows.profile), np.bool_), np.zeros(len(rows.supply.position), np.bool_)
    for name in sorted({name for names in asked for name in names}):
        mine = np.array([name in names for names in asked], np.bool_)
        kept &= ~mine[rows.profile] | given.get(name, nothing)[rows.offer]
    return kept


FILTERS: Mapping[Rule, Callable[[Meeting], Bools]] = MappingProxyType(
    {
        Rule.REACH: _is_within_reach,
        Rule.DEPARTMENTS: _is_listed,
        Rule.LEVEL: _is_admitted,
        Rule.NEEDS: _is_served,
        Rule.BAN: _is_not_banned,
    }
)
"""What a profile asks of an offer, whatever the period. (The territory is already in the reachable pairs.)"""


def accepts(demand: Demand, supply: Supply, periods: Ints, opening: Ints) -> Bools:
    """Whether the period of each opening is in the period set of the same row."""
    count = 1 + int(supply.opening_period.max(initial=0))
    keys = [i * count + period for i, members in enumerate(demand.period_sets) for period in members if period < count]
    accepted: Bools = np.isin(periods * count + supply.opening_period[opening], ints(keys))
    return accepted


def _accepted(demand: Demand, periods: int) -> Ints:
    """Keys (profile, period) that some class accepts."""
    who, when = demand.asked
    sizes = ints([len(members) for members in demand.period_sets])
    flat = ints([period for members in demand.period_sets for period in members])
    first = np.cumsum(sizes) - sizes
    return distinct(np.repeat(who, sizes[when]) * periods + flat[runs(first[when], sizes[when])])
