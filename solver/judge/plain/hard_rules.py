"""The hard rules, one function each under the rule's own name: what in an answer breaks it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from .asked import squared_m
from .case import Case
from .documents import Row


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


def departments(case: Case) -> Iterator[str]:
    return (f"{row}" for row, group, _, offer in case.moves if not case.is_listed(group, offer))


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


PLACES = (demand, level, period, needs, reach, territory, departments, seats, reserve, school_maximum)
HARD_RULES = (*PLACES, quota_ceiling, pin, ban, whole, minimum_group, bundle, sequence)
