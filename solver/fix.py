"""One change after which one more pupil has a place, and the instance with that change: data, nothing searched.

Facts only: whoever shows a fix writes the sentence. `solver.smallest_fix` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from solver.instance import Ban, Group, Instance, Offer


class FixKind(StrEnum):
    """What is changed, the least demanding first: a number somebody agrees to, then more of a pupil, then of a site."""

    SEAT = "seat"
    """One more seat at an opening the group may have: the nearest."""
    QUOTA = "quota"
    """One more pupil under a quota line's ceiling."""
    MAXIMUM = "maximum"
    """One more pupil of any one school at a site that has room: the nearest."""
    REACH = "reach"
    """One pupil may travel further: the fewest whole kilometres more."""
    DEPARTMENT = "department"
    """One pupil accepts one more département: the one of the nearest site."""
    PERIOD = "period"
    """One pupil accepts another period: at the nearest site."""
    NEEDS = "needs"
    """A site serves the needs of the group: the nearest."""
    BAN = "ban"
    """One pupil may go where the group was banned from: the nearest."""
    ELSEWHERE = "elsewhere"
    """One more seat where the group may not go: a pupil who may goes there, and a chain of moves frees a place."""
    SPLIT = "split"
    """A group that stays together may be placed one by one."""


AT_LEAST_ONE = frozenset({FixKind.MAXIMUM, FixKind.NEEDS, FixKind.SPLIT})
"""These change a site for everybody, so they may place several more; the others place exactly one more."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One change. `offer` and `period`: where the seat is, or is found; `line`: the one raised, by `more` as seats are.

    `reach_m` is the new reach, `extra_km` the kilometres added to the group's (0 for the other kinds).
    """

    kind: FixKind
    group: str
    offer: str = ""
    period: str = ""
    line: str = ""
    reach_m: int = 0
    extra_km: int = 0
    more: int = 1


def apply_fix(instance: Instance, fix: Fix) -> Instance:
    """The instance with that change and no other."""
    group = instance.group[fix.group]
    if fix.kind is FixKind.QUOTA:
        raised = (instance.line[fix.line].ceiling or 0) + fix.more
        lines = (replace(row, ceiling=raised) if row.id == fix.line else row for row in instance.lines)
        return replace(instance, lines=tuple(lines))
    if fix.kind is FixKind.SPLIT:
        return replace(instance, wholes=tuple(row for row in instance.wholes if row.group != group.id))
    if fix.kind is FixKind.REACH:
        return _with_one_changed(instance, group, replace(group, reach_m=fix.reach_m))
    if fix.kind is FixKind.DEPARTMENT:
        listed = group.departments | {instance.offer[fix.offer].department}
        return _with_one_changed(instance, group, replace(group, departments=listed))
    if fix.kind is FixKind.PERIOD:
        return _with_one_changed(instance, group, replace(group, periods=group.periods | {fix.period}))
    if fix.kind is FixKind.BAN:
        return _with_one_changed(instance, group, group, unbanned=fix.offer)
    offers = (_changed_site(row, fix, group) if row.id == fix.offer else row for row in instance.offers)
    return replace(instance, offers=tuple(offers))


def _changed_site(offer: Offer, fix: Fix, group: Group) -> Offer:
    if fix.kind is FixKind.MAXIMUM:
        return replace(offer, max_per_school=(offer.max_per_school or 0) + fix.more)
    if fix.kind is FixKind.NEEDS:
        return replace(offer, serves=offer.serves | group.needs)
    return replace(offer, seats={**offer.seats, fix.period: offer.seats.get(fix.period, 0) + fix.more})


def _with_one_changed(instance: Instance, group: Group, pupil: Group, unbanned: str = "") -> Instance:
    """One pupil leaves the group and stands alone, under a name of its own unless it was alone, or stays together."""
    others = tuple(row for row in instance.groups if row.id != group.id)
    if group.count == 1 or group.id in instance.units:
        bans = tuple(ban for ban in instance.bans if (ban.group, ban.offer) != (group.id, unbanned))
        return replace(instance, groups=(*others, pupil), bans=bans)
    name = f"{group.id}+1"
    while name in instance.group:
        name += "+"
    copied = (Ban(name, ban.offer) for ban in instance.bans if ban.group == group.id and ban.offer != unbanned)
    groups = (*others, replace(group, count=group.count - 1), replace(pupil, id=name, count=1))
    return replace(instance, groups=groups, bans=(*instance.bans, *copied))
