"""Why seats stay empty: for each opening with free seats, the first reason that applies and the pupils it is about.

Derived from the placements alone, like the reasons of pupils without a place (`solver.explain`), and with the same
words where the fact is the same. All openings at once, on arrays. Facts only: whoever shows them writes the sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from solver.arrays import Bools, Ints, find, ints
from solver.candidates import Territory, find_reachable
from solver.choices import Choices, list_choices
from solver.instance import Instance
from solver.marginal import Known, as_placed, opening_name
from solver.occupancy import Occupancy
from solver.parts import Parts
from solver.placements import Placements, higher_wishes, over_periods, tabulate_placements
from solver.residual import Residual
from solver.result import Reason, Result
from solver.rules import Rule
from solver.side_reasons import SideInquiry
from solver.sides import Sides


class UnusedReason(StrEnum):
    """Why an opening has free seats. The first that applies, in this order."""

    NOBODY_IN_REACH = "nobody_in_reach"
    """No pupil of its levels whom territory, distance and its own départements let come."""
    PERIOD_NOT_ASKED = "period_not_asked"
    """None of those accepts the period."""
    NEEDS_NOT_SERVED = "needs_not_served"
    """Those who do need what the site does not serve."""
    BANNED = "banned"
    """Those who are left are banned from it."""
    EVERYBODY_PLACED = "everybody_placed"
    """Every pupil who may come has a place."""
    QUOTA_CEILING = "quota_ceiling"
    """Some have none, and a quota line above the offer is full."""
    SCHOOL_MAXIMUM = "school_maximum"
    """Some have none, and their schools have their maximum there."""
    GROUP_TOO_LARGE = "group_too_large"
    """Those who have none stay together, and are more than the seats."""
    MINIMUM_GROUP = "minimum_group"
    """Those who have none would be fewer of their school than the site receives."""
    OTHER_PLACEMENT = "other_placement"
    """Those who have none need other periods with it, or have another placement then."""
    COULD_BE_USED = "could_be_used"
    """Some have none and could come: the answer does not place as many as it might."""


LADDER: tuple[tuple[UnusedReason, frozenset[Rule]], ...] = (
    (UnusedReason.NOBODY_IN_REACH, frozenset({Rule.PERIOD, Rule.NEEDS, Rule.BAN})),
    (UnusedReason.PERIOD_NOT_ASKED, frozenset({Rule.NEEDS, Rule.BAN})),
    (UnusedReason.NEEDS_NOT_SERVED, frozenset({Rule.BAN})),
    (UnusedReason.BANNED, frozenset()),
)
"""The reason when nobody may come, without those rules."""


BARRED: Mapping[Reason, UnusedReason] = MappingProxyType(
    {
        Reason.GROUP_TOO_LARGE: UnusedReason.GROUP_TOO_LARGE,
        Reason.MINIMUM_GROUP: UnusedReason.MINIMUM_GROUP,
        Reason.OTHER_PLACEMENT_THEN: UnusedReason.OTHER_PLACEMENT,
    }
)
"""What keeps a group out of free seats, in the words of those who have no place."""


@dataclass(frozen=True, slots=True)
class UnusedSeats:
    """`seats` free at an opening, and why.

    `pupils` may come (every rule of a single placement holds), of whom `unplaced` have no place and `prefer` have one
    in a sector they rank lower, and are not pinned there: the earlier aims or a quota keep them where they are.
    `kept_out` is how many the rule named by the reason keeps out, when nobody may come. `lines` above are full.
    """

    offer: str
    period: str
    seats: int
    reason: UnusedReason
    pupils: int = 0
    unplaced: int = 0
    prefer: int = 0
    kept_out: int = 0
    lines: tuple[str, ...] = ()


def unused_seats(instance: Instance, result: Result, known: Known | None = None) -> tuple[UnusedSeats, ...]:
    """Every opening with free seats, sorted by offer then period.

    Raises:
        ValueError: the result is another instance's, or has no placements because its pins cannot hold.
    """
    parts, residual = known or as_placed(instance, result)
    occupancy, placements = Occupancy(instance, result.assignments), tabulate_placements(parts, result.assignments)
    inquiry = _Inquiry(parts, residual, placements, _waiting(parts, result))
    side = SideInquiry(instance, occupancy, result.assignments) if Sides(instance).exist else None
    return tuple(inquiry.rows(occupancy, side))


def _waiting(parts: Parts, result: Result) -> Ints:
    """Pupils without a place, by class."""
    number = {row.id: i for i, row in enumerate(parts.instance.groups)}
    member = parts.demand.group_class[ints([number[row.group] for row in result.unplaced])]
    count = ints([row.count for row in result.unplaced])
    return np.bincount(member, count, len(parts.demand.class_left)).astype(np.int64)


class _Inquiry:
    """Counts the pupils who may come to each opening, and those of them whom nothing keeps where they are."""

    def __init__(self, parts: Parts, residual: Residual, placements: Placements, waiting: Ints) -> None:
        self.parts, self.residual, self.placements, self.waiting = parts, residual, placements, waiting
        demand, supply = parts.demand, parts.supply
        self.openings, self.periods = len(supply.opening_offer), len(parts.instance.periods)
        self.taken = self._sum(placements.opening, placements.count)
        self.pupils = np.bincount(demand.group_class, [row.count for row in parts.instance.groups]).astype(np.int64)
        self.member, self.when = over_periods(parts, np.arange(len(demand.class_left), dtype=np.int64))

    def rows(self, occupancy: Occupancy, side: SideInquiry | None) -> Iterator[UnusedSeats]:
        supply, choices = self.parts.supply, self.parts.choices
        free = supply.opening_seats - self.taken
        for offer, period in side.sharing if side else ():
            i = self.parts.openings[offer, period]
            free[i] = occupancy.free_seats(offer, period)
        who = choices.profile * self.periods + supply.opening_period[choices.opening]
        unplaced = self._at(who, self.waiting)
        full = self.residual.entrance(self.parts.demand.profile_school[choices.profile], choices.opening)[1]
        counts = {
            "pupils": self._sum(choices.opening, self._at(who, self.pupils)),
            "unplaced": self._sum(choices.opening, unplaced),
            "prefer": self._sum(choices.opening, self._prefer(who)),
        }
        welcome = self._sum(choices.opening, np.where(full, 0, unplaced))
        nobody = dict(self._kept_out(free > 0, counts["pupils"]))
        for i in np.flatnonzero(free > 0).tolist():
            offer, period = opening_name(self.parts, i)
            lines = occupancy.saturated_lines(offer)
            reason, kept_out = nobody.get(i, (_blocked(int(counts["unplaced"][i]), lines, int(welcome[i])), 0))
            if side and reason is UnusedReason.COULD_BE_USED:
                reason = self._side_reason(side, i, who[(choices.opening == i) & ~full])
            told = {name: int(column[i]) for name, column in counts.items()}
            yield UnusedSeats(offer, period, int(free[i]), reason, **told, kept_out=kept_out, lines=lines)

    def _side_reason(self, side: SideInquiry, opening: int, who: Ints) -> UnusedReason:
        """The rule of groups that keeps all who could come and have no place from these seats, if any does."""
        asking = np.unique(self.member[np.isin(self.when, who) & (self.waiting[self.member] > 0)])
        left = np.flatnonzero(np.isin(self.parts.demand.group_class, asking))
        groups = {self.parts.demand.group_class[i]: self.parts.instance.groups[i] for i in left[::-1].tolist()}
        found = {side.barred(group, opening_name(self.parts, opening)) for group in groups.values()}
        barred = {name: reason for name, reason in BARRED.items() if name in found}
        return UnusedReason.COULD_BE_USED if None in found else next(iter(barred.values()), UnusedReason.COULD_BE_USED)

    def _sum(self, opening: Ints, counts: Ints) -> Ints:
        return np.bincount(opening, counts, self.openings).astype(np.int64)

    def _at(self, who: Ints, pupils: Ints) -> Ints:
        """For each row (profile, period), how many of the pupils counted by class are of it."""
        total = np.bincount(self.when, pupils[self.member], len(self.parts.demand.profiles) * self.periods)
        return total.astype(np.int64)[who]

    def _prefer(self, who: Ints) -> Ints:
        """For each choice, the pupils who have a place that they rank lower than this one's sector."""
        supply, made = self.parts.supply, self.placements
        row, _, sector = higher_wishes(self.parts, made)
        row, sector = row[sector >= 0], sector[sector >= 0]
        many = max(1, len(supply.sectors))
        origin, when = over_periods(self.parts, made.member[row])
        key, inverse = np.unique(when * many + sector[origin], return_inverse=True)
        count = np.bincount(inverse, made.free[row[origin]], len(key)).astype(np.int64)
        wanted = who * many + supply.sector[supply.opening_offer[self.parts.choices.opening]]
        at, exists = find(key, wanted)
        return np.where(exists, count[at] if len(count) else 0, 0)

    def _kept_out(self, free: Bools, pupils: Ints) -> Iterator[tuple[int, tuple[UnusedReason, int]]]:
        """For each free opening where nobody may come: the first rule that leaves nobody, and how many it keeps out."""
        parts, left = self.parts, np.flatnonzero(free & (pupils == 0))
        if not len(left):
            return
        territory = Territory.of(parts.instance, parts.supply)
        reachable = find_reachable(parts.instance, parts.supply, territory)
        before = np.zeros(self.openings, np.int64)
        for reason, without in LADDER:
            choices = list_choices(parts.instance, parts.demand, parts.supply, reachable, without)
            coming = self._coming(choices, any_period=Rule.PERIOD in without)
            for i in left[coming[left] == 0].tolist():
                yield i, (reason, int(before[i]))
            left, before = left[coming[left] > 0], coming

    def _coming(self, choices: Choices, *, any_period: bool) -> Ints:
        demand, supply = self.parts.demand, self.parts.supply
        if any_period:
            total = np.bincount(demand.class_profile, self.pupils, len(demand.profiles)).astype(np.int64)
            return self._sum(choices.opening, total[choices.profile])
        who = choices.profile * self.periods + supply.opening_period[choices.opening]
        return self._sum(choices.opening, self._at(who, self.pupils))


def _blocked(unplaced: int, lines: tuple[str, ...], welcome: int) -> UnusedReason:
    """The reason when somebody may come."""
    if not unplaced:
        return UnusedReason.EVERYBODY_PLACED
    if lines:
        return UnusedReason.QUOTA_CEILING
    return UnusedReason.COULD_BE_USED if welcome else UnusedReason.SCHOOL_MAXIMUM
