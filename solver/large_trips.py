"""What a trip weighs in a large round: whom an offer receives, the metres, the rank of the sector, the draw.

Exact whole numbers, from the instance alone. It is written from the documents, like the plain judges it agrees with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from solver.large_columns import Bools, Ints, by_pair, canonical, joined
from solver.large_layout import SILENT_TIERS
from solver.large_round import Round, Trips

UNRANKED, DIGEST = -1, 32
"""In place of a sector that a group does not rank, and the bytes of a digest."""


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
    """The draw: twenty bits that nobody chooses, by the names of what is drawn; for many rows, each once."""

    def __init__(self, found: Round) -> None:
        groups, self.found = found.groups, found
        profiles = list(map(self._spelled_profile, found.profiles[0].tolist()))
        self._class_heads = [f"{found.sha256}\x1fclass\x1f{spelled[:-1]}".encode() for spelled in profiles]
        self._trip_heads = [f"{found.sha256}\x1ftrip\x1f{spelled}".encode() for spelled in profiles]
        self._asked = [[canonical(each) for each in table] for table in (groups.periods[0], groups.wishes[0])]

    def _spelled_profile(self, group: int) -> str:
        """What a group may reach, whatever it wishes."""
        found, groups, (banned, at) = self.found, self.found.groups, self.found.ban_lists
        school, level = found.schools[groups.school[group]], groups.levels[groups.level[group]]
        needs, bans = groups.needs[0][groups.needs[1][group]], banned[at[group]]
        listed = groups.departments[0][groups.departments[1][group]]
        named = [school, level, int(groups.reach_m[group]), needs, [found.offers.names[offer] for offer in bans]]
        return canonical([*named, listed] if listed else named)

    def of_classes(self, group: Ints, sector: Ints) -> Ints:
        """By group and sector; `UNRANKED` where the group does not rank it."""
        groups, (periods, wishes) = self.found.groups, self._asked
        names, columns = ["", *self.found.offers.sectors], (groups.periods[1], groups.wishes[1])
        asked = [*(column[group] for column in columns), sector - UNRANKED]
        first, way = joined(*asked)
        rows = zip(*(column[first].tolist() for column in asked), strict=True)
        tails = [f",{periods[when]},{wishes[wished]}]\x1f{names[of]}".encode() for when, wished, of in rows]
        return _drawn(self._class_heads, self.found.profiles[1][group], tails, way)

    def of_trips(self, profile: Ints, offer: Ints, period: Ints) -> Ints:
        first, opening = joined(offer, period)
        names, periods = self.found.offers.names, self.found.period_names
        rows = zip(offer[first].tolist(), period[first].tolist(), strict=True)
        tails = [f"\x1f{names[at]}\x1f{periods[when]}".encode() for at, when in rows]
        return _drawn(self._trip_heads, profile, tails, opening)

    def drawn(self, trips: Trips, is_ranked: Bools) -> Ints:
        """The draw of each row: its trip's lot and its class's."""
        sector = np.where(is_ranked, self.found.offers.sector[trips.offer], UNRANKED)
        of_trips = self.of_trips(self.found.profiles[1][trips.group], trips.offer, trips.period)
        return of_trips + self.of_classes(trips.group, sector)


def _drawn(heads: list[bytes], head: Ints, tails: list[bytes], tail: Ints) -> Ints:
    """The lot of each row, which a head and a tail name."""
    first, row = joined(head, tail)
    pairs = zip(head[first].tolist(), tail[first].tolist(), strict=True)
    digests = b"".join([sha256(heads[begin] + tails[end]).digest() for begin, end in pairs])
    high, middle, low = np.frombuffer(digests, np.uint8).reshape(-1, DIGEST)[:, :3].T.astype(np.int64)
    lots: Ints = (high << 16 | middle << 8 | low) >> 4
    return lots[row]
