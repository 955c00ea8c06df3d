"""Whether each reason told to pupils without a place, and each of its facts, is what the plain verifier would find.

It answers yes or no for a whole large round; a fault is for `solver.judge` to name.
"""

from __future__ import annotations

from functools import cache, lru_cache
from operator import getitem

import numpy as np
from numpy.typing import NDArray

from solver.judge.plain.reasons import LISTED_OFFERS
from solver.large_columns import Bools, Ints, canonical, joined, looked_up
from solver.large_round import NO_LIMIT, Round
from solver.large_trips import metres

Kind = tuple[int, int, int, int, int, int, int, int]
"""School, level, reach, départements, needs, periods, how many stay together, bans: what decides a reason."""
REASONS = ("no_offer_of_level_in_reach", "periods_not_open", "needs_not_served", "banned", "all_seats_taken")
CLOSED, OPEN, SERVING, ALLOWED, FREE, ROOMY = range(6)
"""How far a kind of group gets at an offer: beyond a free seat, to room under every quota line."""
STAGES = 64
"""Pairs of needs and periods, the last ones asked, for which it is known how far they get everywhere."""


class Reach:
    """The offers of a level that a school's pupils may go to: looked for from west to east only where they can be.

    Asked school by school, it looks around each of them once.
    """

    def __init__(self, found: Round) -> None:
        self.found, self.offers = found, found.offers
        self._order = np.argsort(found.offers.place[:, 0], kind="stable")
        self._columns = np.ascontiguousarray(found.offers.place[self._order].T)
        self._widest = np.zeros(len(found.schools), np.int64)
        np.maximum.at(self._widest, found.groups.school, found.groups.reach_m)
        self._around = lru_cache(1)(self._found_around)
        self.admitting, self._listed = cache(self._admitting), cache(self._found_listed)

    def near(self, school: int, level: str, reach_m: int) -> tuple[Ints, Ints]:
        """The offers in reach in the order of their names, and the square of the metres to go there.

        For a reach that a group of the school has.
        """
        there, squared = self._around(school)
        suits = self.admitting(level)[there] & (squared < (reach_m + 1) ** 2)
        return there[suits], squared[suits]

    def _found_around(self, school: int) -> tuple[Ints, Ints]:
        """The offers of any level that the school's widest reach holds."""
        place, reach_m = self.found.school_place[school], int(self._widest[school])
        first, last = np.searchsorted(self._columns[0], (place[0] - reach_m, place[0] + reach_m + 1))
        x, y, z = self._columns[:, first:last] - place[:, None]
        squared = x * x + y * y + z * z
        inside = np.flatnonzero(squared < (reach_m + 1) ** 2)
        there = self._order[first:last][inside]
        suits = self.found.received[int(self.found.home[school])][there]
        there, squared = there[suits], squared[inside[suits]]
        order = np.argsort(there)
        return there[order], squared[order]

    def nearest_m(self, school: int, level: str, listed: int) -> int | None:
        """The metres to the nearest offer, however far; None without any."""
        there = np.flatnonzero(self.admitting(level) & self.found.received[int(self.found.home[school])])
        there = there[self.is_listed(listed, there)]
        return int(metres(self._squared(school, there).min(keepdims=True))[0]) if len(there) else None

    def is_listed(self, code: int, offers: Ints) -> Bools:
        """Whether each offer is in one of the départements that some groups accept."""
        return self._listed(code)[self.offers.department[offers]]

    def _found_listed(self, code: int) -> Bools:
        """For each département; all of them when none is listed."""
        codes = self.found.groups.departments[0][code]
        return np.array([not codes or row["code"] in codes for row in self.found.departments], np.bool_)

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
        self.found, self.reach = found, Reach(found)
        self._seated, self._together = found.seated(found.trips), found.together(found.trips)
        through, ceilings = found.through(found.trips), [row["ceiling"] for row in found.lines]
        is_full = [ceiling is not None and n >= ceiling for n, ceiling in zip(through.tolist(), ceilings, strict=True)]
        rooms = [NO_LIMIT if most is None else most - n for n, most in zip(through.tolist(), ceilings, strict=True)]
        room = np.array([*(min(rooms[n] for n in path) for path in found.above), NO_LIMIT], np.int64)
        self._line_room = room[found.offers.line]
        self._full = [*([found.lines[n]["id"] for n in path if is_full[n]] for path in found.above), []]
        self._opened = np.ascontiguousarray(found.offers.seats.T > 0)
        self._free = self._opened & (self._seated < found.offers.seats).T
        periods = found.groups.periods[0]
        self._periods = [np.array([found.period_number[name] for name in names], np.int64) for names in periods]
        self._names = list(map(canonical, found.offers.names))
        self._stages, self._lines = lru_cache(STAGES)(self._found_stages), cache(self._spelled_lines)
        self._near = lru_cache(1)(self._found_near)

    def is_told(self) -> bool:
        """Whether every row without a place says its reason, and nothing else."""
        found, groups = self.found, self.found.groups
        of, told = found.left.group, found.left.told.values()
        together = np.where(found.whole[of], groups.count[of], 1)
        kinds = [groups.school[of], groups.level[of], groups.reach_m[of], groups.departments[1][of]]
        kinds += [groups.needs[1][of], groups.periods[1][of], together, found.ban_lists[1][of]]
        said = [codes for _, codes in told]
        first, _ = joined(*kinds, *said)
        rows = (zip(*(column[first].tolist() for column in columns), strict=True) for columns in (kinds, said))
        texts, why = [list(map(canonical, table)) for table, _ in told], lru_cache(1)(self.reason)
        return all(why(kind) == tuple(map(getitem, texts, codes)) for kind, codes in zip(*rows, strict=True))

    def reason(self, kind: Kind) -> tuple[str, ...] | None:
        """The reason, its offers, lines and facts, as they are spelled; None when a seat is free."""
        school, level, reach_m, departments, needs, periods, together, bans = kind
        near, facts, told = self._near(school, level, reach_m, departments)
        stage = self._stages(needs, periods)[near]
        if bans:
            stage[np.isin(near, self.found.ban_lists[0][bans]) & (stage > SERVING)] = SERVING
        furthest = int(stage.max(initial=-1))
        if furthest < FREE:
            listed = near[stage == ALLOWED][:LISTED_OFFERS].tolist() if furthest == ALLOWED else []
            names = ",".join([self._names[offer] for offer in listed])
            return canonical(REASONS[furthest + 1]), f"[{names}]", "[]", told
        free = near[stage >= FREE]
        if furthest == ROOMY and (most := self._most_room(school, free, self._periods[periods])):
            return None if most >= together else _too_large(most, facts)
        lines = self._lines(frozenset(self.found.offers.line[free].tolist()))
        return canonical("school_maximum" if lines == "[]" else "quota_ceiling"), "[]", lines, told

    def _found_stages(self, needs: int, periods: int) -> NDArray[np.int8]:
        """How far groups with such needs and periods get at each offer, bans apart."""
        when, serving = self._periods[periods], self.reach.serving(self.found.groups.needs[0][needs])
        opened, free = self._opened[when].any(axis=0), self._free[when].any(axis=0)
        found: NDArray[np.int8] = np.where(opened, np.int8(OPEN), np.int8(CLOSED))
        found[opened & serving] = ALLOWED
        found[free & serving] = FREE
        found[free & serving & (self._line_room > 0)] = ROOMY
        return found

    def _spelled_lines(self, some: frozenset[int]) -> str:
        """The full quota lines among these and wider ones."""
        return canonical(sorted({name for line in some for name in self._full[line]}))

    def _most_room(self, school: int, offers: Ints, periods: Ints) -> int:
        """How many more pupils of the school the roomiest free opening would take; 0 when none takes anybody."""
        rows, columns = np.nonzero(self._free[np.ix_(periods, offers)].T)
        offer, period = offers[rows], periods[columns]
        mates = looked_up(*self._together, school * self._seated.size + offer * self.found.periods + period)
        free = self.found.offers.seats[offer, period] - self._seated[offer, period]
        room = np.minimum(free, np.minimum(self.found.offers.most[offer] - mates, self._line_room[offer]))
        return max(0, int(room.max(initial=0)))

    def _found_near(self, school: int, level: int, reach_m: int, departments: int) -> tuple[Ints, dict[str, int], str]:
        """The offers in reach, and the facts, as they are and spelled."""
        name = self.found.groups.levels[level]
        around, _ = self.reach.near(school, name, reach_m)
        near = around[self.reach.is_listed(departments, around)]
        facts = {"reachable_offers": len(near)}
        if not len(near):
            nearest = self.reach.nearest_m(school, name, departments)
            facts |= {"in_other_departments": len(around)} if len(around) else {}
            facts |= {} if nearest is None else {"nearest_m": nearest}
        return near, facts, canonical(facts)


def _too_large(most: int, facts: dict[str, int]) -> tuple[str, ...]:
    return canonical("group_too_large"), canonical([]), canonical([]), canonical(facts | {"largest_room": most})
