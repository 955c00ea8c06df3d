"""Why each pupil left has no place: the reason, offers, lines and facts found again from the two documents."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from .asked import squared_m
from .case import Case
from .documents import Row, canonical

Cells = dict[tuple[int, ...], list[Row]]
Opening = tuple[Row, str]
LISTED_OFFERS, CELL_M = 20, 50_000


def reasons(case: Case) -> Iterator[str]:
    """The reason, offers, lines and facts found again for each group declared unplaced."""
    cells = defaultdict[str, Cells](lambda: defaultdict(list))
    for offer in case.offers.values():
        for admitted in offer["levels"]:
            cells[admitted][tuple(metres // CELL_M for metres in offer["position"])].append(offer)
    near = cache(lambda name, admitted, *how: nearby(case, cells[admitted], case.schools[name], *how))
    why = cache(lambda kind: reason_of(case, *near(*kind[:4]), kind))
    for row in case.rows["unplaced"]:
        group = case.groups[row["group"]]
        sets = (tuple(group["needs"]), tuple(group["periods"]), frozenset(case.banned[group["id"]]), ways(case, group))
        listed = frozenset(group.get("departments", ()))
        if (found := why((group["school"], group["level"], group["reach_m"], listed, *sets))) is None:
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
    school, _, _, _, asked, periods, banned, (_, bundles, busy) = kind
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


def nearby(case: Case, cells: Cells, school: Row, reach_m: int, listed: frozenset[str]) -> tuple[list[Row], Row]:
    """The offers of a level in reach; without any, how many the list keeps out, and how far the nearest one is."""
    gaps, limit, nearest, found = dict[tuple[int, ...], int](), (reach_m + 1) ** 2, math.inf, list[Row]()
    beyond = 0
    for cell in cells:
        pairs = zip(cell, school["position"], strict=True)
        gaps[cell] = sum(max(n * CELL_M - metres, 0, metres - (n + 1) * CELL_M) ** 2 for n, metres in pairs)
    for cell in sorted(gaps, key=gaps.__getitem__):
        for offer in cells[cell] if gaps[cell] < max(limit, nearest) else ():
            squared = squared_m(school, offer)
            far = squared >= max(limit, nearest) or case.is_across_sea(school, offer)
            if far or not case.is_received(school, offer):
                continue
            if listed and offer["department"] not in listed:
                beyond += squared < limit
                continue
            nearest = min(nearest, squared)
            found += [offer] if squared < limit else []
    trip = {} if found or nearest == math.inf else {"nearest_m": math.isqrt(int(nearest))}
    elsewhere = {} if found or not beyond else {"in_other_departments": beyond}
    return found, {"reachable_offers": len(found)} | elsewhere | trip
