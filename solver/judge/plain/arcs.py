"""The ways that pupils may take through the limits, their reduced costs, and which of them are not as they should be.

Where something is limited, a positive reduced cost leaves the arc empty, a negative one full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .documents import Row
from .prices import NO_LIMIT, ZEROS, Case, Key, Vector, plus, stays


class Arc(NamedTuple):
    """A way that pupils may take, with its reduced cost."""

    name: str
    reduced: Vector
    flow: int
    capacity: int = NO_LIMIT


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
