"""What a trip weighs in a large round: whom an offer receives, the metres, the rank of the sector, the draw.

Exact whole numbers, from the instance alone. It is written from the documents, like the plain judges it agrees with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from solver.large_columns import Bools, Ints, by_pair, canonical
from solver.large_layout import SILENT_TIERS
from solver.large_round import Round, Trips


def metres(squared: Ints) -> Ints:
    """The whole square root, rounded down: a floating-point one is off by one at most, and is put right."""
    root = np.sqrt(squared.astype(np.float64)).astype(np.int64)
    root -= root * root > squared
    root += (root + 1) * (root + 1) <= squared
    return root


def squared_metres(found: Round, school: Ints, offer: Ints) -> Ints:
    gap = found.school_place[school] - found.offers.place[offer]
    squared: Ints = (gap * gap).sum(axis=1)
    return squared


def unranked_rank(found: Round) -> int:
    table, codes = found.groups.wishes
    return 1 + max((len(table[code]) for code in np.unique(codes).tolist()), default=0)


def ranks(found: Round, trips: Trips) -> tuple[Ints, Bools]:
    """The rank of each trip's sector, and whether the pupils rank it at all."""
    (table, codes), sectors = found.groups.wishes, found.offers.sectors
    outside = unranked_rank(found)

    def rank(wishes: int, sector: int) -> int:
        ranked, name = table[wishes], sectors[sector]
        return -(ranked.index(name) + 1) if name in ranked else outside if ranked else 1

    signed: Ints = by_pair(codes[trips.group], found.offers.sector[trips.offer], len(sectors), rank, np.int64)
    return np.abs(signed), signed < 0


@dataclass(frozen=True)
class Gauge:
    """What a trip costs in the tier `longest`, as in `solver.judge`: 1 when it is longer than all those made.

    `shortening`, it is 1 when it is as long as the longest, and the tiers after it are left out.
    """

    tiers: list[str]
    longest: int
    shortening: bool = False

    @property
    def row(self) -> int:
        return self.tiers.index("longest")

    @property
    def draws(self) -> bool:
        """Whether lots count for anything."""
        return not self.shortening

    def places(self, aim: str) -> list[tuple[int, int]]:
        """The rows of a column where an aim counts, and how much one of it weighs there."""
        row = self.tiers.index(aim)
        return [] if self.shortening and row > self.row else [(row, 1)]

    def add(self, columns: Ints, aim: str, amount: Ints | int) -> None:
        """So much of an aim, in place: one amount for each column, or one for all."""
        for row, weight in self.places(aim):
            columns[row] += weight * amount

    def over(self, trip_m: Ints) -> Ints:
        return (trip_m > self.longest - self.shortening).astype(np.int64)

    def priced(self, columns: Ints) -> Ints:
        """Prices, changed in place: none has a say on trips longer than those made, nor on what is left out."""
        if self.shortening:
            columns[self.row + 1 :] = 0
        else:
            columns[self.row] = 0
        return columns


@dataclass(frozen=True)
class Weighed(Gauge):
    """The same for one weighted sum in place of every tier from the row `closed` on; lots count in a sum of theirs.

    In a sum with the longest trip, what a trip costs there is 1 when it is longer than `longest` says.
    """

    closed: int = 0
    weights: Mapping[str, int] = field(default_factory=dict)

    @property
    def draws(self) -> bool:
        return "draw" in self.weights

    def places(self, aim: str) -> list[tuple[int, int]]:
        row = self.tiers.index(aim)
        alone = [(row, 1)] if row < self.closed else []
        return [*alone, *([(self.closed, self.weights[aim])] if aim in self.weights else [])]

    def priced(self, columns: Ints) -> Ints:
        columns[self.closed + 1 :] = 0
        return super().priced(columns) if self.closed > self.row else columns


def longest_of(costs: dict[str, Ints]) -> int:
    """The longest of some trips, whose costs are known (metres)."""
    return int(costs["distance"].max(initial=0))


def tier_values(found: Round, trips: Trips, costs: dict[str, Ints]) -> dict[str, int]:
    """Each tier's value, from its definition and the trips alone; `costs` are `trip_costs` of these trips."""
    left = found.pupils.copy()
    np.subtract.at(left, found.groups.school[trips.group], trips.count)
    equity = sum(map(_equity, left.tolist(), found.weight.tolist(), found.pupils.tolist()))
    counted = {"placed": int(left.sum()), "equity": equity, "longest": longest_of(costs)}
    return counted | trip_values(found, trips, costs)


def trip_values(found: Round, trips: Trips, costs: dict[str, Ints]) -> dict[str, int]:
    """What the trips bring to each tier, those that count who is left apart."""
    promised = np.array([row["commitment"] or 0 for row in found.lines], np.int64)
    short = int(np.maximum(0, promised - found.through(trips)).sum())
    silent = dict.fromkeys(SILENT_TIERS, 0)
    return silent | {"commitments": short} | {tier: int(trips.count @ cost) for tier, cost in costs.items()}


def _equity(left: int, weight: int, pupils: int) -> int:
    return int(levels(np.arange(1, left + 1), weight, pupils).sum())


def levels(nth: Ints, weight: Ints | int, pupils: Ints | int) -> Ints:
    """What the nth unplaced pupil of a school weighs in equity."""
    found: Ints = nth * weight * 1_000_000 // (100 * np.maximum(1, pupils))
    return found


def trip_costs(found: Round, lots: Lots, trips: Trips) -> dict[str, Ints]:
    """What one pupil of each row costs in each tier that counts trips."""
    rank, is_ranked = ranks(found, trips)
    squared = squared_metres(found, found.groups.school[trips.group], trips.offer)
    return {"wishes": rank, "distance": metres(squared), "draw": lots.drawn(trips, is_ranked)}


class Lots:
    """The draw: twenty bits that nobody chooses, by the names of what is drawn."""

    def __init__(self, found: Round) -> None:
        groups, self.found = found.groups, found
        tables = (found.schools, groups.levels, groups.needs[0], groups.periods[0], groups.wishes[0])
        codes = (groups.school, groups.level, groups.needs[1], groups.periods[1], groups.wishes[1])
        self._spelled = [list(map(canonical, table)) for table in tables]
        self._codes, self._reach_m = [column.tolist() for column in codes], groups.reach_m.tolist()
        self._drawn_classes, names = dict[tuple[int, str], int](), found.offers.names
        self._bans = {group: canonical([names[offer] for offer in some]) for group, some in found.banned.items()}
        self._lists = [f",{canonical(codes)}" if codes else "" for codes in groups.departments[0]]
        self._list_of = groups.departments[1].tolist()

    def profile(self, group: int) -> str:
        """The spelling of what a group may reach, whatever it wishes."""
        school, level, needs, _, _ = self._spelled
        at_school, at_level, at_needs, _, _ = self._codes
        bans, listed = self._bans.get(group, "[]"), self._lists[self._list_of[group]]
        rest = f"{self._reach_m[group]},{needs[at_needs[group]]},{bans}{listed}]"
        return f"[{school[at_school[group]]},{level[at_level[group]]},{rest}"

    def of_class(self, group: int, sector: str) -> int:
        """`sector` is empty when the group does not rank it."""
        if (found := self._drawn_classes.get((group, sector))) is None:
            *_, periods, wishes = self._spelled
            *_, at_periods, at_wishes = self._codes
            wanted = f"{periods[at_periods[group]]},{wishes[at_wishes[group]]}"
            found = self._drawn("class", f"{self.profile(group)[:-1]},{wanted}]", sector)
            self._drawn_classes[group, sector] = found
        return found

    def of_trip(self, profile: str, offer: int, period: int) -> int:
        return self._drawn("trip", profile, self.found.offers.names[offer], self.found.period_names[period])

    def drawn(self, trips: Trips, is_ranked: Bools) -> Ints:
        """The draw of each row: its trip's lot and its class's."""
        sectors = [self.found.offers.sectors[code] for code in self.found.offers.sector[trips.offer].tolist()]
        rows = zip(*(column.tolist() for column in (trips.group, trips.offer, trips.period, is_ranked)), strict=True)
        return np.array(
            [
                self.of_trip(self.profile(group), offer, period) + self.of_class(group, sector if ranked else "")
                for (group, offer, period, ranked), sector in zip(rows, sectors, strict=True)
            ],
            np.int64,
        )

    def _drawn(self, kind: str, key: str, *names: str) -> int:
        text = "\x1f".join((self.found.sha256, kind, key, *names))
        return int.from_bytes(sha256(text.encode()).digest()[:3], "big") >> 4
