"""What each profile may choose: the openings that level, reach, territory, départements, needs and bans leave it.

One row per (profile, opening); seats, quotas and per-school maxima are for the network.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from solver.arrays import Bools, Ints, Shorts, distinct, find, ints, numbered, runs
from solver.candidates import Reachable
from solver.demand import Demand
from solver.instance import Instance
from solver.rules import Rule
from solver.supply import Supply

PAIRS_AT_ONCE = 250_000


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
    filters = list_filters(instance, demand, supply, without)
    accepted = None if Rule.PERIOD in without else _accepted(demand, periods)
    found = []
    for profiles in np.split(np.arange(len(school), dtype=np.int64), _cuts(sizes)):
        rows = runs(reachable.start[school[profiles]], sizes[profiles])
        pairs = np.repeat(profiles, sizes[profiles]), reachable.offer[rows], reachable.trip_m[rows]
        kept = np.logical_and.reduce([allows(*pairs) for allows in filters])
        profile, offer, trip = (column[kept] for column in pairs)
        found.append(_unfold(supply, profile, offer, trip, periods, accepted))
    profile, opening, trip = (np.concatenate(columns, dtype=np.int64) for columns in zip(*found, strict=True))
    return Choices(profile, opening, trip)


def _cuts(sizes: Ints) -> Ints:
    """Where to cut the profiles so that few pairs are looked at at once: most of them lead nowhere."""
    return np.flatnonzero(np.diff(np.cumsum(sizes) // PAIRS_AT_ONCE)) + 1


def _unfold(
    supply: Supply, profile: Ints, offer: Ints, trip_m: Ints, periods: int, accepted: Bools | None
) -> tuple[Shorts, Shorts, Shorts]:
    """The openings of each pair, in the accepted (profile, period) if they are given."""
    sizes = supply.opening_start[offer + 1] - supply.opening_start[offer]
    opening = runs(supply.opening_start[offer], sizes)
    profile, trip_m = np.repeat(profile, sizes), np.repeat(trip_m, sizes)
    kept = np.ones(len(opening), np.bool_)
    if accepted is not None:
        kept = accepted[profile * periods + supply.opening_period[opening]]
    return profile[kept].astype(np.int32), opening[kept].astype(np.int32), trip_m[kept].astype(np.int32)


Allows = Callable[[Ints, Ints, Ints], Bools]
"""Which rows (profile, offer of its school's surroundings, metres) a rule leaves."""


def list_filters(instance: Instance, demand: Demand, supply: Supply, without: Collection[Rule] = ()) -> list[Allows]:
    """The rules about a single placement, but for some: what each asks of the profiles is tabulated once."""
    return [made(instance, demand, supply) for rule, made in FILTERS.items() if rule not in without]


def _within_reach(_instance: Instance, demand: Demand, _supply: Supply) -> Allows:
    reach = ints([profile[2] for profile in demand.profiles])
    return lambda profile, _, trip_m: trip_m <= reach[profile]


def _admitted(_instance: Instance, demand: Demand, supply: Supply) -> Allows:
    return _having_all([(profile[1],) for profile in demand.profiles], supply.admits_level, len(supply.position))


def _served(_instance: Instance, demand: Demand, supply: Supply) -> Allows:
    return _having_all([profile[3] for profile in demand.profiles], supply.serves, len(supply.position))


def _having_all(asked: list[tuple[str, ...]], given: Mapping[str, Bools], offers: int) -> Allows:
    """Offers that give everything the profile asks; few profiles ask different things."""
    (kinds, code), nothing = numbered(asked), np.zeros(offers, np.bool_)
    table = np.ones((len(kinds), offers), np.bool_)
    for row, names in zip(table, kinds, strict=True):
        for name in names:
            row &= given.get(name, nothing)
    return lambda profile, offer, _: table[code[profile], offer]


def _not_banned(instance: Instance, demand: Demand, _supply: Supply) -> Allows:
    number = {row.id: i for i, row in enumerate(instance.offers)}
    some = [(i, names) for i, (*_, names, _, _) in enumerate(demand.profiles) if names]
    banned = distinct(ints([i * len(number) + number[name] for i, names in some for name in names]))
    return lambda profile, offer, _: ~find(banned, profile * len(number) + offer)[1]


def _listed(instance: Instance, demand: Demand, supply: Supply) -> Allows:
    """Nothing is looked up for the profiles that accept any département: most campaigns have no other."""
    kinds, code = numbered([profile[6] for profile in demand.profiles])
    if not any(kinds):
        return lambda profile, _offer, _trip_m: np.ones(len(profile), np.bool_)
    accepted = np.array([[not some or row.code in some for row in instance.departments] for some in kinds], np.bool_)
    return lambda profile, offer, _: accepted[code[profile], supply.department[offer]]


FILTERS: Mapping[Rule, Callable[[Instance, Demand, Supply], Allows]] = MappingProxyType(
    {
        Rule.REACH: _within_reach,
        Rule.DEPARTMENTS: _listed,
        Rule.LEVEL: _admitted,
        Rule.NEEDS: _served,
        Rule.BAN: _not_banned,
    }
)
"""What a profile asks of an offer, whatever the period. (The territory is already in the reachable pairs.)"""


def accepts(demand: Demand, supply: Supply, periods: Ints, opening: Ints) -> Bools:
    """Whether the period of each opening is in the period set of the same row."""
    count = 1 + int(supply.opening_period.max(initial=0))
    keys = [i * count + period for i, members in enumerate(demand.period_sets) for period in members if period < count]
    accepted: Bools = np.isin(periods * count + supply.opening_period[opening], ints(keys))
    return accepted


def _accepted(demand: Demand, periods: int) -> Bools:
    """Whether some class accepts: one row per (profile, period)."""
    who, when = demand.asked
    sizes = ints([len(members) for members in demand.period_sets])
    flat = ints([period for members in demand.period_sets for period in members])
    first = np.cumsum(sizes) - sizes
    accepted = np.zeros(len(demand.profiles) * periods, np.bool_)
    accepted[np.repeat(who, sizes[when]) * periods + flat[runs(first[when], sizes[when])]] = True
    return accepted
