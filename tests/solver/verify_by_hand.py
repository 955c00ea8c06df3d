"""Rounds made by hand for what chance seldom meets: exact fits, seats kept for others, pupils who stay together.

Each says what the judge must name, so that a rule read one pupil short or one seat too far is noticed for every seed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from solver.files import instance_document, instance_sha256
from solver.instance import Bundle, Instance, Period, Pin, QuotaLine, Whole
from solver.result import Assignment
from solver.score import score
from tests.solver.small_world import group, offer, school, world
from tests.solver.verify_oracle import Document

WEEKS = tuple(Period(name, (f"2027-W1{number}",)) for number, name in enumerate("pqrs"))
SCHOOLS = (school(), school(id="rep", priority="rep"), school(id="rural", priority="rural"))
Case = tuple[Document, Document, set[str]]
"""Both documents, and the properties to be named."""


def told(instance: Instance, rows: list[Assignment], unplaced: list[Document], *named: str) -> Case:
    """A result with the right values for these rows, and these words for those who have no place."""
    sha256 = instance_sha256(instance)
    values = score(instance, sha256, tuple(rows))
    result = {
        "format": "sequence-result/1",
        "instance_sha256": sha256,
        "status": "FEASIBLE",
        "tiers": [
            {"tier": tier.value, "value": values[tier], "bound": min(0, values[tier]), "proof": "none"}
            for tier in instance.params.tiers
        ],
        "assignments": [{"group": r.group, "offer": r.offer, "period": r.period, "count": r.count} for r in rows],
        "unplaced": unplaced,
        "engine": "by hand",
        "seconds": {},
        "diagnosis": "",
    }
    return instance_document(instance), result, {*named}


def left(name: str, reason: str, reachable: int, count: int = 1, **said: Any) -> Document:
    facts = {"reachable_offers": reachable, **said.pop("facts", {})}
    return {"group": name, "count": count, "reason": reason, "offers": [], "lines": [], "facts": facts} | said


def reserves() -> list[Case]:
    """Who may claim a seat that another has: never one who has a reserved seat, nor against those who are pinned."""
    full = left("theirs", "all_seats_taken", 1, offers=["offer"])
    theirs, other = group(id="theirs", school="rep"), group(id="other")
    seat = world(schools=SCHOOLS, offers=(offer(reserved={"rep": 1}),), groups=(theirs, other))
    alone = replace(seat, wholes=(Whole("theirs"),))
    two = group(id="two", count=2)
    three = world(
        schools=SCHOOLS,
        offers=(offer(reserved={"rep": 3}, seats={"p": 3}),),
        groups=(theirs, other, two),
        wholes=(Whole("two"),),
        pins=(Pin("two", "offer", "p", 2),),
    )
    served = world(
        schools=SCHOOLS,
        offers=(offer(reserved={"rep": 1, "rural": 1}, seats={"p": 2}),),
        groups=(theirs, other, group(id="served", school="rep")),
    )
    at_most_one = replace(served, offers=(offer(reserved={"rep": 2}, seats={"p": 2}, max_per_school=1),))
    pair = replace(seat, groups=(replace(theirs, count=2), other), wholes=(Whole("theirs"),))
    sits, two_sit, is_served = (
        Assignment("other", "offer", "p", 1),
        Assignment("two", "offer", "p", 2),
        Assignment("served", "offer", "p", 1),
    )
    return [
        told(alone, [sits], [full], "reserve"),
        told(three, [sits, two_sit], [full], "reserve"),
        told(served, [sits, is_served], [full]),
        told(at_most_one, [sits, is_served], [full]),
        told(pair, [sits], [full | {"count": 2}]),
    ]


def bundled(ceiling: int, *, wide: int = 1, **changes: Any) -> Instance:
    """A pupil who may go one week to each of two hosts of the same line, or so again under another."""
    hosts = [offer(id=name, seats={name: 5}, line="wide" if name in "rs" else "line") for name in "pqrs"]
    lines = QuotaLine("line", ceiling=ceiling), QuotaLine("wide", ceiling=wide)
    given = {"periods": WEEKS, "offers": tuple(hosts[:2]), "lines": lines, "bundles": (Bundle("group", ("p", "q")),)}
    return world(**given | {"groups": (group(periods=frozenset()),)} | changes)


def bundles() -> list[Case]:
    """A bundle takes two pupils' room under a ceiling that both its periods meet; another way in makes it no excuse."""
    closed = left("group", "quota_ceiling", 2, lines=["line"])
    alone = group(periods=frozenset({"r"}))
    hosts = bundled(1).offers
    beside = bundled(1, offers=(*hosts, offer(id="r", seats={"r": 1})), groups=(alone,))
    other = group(id="other", periods=frozenset({"p"}))
    again = (Bundle("group", ("p", "q")), Bundle("group", ("r", "s")))
    further = tuple(offer(id=name, seats={name: 5}, line="wide") for name in "rs")
    excuse = closed | {"facts": {"reachable_offers": 3}}
    taken = Assignment("other", "p", "p", 1)
    return [
        told(bundled(1), [], [closed]),
        told(bundled(2), [], [closed], "reasons"),
        told(bundled(2), [], [closed | {"lines": []}], "reasons"),
        told(bundled(2, groups=(*bundled(2).groups, other)), [taken], [closed]),
        told(bundled(3, groups=(*bundled(3).groups, other)), [taken], [closed], "reasons"),
        told(beside, [], [excuse], "reasons"),
        told(beside, [], [excuse | {"lines": []}], "reasons"),
        told(
            bundled(1, offers=(*hosts, *further), bundles=again),
            [],
            [left("group", "quota_ceiling", 4, lines=["line", "wide"])],
        ),
    ]


def together() -> list[Case]:
    """As many as must come at once may; the room named to those who are too many is room they could use."""
    pair = world(
        offers=(offer(seats={"p": 2}, min_group=2),), groups=(group(count=2),), wholes=(Whole("group"),), periods=WEEKS
    )
    shut = offer(id="q", seats={"q": 5}, line="shut")
    three = world(
        periods=WEEKS,
        offers=(offer(id="p", seats={"p": 2}), shut, offer(id="r", seats={"r": 1})),
        groups=(group(count=3, periods=frozenset({"r"})),),
        lines=(QuotaLine("shut", ceiling=0),),
        wholes=(Whole("group"),),
        bundles=(Bundle("group", ("p", "q")),),
    )
    return [
        told(pair, [], [left("group", "minimum_group", 1, count=2)], "reasons"),
        told(three, [], [left("group", "group_too_large", 3, count=3, facts={"largest_room": 1})]),
        told(three, [], [left("group", "group_too_large", 3, count=3, facts={"largest_room": 2})], "reasons"),
    ]


def numbers() -> list[Case]:
    """As many pupils as a number may say are too many for the group; one more is no number of pupils."""
    asked, result, _ = told(world(), [], [left("group", "all_seats_taken", 1, count=2**53)])
    over = result | {"unplaced": [result["unplaced"][0] | {"count": 2**53 + 1}]}
    return [(asked, result, {"demand", "reasons"}), (asked, over, {"demand", "identity"})]


def by_hand() -> list[Case]:
    return [*reserves(), *bundles(), *together(), *numbers()]
