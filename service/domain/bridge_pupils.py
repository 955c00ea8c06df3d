"""The pupils' half of a frozen instance: groups of the solver, who stays whole, who may take two hosts, who is where.

Part of `service.domain.bridge`, for it alone. Refuses to read rows: it is given those that count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.domain.snapshot import PlacedAlready, PupilAsking
from service.domain.together import Together, gather_groups
from solver.geography import trip_m
from solver.instance import Announced, Bundle, Group, Offer, Period, Pin, School, Whole


@dataclass(frozen=True, slots=True)
class FrozenPupils:
    """`group_of` gives the identifier of each pupil's group by pseudonym."""

    groups: tuple[Group, ...]
    wholes: tuple[Whole, ...]
    bundles: tuple[Bundle, ...]
    pins: tuple[Pin, ...]
    announced: tuple[Announced, ...]
    group_of: Mapping[str, str]


def freeze_pupils(
    pupils: Iterable[PupilAsking],
    periods: Sequence[Period],
    stands: Sequence[PlacedAlready],
    told: Sequence[PlacedAlready],
) -> FrozenPupils:
    """Every pupil in a group. `stands` are the places that nothing moves, `told` those that may move at a cost.

    A pin decides for a whole way to be placed, and half of two weeks is none: pupils who have lost one of their two
    hosts ask again, and whether they keep the other is the aim of stability's to say.
    """
    together = gather_groups(pupils, stands, told)
    slots = {period.id: period.slots for period in periods}
    bundles = {one.id: _bundles(one, slots) for one in together}
    pins: list[Pin] = []
    announced: list[Announced] = []
    for one in together:
        ways = [{period} for period in _alone(one)] + [set(row.periods) for row in bundles[one.id]]
        is_whole_way = {period for _, period in one.held} in ways
        held = ((one.id, str(offer), period, len(one.members)) for offer, period in one.held)
        announced += [Announced(one.id, str(offer), period, len(one.members)) for offer, period in one.told]
        if is_whole_way:
            pins += [Pin(*row) for row in held]
        else:
            announced += [Announced(*row) for row in held]
    return FrozenPupils(
        groups=tuple(map(_group, together)),
        wholes=tuple(Whole(one.id) for one in together if len(one.members) > 1),
        bundles=tuple(bundle for some in bundles.values() for bundle in some),
        pins=tuple(pins),
        announced=tuple(announced),
        group_of={pupil.pseudonym: one.id for one in together for pupil in one.members},
    )


def let_stand(
    frozen: FrozenPupils, placed: Iterable[str], homes: Iterable[School], hosts: Iterable[Offer]
) -> tuple[Group, ...]:
    """The groups, where a place given stays within reach though its host or its school now stands elsewhere on the map,
    in another département perhaps.

    `placed` are the pseudonyms whose places nothing moves. A pin out of reach would leave the whole round unanswered.
    """
    settled = {frozen.group_of[pseudonym] for pseudonym in placed}
    offers = {offer.id: offer for offer in hosts}
    schools = {school.id: school.position for school in homes}
    named = {group.id: group for group in frozen.groups}
    for pin in frozen.pins:
        if pin.group in settled and pin.offer in offers:
            group = named[pin.group]
            host = offers[pin.offer]
            reach_m = max(group.reach_m, trip_m(schools[group.school], host.position))
            listed = group.departments | {host.department} if group.departments else group.departments
            if (reach_m, listed) != (group.reach_m, group.departments):
                named[group.id] = replace(group, reach_m=reach_m, departments=listed)
    return tuple(named.values())


def _group(together: Together) -> Group:
    first = together.members[0]
    return Group(
        together.id,
        first.school,
        first.level,
        len(together.members),
        _alone(together),
        together.wishes,
        first.reach_km * 1000,
        together.needs,
        first.departments,
    )


def _asks_for_all(together: Together) -> bool:
    first = together.members[0]
    return first.every_period and len(first.periods) > 1


def _alone(together: Together) -> frozenset[str]:
    """The periods any one of which would do."""
    return frozenset() if _asks_for_all(together) else together.members[0].periods


def _bundles(together: Together, slots: Mapping[str, tuple[str, ...]]) -> list[Bundle]:
    """A stay in every period, or one host a week instead of one for the whole period, as the school asks."""
    first = together.members[0]
    if _asks_for_all(together):
        return [Bundle(together.id, tuple(sorted(first.periods)))]
    weeks = [slots[period] for period in sorted(first.periods) if first.two_hosts]
    return [Bundle(together.id, some) for some in weeks if len(some) > 1 and slots.keys() >= set(some)]
