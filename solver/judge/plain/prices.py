"""What a certificate's prices make of an instance: where each pupil may go, and the best there is at these prices.

Choices, limits and costs come from the instance, only prices from the certificate (layout: `solver/certificate.py`).
Every pupil takes what is best at the prices, compared lexicographically: its potential.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from operator import sub
from typing import Any, NamedTuple

from .asked import Asked, squared_m
from .documents import Row, canonical

Vector = tuple[int, ...]
Key = tuple[Any, ...]
AIMS = ("placed", "reserves", "equity", "commitments", "stability", "wishes", "distance", "longest", "draw")
ZEROS, LEAST, SINK = (0,) * len(AIMS), (-(10**30),) * len(AIMS), (None,)
PRICES = ("lines", "schools", "openings", "reserves", "maxima")
CELL_M, NO_LIMIT = 50_000, 10**15


class Stay(NamedTuple):
    """An announced placement that may be kept: what it is worth at the prices, and how many may keep it."""

    trip: Key
    value: Vector
    room: int


class Load:
    """How full placements make each thing; a pupil in several periods of a bundle is placed once, seated in each."""

    def __init__(self, case: Case, rows: list[Row]) -> None:
        self.trips = counted(rows, "group", "offer", "period")
        self.placed, self.of_school, self.through = Counter[str](), Counter[str](), Counter[str]()
        self.seated, self.together = Counter[Key](), Counter[Key]()
        self.kinds: defaultdict[Key, Counter[str | None]] = defaultdict(Counter)
        for (group, offer, when), count in self.trips.items():
            school = case.groups[group]["school"]
            self.placed[group] += count * ((group, when) not in case.later)
            self.of_school[school] += count * ((group, when) not in case.later)
            self.seated[offer, when] += count
            self.together[school, offer, when] += count
            if case.offers[offer]["reserved"]:
                self.kinds[offer, when][case.category(school, case.offers[offer])] += count
            self.through.update(dict.fromkeys(case.above(case.offers[offer]["line"]), count))


class Case(Asked):
    """The instance indexed by identifiers, the placements and the pins among them, and the prices.

    What a trip costs in the tier `longest` is 1 when it is longer than all those made, and nothing else has a price
    there. `shortening`, it is 1 when it is as long as the longest, and the tiers after it are left out.
    """

    def __init__(self, instance: Row, result: Row, certificate: Row, *, shortening: bool = False) -> None:
        super().__init__(instance)
        self.result, self.shortening, self.tiers = result, shortening, self.params["tiers"]
        self.at = self.tiers.index("longest")
        for bundle in instance["bundles"]:  # one period of a bundle costs no more than all: a bound, and enough here
            group = self.groups[bundle["group"]]
            self.groups[group["id"]] = group | {"periods": [*group["periods"], *bundle["periods"]]}
        self.later = {(row["group"], when) for row in instance["bundles"] for when in row["periods"][1:]}
        self.unranked = 1 + max((len(group["wishes"]) for group in self.groups.values()), default=0)
        self.cells: defaultdict[tuple[int, ...], list[Row]] = defaultdict(list)
        for offer in self.offers.values():
            self.cells[tuple(metres // CELL_M for metres in offer["position"])].append(offer)
        self.told, self.told_to = (
            counted(instance["announced"], "group", "offer", "period"),
            defaultdict[str, list[Key]](list),
        )
        for trip in self.told:
            self.told_to[trip[0]].append(trip)
        self.pinned, self.load = Load(self, instance["pins"]), Load(self, result["assignments"])
        self.pupils, self.profiles, self.classes = Counter[str](), dict[str, Key](), dict[str, str]()
        for name, group in self.groups.items():
            self.pupils[group["school"]] += group["count"]
            sets = [tuple(sorted(group["needs"])), tuple(sorted(self.banned[name]))]
            sets += [tuple(sorted(group["departments"]))] if group.get("departments") else []
            self.profiles[name] = group["school"], group["level"], group["reach_m"], *sets
            wanted = sorted(group["periods"]), group["wishes"], *([name] if name in self.told_to else [])
            self.classes[name] = canonical([*self.profiles[name], *wanted])
        self.prices = {name: {(*row[:-1],): (*row[-1],) for row in certificate[name]} for name in PRICES}
        if any([*map(type, price)] != [int] * len(AIMS) for rows in self.prices.values() for price in rows.values()):
            raise ValueError("certificate: a price is a whole number for each tier")
        for rows in self.prices.values():
            rows.update({name: self.priced(price) for name, price in rows.items()})
        self.choices, self.menu = cache(lambda kind: choices(self, kind)), cache(lambda kind: menu(self, kind))
        self.longest = 0
        self.longest = max((self.metres(*trip) for trip in self.load.trips), default=0)
        self.potentials = {name: potential(self, group) for name, group in self.groups.items()}

    def price(self, kind: str, *name: Any) -> Vector:
        """A line's or a school's potential, an opening's or a maximum's worth: zeros without a row, and at the sink."""
        return self.prices[kind].get(name, ZEROS) if name != SINK else ZEROS

    def seat(self, school: str, offer: Row, when: str) -> Vector:
        """The potential of the last limit before a school's pupils at an opening."""
        opening = plus(self.price("lines", offer["line"]), self.price("openings", offer["id"], when), -1)
        if offer["reserved"]:
            opening = plus(opening, self.price("reserves", offer["id"], when, self.category(school, offer)), -1)
        return plus(opening, self.price("maxima", school, offer["id"], when), -1)

    def cost(self, **aims: int) -> Vector:
        return self.seen(tuple(aims.get(tier, 0) for tier in self.tiers))

    def seen(self, vector: Vector) -> Vector:
        """Without the tiers after the longest trip when it is asked whether it could be shorter."""
        return vector[: self.at + 1] + ZEROS[self.at + 1 :] if self.shortening else vector

    def priced(self, price: Vector) -> Vector:
        """A price that has nothing to say of trips longer than those made: nobody needs to be kept from them."""
        return self.seen(price) if self.shortening else (*price[: self.at], 0, *price[self.at + 1 :])

    def metres(self, name: str, place: str, _when: str = "") -> int:
        return self.choices(self.profiles[name]).get(place, 0)

    def going(self, metres: int) -> dict[str, int]:
        """What a trip costs for the aims about length."""
        return {"distance": metres, "longest": int(metres > self.longest - self.shortening)}

    def trip_cost(self, name: str, place: str, when: str) -> Vector:
        group, offer = self.groups[name], self.offers[place]
        wishes = group["wishes"] or [offer["sector"]]
        rank = wishes.index(offer["sector"]) + 1 if offer["sector"] in wishes else self.unranked
        profile, sector = canonical(self.profiles[name]), offer["sector"] if offer["sector"] in group["wishes"] else ""
        drawn = self.lot("trip", profile, place, when) + self.lot("class", self.classes[name], sector)
        return self.cost(wishes=rank, draw=drawn, **self.going(self.metres(name, place)))

    def stay_cost(self, name: str, place: str, when: str) -> Vector:
        """What a pupil who keeps an announced placement costs, on top of the trip."""
        sector = self.offers[place]["sector"] if self.offers[place]["sector"] in self.groups[name]["wishes"] else ""
        drawn = self.lot("kept", self.classes[name], place, when) - self.lot("class", self.classes[name], sector)
        return self.cost(stability=-1, draw=drawn)

    def lot(self, *parts: str) -> int:
        return 0 if self.shortening else super().lot(*parts)

    def level(self, school: str, nth: int) -> int:
        """What the nth unplaced pupil of a school weighs in equity."""
        weight = self.params["priority_weights"][self.schools[school]["priority"]]
        return int(nth * weight * 1_000_000 // (100 * self.pupils[school]))


class Weighed(Case):
    """The same, but for the first aims, as they are, and one weighted sum in place of those that follow.

    In the sum a trip costs 1 in the tier `longest` when it has the metres that the row says.
    """

    def __init__(self, instance: Row, result: Row, certificate: Row, closed: int) -> None:
        self.closed, self.weights, self.least = closed, dict(certificate["weights"]), certificate["metres"]
        super().__init__(instance, result, certificate)

    def cost(self, **aims: int) -> Vector:
        kept = tuple(aims.get(tier, 0) for tier in self.tiers[: self.closed])
        total = sum(weight * aims.get(tier, 0) for tier, weight in self.weights.items())
        return (*kept, total, *ZEROS[self.closed + 1 :])

    def going(self, metres: int) -> dict[str, int]:
        if self.least is None:
            return super().going(metres)
        return {"distance": metres, "longest": int(metres >= max(1, self.least))}

    def priced(self, price: Vector) -> Vector:
        return super().priced(price) if self.closed > self.at else price

    def lot(self, *parts: str) -> int:
        return super().lot(*parts) if "draw" in self.weights else 0


def plus(a: Vector, b: Vector, times: int = 1) -> Vector:
    return tuple(map(sub, a, b)) if times == -1 else tuple(x + times * y for x, y in zip(a, b, strict=True))


def counted(rows: list[Row], *fields: str) -> Counter[Key]:
    found = Counter[Key]()
    for row in rows:
        if type(row["count"]) is not int or row["count"] < 1:
            raise ValueError(f"{row}: no number of pupils")
        found[tuple(row[field] for field in fields)] += row["count"]
    return found


def choices(case: Case, profile: Key) -> dict[str, int]:
    """The offers that receive such pupils, whatever is left of them, and the metres to go there."""
    name, level, reach_m, needs, banned, *listed = profile
    school, asking, found = case.schools[name], {"departments": listed[0] if listed else ()}, dict[str, int]()
    for cell, offers in case.cells.items():
        pairs = zip(cell, school["position"], strict=True)
        gap = sum(max(n * CELL_M - metres, 0, metres - (n + 1) * CELL_M) ** 2 for n, metres in pairs)
        for offer in offers if gap <= (reach_m + 1) ** 2 else ():
            metres = math.isqrt(squared_m(school, offer))
            suits = level in offer["levels"] and {*needs} <= {*offer["serves"]} and offer["id"] not in banned
            near = metres <= reach_m and not case.is_across_sea(school, offer)
            if suits and near and case.is_received(school, offer) and case.is_listed(asking, offer):
                found[offer["id"]] = metres
    return found


def is_open(case: Case, school: str, offer: Row, when: str) -> bool:
    """Whether the pins leave room for one of the school's pupils."""
    most = NO_LIMIT if offer["max_per_school"] is None else offer["max_per_school"]
    free = offer["seats"].get(when, 0) > case.pinned.seated[offer["id"], when]
    return bool(free and most > case.pinned.together[school, offer["id"], when])


def menu(case: Case, profile: Key) -> dict[Key, Vector]:
    """The best potential less its trip, by period, and by period and sector; lots are drawn where the rest ties."""
    found, best = defaultdict[Key, list[tuple[Vector, str]]](list), dict[Key, Vector]()
    school, spelled = profile[0], canonical(profile)
    for name, metres in case.choices(profile).items():
        offer, trip = case.offers[name], case.cost(**case.going(metres))
        for when in offer["seats"]:
            if is_open(case, school, offer, when):
                option = plus(case.seat(school, offer, when), trip, -1), name
                found[when,].append(option)
                found[when, offer["sector"]].append(option)
    for key, options in found.items():
        top = max(value[:-1] for value, _ in options)
        ties = ((value, case.lot("trip", spelled, name, key[0])) for value, name in options if value[:-1] == top)
        best[key] = max(plus(value, case.cost(draw=drawn), -1) for value, drawn in ties)
    return best


def potential(case: Case, group: Row) -> Vector:
    """The best that a pupil of the group's class can have at the prices, a place or none."""
    none = plus(case.price("schools", group["school"]), case.cost(placed=1), -1)
    offered, options = case.menu(case.profiles[group["id"]]), list[tuple[Vector, str]]()
    ranks = {(): case.unranked if group["wishes"] else 1} | {(name,): n for n, name in enumerate(group["wishes"], 1)}
    for key, rank in (((when, *sector), rank) for when in group["periods"] for sector, rank in ranks.items()):
        if key in offered:
            options.append((plus(offered[key], case.cost(wishes=rank), -1), "".join(key[1:])))
    top = max((value[:-1] for value, _ in options), default=none)
    ties = ((value, case.lot("class", case.classes[group["id"]], name)) for value, name in options if value[:-1] == top)
    best = max([none, *(plus(value, case.cost(draw=drawn), -1) for value, drawn in ties)])
    return max(best, beyond(case, group["id"], group["count"] - case.pinned.placed[group["id"]]))


def beyond(case: Case, name: str, pupils: int) -> Vector:
    """What one more than all the pupils of a group would find among the announced placements, which have limits."""
    for value, room in sorted(((arc.value, arc.room) for arc in stays(case, name)), reverse=True):
        if (pupils := pupils - room) < 0:
            return value
    return LEAST


def stays(case: Case, name: str) -> Iterator[Stay]:
    """The announced placements that a group's pupils could keep, and how many of them no pin holds already."""
    group = case.groups[name]
    for _, place, when in case.told_to.get(name, ()):
        offer, trip = case.offers[place], (name, place, when)
        room = case.told[trip] - case.pinned.trips[trip]
        admitted = place in case.choices(case.profiles[name]) and when in group["periods"]
        if room > 0 and admitted and is_open(case, group["school"], offer, when):
            cost = plus(case.trip_cost(*trip), case.stay_cost(*trip))
            yield Stay(trip, plus(case.seat(group["school"], offer, when), cost, -1), room)
