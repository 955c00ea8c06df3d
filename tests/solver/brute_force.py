"""Every possible answer of a tiny instance, one by one: slow, obvious, and sharing no line with the engine.

Rules and aims are written again from their definitions, in plain Python over one pupil at a time.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from solver.instance import Group, Instance, Offer, QuotaLine

Seat = tuple[str, str]
"""An offer and a period."""
Answer = tuple[Seat | None, ...]
"""Where each pupil goes, in the order of `Exhaustion.pupils`."""


@dataclass(frozen=True)
class Truth:
    """The best vector of tier values, and each count of unplaced pupils per school that is best on the first two."""

    best: tuple[int, ...]
    unplaced_per_school: frozenset[tuple[tuple[str, int], ...]]


def exhaust(instance: Instance, sha256: str) -> Truth | None:
    """Look at every answer; None when none holds the pins."""
    search = Exhaustion(instance, sha256)
    fewest, best = (len(search.pupils) + 1, 0), None
    per_school: set[tuple[tuple[str, int], ...]] = set()
    for answer in search.answers():
        if answer.count(None) > fewest[0]:
            continue
        vector = search.vector(answer)
        first = vector[0], vector[1]
        if first < fewest:
            fewest, best, per_school = first, None, set()
        if first == fewest:
            best = vector if best is None else min(best, vector)
            per_school.add(tuple(sorted(search.unplaced(answer).items())))
    return None if best is None else Truth(best, frozenset(per_school))


class Exhaustion:
    """Lists the answers that obey the hard rules, and measures them."""

    def __init__(self, instance: Instance, sha256: str) -> None:
        self.instance, self.sha256 = instance, sha256
        self.pupils = [group for group in instance.groups for _ in range(group.count)]
        self.seats = {
            group.id: [
                (offer.id, period)
                for offer in instance.offers
                for period in sorted(offer.seats)
                if self.is_lawful(group, offer, period)
            ]
            for group in instance.groups
        }
        self.fewest = len(self.pupils)

    def answers(self) -> Iterator[Answer]:
        """Answers that keep every rule and every pin; those that leave more unplaced than one already seen are cut."""
        yield from self._extend([])

    def _extend(self, chosen: list[Seat | None]) -> Iterator[Answer]:
        if chosen.count(None) > self.fewest or not self._has_room(chosen):
            return
        if len(chosen) == len(self.pupils):
            if self._holds_pins(chosen):
                self.fewest = chosen.count(None)
                yield tuple(chosen)
            return
        group = self.pupils[len(chosen)]
        options: list[Seat | None] = [*self.seats[group.id], None]
        if chosen and self.pupils[len(chosen) - 1] is group:  # pupils of one group are not told apart
            options = options[options.index(chosen[-1]) :]
        for option in options:
            yield from self._extend([*chosen, option])

    def is_lawful(self, group: Group, offer: Offer, period: str) -> bool:
        school = self.instance.school[group.school]
        home, host = self.instance.department[school.department], self.instance.department[offer.department]
        rule = self.instance.params.territory_rule.value
        territory = {
            "anywhere": True,
            "academy_or_neighbour": home.academy == host.academy or host.code in home.neighbours or home == host,
            "academy": home.academy == host.academy,
            "department": home == host,
        }[rule]
        return (
            group.level in offer.levels
            and period in group.periods
            and all(need in offer.serves for need in group.needs)
            and self.metres(group, offer) <= group.reach_m
            and home.landmass == host.landmass
            and territory
            and (offer.admits is None or home.code in offer.admits)
            and host.code in (group.departments or {host.code})
            and all((ban.group, ban.offer) != (group.id, offer.id) for ban in self.instance.bans)
        )

    def _has_room(self, chosen: list[Seat | None]) -> bool:
        taken = [(group, *seat) for group, seat in zip(self.pupils, chosen, strict=False) if seat]
        for (offer, period), count in Counter(row[1:] for row in taken).items():
            if count > self.instance.offer[offer].seats[period]:
                return False
        for (_, offer, _), count in Counter((group.school, offer, period) for group, offer, period in taken).items():
            most = self.instance.offer[offer].max_per_school
            if most is not None and count > most:
                return False
        return all(
            line.ceiling is None or line.overflow_price is not None or self._through(line.id, taken) <= line.ceiling
            for line in self.instance.lines
        )

    def _through(self, line: str, taken: list[tuple[Group, str, str]]) -> int:
        return sum(self.is_under(self.instance.offer[offer].line, line) for _, offer, _ in taken)

    def is_under(self, line: str | None, wider: str) -> bool:
        return line is not None and (line == wider or self.is_under(self.instance.line[line].parent, wider))

    def _holds_pins(self, chosen: list[Seat | None]) -> bool:
        placed = Counter((group.id, *seat) for group, seat in zip(self.pupils, chosen, strict=True) if seat)
        return all(placed[pin.group, pin.offer, pin.period] >= pin.count for pin in self.instance.pins)

    def unplaced(self, answer: Answer) -> dict[str, int]:
        left = {group.school: 0 for group in self.pupils}
        for group, seat in zip(self.pupils, answer, strict=True):
            left[group.school] += seat is None
        return left

    def levels(self, unplaced: dict[str, int]) -> list[int]:
        """Weighted millionths of each unplaced pupil of each school, the worst first."""
        found = []
        for school, count in unplaced.items():
            weight = self.instance.params.priority_weights[self.instance.school[school].priority]
            pupils = sum(group.school == school for group in self.pupils)
            found += [nth * weight * 10_000 // pupils for nth in range(1, count + 1)]
        return sorted(found, reverse=True)

    def vector(self, answer: Answer) -> tuple[int, ...]:
        taken = [(group, *seat) for group, seat in zip(self.pupils, answer, strict=True) if seat]
        values = {
            "placed": answer.count(None),
            "equity": sum(self.levels(self.unplaced(answer))),
            "reserves": sum(self._released(offer, taken) for offer in self.instance.offers),
            "commitments": sum(self._missing(line, self._through(line.id, taken)) for line in self.instance.lines),
            "stability": sum(row.count for row in self.instance.announced) - sum(self._stays(taken).values()),
            "wishes": sum(self.rank(group, self.instance.offer[offer].sector) for group, offer, _ in taken),
            "distance": sum(self.metres(group, self.instance.offer[offer]) for group, offer, _ in taken),
            "longest": max((self.metres(group, self.instance.offer[offer]) for group, offer, _ in taken), default=0),
            "draw": sum(self.draw(*row) for row in taken)
            + sum(count * self.stay_draw(*row) for row, count in self._stays(taken).items()),
        }
        return tuple(values[tier.value] for tier in self.instance.params.tiers)

    def metres(self, group: Group, offer: Offer) -> int:
        return math.floor(math.dist(self.instance.school[group.school].position, offer.position))

    def rank(self, group: Group, sector: str) -> int:
        if not group.wishes:
            return 1
        longest = max(len(other.wishes) for other in self.pupils)
        return group.wishes.index(sector) + 1 if sector in group.wishes else longest + 1

    @staticmethod
    def _missing(line: QuotaLine, count: int) -> int:
        """Seats missing under a commitment, or worth missing because the ceiling is passed."""
        over = 0 if line.overflow_price is None else line.overflow_price * max(0, count - (line.ceiling or 0))
        return max(0, (line.commitment or 0) - count) + over

    def _released(self, offer: Offer, taken: list[tuple[Group, str, str]]) -> int:
        """Reserved seats of an offer, all periods together, on which nobody of the category sits."""
        released = 0
        for period, seats in offer.seats.items() if offer.reserved else ():
            kinds = Counter(
                self.category(group, offer) for group, where, when in taken if (where, when) == (offer.id, period)
            )
            misfits = sum(max(0, count - offer.reserved.get(kind, 0)) for kind, count in kinds.items())
            released += max(0, misfits - max(0, seats - sum(offer.reserved.values())))
        return released

    def category(self, group: Group, offer: Offer) -> str:
        """The reserve that is for a pupil there, or nothing."""
        own, priority = f"school:{group.school}", self.instance.school[group.school].priority
        return own if own in offer.reserved else priority if priority in offer.reserved else ""

    def _stays(self, taken: list[tuple[Group, str, str]]) -> Counter[tuple[str, str, str]]:
        """How many pupils are where they were told, and no more than were told."""
        now = Counter((group.id, offer, period) for group, offer, period in taken)
        return now & Counter({(row.group, row.offer, row.period): row.count for row in self.instance.announced})

    def draw(self, group: Group, offer: str, period: str) -> int:
        sector = self.instance.offer[offer].sector
        ranked = sector if sector in group.wishes else ""
        profile, member = self._keys(group)
        return self._hashed("trip", profile, offer, period) + self._hashed("class", member, ranked)

    def stay_draw(self, name: str, offer: str, period: str) -> int:
        """What changes in the draw of a pupil who stays where they were told."""
        group, sector = self.instance.group[name], self.instance.offer[offer].sector
        member = self._keys(group)[1]
        ranked = sector if sector in group.wishes else ""
        return self._hashed("kept", member, offer, period) - self._hashed("class", member, ranked)

    def _keys(self, group: Group) -> tuple[str, str]:
        """The profile and the class of a group as the draw spells them."""
        banned = sorted(ban.offer for ban in self.instance.bans if ban.group == group.id)
        profile = [group.school, group.level, group.reach_m, sorted(group.needs), banned]
        profile += [sorted(group.departments)] * bool(group.departments)
        member = [*profile, sorted(group.periods), list(group.wishes)]
        member += [group.id] * any(row.group == group.id for row in self.instance.announced)
        first, second = (json.dumps(key, separators=(",", ":"), ensure_ascii=False) for key in (profile, member))
        return first, second

    def _hashed(self, *parts: str) -> int:
        digest = hashlib.sha256("\x1f".join((self.sha256, *parts)).encode()).hexdigest()
        return int(digest[:5], 16)
