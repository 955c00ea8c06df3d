"""A second, slow reading of the published rules: all pairs, no index, no cache. It shares no line with `solver.judge`.

It writes honest documents (right hash, tiers and reasons) for any placements, lawful or not, so that a test can break
one rule and nothing else. It does not know how to place anybody.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from typing import Any

from solver.files import instance_document
from solver.geography import is_served_by, trip_m
from solver.instance import Group, Instance, Offer
from solver.params import Tier

Trip = tuple[str, str, str]
"""Group, offer, period."""
Placements = Counter[Trip]
Document = dict[str, Any]


def text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_permitted(instance: Instance, group: Group, offer: Offer) -> bool:
    """Whether the territories let the group's school into the offer, whatever the distance."""
    home, host = instance.department[instance.school[group.school].department], instance.department[offer.department]
    listed = offer.admits is None or home.code in offer.admits
    return listed and is_served_by(instance.params.territory_rule, home, host)


def is_accepted(group: Group, offer: Offer) -> bool:
    """Whether the offer's département is on the group's list, if it has one."""
    return not group.departments or offer.department in group.departments


def trip(instance: Instance, group: Group, offer: Offer) -> int:
    return trip_m(instance.school[group.school].position, offer.position)


def broken_by_one(instance: Instance, name: Trip) -> set[str]:
    """The rules that a single trip breaks by itself."""
    group, offer, when = instance.group[name[0]], instance.offer[name[1]], name[2]
    home, host = instance.department[instance.school[group.school].department], instance.department[offer.department]
    landless = dataclasses.replace(host, landmass=home.landmass)
    ruled = is_served_by(instance.params.territory_rule, home, landless)
    listed = offer.admits is None or home.code in offer.admits
    verdicts = {
        "level": group.level in offer.levels,
        "period": when in group.periods and when in offer.seats,
        "needs": group.needs <= offer.serves,
        "reach": trip(instance, group, offer) <= group.reach_m and home.landmass == host.landmass,
        "territory": ruled and listed,
        "departments": is_accepted(group, offer),
        "ban": all((ban.group, ban.offer) != (group.id, offer.id) for ban in instance.bans),
    }
    return {rule for rule, holds in verdicts.items() if not holds}


def broken_rules(instance: Instance, placements: Placements) -> set[str]:
    """Every hard rule that these placements break, the pupils left being declared unplaced."""
    broken = {rule for name in placements for rule in broken_by_one(instance, name)}
    for group in instance.groups:
        if sum(count for name, count in placements.items() if name[0] == group.id) > group.count:
            broken.add("demand")
    for offer in instance.offers:
        for when, seats in offer.seats.items():
            if sum(count for name, count in placements.items() if name[1:] == (offer.id, when)) > seats:
                broken.add("seats")
        crowd = max(mates(instance, placements, offer).values(), default=0)
        if offer.max_per_school is not None and crowd > offer.max_per_school:
            broken.add("school_maximum")
    if claimed(instance, placements):
        broken.add("reserve")
    for line in instance.lines:
        if line.hard_ceiling is not None and through(instance, placements, line.id) > line.hard_ceiling:
            broken.add("quota_ceiling")
    for pin in instance.pins:
        if placements[pin.group, pin.offer, pin.period] < pin.count:
            broken.add("pin")
    return broken


def kinds(instance: Instance, placements: Placements, offer: Offer, when: str) -> Counter[str]:
    """Pupils of an opening by the reserve that is for them, or by nothing."""
    found: Counter[str] = Counter()
    for (group, host, period), count in placements.items():
        if (host, period) == (offer.id, when):
            found[instance.category(instance.group[group].school, offer) or ""] += count
    return found


def released(offer: Offer, when: str, here: Counter[str]) -> int:
    """Reserved seats on which others sit."""
    misfits = sum(max(0, count - offer.reserved.get(name, 0)) for name, count in here.items())
    return max(0, misfits - max(0, offer.seats[when] - sum(offer.reserved.values())))


def claimed(instance: Instance, placements: Placements) -> bool:
    """Whether a pupil left could take the place of another, whom no pin holds, on a seat reserved for them."""
    pinned = Counter({(pin.group, pin.offer, pin.period): pin.count for pin in instance.pins})
    for group in (group for group in instance.groups if left_of(placements, group) > 0):
        for offer in (offer for offer in instance.offers if offer.reserved):
            for when in offer.seats:
                here = kinds(instance, placements, offer, when)
                for other in [name for name in placements if name[1:] == (offer.id, when)]:
                    if broken_by_one(instance, (group.id, offer.id, when)) or placements[other] <= pinned[other]:
                        continue
                    swapped = placements - Counter({other: 1}) + Counter({(group.id, offer.id, when): 1})
                    crowd = mates(instance, swapped, offer)[group.school, when]
                    fits = offer.max_per_school is None or crowd <= offer.max_per_school
                    after = kinds(instance, swapped, offer, when)
                    if fits and released(offer, when, after) < released(offer, when, here):
                        return True
    return False


def mates(instance: Instance, placements: Placements, offer: Offer) -> Counter[tuple[str, str]]:
    """Pupils at an offer, by school and period."""
    found: Counter[tuple[str, str]] = Counter()
    for (group, host, when), count in placements.items():
        if host == offer.id:
            found[instance.group[group].school, when] += count
    return found


def through(instance: Instance, placements: Placements, line: str) -> int:
    return sum(count for name, count in placements.items() if line in instance.ancestry(instance.offer[name[1]].line))


def left_of(placements: Placements, group: Group) -> int:
    return group.count - sum(count for name, count in placements.items() if name[0] == group.id)


def stays(instance: Instance, placements: Placements, name: Trip) -> int:
    """How many pupils of a trip were told to make it."""
    told = sum(row.count for row in instance.announced if (row.group, row.offer, row.period) == name)
    return min(told, placements[name])


def drawn(instance: Instance, sha256: str, name: Trip, keeps: bool) -> int:
    group = instance.group[name[0]]
    banned = sorted(ban.offer for ban in instance.bans if ban.group == group.id)
    profile = [group.school, group.level, group.reach_m, sorted(group.needs), banned]
    profile += [sorted(group.departments)] if group.departments else []
    member, sector = [*profile, sorted(group.periods), list(group.wishes)], instance.offer[name[1]].sector
    member += [group.id] * any(row.group == group.id for row in instance.announced)
    trip, ranked = ("trip", text(profile), *name[1:]), ("class", text(member), sector if sector in group.wishes else "")
    last = ("kept", text(member), *name[1:]) if keeps else ranked
    drawn_numbers = (hashlib.sha256("\x1f".join((sha256, *parts)).encode()).hexdigest()[:5] for parts in (trip, last))
    return sum(int(number, 16) for number in drawn_numbers)


def tier_value(instance: Instance, sha256: str, placements: Placements, tier: Tier) -> int:
    moves = [(instance.group[name[0]], instance.offer[name[1]], name, count) for name, count in placements.items()]
    if tier is Tier.PLACED:
        return sum(group.count for group in instance.groups) - sum(placements.values())
    if tier is Tier.EQUITY:
        total = 0
        for school in instance.schools:
            left = sum(left_of(placements, group) for group in instance.groups if group.school == school.id)
            for rank in range(left):
                total += instance.params.equity_level(school.priority, rank + 1, instance.pupils_by_school[school.id])
        return total
    if tier is Tier.COMMITMENTS:
        promised = [(line.id, line.commitment) for line in instance.lines if line.commitment is not None]
        short = sum(max(0, floor - through(instance, placements, name)) for name, floor in promised)
        priced = [line for line in instance.lines if line.overflow_price is not None]
        above = ((line, through(instance, placements, line.id) - (line.ceiling or 0)) for line in priced)
        return short + sum((line.overflow_price or 0) * max(0, count) for line, count in above)
    if tier is Tier.RESERVES:
        openings = [(offer, when) for offer in instance.offers if offer.reserved for when in offer.seats]
        return sum(released(offer, when, kinds(instance, placements, offer, when)) for offer, when in openings)
    if tier is Tier.STABILITY:
        return sum(row.count for row in instance.announced) - sum(
            stays(instance, placements, trip) for trip in placements
        )
    if tier is Tier.WISHES:
        return sum(count * instance.rank(group, offer.sector) for group, offer, _, count in moves)
    if tier is Tier.DISTANCE:
        return sum(count * trip(instance, group, offer) for group, offer, _, count in moves)
    if tier is Tier.LONGEST:
        return max((trip(instance, group, offer) for group, offer, _, count in moves if count), default=0)
    total = 0
    for _, _, name, count in moves:
        kept = stays(instance, placements, name)
        total += kept * drawn(instance, sha256, name, True) + (count - kept) * drawn(instance, sha256, name, False)
    return total


def is_full(instance: Instance, placements: Placements, line: str) -> bool:
    ceiling = instance.line[line].hard_ceiling
    return ceiling is not None and through(instance, placements, line) >= ceiling


def reason(instance: Instance, placements: Placements, group: Group) -> tuple[Document, bool]:
    """What can be said to the group's pupils left, and whether one of them could in truth still be placed."""
    admitting = [offer for offer in instance.offers if group.level in offer.levels]
    of_level = [offer for offer in admitting if is_permitted(instance, group, offer)]
    around = [offer for offer in of_level if trip(instance, group, offer) <= group.reach_m]
    of_level = [offer for offer in of_level if is_accepted(group, offer)]
    in_reach = [offer for offer in around if is_accepted(group, offer)]
    why: Document = {"reason": "", "offers": [], "lines": [], "facts": {"reachable_offers": len(in_reach)}}
    if not in_reach:
        if around:
            why["facts"]["in_other_departments"] = len(around)
        if of_level:
            why["facts"]["nearest_m"] = min(trip(instance, group, offer) for offer in of_level)
        return why | {"reason": "no_offer_of_level_in_reach"}, False
    opened = [(offer, when) for offer in in_reach for when in group.periods if offer.seats.get(when)]
    if not opened:
        return why | {"reason": "periods_not_open"}, False
    if not any(group.needs <= offer.serves for offer, _ in opened):
        return why | {"reason": "needs_not_served"}, False
    lawful = [(offer, when) for offer, when in opened if not broken_by_one(instance, (group.id, offer.id, when))]
    if not lawful:
        return why | {"reason": "banned"}, False
    told, is_open = blocked(instance, placements, group, lawful)
    return why | told, is_open


def blocked(
    instance: Instance, placements: Placements, group: Group, lawful: list[tuple[Offer, str]]
) -> tuple[Document, bool]:
    """What takes the room of every lawful trip: seats, else quota lines, else the offers' maximum per school."""
    free = []
    for offer, when in lawful:
        if sum(count for name, count in placements.items() if name[1:] == (offer.id, when)) < offer.seats[when]:
            free.append((offer, when))
    if not free:
        return {"reason": "all_seats_taken", "offers": sorted({offer.id for offer, _ in lawful})[:20]}, False
    shut: set[str] = set()
    is_open = False
    for offer, when in free:
        full = [line for line in instance.ancestry(offer.line) if is_full(instance, placements, line)]
        crowd = mates(instance, placements, offer)[group.school, when]
        if not full and (offer.max_per_school is None or crowd < offer.max_per_school):
            is_open = True
        shut.update(full)
    return ({"reason": "quota_ceiling", "lines": sorted(shut)} if shut else {"reason": "school_maximum"}), is_open


def honest(instance: Instance, placements: Placements, excusing: bool = False) -> tuple[Document, Document] | None:
    """Both documents for these placements, true but for the rules they break.

    A pupil left beside a free seat has no reason to be left: the answer is then None, or the best lie if `excusing`.
    """
    asked = instance_document(instance)
    sha256 = hashlib.sha256(text(asked).encode()).hexdigest()
    unplaced = []
    for group in instance.groups:
        if (left := left_of(placements, group)) > 0:
            why, is_open = reason(instance, placements, group)
            if is_open and not excusing:
                return None
            unplaced.append({"group": group.id, "count": left} | why)
    values = [(tier.value, tier_value(instance, sha256, placements, tier)) for tier in instance.params.tiers]
    rows = [{"group": g, "offer": o, "period": p, "count": n} for (g, o, p), n in sorted(placements.items()) if n]
    return asked, {
        "format": "sequence-result/1",
        "instance_sha256": sha256,
        "status": "FEASIBLE",
        "tiers": [{"tier": name, "value": value, "bound": min(0, value), "proof": "none"} for name, value in values],
        "assignments": rows,
        "unplaced": unplaced,
        "engine": "oracle of the tests",
        "seconds": {},
        "diagnosis": "",
    }
