"""The judge of optimality: a result that its certificate proves can be beaten by no other, whoever computed it.

Usage: python -I -S prove.py INSTANCE RESULT CERTIFICATE (JSON or .gz; exit 0: proved; 1: what fails; 2: unreadable)
It needs only Python, imports nothing of ours and solves nothing. Choices, limits and costs come from the instance, only
prices from the certificate (layout: `solver/certificate.py`). Every pupil takes what is best at the prices, compared
lexicographically: its potential. Where something is limited, a positive reduced cost leaves the arc empty, a negative
one full. Bounds come from potentials alone, never from placements. The longest trip is no sum: it is proven when, the
tiers before it held, at least one pupil has a trip as long, and trips longer still count as closed after it. Reasons
and layout are for `solver/verify.py`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache, reduce
from operator import sub
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]
Vector = tuple[int, ...]
Key = tuple[Any, ...]
AIMS = ("placed", "reserves", "equity", "commitments", "stability", "wishes", "distance", "longest", "draw")
ENDS = ("placed", "reserves", "draw")
ZEROS, LEAST, SINK = (0,) * len(AIMS), (-(10**30),) * len(AIMS), (None,)
PRICES = ("lines", "schools", "openings", "reserves", "maxima")
FORMATS = ("sequence-instance/2", "sequence-result/1", "sequence-certificate/1")
LISTED_FAULTS, CELL_M, NO_LIMIT = 20, 50_000, 10**15


class Arc(NamedTuple):
    """A way that pupils may take, with its reduced cost."""

    name: str
    reduced: Vector
    flow: int
    capacity: int = NO_LIMIT


class Stay(NamedTuple):
    """An announced placement that may be kept: what it is worth at the prices, and how many may keep it."""

    trip: Key
    value: Vector
    room: int


class Load:
    """How full placements make each thing."""

    def __init__(self, case: Case, rows: list[Row]) -> None:
        self.trips = counted(rows, "group", "offer", "period")
        self.placed, self.of_school, self.through = Counter[str](), Counter[str](), Counter[str]()
        self.seated, self.together = Counter[Key](), Counter[Key]()
        self.kinds: defaultdict[Key, Counter[str | None]] = defaultdict(Counter)
        for (group, offer, when), count in self.trips.items():
            school = case.groups[group]["school"]
            self.placed[group] += count
            self.of_school[school] += count
            self.seated[offer, when] += count
            self.together[school, offer, when] += count
            if case.offers[offer]["reserved"]:
                self.kinds[offer, when][case.category(school, case.offers[offer])] += count
            self.through.update(dict.fromkeys(case.above(case.offers[offer]["line"]), count))


class Case:
    """The instance indexed by identifiers, the placements and the pins among them, and the prices.

    What a trip costs in the tier `longest` is 1 when it is longer than all those made, and nothing else has a price
    there. `shortening`, it is 1 when it is as long as the longest, and the tiers after it are left out.
    """

    def __init__(self, instance: Row, result: Row, certificate: Row, *, shortening: bool = False) -> None:
        self.shortening = shortening
        self.result, self.params, self.tiers = result, instance["params"], instance["params"]["tiers"]
        self.at = self.tiers.index("longest")
        self.sha256 = hashlib.sha256(canonical(instance).encode()).hexdigest()
        self.departments = {row["code"]: row for row in instance["departments"]}
        self.schools, self.offers, self.groups, self.lines = (
            {row["id"]: row for row in instance[name]} for name in ("schools", "offers", "groups", "lines")
        )
        for bundle in instance["bundles"]:  # one period of a bundle costs no more than all: a bound, and enough here
            group = self.groups[bundle["group"]]
            self.groups[group["id"]] = group | {"periods": [*group["periods"], *bundle["periods"]]}
        self.unranked = 1 + max((len(group["wishes"]) for group in self.groups.values()), default=0)
        self.banned: defaultdict[str, set[str]] = defaultdict(set)
        for ban in instance["bans"]:
            self.banned[ban["group"]].add(ban["offer"])
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
            sets = tuple(sorted(group["needs"])), tuple(sorted(self.banned[name]))
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

    def category(self, school: str, offer: Row) -> str | None:
        """The reserve for the school's pupils: the one in its name, else the one for its priority class."""
        names = f"school:{school}", self.schools[school]["priority"]
        return next((name for name in names if name in offer["reserved"]), None)

    def above(self, line: str | None) -> list[str]:
        return [] if line is None else [line, *self.above(self.lines[line]["parent"])]

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
        if self.shortening:
            return 0
        return int.from_bytes(hashlib.sha256("\x1f".join((self.sha256, *parts)).encode()).digest()[:3], "big") >> 4

    def level(self, school: str, nth: int) -> int:
        """What the nth unplaced pupil of a school weighs in equity."""
        weight = self.params["priority_weights"][self.schools[school]["priority"]]
        return int(nth * weight * 1_000_000 // (100 * self.pupils[school]))


def canonical(document: object) -> str:
    """The one spelling of a JSON document that is hashed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


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
    name, level, reach_m, needs, banned = profile
    school, found = case.schools[name], dict[str, int]()
    home, rule = case.departments[school["department"]], case.params["territory_rule"]
    for cell, offers in case.cells.items():
        pairs = zip(cell, school["position"], strict=True)
        gap = sum(max(n * CELL_M - metres, 0, metres - (n + 1) * CELL_M) ** 2 for n, metres in pairs)
        for offer in offers if gap <= (reach_m + 1) ** 2 else ():
            host, pairs = case.departments[offer["department"]], zip(school["position"], offer["position"], strict=True)
            metres = math.isqrt(sum((here - there) ** 2 for here, there in pairs))
            near, same = home["academy"] == host["academy"], home["code"] == host["code"]
            border = near or host["code"] in home["neighbours"]
            ruled = {"anywhere": True, "academy_or_neighbour": border, "academy": near, "department": same}[rule]
            listed = offer["admits"] is None or home["code"] in offer["admits"]
            suits = level in offer["levels"] and {*needs} <= {*offer["serves"]} and offer["id"] not in banned
            if ruled and listed and suits and metres <= reach_m and home["landmass"] == host["landmass"]:
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


def infeasible(case: Case) -> Iterator[str]:
    """What single pupils and pins forbid; limits are judged where the arcs are."""
    for name, place, when in case.load.trips:
        group, offer = case.groups[name], case.offers[place]
        if place not in case.choices(case.profiles[name]) or when not in {*group["periods"]} & {*offer["seats"]}:
            yield f"infeasible: group {name!r} may not go to {place!r} in {when!r}"
    yield from (f"infeasible: pin {key}" for key, count in case.pinned.trips.items() if case.load.trips[key] < count)
    told = counted(case.result["unplaced"], "group")
    for name, group in case.groups.items():
        if group["count"] != case.load.placed[name] + told[name,]:
            yield f"infeasible: group {name!r}, {case.load.placed[name]} placed, {told[name,]} without a place"


def rebuild(case: Case) -> Iterator[Arc]:
    """What each group takes (nothing limits it, and the rest is no better: potentials are the best), then the limits.

    A line's pupils count towards its commitment first, each saving a missing seat; the ceiling is for both.
    """
    free = sum(case.pupils.values()) - sum(case.pinned.placed.values())
    kept = Counter[Key]()
    for stay in (stay for name in case.told_to for stay in stays(case, name)):
        kept[stay.trip] = min(stay.room, case.load.trips[stay.trip] - case.pinned.trips[stay.trip])
        reduced = plus(case.potentials[stay.trip[0]], stay.value, -1)
        yield Arc(f"announced {stay.trip}", reduced, kept[stay.trip], stay.room)
    for trip, count in case.load.trips.items():
        if flow := count - case.pinned.trips[trip] - kept[trip]:
            seat = case.seat(case.groups[trip[0]]["school"], case.offers[trip[1]], trip[2])
            yield Arc(f"trip {trip}", plus(plus(case.trip_cost(*trip), case.potentials[trip[0]]), seat, -1), flow)
    for name, group in case.groups.items():
        reduced = plus(plus(case.cost(placed=1), case.potentials[name]), case.price("schools", group["school"]), -1)
        yield Arc(f"group {name!r} without a place", reduced, group["count"] - case.load.placed[name])
    for key in case.prices["maxima"].keys() | case.load.together.keys():
        most, before = case.offers[key[1]]["max_per_school"], case.pinned.together[key]
        reduced, flow = plus(ZEROS, case.price("maxima", *key), -1), case.load.together[key] - before
        yield Arc(f"maximum {key}", reduced, flow, NO_LIMIT if most is None else most - before)
    for key in ((name, when) for name, offer in case.offers.items() for when in offer["seats"]):
        before, seats = case.pinned.seated[key], case.offers[key[0]]["seats"][key[1]]
        reduced, flow = plus(ZEROS, case.price("openings", *key), -1), case.load.seated[key] - before
        yield Arc(f"opening {key}", reduced, flow, seats - before)
    for school, pupils in case.pupils.items():
        for nth in range(1, pupils - case.pinned.of_school[school] + 1):
            reduced = plus(case.price("schools", school), case.cost(equity=case.level(school, nth)))
            yield Arc(f"{school!r} leaving {nth}", reduced, int(nth <= pupils - case.load.of_school[school]), 1)
    for name, line in case.lines.items():
        yield from through_line(case, name, line, free)
    for name, when in ((name, when) for name, row in case.offers.items() if row["reserved"] for when in row["seats"]):
        yield from into_reserves(case, case.offers[name], when)


def through_line(case: Case, name: str, line: Row, free: int) -> Iterator[Arc]:
    """Within the commitment, up to the ceiling, then beyond it at a price if there is one."""
    before, own, wider = case.pinned.through[name], case.price("lines", name), case.price("lines", line["parent"])
    reduced, flow = plus(own, wider, -1), case.load.through[name] - before
    most = NO_LIMIT if line["ceiling"] is None else max(0, line["ceiling"] - before)
    short = min(max(0, (line["commitment"] or 0) - before), free)
    steps = [("commitment of line", -1, min(most, short)), ("line", 0, most - min(most, short))]
    if (price := line["overflow_price"]) is not None:
        steps += [("overflow of line", price - 1, short - min(most, short)), ("overflow of line", price, NO_LIMIT)]
    for number, (words, cost, capacity) in enumerate(steps, 1):
        taken = flow if number == len(steps) else min(flow, capacity)
        flow -= taken
        yield Arc(f"{words} {name!r}", plus(reduced, case.cost(commitments=cost)), taken, capacity)


def into_reserves(case: Case, offer: Row, when: str) -> Iterator[Arc]:
    """Each category on its own seats, then, with everybody else, on those of nobody, then on those of others."""
    now, before = case.load.kinds[offer["id"], when], case.pinned.kinds[offer["id"], when]
    nobody = case.price("reserves", offer["id"], when, None)
    outside = now[None] - before[None]
    for name, seats in offer["reserved"].items():
        worth, room = case.price("reserves", offer["id"], when, name), max(0, seats - before[name])
        own = min(now[name] - before[name], room)
        outside += (spilled := now[name] - before[name] - own)
        yield Arc(f"reserve {name!r} at {offer['id']!r}", plus(ZEROS, worth, -1), own, room)
        yield Arc(f"pupils of {name!r} at {offer['id']!r} outside it", plus(nobody, worth, -1), spilled)
    free = max(0, unreserved(offer, when) - outsiders(offer, before))
    taken, reduced = max(0, outside - free), plus(ZEROS, nobody, -1)
    yield Arc(f"seats of {offer['id']!r} reserved for nobody", reduced, outside - taken, free)
    yield Arc(f"reserves of {offer['id']!r} released", plus(reduced, case.cost(reserves=1)), taken)


def unreserved(offer: Row, when: str) -> int:
    return int(max(0, offer["seats"].get(when, 0) - sum(offer["reserved"].values())))


def outsiders(offer: Row, kinds: Counter[str | None]) -> int:
    """The pupils at an opening, by category, who are not on a seat of their own."""
    return sum(max(0, count - offer["reserved"].get(name, 0)) for name, count in kinds.items())


def breach(arc: Arc, tiers: list[str]) -> str | None:
    """Too many pupils, or the tier that would gain if more of them, or fewer, took this way."""
    if not 0 <= arc.flow <= arc.capacity:
        return f"infeasible: {arc.name}: {arc.flow} pupils, at most {arc.capacity}"
    if arc.reduced == ZEROS or arc.flow == (0 if arc.reduced > ZEROS else arc.capacity):
        return None
    tier, reduced = next(pair for pair in zip(tiers, arc.reduced, strict=True) if pair[1])
    return f"tier {tier}: {arc.name}: {arc.flow} pupils at reduced cost {reduced}"


def share(arc: Arc) -> Vector:
    """What an arc brings to each bound, from the potentials alone: its flow is not looked at."""
    return plus(ZEROS, arc.reduced, arc.capacity) if arc.reduced < ZEROS else ZEROS


def value(case: Case, load: Load, pupils: Counter[str]) -> Vector:
    """Each tier's value from its definition, when so many pupils per school count; no price is involved."""
    left = {school: count - load.of_school[school] for school, count in pupils.items()}
    short = sum(max(0, (row["commitment"] or 0) - load.through[name]) for name, row in case.lines.items())
    priced = ((name, row) for name, row in case.lines.items() if row["overflow_price"] is not None)
    short += sum(row["overflow_price"] * max(0, load.through[name] - row["ceiling"]) for name, row in priced)
    parted = (
        (kinds, case.offers[key[0]], key[1]) for key, kinds in load.kinds.items() if case.offers[key[0]]["reserved"]
    )
    taken = sum(max(0, outsiders(offer, kinds) - unreserved(offer, when)) for kinds, offer, when in parted)
    equity = sum(case.level(school, nth) for school, count in left.items() for nth in range(1, count + 1))
    total = case.cost(placed=sum(left.values()), reserves=taken, equity=equity, commitments=short)
    total = plus(total, case.cost(stability=case.told.total()))
    total = reduce(lambda sofar, trip: plus(sofar, case.trip_cost(*trip), load.trips[trip]), load.trips, total)
    kept = case.told & load.trips
    return reduce(lambda sofar, trip: plus(sofar, case.stay_cost(*trip), kept[trip]), kept, total)


def bound(case: Case, arcs: list[Arc]) -> Vector:
    """The pins' share, which nothing changes, and the dual's."""
    total = value(case, case.pinned, Counter())
    for name, group in case.groups.items():
        total = plus(total, case.potentials[name], case.pinned.placed[name] - group["count"])
    return reduce(plus, map(share, arcs), total)


def identity(layout: Any, tiers: list[str], sha256: str, result: Row, certificate: Row) -> Iterator[str]:
    """The three documents are of these layouts, of one instance, and of one order of the tiers."""
    said = layout, result["format"], certificate["format"], result["status"]
    if (*said, result["instance_sha256"], certificate["instance_sha256"]) != (*FORMATS, "OPTIMAL", *[sha256] * 2):
        yield f"identity: {said}, or of another instance than {sha256}"
    ends, told = (*tiers[:2], tiers[-1]), [row["tier"] for row in result["tiers"]]
    known = sorted(tiers) == sorted(AIMS) and ends == ENDS and tiers.index("longest") == tiers.index("distance") + 1
    if not known or not certificate["tiers"] == told == tiers:
        yield f"identity: tiers: the campaign's order is {tiers}"


def prove_documents(instance: Row, result: Row, certificate: Row) -> list[str]:
    """Every fault, at most twenty; [] when the result is proven optimal."""
    case = Case(instance, result, certificate)
    faults = [*identity(instance["format"], case.tiers, case.sha256, result, certificate)]
    told, tiers = [(row["tier"], row["value"], row["bound"]) for row in result["tiers"]], case.tiers
    arcs = [*rebuild(case)]
    faults += [*infeasible(case), *filter(None, (breach(arc, tiers) for arc in arcs))]
    mine, low = [*value(case, case.load, case.pupils)], [*bound(case, arcs)]
    mine[case.at], low[case.at] = case.longest, shortest(instance, result, certificate, case.longest)
    for row in zip(tiers, mine, low, strict=True):
        if row[1] != row[2] or row not in told:
            faults.append(f"tier {row[0]}: value {row[1]}, and {row[2]} is the bound proven: not what is announced")
    return faults[:LISTED_FAULTS]


def shortest(instance: Row, result: Row, certificate: Row, longest: int) -> int:
    """The longest trip if it is proven that some pupil has one as long; else 0, which proves nothing."""
    case = Case(instance, result, certificate, shortening=True)
    return longest if bound(case, [*rebuild(case)])[case.at] > 0 else 0


def main(argv: list[str]) -> int:
    try:
        texts = ({".gz": gzip.decompress}.get(path.suffix, bytes)(path.read_bytes()) for path in map(Path, argv))
        instance, result, certificate = map(json.loads, texts)
        faults = prove_documents(instance, result, certificate)
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        print(f"unreadable: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(*(faults or ["proved: " + ", ".join(f"{row['tier']} {row['value']}" for row in result["tiers"])]), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
