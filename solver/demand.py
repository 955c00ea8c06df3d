"""Groups as classes: pupils that nothing in the rules tells apart are merged before any network exists.

A *profile* is what decides which offers are admissible (school, level, reach, needs, banned offers). A *class* is a
profile with acceptable periods and ranked wishes; a group to whom a placement was announced is a class of its own. It
knows nothing of what is offered.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from solver.arrays import Ints, ints
from solver.draw import class_key, profile_key
from solver.instance import Instance

_Key = TypeVar("_Key", bound=Hashable)
Profile = tuple[int, str, int, tuple[str, ...], tuple[str, ...]]
"""School (its index), level, reach in metres, needs and banned offers (both sorted)."""


class Numbering(Generic[_Key]):
    """Whole numbers for keys, in the order they are first met."""

    def __init__(self) -> None:
        self.number: dict[_Key, int] = {}

    def __call__(self, key: _Key) -> int:
        return self.number.setdefault(key, len(self.number))

    @property
    def keys(self) -> tuple[_Key, ...]:
        return tuple(self.number)


@dataclass(frozen=True)
class Demand:
    """Classes as columns; `group_left` and `class_left` count the pupils that no pin places.

    The first period sets are the singletons, in the order of the instance's periods.
    """

    profiles: tuple[Profile, ...]
    period_sets: tuple[tuple[int, ...], ...]
    wish_lists: tuple[tuple[str, ...], ...]
    class_profile: Ints
    class_periods: Ints
    class_wishes: Ints
    class_left: Ints
    group_class: Ints
    group_left: Ints
    told_to: Mapping[int, str]
    """The classes to whom a placement was announced, and the group that each one is."""

    @property
    def profile_school(self) -> Ints:
        return ints([profile[0] for profile in self.profiles])

    def names(self, instance: Instance) -> ClassNames:
        """The classes in the public words of the draw."""
        periods = tuple(tuple(sorted(instance.periods[i].id for i in members)) for members in self.period_sets)
        schools = tuple(instance.schools[profile[0]].id for profile in self.profiles)
        columns = (self.class_profile, self.class_periods, self.class_wishes)
        return ClassNames(self.profiles, schools, periods, self.wish_lists, *columns, self.told_to)


@dataclass(frozen=True)
class ClassNames:
    """The keys of profiles and classes for the draw, spelled when they are asked for: most never are."""

    profiles: tuple[Profile, ...]
    schools: tuple[str, ...]
    periods: tuple[tuple[str, ...], ...]
    wishes: tuple[tuple[str, ...], ...]
    class_profile: Ints
    class_periods: Ints
    class_wishes: Ints
    told_to: Mapping[int, str]

    def profile(self, number: int) -> str:
        _, level, reach_m, needs, banned = self.profiles[number]
        return profile_key(self.schools[number], level, reach_m, needs, banned)

    def __getitem__(self, number: int) -> str:
        periods, wishes = self.periods[self.class_periods[number]], self.wishes[self.class_wishes[number]]
        return class_key(self.profile(int(self.class_profile[number])), periods, wishes, self.told_to.get(number))


def merge_groups(instance: Instance, pinned: Mapping[str, int]) -> Demand:
    """Number profiles, period sets, wish lists and classes, and count what remains of each after the pins."""
    school = {row.id: i for i, row in enumerate(instance.schools)}
    period = {row.id: i for i, row in enumerate(instance.periods)}
    banned = banned_offers(instance)
    profiles, period_sets, wishes = Numbering[Profile](), Numbering[tuple[int, ...]](), Numbering[tuple[str, ...]]()
    classes, told = Numbering[tuple[int, int, int, str | None]](), instance.announced_groups
    for i in range(len(instance.periods)):
        period_sets((i,))
    members, left = [], []
    for group in instance.groups:
        needs = tuple(sorted(group.needs))
        profile = profiles((school[group.school], group.level, group.reach_m, needs, banned.get(group.id, ())))
        when = period_sets(tuple(sorted(period[name] for name in group.periods)))
        members.append(classes((profile, when, wishes(group.wishes), group.id if group.id in told else None)))
        left.append(group.count - pinned.get(group.id, 0))
    columns = ints([key[:3] for key in classes.keys]).reshape(-1, 3)
    class_left = ints([0] * len(columns))
    for member, count in zip(members, left, strict=True):
        class_left[member] += count
    return Demand(
        profiles=profiles.keys,
        period_sets=period_sets.keys,
        wish_lists=wishes.keys,
        class_profile=columns[:, 0],
        class_periods=columns[:, 1],
        class_wishes=columns[:, 2],
        class_left=class_left,
        group_class=ints(members),
        group_left=ints(left),
        told_to={number: key[3] for number, key in enumerate(classes.keys) if key[3] is not None},
    )


def banned_offers(instance: Instance) -> dict[str, tuple[str, ...]]:
    """The offers each group is banned from, sorted."""
    offers: dict[str, tuple[str, ...]] = {}
    for ban in instance.bans:
        offers[ban.group] = (*offers.get(ban.group, ()), ban.offer)
    return offers
