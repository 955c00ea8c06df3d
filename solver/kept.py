"""Announced placements that may still hold: an arc of their own for each group, offer and period.

A placement that is no longer admissible (the offer has closed, the limit has moved) has no arc: its pupils count as
moved whatever happens. It knows nothing of what moving somebody costs: that is a tier.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints, find, ints
from solver.parts import Parts


@dataclass(frozen=True)
class Kept:
    """Rows in the order of `Instance.announced`: the class, its choice (an index into `Choices`), the rank obtained.

    `count` is the number of pupils told and not fixed there.
    """

    member: Ints
    choice: Ints
    rank: Ints
    count: Ints


def list_kept(parts: Parts) -> Kept:
    """The announced placements that the group's profile and periods still admit, at an opening that has a seat."""
    instance, demand, choices = parts.instance, parts.demand, parts.choices
    pinned = Counter({(row.group, row.offer, row.period): row.count for row in parts.fixed})
    number = {row.id: i for i, row in enumerate(instance.groups)} if instance.announced else {}
    found = []
    for row in instance.announced:
        group, offer, opening = instance.group[row.group], instance.offer[row.offer], (row.offer, row.period)
        if row.period in instance.accepted(group) and opening in parts.openings:
            count = row.count - pinned[row.group, row.offer, row.period]
            found.append((number[row.group], parts.openings[opening], instance.rank(group, offer.sector), count))
    rows = ints(found).reshape(-1, 4)
    who, where, rank, told = rows[demand.group_left[rows[:, 0]] > 0].T
    member = demand.group_class[who]
    size = len(parts.supply.opening_offer)
    at, exists = find(choices.profile * size + choices.opening, demand.class_profile[member] * size + where)
    kept = np.flatnonzero(exists & (told > 0) & (demand.class_periods[member] != demand.nowhere))
    return Kept(member[kept], at[kept], rank[kept], told[kept])
