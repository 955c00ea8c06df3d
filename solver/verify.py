"""The judge: re-checks every hard rule, every announced value and every reason from the two documents alone.

Usage: python -I -S verify.py INSTANCE RESULT (JSON or .gz; exit 0: silent; 1: "property: detail" lines; 2: unreadable)
Written from the published layout and not from the engine, it needs only Python and imports nothing of ours. It does not
prove that no better answer exists: it checks that announced bounds and proofs agree with the status, no more.
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
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Trip = tuple[str, str, str]
Cells = dict[tuple[int, ...], list[Row]]
Opening = tuple[Row, str]
ROW_FIELDS: dict[str, dict[str, type]] = {
    "tiers": {"tier": str, "value": int, "bound": int, "proof": str},
    "assignments": {"group": str, "offer": str, "period": str, "count": int},
    "unplaced": {"group": str, "count": int, "reason": str, "offers": list, "lines": list, "facts": dict},
}
TEXTS = ("format", "instance_sha256", "status", "engine", "diagnosis")
RESULT_FIELDS: dict[str, type] = dict.fromkeys(TEXTS, str) | dict.fromkeys(ROW_FIELDS, list) | {"seconds": dict}
LISTED_FAULTS, LISTED_OFFERS, CELL_M = 20, 20, 50_000


class Case:
    """The instance indexed by identifiers, the readable rows of the result, and how full each thing is."""

    def __init__(self, instance: Row, result: Row) -> None:
        self.instance, self.result, self.params = instance, result, instance["params"]
        self.sha256 = hashlib.sha256(canonical(instance).encode()).hexdigest()
        self.departments = {row["code"]: row for row in instance["departments"]}
        self.schools, self.offers, self.groups, self.periods, self.lines = (
            {row["id"]: row for row in instance[name]} for name in ("schools", "offers", "groups", "periods", "lines")
        )
        hard = ((name, row["ceiling"]) for name, row in self.lines.items() if row["overflow_price"] is None)
        self.ceilings = {name: ceiling for name, ceiling in hard if ceiling is not None}
        self.banned: defaultdict[str, set[str]] = defaultdict(set)
        for row in instance["bans"]:
            self.banned[row["group"]].add(row["offer"])
        self.bundles: dict[str, list[list[str]]] = {}
        for row in instance["bundles"]:
            self.bundles[row["group"]] = [*self.bundles.get(row["group"], ()), row["periods"]]
        self.accepted = {name: {*row["periods"]} for name, row in self.groups.items()}
        for row in instance["bundles"]:
            self.accepted[row["group"]] |= {*row["periods"]}
        self.whole = {row["group"] for row in instance["wholes"]}
        self.sequences = [row["groups"] for row in instance["sequences"]]
        self.mates = {name: {*names} - {name} for names in self.sequences for name in names}
        places = ((self.groups[row["group"]]["school"], row["offer"], row["period"]) for row in instance["pins"])
        self.opened_by_pins = {*places}
        listed = {name: result[name] if type(result.get(name)) is list else [] for name in ROW_FIELDS}
        read = [(name, row, self._fault(name, row)) for name, rows in listed.items() for row in rows]
        self.unreadable = [fault for _, _, fault in read if fault]
        self.rows = {name: [row for kind, row, fault in read if kind == name and not fault] for name in ROW_FIELDS}
        self._fill()

    def _fault(self, name: str, row: Any) -> str:
        fields, known = ROW_FIELDS[name], {"group": self.groups, "offer": self.offers, "period": self.periods}
        if type(row) is not dict or row.keys() != fields.keys():
            return f"{name}: not exactly the fields {', '.join(fields)}"
        for field, kind in fields.items():
            if type(row[field]) is not kind or (field in known and row[field] not in known[field]):
                return f"{name}: {field} {row[field]!r} is unknown, or no {kind.__name__}"
        lies = "count" in row and not 1 <= row["count"] <= 2**53
        return f"{name}: {row['count']} is no number of pupils" if lies else ""

    def _fill(self) -> None:
        self.pupils, self.through = Counter[str](), Counter[str]()
        self.kinds: defaultdict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
        self.seated, self.together = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
        self.present, self.during = Counter[tuple[str, str]](), defaultdict[str, set[str]](set)
        for group in self.groups.values():
            self.pupils[group["school"]] += group["count"]
        self.told, self.at = (Counter[Trip]() for _ in range(2))
        for row in self.instance["announced"]:
            self.told[row["group"], row["offer"], row["period"]] += row["count"]
        self.told_to = {name for name, *_ in self.told}
        self.left, self.moves = self.pupils.copy(), list[tuple[Row, Row, Row, Row]]()
        for row in self.rows["assignments"]:
            group, offer, when = self.groups[row["group"]], self.offers[row["offer"]], row["period"]
            self.moves.append((row, group, self.schools[group["school"]], offer))
            self.left[group["school"]] -= row["count"] * self.is_counted(row)
            self.during[group["id"]] |= {*self.periods[when]["slots"]}
            for slot in self.periods[when]["slots"] if len(offer["seats"]) > 1 and when in offer["seats"] else ():
                self.present[offer["id"], slot] += row["count"]
            self.seated[offer["id"], when] += row["count"]
            self.at[group["id"], offer["id"], when] += row["count"]
            self.together[group["school"], offer["id"], when] += row["count"]
            if offer["reserved"] and when in offer["seats"]:
                self.kinds[offer["id"], when][self.category(group["school"], offer)] += row["count"]
            self.through.update(dict.fromkeys(self.above(offer["line"]), row["count"]))

    def above(self, line: str | None) -> list[str]:
        return [] if line is None else [line, *self.above(self.lines[line]["parent"])]

    def is_counted(self, row: Row) -> bool:
        """A pupil in a bundle is placed once: counted in its first period."""
        return not any(row.get("period") in bundle[1:] for bundle in self.bundles.get(row["group"], ()))

    def stays_together(self, name: str) -> bool:
        """Whether the group's pupils are placed at once or not at all; one pupil of a group is told from no other."""
        return name in self.bundles or name in self.mates or (name in self.whole and self.groups[name]["count"] > 1)

    def most(self, offer: Row, slot: str) -> int:
        """Seats that the periods under way in a slot share."""
        return int(max(n for when, n in offer["seats"].items() if slot in self.periods[when]["slots"]))

    def free(self, offer: Row, when: str) -> int:
        shared = [self.most(offer, slot) - self.present[offer["id"], slot] for slot in self.periods[when]["slots"]]
        return int(min([offer["seats"][when] - self.seated[offer["id"], when], *shared]))

    def room(self, school: str, offer: Row, when: str) -> float:
        """How many more pupils of a school may come."""
        lines = [self.ceilings.get(line, math.inf) - self.through[line] for line in self.above(offer["line"])]
        most = math.inf if offer["max_per_school"] is None else offer["max_per_school"]
        return float(min(self.free(offer, when), most - self.together[school, offer["id"], when], *lines))

    def category(self, school: str, offer: Row) -> str | None:
        """The reserve for the school's pupils: the one in its name, else the one for its priority class."""
        names = f"school:{school}", self.schools[school]["priority"]
        return next((name for name in names if name in offer["reserved"]), None)

    def released(self, offer: Row, when: str) -> int:
        """Reserved seats taken by pupils they are not reserved for."""
        reserved = offer["reserved"]
        outside = (count - reserved.get(name, 0) for name, count in self.kinds[offer["id"], when].items())
        nobodys = max(0, offer["seats"][when] - sum(reserved.values()))
        return int(max(0, sum(max(0, count) for count in outside) - nobodys))

    def saturated(self, offer: Row) -> list[str]:
        return [line for line in self.above(offer["line"]) if self.through[line] >= self.ceilings.get(line, math.inf)]

    def is_across_sea(self, *places: Row) -> bool:
        return len({self.departments[place["department"]]["landmass"] for place in places}) > 1

    def is_received(self, school: Row, offer: Row) -> bool:
        """The campaign's territory rule, then the offer's own list of départements."""
        home, host = self.departments[school["department"]], self.departments[offer["department"]]
        near = home["academy"] == host["academy"]
        ruled = {"anywhere": True, "academy": near, "department": home["code"] == host["code"]}
        ruled["academy_or_neighbour"] = near or host["code"] in home["neighbours"]
        return ruled[self.params["territory_rule"]] and (offer["admits"] is None or home["code"] in offer["admits"])

    def admits(self, group: Row, offer: Row, when: str) -> bool:
        """Whether nothing but seats and quotas keeps the group from the offer in that period."""
        school = self.schools[group["school"]]
        suits = group["level"] in offer["levels"] and {*group["needs"]} <= {*offer["serves"]}
        near = math.isqrt(squared_m(school, offer)) <= group["reach_m"] and not self.is_across_sea(school, offer)
        free = when in {*group["periods"]} & {*offer["seats"]} and offer["id"] not in self.banned[group["id"]]
        return suits and near and free and self.is_received(school, offer)

    def lot(self, *parts: str) -> int:
        """Twenty bits that nobody chooses."""
        return int.from_bytes(hashlib.sha256("\x1f".join((self.sha256, *parts)).encode()).digest()[:3], "big") >> 4


def canonical(document: object) -> str:
    """The one spelling of a JSON document that is hashed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def squared_m(school: Row, offer: Row) -> int:
    return sum((a - b) ** 2 for a, b in zip(school["position"], offer["position"], strict=True))


def demand(case: Case) -> Iterator[str]:
    missing = Counter({name: group["count"] for name, group in case.groups.items()})
    for row in (*case.rows["assignments"], *case.rows["unplaced"]):
        missing[row["group"]] -= row["count"] * case.is_counted(row)
    return (f"group {name!r}: {n} pupils neither placed nor declared unplaced" for name, n in missing.items() if n)


def level(case: Case) -> Iterator[str]:
    return (f"{row}" for row, group, _, offer in case.moves if group["level"] not in offer["levels"])


def period(case: Case) -> Iterator[str]:
    return (f"{row}" for row, g, _, o in case.moves if row["period"] not in case.accepted[g["id"]] & {*o["seats"]})


def needs(case: Case) -> Iterator[str]:
    return (f"{row}" for row, group, _, offer in case.moves if not set(group["needs"]) <= set(offer["serves"]))


def reach(case: Case) -> Iterator[str]:
    for row, group, school, offer in case.moves:
        if math.isqrt(squared_m(school, offer)) > group["reach_m"] or case.is_across_sea(school, offer):
            yield f"{row}: farther than {group['reach_m']} m, or across the sea"


def territory(case: Case) -> Iterator[str]:
    return (f"{row}" for row, _, school, offer in case.moves if not case.is_received(school, offer))


def seats(case: Case) -> Iterator[str]:
    for (offer, when), count in case.seated.items():
        if count > case.offers[offer]["seats"].get(when, count):  # a period that is not open is `period`'s to name
            yield f"offer {offer!r}, period {when!r}: {count} pupils"
    for (offer, slot), count in case.present.items():
        if count > case.most(case.offers[offer], slot):
            yield f"offer {offer!r}, slot {slot!r}: {count} pupils"


def reserve(case: Case) -> Iterator[str]:
    """No pupil is left for whom a seat is reserved where others sit on it, that they could have and no pin holds.

    One pupil against one: those who stay together, or come in numbers, cannot be exchanged.
    """
    pinned = Counter[tuple[str, str, str | None]]()
    alone = (row for row in case.instance["pins"] if not case.stays_together(row["group"]))
    for row in (*alone, *(row for row in case.rows["assignments"] if case.stays_together(row["group"]))):
        group, offer = case.groups[row["group"]], case.offers[row["offer"]]
        pinned[offer["id"], row["period"], case.category(group["school"], offer)] += row["count"]
    claims = list[tuple[Row, str, set[str]]]()
    for (name, when), kinds in case.kinds.items():
        offer = case.offers[name]
        ours = {who for who, seats in offer["reserved"].items() if kinds[who] < seats}
        movable = any(n > max(offer["reserved"].get(who, 0), pinned[name, when, who]) for who, n in kinds.items())
        if ours and movable and (offer["min_group"] or 1) == 1 and case.released(offer, when):
            claims.append((offer, when, ours))
    for row in case.rows["unplaced"]:
        group = case.groups[row["group"]]
        for offer, when, ours in claims if not case.stays_together(row["group"]) else ():
            most = math.inf if offer["max_per_school"] is None else offer["max_per_school"]
            room = case.together[group["school"], offer["id"], when] < most
            if case.category(group["school"], offer) in ours and room and case.admits(group, offer, when):
                yield f"offer {offer['id']!r}, period {when!r}: others have a seat reserved for group {group['id']!r}"


def school_maximum(case: Case) -> Iterator[str]:
    for (school, offer, when), count in case.together.items():
        if (maximum := case.offers[offer]["max_per_school"]) is not None and count > maximum:
            yield f"offer {offer!r}, period {when!r}: {count} pupils of school {school!r}, at most {maximum}"


def quota_ceiling(case: Case) -> Iterator[str]:
    over = ((name, case.through[name], most) for name, most in case.ceilings.items() if case.through[name] > most)
    return (f"line {name!r}: {count} pupils, at most {most}" for name, count, most in over)


def pin(case: Case) -> Iterator[str]:
    held = Counter[tuple[str, str, str]]()
    for sign, rows in ((1, case.rows["assignments"]), (-1, case.instance["pins"])):
        for row in rows:
            held[row["group"], row["offer"], row["period"]] += sign * row["count"]
    return (f"{-count} pupils missing in {trip}" for trip, count in held.items() if count < 0)


def ban(case: Case) -> Iterator[str]:
    return (f"{row}" for row, group, _, offer in case.moves if offer["id"] in case.banned[group["id"]])


def whole(case: Case) -> Iterator[str]:
    """All of such a group in each place where it is; `demand` sees that it is placed once."""
    rows = (row for row, group, _, _ in case.moves if group["id"] in case.whole and row["count"] != group["count"])
    return (f"{row}: not all of the group" for row in rows)


def minimum_group(case: Case) -> Iterator[str]:
    for meeting, count in case.together.items():
        least = case.offers[meeting[1]]["min_group"]
        if least and count < least and meeting not in case.opened_by_pins:
            yield f"{meeting}: {count} pupils of a school, at least {least}"


def bundle(case: Case) -> Iterator[str]:
    held = Counter[tuple[str, str]]()
    for row in case.rows["assignments"]:
        held[row["group"], row["period"]] += row["count"]
    for name, bundles in case.bundles.items():
        for periods in bundles:
            if len({held[name, when] for when in periods}) > 1:
                yield f"group {name!r}: not as many pupils in each of {', '.join(periods)}"


def sequence(case: Case) -> Iterator[str]:
    for names in case.sequences:
        held = [(name, row) for name in names for row in case.rows["assignments"] if row["group"] == name]
        times = Counter(slot for _, row in held for slot in case.periods[row["period"]]["slots"])
        yield from (f"groups {', '.join(names)}: {n} placements in {slot!r}" for slot, n in times.items() if n > 1)


def identity(case: Case) -> Iterator[str]:
    """The result is of this instance and this layout, and every row is another row about known things."""
    result = case.result
    if (case.instance["format"], result.get("format")) != ("sequence-instance/2", "sequence-result/1"):
        yield "format: only sequence-instance/2 and sequence-result/1 are read here"
    if result.get("instance_sha256") != case.sha256:
        yield f"instance_sha256: the instance has {case.sha256}"
    wrong = (field for field in {**RESULT_FIELDS, **result} if type(result.get(field)) is not RESULT_FIELDS.get(field))
    yield from (f"field {field!r} is missing, unknown or of another type" for field in wrong)
    yield from case.unreadable
    rows = case.rows["assignments"] + case.rows["unplaced"]
    times = Counter((row["group"], row.get("offer"), row.get("period")) for row in rows)
    yield from (f"{name} appears {times[name]} times" for name in times if times[name] > 1)


def announced_tiers(case: Case) -> Iterator[str]:
    """The tiers in the campaign's order, at the values recomputed; bounds and proofs that agree with the status."""
    return tier_faults(case.result.get("status"), case.rows["tiers"], case.params["tiers"], tier_values(case))


def tier_faults(status: Any, rows: list[Row], order: list[str], values: dict[str, int]) -> Iterator[str]:
    if status not in ("OPTIMAL", "FEASIBLE"):
        yield "status: it announces no answer"
    if [row["tier"] for row in rows] != order:
        yield f"not the campaign's order, {order}"
    for row in rows:
        if row["value"] != values.get(row["tier"]):
            yield f"{row}: {values.get(row['tier'])} recomputed"
        proven = row["bound"] == row["value"] and row["proof"] == "potentials"
        honest = row["bound"] <= row["value"] and row["proof"] in ("potentials", "solver", "none")
        if not (proven if status == "OPTIMAL" else honest):
            yield f"{row}: bound or proof disagree with the status"


def tier_values(case: Case) -> dict[str, int]:
    """Each tier's value, recomputed from the assignments alone."""
    unranked = 1 + max((len(group["wishes"]) for group in case.groups.values()), default=0)
    values = dict.fromkeys(("placed", "equity", "commitments", "wishes", "distance", "longest", "draw"), 0)
    kept = case.told & case.at
    values["reserves"] = sum(case.released(case.offers[offer], when) for offer, when in case.kinds)
    values["stability"] = case.told.total() - kept.total()
    for name, left in case.left.items():
        weight = case.params["priority_weights"][case.schools[name]["priority"]]
        values["placed"] += left
        values["equity"] += sum(k * weight * 1_000_000 // (100 * case.pupils[name]) for k in range(1, left + 1))
    for name, line in case.lines.items():
        values["commitments"] += max(0, (line["commitment"] or 0) - case.through[name])
        if line["overflow_price"] is not None:
            values["commitments"] += line["overflow_price"] * max(0, case.through[name] - line["ceiling"])
    for row, group, school, offer in case.moves:
        ranks = {sector: rank for rank, sector in enumerate(group["wishes"], 1)}
        values["wishes"] += row["count"] * (ranks.get(offer["sector"], unranked) if ranks else 1)
        metres = math.isqrt(squared_m(school, offer))
        values["distance"] += row["count"] * metres
        values["longest"] = max(values["longest"], metres)
        trip, drawn, _ = lots(case, group, offer, row["period"])
        values["draw"] += row["count"] * (trip + drawn)
    for (name, place, when), count in kept.items():
        _, drawn, stays = lots(case, case.groups[name], case.offers[place], when)
        values["draw"] += count * (stays - drawn)
    return values


def lots(case: Case, group: Row, offer: Row, when: str) -> tuple[int, int, int]:
    """The lots of a profile for a trip, of a class for a sector, and of a class that keeps what it was told."""
    profile = [group["school"], group["level"], group["reach_m"], sorted(group["needs"])]
    profile, sector = [*profile, sorted(case.banned[group["id"]])], offer["sector"]
    told_to = [group["id"]] if group["id"] in case.told_to else []
    name = canonical([*profile, sorted(case.accepted[group["id"]]), group["wishes"], *told_to])
    drawn = case.lot("class", name, sector if sector in group["wishes"] else "")
    stays = case.lot("kept", name, offer["id"], when) if told_to else drawn
    return case.lot("trip", canonical(profile), offer["id"], when), drawn, stays


def reasons(case: Case) -> Iterator[str]:
    """The reason, offers, lines and facts found again for each group declared unplaced."""
    cells = defaultdict[str, Cells](lambda: defaultdict(list))
    for offer in case.offers.values():
        for admitted in offer["levels"]:
            cells[admitted][tuple(metres // CELL_M for metres in offer["position"])].append(offer)
    near = cache(lambda name, admitted, reach_m: nearby(case, cells[admitted], case.schools[name], reach_m))
    why = cache(lambda kind: reason_of(case, *near(*kind[:3]), kind))
    for row in case.rows["unplaced"]:
        group = case.groups[row["group"]]
        sets = (tuple(group["needs"]), tuple(group["periods"]), frozenset(case.banned[group["id"]]), ways(case, group))
        if (found := why((group["school"], group["level"], group["reach_m"], *sets))) is None:
            yield f"group {group['id']!r}: no reason holds, a seat is free for it"
        elif canonical(found) != canonical({field: row[field] for field in found}):
            yield f"group {group['id']!r}: {found}, not {row['reason']!r}"


def ways(case: Case, group: Row) -> tuple[Any, ...]:
    """How many pupils stay together, the group's bundles, and the slots that the same pupils' other groups take."""
    name, mates = group["id"], case.mates.get(group["id"], set())
    together = group["count"] if case.stays_together(name) else 1
    busy = frozenset().union(*(case.during[mate] for mate in mates))
    return together, tuple(map(tuple, case.bundles.get(name, ()))), busy


def usable(openings: list[Opening], periods: tuple[str, ...], bundles: tuple[tuple[str, ...], ...]) -> list[Opening]:
    """Without the openings of a bundle that has none left in one of its periods."""
    there = {when for _, when in openings}
    kept = {*periods}.union(*(bundle for bundle in bundles if there >= {*bundle}))
    return [(offer, when) for offer, when in openings if when in kept]


def reason_of(case: Case, near: list[Row], facts: Row, kind: tuple[Any, ...]) -> Row | None:
    """The first reason that applies; None when one more pupil of the group could be placed as things stand."""
    school, _, _, asked, periods, banned, (_, bundles, busy) = kind
    whens = [*{}.fromkeys(periods), *(when for bundle in bundles for when in bundle)]
    opened = usable([(o, when) for o in near for when in whens if o["seats"].get(when, 0) > 0], periods, bundles)
    serving = usable([(o, when) for o, when in opened if {*asked} <= {*o["serves"]}], periods, bundles)
    allowed = usable([(o, when) for o, when in serving if o["id"] not in banned], periods, bundles)
    clear = usable([(o, w) for o, w in allowed if busy.isdisjoint(case.periods[w]["slots"])], periods, bundles)
    free = usable([(o, when) for o, when in clear if case.free(o, when) > 0], periods, bundles)
    names = "no_offer_of_level_in_reach", "periods_not_open", "needs_not_served", "banned", "other_placement_then"
    steps = zip((*names, "all_seats_taken"), (near, opened, serving, allowed, clear, free), strict=True)
    if (reason := next((name for name, rest in steps if not rest), "")) == "all_seats_taken":
        offers = sorted({offer["id"] for offer, _ in clear})[:LISTED_OFFERS]
        return {"reason": reason, "offers": offers, "lines": [], "facts": facts}
    if reason:
        return {"reason": reason, "offers": [], "lines": [], "facts": facts}
    rooms = [(each, case.room(school, *each)) for each in free]
    if usable([each for each, room in rooms if room > 0], periods, bundles):
        return too_few(case, rooms, facts, kind)
    lines = sorted({line for offer, _ in free for line in case.saturated(offer)})
    return {"reason": "quota_ceiling" if lines else "school_maximum", "offers": [], "lines": lines, "facts": facts}


def too_few(case: Case, rooms: list[tuple[Opening, float]], facts: Row, kind: tuple[Any, ...]) -> Row | None:
    """Why openings with room are none for pupils who stay together, come in numbers or need several periods."""
    school, *_, periods, _, (together, bundles, _) = kind
    possible = usable([each for each, room in rooms if room > 0], periods, bundles)
    enough = usable([each for each, room in rooms if room >= together], periods, bundles)
    named = {"offers": [], "lines": [], "facts": facts}
    if not enough:
        largest = max(room for (offer, when), room in rooms if (offer, when) in possible)
        return named | {"reason": "group_too_large", "facts": facts | {"largest_room": int(largest)}}
    meetings = [(offer, when, (school, offer["id"], when)) for offer, when in enough]
    numerous = [
        (offer, when)
        for offer, when, meeting in meetings
        if case.together[meeting] + together >= (offer["min_group"] or 0) or meeting in case.opened_by_pins
    ]
    if not (numerous := usable(numerous, periods, bundles)):
        return named | {"reason": "minimum_group"}
    passed = set[str]()
    for bundle in bundles if {when for _, when in numerous}.isdisjoint(periods) else ():
        choices = ({o["line"]: case.above(o["line"]) for o, w in numerous if w == when}.values() for when in bundle)
        for way in product(*choices):
            times = Counter(line for lines in way for line in lines)
            over = [n for n in times if case.ceilings.get(n, math.inf) - case.through[n] < times[n] * together]
            if not over:
                return None
            passed.update(over)
    return named | {"reason": "quota_ceiling", "lines": sorted(passed)} if passed else None


def nearby(case: Case, cells: Cells, school: Row, reach_m: int) -> tuple[list[Row], Row]:
    """The offers of a level in reach, and how far the nearest one is when there is none."""
    gaps, limit, nearest, found = dict[tuple[int, ...], int](), (reach_m + 1) ** 2, math.inf, list[Row]()
    for cell in cells:
        pairs = zip(cell, school["position"], strict=True)
        gaps[cell] = sum(max(n * CELL_M - metres, 0, metres - (n + 1) * CELL_M) ** 2 for n, metres in pairs)
    for cell in sorted(gaps, key=gaps.__getitem__):
        for offer in cells[cell] if gaps[cell] < max(limit, nearest) else ():
            squared = squared_m(school, offer)
            far = squared >= max(limit, nearest) or case.is_across_sea(school, offer)
            if not far and case.is_received(school, offer):
                nearest = min(nearest, squared)
                found += [offer] if squared < limit else []
    trip = {} if found or nearest == math.inf else {"nearest_m": math.isqrt(int(nearest))}
    return found, {"reachable_offers": len(found)} | trip


PLACES = (demand, level, period, needs, reach, territory, seats, reserve, school_maximum)
HARD_RULES = (*PLACES, quota_ceiling, pin, ban, whole, minimum_group, bundle, sequence)
CHECKS = {check.__name__: check for check in (*HARD_RULES, identity, announced_tiers, reasons)}


def verify_documents(instance: Row, result: Row) -> list[str]:
    """Every fault as "property: detail", at most twenty per property, in the order of `CHECKS`; [] when silent."""
    case = Case(instance, result if type(result) is dict else {})
    return [f"{name}: {detail}" for name, check in CHECKS.items() for detail in islice(check(case), LISTED_FAULTS)]


def untwinned(pairs: list[tuple[str, Any]]) -> Row:
    if len(row := dict(pairs)) < len(pairs):
        raise ValueError(f"a field appears twice among {[field for field, _ in pairs]}")
    return row


def main(argv: list[str]) -> int:
    try:
        files = [(path.suffix, path.read_bytes()) for path in map(Path, argv)]
        texts = (gzip.decompress(content) if suffix == ".gz" else content for suffix, content in files)
        faults = verify_documents(*(json.loads(each, object_pairs_hook=untwinned) for each in texts))
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        print(f"unreadable: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
