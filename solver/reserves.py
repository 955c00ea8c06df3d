"""Reserved seats: at each opening that has some, who may take which, once the pins are seated.

A pupil's category at an offer is its school if seats are reserved for it by name, else the school's priority class if
seats are reserved for that, else none. Pupils of a category take its seats first; the others, and those it has no seat
left for, share the seats reserved for nobody, then those that their category leaves: a cost, not a rule. It knows
nothing of what that costs: that is a tier.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from solver.arrays import Ints, find, ints
from solver.instance import Instance
from solver.parts import Parts


@dataclass(frozen=True)
class Reserves:
    """The openings with reserves, sorted, with the seats reserved for nobody; and one row per category of each.

    `place` is the index of the category's opening among them and `room` the seats kept for it; a row's `key` is its
    opening and its category, a number in `categories`. Seats that the pins take are subtracted.
    """

    opening: Ints
    free: Ints
    key: Ints
    place: Ints
    room: Ints
    category: Ints

    def enter(self, parts: Parts, choice: Ints) -> tuple[Ints, Ints]:
        """The choices (indices into `choice`) that lead to a reserve, and the way in of each.

        Ways in are the rows, then for each opening that of everybody else.
        """
        way = np.flatnonzero(find(self.opening, parts.choices.opening[choice])[1])
        opening = parts.choices.opening[choice[way]]
        school = parts.demand.profile_school[parts.choices.profile[choice[way]]]
        instance, number = parts.instance, {name: i for i, name in enumerate(categories(parts.instance))}
        size, priority = len(number), ints([number[row.priority] for row in instance.schools])
        named, is_named = find(self.key, opening * size + school)
        classed, is_classed = find(self.key, opening * size + priority[school])
        others = len(self.key) + find(self.opening, opening)[0]
        return way, np.where(is_named, named, np.where(is_classed, classed, others))


def list_reserves(parts: Parts) -> Reserves:
    """The reserves of every opening that has seats."""
    instance, number = parts.instance, {name: i for i, name in enumerate(categories(parts.instance))}
    reserving = [offer for offer in instance.offers if offer.reserved]
    names = ((offer, period) for offer in reserving for period, seats in offer.seats.items() if seats)
    rows, openings = [], []
    for opening, offer, period in sorted(
        ((parts.openings[offer.id, period], offer, period) for offer, period in names), key=itemgetter(0)
    ):
        pinned, left = parts.pinned.by_category(offer.id, period), parts.pinned.unreserved(offer.id, period)
        openings.append((opening, max(0, left - parts.pinned.outside(offer.id, period))))
        for name, seats in offer.reserved.items():
            key = opening * len(number) + number[name]
            rows.append((key, len(openings) - 1, max(0, seats - pinned[name]), number[name]))
    whole, parted = ints(openings).reshape(-1, 2), ints(sorted(rows)).reshape(-1, 4)
    return Reserves(whole[:, 0], whole[:, 1], *parted.T)


def categories(instance: Instance) -> tuple[str, ...]:
    """Everything seats may be reserved for: each school, in their order, then each priority class."""
    schools = (f"school:{row.id}" for row in instance.schools)
    return (*schools, *sorted(instance.params.priority_weights))
