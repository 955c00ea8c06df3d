"""Why a pupil is placed there and not in a sector it ranks higher: for each of these, a fact and what it would cost.

The fact is about the places of that sector that the pupil may have, in the words of the reasons of pupils without a
place (`solver.explain`). What it would cost is proven by the certificate's prices: any answer that sends the pupil
there is worse by at least so much in the tier named, and no better in those before it. It is a bound: the prices hold
for everybody at once, so solving again with the pupil pinned there may show more. Nothing is solved here, and all
pupils are explained together. Facts only: whoever shows them writes the sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

import numpy as np

from solver.arrays import Bools, Ints, find, ints
from solver.candidates import Territory, find_reachable
from solver.choices import Choices, list_choices
from solver.explain import full_openings
from solver.files import Document
from solver.geography import trips_m
from solver.higher import Higher, HigherReason, WhyHere
from solver.instance import Instance
from solver.marginal import Known, as_placed, opening_name
from solver.occupancy import Occupancy
from solver.params import Tier
from solver.parts import Parts
from solver.placements import higher_wishes, over_periods, tabulate_placements
from solver.prices import Prices, first_of_each
from solver.residual import Residual
from solver.result import Assignment, Result
from solver.rules import Rule
from solver.side_reasons import SideInquiry
from solver.sides import Sides

CERTIFICATE = "sequence-certificate/1"
"""The layout whose prices tell what a place costs."""


LADDER: tuple[tuple[HigherReason, frozenset[Rule]], ...] = (
    (HigherReason.NO_OFFER_IN_REACH, frozenset({Rule.PERIOD, Rule.NEEDS, Rule.BAN})),
    (HigherReason.PERIODS_NOT_OPEN, frozenset({Rule.NEEDS, Rule.BAN})),
    (HigherReason.NEEDS_NOT_SERVED, frozenset({Rule.BAN})),
    (HigherReason.BANNED, frozenset()),
)
"""The reason when no place is left, without those rules."""

Worse = tuple[str, str, Tier | None, int | None]
"""An offer and a period, and the tier that going there makes worse by at least so much."""


def why_here(
    instance: Instance,
    result: Result,
    certificate: Document | None = None,
    groups: Collection[str] | None = None,
    known: Known | None = None,
) -> tuple[WhyHere, ...]:
    """Every placement (or those of some groups) with what its pupils rank higher, in the order of the result.

    Raises:
        ValueError: an unknown group, another instance's result or certificate, or no placements because pins cannot
            hold.
    """
    for name in groups or ():
        if name not in instance.group:
            raise ValueError(f"groups: unknown {name!r}")
    if certificate is not None and certificate["instance_sha256"] != result.instance_sha256:
        raise ValueError("instance_sha256: the certificate belongs to another instance")
    parts, residual = known or as_placed(instance, result)
    if certificate is not None and certificate["format"] != CERTIFICATE:
        certificate = None  # bounds tell no choice from another
    rows = [row for row in result.assignments if groups is None or row.group in groups]
    inquiry = _Inquiry(parts, residual, rows, _last_word(instance, result))
    worse = {} if certificate is None else inquiry.price(Prices(parts, certificate, _longest(result)))
    told: list[list[Higher]] = [[] for _ in rows]
    for row, higher in inquiry.run(Occupancy(instance, result.assignments), worse):
        told[row].append(higher)
    return tuple(
        WhyHere(it.group, it.offer, it.period, it.count, _rank(instance, it), (*why,))
        for it, why in zip(rows, told, strict=True)
    )


def _last_word(instance: Instance, result: Result) -> HigherReason:
    """What is said of a seat that is free and that nothing seen here keeps the pupil from."""
    if not Sides(instance).exist:
        return HigherReason.EARLIER_AIM
    before = result.tiers[: 1 + next(i for i, row in enumerate(result.tiers) if row.tier is Tier.WISHES)]
    closed = all(row.proof != "none" and row.bound == row.value for row in before)
    return HigherReason.GROUP_RULES if closed else HigherReason.NOT_PROVEN


def _rank(instance: Instance, row: Assignment) -> int:
    return instance.rank(instance.group[row.group], instance.offer[row.offer].sector)


def _longest(result: Result) -> int:
    return next(row.value for row in result.tiers if row.tier is Tier.LONGEST)


class _Inquiry:
    """Answers for rows (placement, sector ranked higher) all at once.

    A row may have a choice when they have the same key (profile, period, sector), for one of the row's periods.
    """

    def __init__(self, parts: Parts, residual: Residual, rows: list[Assignment], last_word: HigherReason) -> None:
        self.parts, self.residual, self.rows, self.last_word = parts, residual, rows, last_word
        self.made = made = tabulate_placements(parts, rows)
        self.row, self.place, self.sector = higher_wishes(parts, made)
        self.sectors = max(1, len(parts.supply.sectors))
        known = np.flatnonzero(self.sector >= 0)
        origin, when = over_periods(parts, made.member[self.row[known]])
        self.origin = known[origin]
        self.key = when * self.sectors + self.sector[self.origin]
        keys = self._keys(parts.choices)
        self.mine = np.flatnonzero(np.isin(keys, self.key))
        self.menu_key = keys[self.mine]
        self.profile, self.opening = parts.choices.profile[self.mine], parts.choices.opening[self.mine]
        self.school = parts.demand.profile_school[self.profile]

    def run(self, occupancy: Occupancy, worse: Mapping[int, Worse]) -> Iterator[tuple[int, Higher]]:
        """The number of the placement, and its answer for one sector: sectors in the order of the wishes."""
        openings, wishes = self._count(self.menu_key), self.parts.demand.wish_lists
        lists = self.parts.demand.class_wishes[self.made.member[self.row]].tolist()
        rows = zip(
            self.row.tolist(), lists, self.place.tolist(), self._reasons(occupancy), openings.tolist(), strict=True
        )
        for i, (row, which, place, reason, count) in enumerate(rows):
            told = worse.get(i, ()) if reason is not HigherReason.PINNED else ()
            yield row, Higher(wishes[which][place], place + 1, HigherReason(reason), count, *told)

    def _keys(self, choices: Choices) -> Ints:
        supply = self.parts.supply
        when = choices.profile * len(self.parts.instance.periods) + supply.opening_period[choices.opening]
        return when * self.sectors + supply.sector[supply.opening_offer[choices.opening]]

    def _count(self, keys: Ints) -> Ints:
        """How many of the choices with these keys each row may have."""
        known, times = np.unique(keys, return_counts=True)
        at, exists = find(known, self.key)
        counts = np.where(exists, times[at] if len(times) else 0, 0)
        return np.bincount(self.origin, counts, len(self.row)).astype(np.int64)

    def _reasons(self, occupancy: Occupancy) -> list[HigherReason]:
        instance, supply = self.parts.instance, self.parts.supply
        seats = ~full_openings(instance, supply, occupancy)[self.opening]
        under = np.array([bool(occupancy.saturated_lines(row.id)) for row in instance.offers], np.bool_)
        quota = seats & ~under[supply.opening_offer[self.opening]]
        room = quota & ~self.residual.entrance(self.school, self.opening)[1]
        reason = np.full(len(self.row), self.last_word, object)
        enough, numerous = self._together(occupancy, room)
        reason[self._count(self.menu_key[numerous]) == 0] = HigherReason.MINIMUM_GROUP
        reason[self._count(self.menu_key[enough]) == 0] = HigherReason.GROUP_TOO_LARGE
        reason[self._count(self.menu_key[room]) == 0] = HigherReason.SCHOOL_MAXIMUM
        reason[self._count(self.menu_key[quota]) == 0] = HigherReason.QUOTA_CEILING
        reason[self._count(self.menu_key[seats]) == 0] = HigherReason.ALL_SEATS_TAKEN
        reason[self.made.free[self.row] == 0] = HigherReason.PINNED
        none = np.flatnonzero(self._count(self.menu_key) == 0)
        for why, rows in self._kept_out(none):
            reason[rows] = why
        return list(reason)

    def _together(self, occupancy: Occupancy, room: Bools) -> tuple[Bools, Bools]:
        """Of the choices with room, those that take all who stay together; of these, those where they are numerous."""
        instance = self.parts.instance
        if not Sides(instance).exist:
            return room, room
        size = {row.id: row.count for row in instance.groups if row.id in instance.units}
        count = ints([size.get(profile[5], 1) for profile in self.parts.demand.profiles])[self.profile]
        enough, numerous = room.copy(), room.copy()
        inquiry = SideInquiry(instance, occupancy, ())
        for i in np.flatnonzero(room).tolist():
            name, school = opening_name(self.parts, int(self.opening[i])), instance.schools[int(self.school[i])].id
            enough[i] = occupancy.room(school, *name)[0] >= count[i]
            numerous[i] = enough[i] and inquiry.is_enough(school, name, int(count[i]))
        return enough, numerous

    def _kept_out(self, rows: Ints) -> Iterator[tuple[HigherReason, Ints]]:
        """The first rule that leaves these rows nothing."""
        if not len(rows):
            return
        instance, demand, supply = self.parts.instance, self.parts.demand, self.parts.supply
        reachable = find_reachable(instance, supply, Territory.of(instance, supply))
        for why, without in LADDER:
            choices = list_choices(instance, demand, supply, reachable, without)
            if Rule.PERIOD in without:
                sector = supply.sector[supply.opening_offer[choices.opening]]
                profile = demand.class_profile[self.made.member[self.row]]
                has_any = np.isin(profile * self.sectors + self.sector, choices.profile * self.sectors + sector)
                has_any &= self.sector >= 0
            else:
                has_any = self._count(self._keys(choices)) > 0
            yield why, rows[~has_any[rows]]
            rows = rows[has_any[rows]]

    def price(self, prices: Prices) -> dict[int, Worse]:
        """For each row that may have a place somebody can be moved from: the least costly, and what it makes worse."""
        parts = self.parts
        open_to = (parts.seats[self.opening] > 0) & (parts.school_limit[self.mine] > 0)
        at = np.flatnonzero(open_to)
        cost = prices.cost(self.school[at], self.opening[at], parts.choices.trip_m[self.mine[at]])
        best = first_of_each(self.menu_key[at], cost)
        found, exists = find(self.menu_key[at[best]], self.key)
        row, option = self.origin[exists], best[found[exists]]
        opening, there = self.opening[at[option]], cost[:, option]
        told_row, promised = self._promised(at)
        kept = cost[:, promised]
        kept[prices.tiers.index(Tier.STABILITY)] -= 1
        row, opening = np.concatenate((row, told_row)), np.concatenate((opening, self.opening[at[promised]]))
        there = np.concatenate((there, kept), axis=1)
        least = first_of_each(row, there)
        row, opening, there = row[least], opening[least], there[:, least]
        there[prices.tiers.index(Tier.WISHES)] += self.place[row] + 1
        extra = there - self._cost_now(prices)[:, self.row[row]]
        first = (extra != 0).argmax(axis=0)
        more = np.take_along_axis(extra, first[None], axis=0)[0]
        told = zip(row.tolist(), opening.tolist(), first.tolist(), more.tolist(), strict=True)
        return {i: (*opening_name(parts, o), *((prices.tiers[t], n) if n else (None, None))) for i, o, t, n in told}

    def _cost_now(self, prices: Prices) -> Ints:
        """What each placement costs at the prices, rank included."""
        parts, made = self.parts, self.made
        instance, demand, supply = parts.instance, parts.demand, parts.supply
        school = demand.profile_school[demand.class_profile[made.member]]
        offer = supply.opening_offer[made.opening]
        places = ints([row.position for row in instance.schools]).reshape(-1, 3)
        trip = trips_m(places[school], supply.position[offer])
        cost = prices.cost(school, made.opening, trip, made.rank)
        told = self._told
        kept = [bool(told) and told[row.group, row.offer, row.period] >= row.count for row in self.rows]
        cost[prices.tiers.index(Tier.STABILITY)] -= ints(kept)
        return cost

    @cached_property
    def _told(self) -> Counter[tuple[str, str, str]]:
        return Counter({(row.group, row.offer, row.period): row.count for row in self.parts.instance.announced})

    def _promised(self, at: Ints) -> tuple[Ints, Ints]:
        """Rows whose group was told a place of the sector that not all of it has, and which of these choices it is."""
        instance, size = self.parts.instance, len(self.parts.supply.opening_offer)
        missing = self._told - Counter({(row.group, row.offer, row.period): row.count for row in self.rows})
        places: dict[tuple[str, int], list[int]] = {}
        for group, offer, period in sorted(missing):
            opening = self.parts.openings.get((offer, period))
            if opening is not None and period in instance.group[group].periods:
                sector = self.parts.supply.sectors[instance.offer[offer].sector]
                places.setdefault((group, sector), []).append(opening)
        asked = zip(self.row.tolist(), self.sector.tolist(), strict=True) if places else ()
        pairs = [(i, o) for i, (row, which) in enumerate(asked) for o in places.get((self.rows[row].group, which), ())]
        wanted = ints(pairs).reshape(-1, 2).T
        profile = self.parts.demand.class_profile[self.made.member[self.row[wanted[0]]]]
        found, exists = find(self.profile[at] * size + self.opening[at], profile * size + wanted[1])
        return wanted[0][exists], found[exists]
