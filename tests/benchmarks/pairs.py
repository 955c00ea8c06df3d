"""The problem as most would write it first: one row per (pupil, opening), with the rank and the metres it costs.

Every rival model starts from these rows, so that all solve one and the same problem. It shares with the engine only
the question of who may go where.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints, ints, runs, starts_of
from solver.parts import Parts


@dataclass(frozen=True)
class Pairs:
    """Rows sorted by group; then columns over groups, openings and lines. `most` is a limit per (school, opening).

    `line` is the quota line of an opening and `parent` that of a line; -1 is none. `ceiling` -1 is no ceiling.
    """

    group: Ints
    opening: Ints
    rank: Ints
    metres: Ints
    pupils: Ints
    school: Ints
    pupils_of_school: Ints
    seats: Ints
    most: Ints
    line: Ints
    parent: Ints
    ceiling: Ints

    @property
    def meetings(self) -> Ints:
        """For each row, a number for its (school, opening)."""
        return self.school[self.group] * len(self.seats) + self.opening

    def nearest(self, number: int) -> Pairs:
        """Only each group's nearest openings: what one does when the whole does not fit."""
        order = np.lexsort((self.metres, self.group))
        start = starts_of(self.group, len(self.pupils))
        nth = np.arange(len(order)) - start[self.group[order]]
        kept = np.sort(order[nth < number])
        rows = {name: getattr(self, name)[kept] for name in ("group", "opening", "rank", "metres")}
        rest = {name: value for name, value in vars(self).items() if name not in rows}
        return Pairs(**rows, **rest)


def list_pairs(parts: Parts) -> Pairs:
    """Unfold each pupil's choices (the instance has no pin)."""
    instance, demand, supply, choices = parts.instance, parts.demand, parts.supply, parts.choices
    start = starts_of(choices.profile, len(demand.profiles))
    member = demand.group_class
    profile = demand.class_profile[member]
    sizes = np.diff(start)[profile]
    row = runs(start[profile], sizes)
    group = np.repeat(np.arange(len(member), dtype=np.int64), sizes)
    opening = choices.opening[row]
    accepted = np.zeros((len(demand.period_sets), len(instance.periods)), np.bool_)
    for i, periods in enumerate(demand.period_sets):
        accepted[i, list(periods)] = True
    kept = accepted[demand.class_periods[member[group]], supply.opening_period[opening]]
    row, group, opening = row[kept], group[kept], opening[kept]
    number = {line.id: i for i, line in enumerate(instance.lines)}
    of_offer = ints([-1 if offer.line is None else number[offer.line] for offer in instance.offers])
    most = ints([-1 if offer.max_per_school is None else offer.max_per_school for offer in instance.offers])
    school = demand.profile_school[profile]
    return Pairs(
        group=group,
        opening=opening,
        rank=_ranks(parts)[demand.class_wishes[member[group]], supply.sector[supply.opening_offer[opening]]],
        metres=choices.trip_m[row],
        pupils=demand.group_left,
        school=school,
        pupils_of_school=np.bincount(school, demand.group_left, len(instance.schools)).astype(np.int64),
        seats=supply.opening_seats,
        most=most[supply.opening_offer],
        line=of_offer[supply.opening_offer],
        parent=ints([-1 if line.parent is None else number[line.parent] for line in instance.lines]),
        ceiling=ints([-1 if line.ceiling is None else line.ceiling for line in instance.lines]),
    )


def _ranks(parts: Parts) -> Ints:
    """The rank of each sector in each list of wishes."""
    lists, sectors = parts.demand.wish_lists, parts.supply.sectors
    ranks = np.full((len(lists), len(sectors)), parts.instance.unranked_rank, np.int64)
    for i, wishes in enumerate(lists):
        if not wishes:
            ranks[i] = 1
        for rank, sector in enumerate(wishes, 1):
            if sector in sectors:
                ranks[i, sectors[sector]] = rank
    return ranks


def joint_costs(pairs: Pairs) -> tuple[Ints, int]:
    """Cost of each row, and of a pupil without a place, so that one sum compares the three aims in order.

    A pupil weighs more than 64 ranks, a rank more than 64 of the longest trips: enough for every exchange of an
    optimum here, and the answers are compared on the three aims themselves.
    """
    rank = 64 * (int(pairs.metres.max(initial=0)) + 1)
    return pairs.rank * rank + pairs.metres, rank * 64 * (int(pairs.rank.max(initial=0)) + 1)
