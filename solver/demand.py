"""Groups as classes: pupils that nothing in the rules tells apart are merged before any network exists.

A *profile* is what decides which offers are admissible (school, level, reach, needs, banned offers, départements). A
*class* is a profile with acceptable periods and ranked wishes; a group to whom a placement was announced is a class of
its own. It knows nothing of what is offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import numpy as np

from solver.arrays import Bools, Ints, distinct, ints, numbered
from solver.draw import class_ending, class_key, profile_key
from solver.instance import Group, Instance

Profile = tuple[int, str, int, tuple[str, ...], tuple[str, ...], str, tuple[str, ...]]
"""School (its index), level, reach in metres, needs and banned offers (both sorted), the group's own name if it is
placed at once or not at all (such a group shares its choices with nobody, so that they can be told apart), and the
départements it lists (sorted)."""


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

    @property
    def asked(self) -> tuple[Ints, Ints]:
        """Each different (profile, set of periods) of a class, sorted."""
        sets = len(self.period_sets)
        keys = distinct(self.class_profile * sets + self.class_periods)
        return keys // sets, keys % sets

    @property
    def nowhere(self) -> int:
        """The number of the empty set of periods; -1 when no class has it."""
        return self.period_sets.index(()) if () in self.period_sets else -1

    def remaining(self, left: Ints, free: Bools) -> Demand:
        """What is asked by `left[i]` pupils of each group, when only those in `free` may be placed anywhere.

        The others of a school become one class that accepts no period.
        """
        school = self.profile_school[self.class_profile[self.group_class]]
        classes = len(self.class_profile)
        member = np.where(free, self.group_class, classes + school)
        used, member = np.unique(member[left > 0], return_inverse=True)
        first = np.unique(self.profile_school, return_index=True)
        profile_of = np.full(int(self.profile_school.max(initial=0)) + 1, -1, np.int64)
        profile_of[first[0]] = first[1]
        homes = used[used >= classes] - classes
        sets = self.period_sets if self.nowhere >= 0 else (*self.period_sets, ())
        wishes = self.wish_lists if () in self.wish_lists else (*self.wish_lists, ())
        told = {i: self.told_to[name] for i, name in enumerate(used.tolist()) if name in self.told_to}
        kept, group_class = used[used < classes], np.zeros(len(left), np.int64)
        group_class[left > 0] = member
        return replace(
            self,
            period_sets=sets,
            wish_lists=wishes,
            class_profile=np.concatenate((self.class_profile[kept], profile_of[homes])),
            class_periods=np.concatenate((self.class_periods[kept], np.full(len(homes), sets.index(()), np.int64))),
            class_wishes=np.concatenate((self.class_wishes[kept], np.full(len(homes), wishes.index(()), np.int64))),
            class_left=np.bincount(member, left[left > 0], len(used)).astype(np.int64),
            group_class=group_class,
            group_left=left,
            told_to=told,
        )

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
        _, level, reach_m, needs, banned, _, listed = self.profiles[number]
        return profile_key(self.schools[number], level, reach_m, needs, banned, listed)

    def __getitem__(self, number: int) -> str:
        periods, wishes = self.periods[self.class_periods[number]], self.wishes[self.class_wishes[number]]
        ending = class_ending(periods, wishes, self.told_to.get(number))
        return class_key(self._profiles[self.class_profile[number]], ending)

    @cached_property
    def _profiles(self) -> tuple[str, ...]:
        """Every profile's key: many classes share one."""
        return tuple(map(self.profile, range(len(self.profiles))))


def merge_groups(instance: Instance, pinned: Mapping[str, int]) -> Demand:
    """Number profiles, period sets, wish lists and classes, and count what remains of each after the pins."""
    groups, banned, told = instance.groups, banned_offers(instance), instance.announced_groups
    school = {row.id: i for i, row in enumerate(instance.schools)}
    periods = {row.id: i for i, row in enumerate(instance.periods)}
    accepted = map(instance.accepted if instance.bundles else attrgetter("periods"), groups)
    named, when = numbered(accepted, (frozenset({row.id}) for row in instance.periods))
    wish_lists, ranked = numbered(map(attrgetter("wishes"), groups))
    first, profile = _first_met(_profile_keys(instance, school, banned))
    profiles = tuple(_profile_of(instance, groups[i], school, banned) for i in first.tolist())
    keys = (profile * len(named) + when) * len(wish_lists) + ranked
    if told:  # each a class of its own
        alone = np.array([group.id in told for group in groups], np.bool_)
        keys[alone] = ~np.flatnonzero(alone)
    first, member = _first_met(keys)
    left = ints([group.count - pinned.get(group.id, 0) for group in groups])
    return Demand(
        profiles=profiles,
        period_sets=tuple(tuple(sorted(periods[name] for name in names)) for names in named),
        wish_lists=wish_lists,
        class_profile=profile[first],
        class_periods=when[first],
        class_wishes=ranked[first],
        class_left=np.bincount(member, left, len(first)).astype(np.int64),
        group_class=member,
        group_left=left,
        told_to={i: groups[who].id for i, who in enumerate(first.tolist()) if groups[who].id in told} if told else {},
    )


def _profile_keys(instance: Instance, school: Mapping[str, int], banned: Mapping[str, tuple[str, ...]]) -> Ints:
    """The same number for groups of one profile: a school's are told apart by few different things."""
    asked, units = attrgetter("level", "reach_m", "needs", "departments"), instance.units
    apart = units | banned.keys()
    kinds, code = numbered(
        (*asked(row), banned.get(row.id, ()), row.id if row.id in units else "") if row.id in apart else asked(row)
        for row in instance.groups
    )
    home = map(school.__getitem__, map(attrgetter("school"), instance.groups))
    return np.fromiter(home, np.int64, len(code)) * len(kinds) + code


def _profile_of(
    instance: Instance, group: Group, school: Mapping[str, int], banned: Mapping[str, tuple[str, ...]]
) -> Profile:
    where, alone = (school[group.school], group.level, group.reach_m), group.id if group.id in instance.units else ""
    return *where, tuple(sorted(group.needs)), banned.get(group.id, ()), alone, tuple(sorted(group.departments))


def _first_met(keys: Ints) -> tuple[Ints, Ints]:
    """The row where each different key is first met, in that order, and each row's number among them."""
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    met = np.empty(len(order), np.int64)
    met[order] = np.arange(len(order))
    return first[order].astype(np.int64), met[number]


def banned_offers(instance: Instance) -> dict[str, tuple[str, ...]]:
    """The offers each group is banned from, sorted."""
    offers: dict[str, tuple[str, ...]] = {}
    for ban in instance.bans:
        offers[ban.group] = (*offers.get(ban.group, ()), ban.offer)
    return offers
