"""What a trip weighs in a large round: whom an offer receives, the metres, the rank of the sector, the draw.

Exact whole numbers, from the instance alone. It is written from the documents, like the plain judges it agrees with.
"""

from __future__ import annotations

import hashlib

import numpy as np

from solver.large_columns import Bools, Ints, by_pair, canonical
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


class Lots:
    """The draw: twenty bits that nobody chooses, by the names of what is drawn."""

    def __init__(self, found: Round) -> None:
        groups, self.found = found.groups, found
        self._schools, self._levels = (list(map(canonical, names)) for names in (found.schools, groups.levels))
        self._sets = {name: list(map(canonical, getattr(groups, name)[0])) for name in ("needs", "periods", "wishes")}

    def profile(self, group: int) -> str:
        """The spelling of what a group may reach, whatever it wishes."""
        groups = self.found.groups
        return (
            f"[{self._schools[groups.school[group]]},{self._levels[groups.level[group]]},{groups.reach_m[group]},"
            f"{self._sets['needs'][groups.needs[1][group]]},{self._bans(group)}]"
        )

    def _bans(self, group: int) -> str:
        return canonical([self.found.offers.names[offer] for offer in self.found.banned.get(group, ())])

    def of_class(self, group: int, sector: str) -> int:
        """`sector` is empty when the group does not rank it."""
        groups = self.found.groups
        wanted = f"{self._sets['periods'][groups.periods[1][group]]},{self._sets['wishes'][groups.wishes[1][group]]}"
        return self._drawn("class", f"{self.profile(group)[:-1]},{wanted}]", sector)

    def of_trip(self, profile: str, offer: int, period: int) -> int:
        return self._drawn("trip", profile, self.found.offers.names[offer], self.found.period_names[period])

    def drawn(self, trips: Trips) -> Ints:
        """The draw of each row: its trip's lot and its class's."""
        _, is_ranked = ranks(self.found, trips)
        sectors = [self.found.offers.sectors[code] for code in self.found.offers.sector[trips.offer].tolist()]
        rows = zip(*(column.tolist() for column in (trips.group, trips.offer, trips.period, is_ranked)), strict=True)
        return np.array(
            [
                self.of_trip(self.profile(group), offer, period) + self.of_class(group, sector if ranked else "")
                for (group, offer, period, ranked), sector in zip(rows, sectors, strict=True)
            ],
            np.int64,
        )

    def _drawn(self, *parts: str) -> int:
        text = "\x1f".join((self.found.sha256, *parts))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:3], "big") >> 4
