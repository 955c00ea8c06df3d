"""What each group of a large round could have best at the certificate's prices, a place or none: its potential.

Menus are made for some profiles at a time (a profile is what a group may reach: school, level, reach, départements,
needs, bans), so that the millions of choices never stand in memory together. Lots are only drawn between choices that
the rest ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from solver.large_columns import Ints, looked_up
from solver.large_prices import Prices, greatest, signs
from solver.large_reasons import Reach
from solver.large_round import Round
from solver.large_trips import UNRANKED, Gauge, Lots, metres, unranked_rank

AT_ONCE = 200_000
"""Choices looked at together."""


@dataclass(frozen=True)
class Menu:
    """The best choices of some profiles: for each key (profile, period, sector), those that only the draw tells apart.

    The last sector stands for all of them. `keys` are in order; choice `starts[i]` is the first of key i.
    """

    keys: Ints
    starts: Ints
    offer: Ints
    period: Ints
    value: Ints


class Menus:
    """The menus of a round at the certificate's prices."""

    def __init__(self, found: Round, prices: Prices, lots: Lots, gauge: Gauge) -> None:
        self.found, self.prices, self.lots, self.gauge, self._reach = found, prices, lots, gauge, Reach(found)
        self._sectors = len(found.offers.sectors) + 1
        self._first, self.profile = found.profiles
        self._serving = cache(lambda code: self._reach.serving(found.groups.needs[0][code]))
        self._room = found.offers.seats - found.seated(found.pins) > 0
        self._bans, self._banned = found.ban_lists
        self._mates = found.together(found.pins)
        self._accepted, self._wishes, self._asking = self._tables()
        opened = np.flatnonzero(found.offers.seats.reshape(-1) >= 0)
        self._opened = prices.lines.of(found.offers.line[opened // found.periods])
        self._opened -= prices.openings.of(opened)
        self._place = np.zeros(found.offers.seats.size, np.int64)
        self._place[opened] = np.arange(len(opened))

    def potentials(self, none: Ints) -> Ints:
        """One column for each group, `none` being what a pupil without a place has."""
        found, order = none.copy(), np.argsort(self.profile, kind="stable")
        bounds = np.searchsorted(self.profile[order], np.arange(len(self._first) + 1))
        for first, last, menu in self._menus():
            groups = order[bounds[first] : bounds[last]]
            found[:, groups] = self._best(groups, menu, none[:, groups])
        return found

    def _tables(self) -> tuple[np.ndarray, Ints, Ints]:
        """By code: the periods that groups accept, their sectors by rank (-1 where nobody offers it), how many."""
        (periods, _), (wishes, _) = self.found.groups.periods, self.found.groups.wishes
        accepted = np.zeros((len(periods), self.found.periods), np.bool_)
        for code, names in enumerate(periods):
            accepted[code, [self.found.period_number[name] for name in names]] = True
        number = {name: code for code, name in enumerate(self.found.offers.sectors)}
        ranked = np.full((len(wishes), max(map(len, wishes), default=0)), -1, np.int64)
        for code, names in enumerate(wishes):
            ranked[code, : len(names)] = [number.get(name, -1) for name in names]
        return accepted, ranked, np.array([len(names) for names in wishes], np.int64)

    def _menus(self) -> Iterator[tuple[int, int, Menu]]:
        """The first profile, the one after the last, and their menu."""
        first, kept, size = 0, list[tuple[Ints, Ints]](), 0
        for profile in range(len(self._first)):
            kept.append(self._choices(profile))
            size += len(kept[-1][0])
            if size >= AT_ONCE or profile + 1 == len(self._first):
                yield first, profile + 1, self._menu(first, kept)
                first, kept, size = profile + 1, [], 0

    def _choices(self, profile: int) -> tuple[Ints, Ints]:
        """The offers that receive such pupils, whatever is left of them, and the metres to go there."""
        group, groups = int(self._first[profile]), self.found.groups
        level = groups.levels[groups.level[group]]
        near, squared = self._reach.near(int(groups.school[group]), level, int(groups.reach_m[group]))
        suits = self._serving(int(groups.needs[1][group]))[near]
        suits &= self._reach.is_listed(int(groups.departments[1][group]), near)
        if banned := self._bans[self._banned[group]]:
            suits &= ~np.isin(near, banned)
        return near[suits], metres(squared[suits])

    def _menu(self, first: int, kept: list[tuple[Ints, Ints]]) -> Menu:
        profile = np.repeat(np.arange(first, first + len(kept)), [len(offers) for offers, _ in kept])
        offer, trip = (np.concatenate([pair[i] for pair in kept]) for i in (0, 1))
        row, period = np.nonzero(self._room[offer])
        profile, offer, trip = profile[row], offer[row], trip[row]
        school = self.found.groups.school[self._first[profile]]
        held = self.prices.held(school, offer * self.found.periods + period)
        if len(self._mates[0]):
            some = np.flatnonzero(looked_up(*self._mates, held) < self.found.offers.most[offer])
            profile, offer, trip, period, held = (column[some] for column in (profile, offer, trip, period, held))
        key = (profile * self.found.periods + period) * self._sectors + self.found.offers.sector[offer]
        order = np.argsort(key, kind="stable")
        key, offer, trip, period, held = (column[order] for column in (key, offer, trip, period, held))
        value = self.seat(offer, period, held)
        self.gauge.add(value, "distance", -trip)
        self.gauge.add(value, "longest", -self.gauge.over(trip))
        each = greatest(key, value[:-1])
        every = each[greatest(key[each] // self._sectors, value[:-1, each])]
        whole = key[every] // self._sectors * self._sectors + self._sectors - 1
        keys, picked = np.concatenate((key[each], whole)), np.concatenate((each, every))
        order = np.argsort(keys, kind="stable")
        keys, starts = np.unique(keys[order], return_index=True)
        picked = picked[order]
        return Menu(keys, np.append(starts, len(picked)), offer[picked], period[picked], value[:, picked])

    def seat(self, offer: Ints, period: Ints, held: Ints) -> Ints:
        """The potential of the last limit before a school's pupils at each opening that is open."""
        found: Ints = self._opened[:, self._place[offer * self.found.periods + period]]
        self.prices.maxima.take_off(found, held)
        return found

    def _best(self, groups: Ints, menu: Menu, none: Ints) -> Ints:
        """The potentials of some groups, whose profiles are all on the menu."""
        who, at, rank = self._options(groups, menu)
        value = menu.value[:-1, menu.starts[at]]
        self.gauge.add(value, "wishes", -np.abs(rank))
        top = greatest(who, value)
        sign = signs(value[:, top] - none[:-1, who[top]])
        top, sign = top[sign >= 0], sign[sign >= 0]
        found = none.copy()
        if not len(top):
            return found
        if not self.gauge.draws:
            found[:-1, who[top]] = value[:, top]
            return found
        drawn = self._drawn(groups, who[top], at[top], rank[top], menu)
        higher = top[sign > 0]
        found[:-1, who[higher]] = value[:, higher]
        found[-1, who[higher]] = np.iinfo(np.int64).min
        np.maximum.at(found[-1], who[top], drawn)
        return found

    def _options(self, groups: Ints, menu: Menu) -> tuple[Ints, Ints, Ints]:
        """What the groups may have from the menu, group after group: who, which key, at what rank.

        The rank is negative where the sector is not ranked.
        """
        of = self.found.groups
        who, period = np.nonzero(self._accepted[of.periods[1][groups]])
        wishes = of.wishes[1][groups][who]
        begin = (self.profile[groups][who] * self.found.periods + period) * self._sectors
        every = -np.where(self._asking[wishes] > 0, unranked_rank(self.found), 1)
        columns = [(who, begin + self._sectors - 1, every)]
        for slot in range(self._wishes.shape[1]):
            sector = self._wishes[wishes, slot]
            some = np.flatnonzero(sector >= 0)
            columns.append((who[some], begin[some] + sector[some], np.full(len(some), slot + 1, np.int64)))
        who, key, rank = (np.concatenate([each[i] for each in columns]) for i in range(3))
        at = np.searchsorted(menu.keys, key)
        offered = np.flatnonzero(menu.keys[np.minimum(at, len(menu.keys) - 1)] == key if len(menu.keys) else at < 0)
        offered = offered[np.argsort(who[offered], kind="stable")]
        return who[offered], at[offered], rank[offered]

    def _drawn(self, groups: Ints, who: Ints, at: Ints, rank: Ints, menu: Menu) -> Ints:
        """The last number of each option's value: the best choice's lot and the class's are taken off."""
        ranked = np.where(rank > 0, menu.keys[at] % self._sectors, UNRANKED)
        keys, option = np.unique(at, return_inverse=True)
        return self._best_lots(keys, menu)[option] - self.lots.of_classes(groups[who], ranked)

    def _best_lots(self, keys: Ints, menu: Menu) -> Ints:
        """The last number of the best choice under each key."""
        size = menu.starts[keys + 1] - menu.starts[keys]
        begin = np.cumsum(size) - size
        tied = np.arange(int(size.sum())) + np.repeat(menu.starts[keys] - begin, size)
        profile = np.repeat(menu.keys[keys] // self._sectors // self.found.periods, size)
        lots = self.lots.of_trips(profile, menu.offer[tied], menu.period[tied])
        best: Ints = np.maximum.reduceat(menu.value[-1, tied] - lots, begin)
        return best
