"""Whether each reason told to pupils without a place, and each of its facts, is what the plain verifier would find.

It answers yes or no for a whole large round; a fault is for `solver.judge` to name.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from solver.judge.plain.reasons import LISTED_OFFERS
from solver.large_columns import Bools, Ints, canonical, looked_up
from solver.large_round import NO_LIMIT, Round
from solver.large_trips import metres

Kind = tuple[int, int, int, int, int, int, int, tuple[int, ...]]
"""School, level, reach, départements, needs, periods, how many stay together, banned offers: what decides a reason."""
REASONS = ("no_offer_of_level_in_reach", "periods_not_open", "needs_not_served", "banned", "all_seats_taken")


class Reach:
    """The offers of a level that a school's pupils may go to: looked for from west to east only where they can be."""

    def __init__(self, found: Round) -> None:
        self.found, self.offers = found, found.offers
        self._order = np.argsort(found.offers.place[:, 0], kind="stable")
        self._columns = np.ascontiguousarray(found.offers.place[self._order].T)
        self.admitting = cache(self._admitting)

    def near(self, school: int, level: str, reach_m: int) -> tuple[Ints, Ints]:
        """The offers in reach in the order of their names, and the square of the metres to go there."""
        place = self.found.school_place[school]
        first, last = np.searchsorted(self._columns[0], (place[0] - reach_m, place[0] + reach_m + 1))
        x, y, z = self._columns[:, first:last] - place[:, None]
        squared = x * x + y * y + z * z
        inside = np.flatnonzero(squared < (reach_m + 1) ** 2)
        there = self._order[first:last][inside]
        suits = self.admitting(level)[there] & self.found.received[int(self.found.home[school])][there]
        there, squared = there[suits], squared[inside[suits]]
        order = np.argsort(there)
        return there[order], squared[order]

    def nearest_m(self, school: int, level: str, listed: list[str]) -> int | None:
        """The metres to the nearest offer, however far; None without any."""
        there = np.flatnonzero(self.admitting(level) & self.found.received[int(self.found.home[school])])
        there = there[self.is_listed(listed, there)]
        return int(metres(self._squared(school, there).min(keepdims=True))[0]) if len(there) else None

    def is_listed(self, codes: list[str], offers: Ints) -> Bools:
        """Whether each offer is in one of these départements; in any when none is listed."""
        accepted = [not codes or row["code"] in codes for row in self.found.departments]
        kept: Bools = np.array(accepted, np.bool_)[self.offers.department[offers]]
        return kept

    def serving(self, needs: list[str]) -> Bools:
        table, codes = self.offers.serves
        return np.array([{*needs} <= {*each} for each in table], np.bool_)[codes]

    def _admitting(self, level: str) -> Bools:
        table, codes = self.offers.levels
        return np.array([level in each for each in table], np.bool_)[codes]

    def _squared(self, school: int, there: Ints) -> Ints:
        gap = self.offers.place[there] - self.found.school_place[school]
        squared: Ints = (gap * gap).sum(axis=1)
        return squared


class Reasons:
    """Each kind of group's reason, as the placements leave things."""

    def __init__(self, found: Round) -> None:
        self.found, reach = found, Reach(found)
        self.reach = reach
        self._seated, self._together = found.seated(found.trips), found.together(found.trips)
        through, ceilings = found.through(found.trips), [row["ceiling"] for row in found.lines]
        is_full = [ceiling is not None and n >= ceiling for n, ceiling in zip(through.tolist(), ceilings, strict=True)]
        rooms = [NO_LIMIT if most is None else most - n for n, most in zip(through.tolist(), ceilings, strict=True)]
        self._line_room = np.array([*(min(rooms[n] for n in path) for path in found.above), NO_LIMIT], np.int64)
        self._full = [*([found.lines[n]["id"] for n in path if is_full[n]] for path in found.above), []]
        self._serving = cache(lambda code: reach.serving(found.groups.needs[0][code]))
        periods = found.groups.periods[0]
        self._periods = [np.array([found.period_number[name] for name in names], np.int64) for names in periods]
        self._near = cache(self._found_near)

    def is_told(self) -> bool:
        """Whether every row without a place says its reason, and nothing else."""
        found, groups = self.found, self.found.groups
        of, told = found.left.group, found.left.told.values()
        kinds = [groups.school[of], groups.level[of], groups.reach_m[of], groups.departments[1][of]]
        kinds += [groups.needs[1][of], groups.periods[1][of]]
        texts, codes = [list(map(canonical, table)) for table, _ in told], [codes for _, codes in told]
        banned = [found.banned.get(group, ()) for group in of.tolist()] if found.banned else [()] * len(of)
        together = np.where(found.whole[of], groups.count[of], 1)
        rows = {*zip(*(column.tolist() for column in (*kinds, together, *codes)), banned, strict=True)}
        why = cache(self.reason)
        return all(
            why((*row[:7], row[11])) == tuple(table[code] for table, code in zip(texts, row[7:11], strict=True))
            for row in sorted(rows)
        )

    def reason(self, kind: Kind) -> tuple[str, ...] | None:
        """The reason, its offers, lines and facts, as they are spelled; None when a seat is free."""
        school, level, reach_m, departments, needs, periods, together, banned = kind
        near, facts = self._near(school, level, reach_m, departments)
        when = self._periods[periods]
        seats = self.found.offers.seats[np.ix_(near, when)]
        opened = seats > 0
        serving = opened & self._serving(needs)[near][:, None]
        allowed = serving & ~np.isin(near, banned)[:, None] if banned else serving
        free = allowed & (self._seated[np.ix_(near, when)] < seats)
        rows, columns = np.nonzero(free)
        if most := self._most_room(school, near[rows], when[columns]):
            return None if most >= together else _too_large(most, facts)
        lines = sorted({line for offer in near[rows].tolist() for line in self._full[self.found.offers.line[offer]]})
        steps = zip(REASONS, (near.size, opened.any(), serving.any(), allowed.any(), free.any()), strict=True)
        reason = next((name for name, some in steps if not some), "quota_ceiling" if lines else "school_maximum")
        listed = near[allowed.any(axis=1)][:LISTED_OFFERS].tolist() if reason == "all_seats_taken" else []
        names = [self.found.offers.names[offer] for offer in listed]
        return canonical(reason), canonical(names), canonical(lines), canonical(facts)

    def _most_room(self, school: int, offers: Ints, periods: Ints) -> int:
        """How many more pupils of the school the roomiest of these openings would take; 0 when none takes anybody."""
        opening = offers * self.found.periods + periods
        mates = looked_up(*self._together, school * self._seated.size + opening)
        free = self.found.offers.seats[offers, periods] - self._seated[offers, periods]
        room = np.minimum(
            free, np.minimum(self.found.offers.most[offers] - mates, self._line_room[self.found.offers.line[offers]])
        )
        return max(0, int(room.max(initial=0)))

    def _found_near(self, school: int, level: int, reach_m: int, departments: int) -> tuple[Ints, dict[str, int]]:
        """The offers in reach, and the facts."""
        name, listed = self.found.groups.levels[level], self.found.groups.departments[0][departments]
        around, _ = self.reach.near(school, name, reach_m)
        near = around[self.reach.is_listed(listed, around)]
        if len(near):
            return near, {"reachable_offers": len(near)}
        nearest = self.reach.nearest_m(school, name, listed)
        elsewhere = {"in_other_departments": len(around)} if len(around) else {}
        return near, {"reachable_offers": 0} | elsewhere | ({} if nearest is None else {"nearest_m": nearest})


def _too_large(most: int, facts: dict[str, int]) -> tuple[str, ...]:
    return canonical("group_too_large"), canonical([]), canonical([]), canonical(facts | {"largest_room": most})
