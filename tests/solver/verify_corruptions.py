"""Named ways to falsify a round's documents, each with the property that has to be named.

Hard rules are broken by really moving pupils and writing the rest of the documents honestly, so that nothing else gives
the fraud away. An operator returns None when a case offers no occasion; `corrupted` then draws another case.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from solver.instance import Instance
from solver.params import Tier
from solver.result import Reason
from solver.rules import Rule
from tests.solver.side_corruptions import LOOSENED, breaking_side
from tests.solver.verify_cases import documents, random_case
from tests.solver.verify_oracle import Document, Placements, Trip, broken_by_one, broken_rules, honest, left_of

Pair = tuple[Document, Document]
Operator = Callable[[Random, Instance, Placements], Pair | None]
Edit = Callable[[Random, Document], object]
"""Falsifies a result in place; an IndexError says that there is nothing of the kind to falsify."""


def breaking(rule: Rule, when: Callable[[Instance, Trip], bool] = lambda *_: True) -> Operator:
    """Send one pupil where only this rule forbids it."""

    def operate(random: Random, instance: Instance, placements: Placements) -> Pair | None:
        names = [(g.id, o.id, p.id) for g in instance.groups for o in instance.offers for p in instance.periods]
        random.shuffle(names)
        for target in [name for name in names if broken_by_one(instance, name) <= {rule} and when(instance, name)]:
            for moved in moves_to(rule, instance, placements, target):
                if broken_rules(instance, moved) == {rule} and (pair := honest(instance, moved)) is not None:
                    return pair
        return None

    return operate


def moves_to(rule: Rule, instance: Instance, placements: Placements, target: Trip) -> list[Placements]:
    """Every way to send a pupil of the target's group there; for a pin, also every way to send one home."""
    if rule is Rule.RESERVE:  # somebody from the opening makes room, and is left without a place
        there = [name for name in placements if name[1:] == target[1:]]
        return [placements - Counter({name: 1}) + Counter({target: 1}) for name in there]
    fewer = [placements - Counter({name: 1}) for name in placements if name[0] == target[0]]
    sources = list(fewer)
    if rule is Rule.DEMAND or left_of(placements, instance.group[target[0]]) > 0:
        sources.append(placements)
    more = [each + Counter({target: 1}) for each in sources]
    return fewer + more if rule is Rule.PIN else more


def is_across_the_sea(instance: Instance, name: Trip) -> bool:
    home, host = instance.school[instance.group[name[0]].school], instance.offer[name[1]]
    return instance.department[home.department].landmass != instance.department[host.department].landmass


def is_listed(instance: Instance, name: Trip) -> bool:
    admits = instance.offer[name[1]].admits
    return admits is None or instance.school[instance.group[name[0]].school].department in admits


def is_accepted(instance: Instance, name: Trip) -> bool:
    return name[2] in instance.group[name[0]].periods


def is_narrow(instance: Instance, name: Trip) -> bool:
    return instance.offer[name[1]].line == "narrow"


ASPECTS: dict[str, tuple[Rule, Callable[[Instance, Trip], bool]]] = {
    "sent across the sea": (Rule.REACH, is_across_the_sea),
    "sent too far": (Rule.REACH, lambda *trip: not is_across_the_sea(*trip)),
    "sent beyond the campaign's territory": (Rule.TERRITORY, is_listed),
    "sent to a site that lists other départements": (Rule.TERRITORY, lambda *trip: not is_listed(*trip)),
    "sent in a period the site does not open": (Rule.PERIOD, is_accepted),
    "sent in a period the group does not accept": (Rule.PERIOD, lambda *trip: not is_accepted(*trip)),
    "one more than a wider line's ceiling": (Rule.QUOTA_CEILING, lambda *trip: not is_narrow(*trip)),
    "one more than a narrow line's ceiling": (Rule.QUOTA_CEILING, is_narrow),
}
"""Rules that forbid for two reasons, one reason at a time."""


def editing(edit: Edit) -> Operator:
    """An honest result, then one lie."""

    def operate(random: Random, instance: Instance, placements: Placements) -> Pair | None:
        asked, result = documents(instance, placements)
        before = repr(result)
        try:
            edit(random, result)
        except IndexError:
            return None
        return None if repr(result) == before else (asked, result)

    return operate


def tier(**changes: Callable[[int], object]) -> Edit:
    """Falsify fields of one tier."""

    def edit(random: Random, result: Document) -> None:
        row = random.choice(result["tiers"])
        row |= {field: change(row["value"]) for field, change in changes.items()}

    return edit


def extra_row(**fields: object) -> Edit:
    """An assignment more, like another one but for these fields."""
    return lambda random, result: result["assignments"].append(random.choice(result["assignments"]) | fields)


def split(name: str) -> Edit:
    """Say in two rows what one row says."""

    def edit(random: Random, result: Document) -> None:
        row = random.choice([row for row in result[name] if row["count"] > 1])
        result[name].append(row | {"count": row["count"] - 1})
        row["count"] = 1

    return edit


def said(alter: Callable[[Document], object], *reasons: Reason) -> Edit:
    """Falsify what is said to the pupils left of one group, whose reason is one of these."""
    among = reasons or tuple(Reason)
    return lambda random, result: alter(random.choice([row for row in result["unplaced"] if row["reason"] in among]))


def another_reason(random: Random, result: Document) -> None:
    row = random.choice(result["unplaced"])
    row["reason"] = random.choice([reason.value for reason in Reason if reason != row["reason"]])


def first_reason_to_all(_: Random, result: Document) -> None:
    told = {field: result["unplaced"][0][field] for field in ("reason", "offers", "lines", "facts")}
    for row in result["unplaced"]:
        row |= told


def optimal(result: Document, proof: str) -> None:
    result["status"] = "OPTIMAL"
    for row in result["tiers"]:
        row |= {"bound": row["value"], "proof": proof}


def optimal_with_a_gap(random: Random, result: Document) -> None:
    optimal(result, "potentials")
    random.choice(result["tiers"])["bound"] -= 1


def optimal_but_one_unproven(random: Random, result: Document) -> None:
    optimal(result, "potentials")
    random.choice(result["tiers"])["proof"] = "none"


def touched_instance(_: Random, instance: Instance, placements: Placements) -> Pair:
    """The instance is changed after the round, where no rule looks."""
    asked, result = copy.deepcopy(documents(instance, placements))
    asked["periods"][0]["slots"] = ["2027-W07"]
    return asked, result


def foreign_layout(_: Random, instance: Instance, placements: Placements) -> Pair:
    """The instance says that it is of another layout, and the result is honestly of that instance."""
    asked, result = documents(instance, placements)
    asked["format"] = "sequence-instance/1"
    return asked, result


def left_beside_a_free_seat(random: Random, instance: Instance, placements: Placements) -> Pair | None:
    """A pupil is sent home from a place that nobody takes, and is told that there was none."""
    name = random.choice(sorted(placements) or [("", "", "")])
    fewer = placements - Counter({name: 1})
    if broken_rules(instance, fewer) or honest(instance, fewer) is not None:
        return None
    return honest(instance, fewer, excusing=True)


def corrupted(name: str, random: Random) -> Pair:
    """A falsified pair of documents, from the first random case that gives the occasion."""
    _, operator = OPERATORS[name]
    for _ in range(2_000):
        instance, placements = random_case(random)
        if (pair := operator(random, instance, placements)) is not None:
            return pair
    raise AssertionError(f"no case gives an occasion to {name!r}")


def _put(holder: Any, key: str | int, value: object) -> None:
    holder[key] = value


def forgotten(random: Random, result: Document) -> None:
    result["unplaced"].remove(random.choice(result["unplaced"]))


def another_hash(random: Random, result: Document) -> None:
    place = random.randrange(64)
    sha256 = result["instance_sha256"]
    result["instance_sha256"] = sha256[:place] + random.choice("0123456789abcdef") + sha256[place + 1 :]


def top(key: str, value: object) -> Edit:
    return lambda _, result: _put(result, key, value)


def fact(key: str, change: Callable[[int], object]) -> Edit:
    """Falsify one fact of a reason, or invent it."""
    return said(lambda row: _put(row["facts"], key, change(row["facts"].get(key, 0))))


LIES: dict[str, tuple[str, Edit]] = {
    "an unplaced group is forgotten": ("demand", forgotten),
    "an unplaced pupil is invented": ("demand", said(lambda row: _put(row, "count", row["count"] + 1))),
    "reason swapped": ("reasons", another_reason),
    "first reason given to all": ("reasons", first_reason_to_all),
    "an offer dropped from a reason": ("reasons", said(lambda row: row["offers"].pop(), Reason.ALL_SEATS_TAKEN)),
    "an offer added to a reason": ("reasons", said(lambda row: row["offers"].append("offer-0"))),
    "a line added to a reason": ("reasons", said(lambda row: row["lines"].append("wide"))),
    "a line dropped from a reason": ("reasons", said(lambda row: row["lines"].pop(), Reason.QUOTA_CEILING)),
    "one more offer in reach": ("reasons", fact("reachable_offers", lambda count: count + 1)),
    "a fact as a float": ("reasons", fact("reachable_offers", float)),
    "a fact as a boolean": ("reasons", fact("reachable_offers", bool)),
    "a fact invented": ("reasons", fact("nearest_m", lambda metres: metres + 1)),
    "a fact withheld": ("reasons", said(lambda row: row["facts"].popitem())),
    "a tier one too high": ("announced_tiers", tier(value=lambda value: value + 1)),
    "a tier one too low": ("announced_tiers", tier(value=lambda value: value - 1, bound=lambda value: value - 1)),
    "a bound above the value": ("announced_tiers", tier(bound=lambda value: value + 1)),
    "a proof of an unknown kind": ("announced_tiers", tier(proof=lambda _: "oracle")),
    "tiers reordered": ("announced_tiers", lambda _, result: result["tiers"].reverse()),
    "a tier missing": ("announced_tiers", lambda random, result: result["tiers"].pop(random.randrange(len(Tier)))),
    "a tier announced twice": ("announced_tiers", lambda _, result: result["tiers"].append(result["tiers"][-1])),
    "optimal without a proof": ("announced_tiers", lambda _, result: optimal(result, "none")),
    "optimal with a tier unproven": ("announced_tiers", optimal_but_one_unproven),
    "optimal with a gap": ("announced_tiers", optimal_with_a_gap),
    "no answer announced": ("announced_tiers", top("status", "INFEASIBLE")),
    "an unknown status": ("announced_tiers", top("status", "optimal")),
    "hash altered": ("identity", another_hash),
    "another layout": ("identity", top("format", "sequence-result/2")),
    "a field too many": ("identity", top("signature", "")),
    "a field of another type": ("identity", top("seconds", 3)),
    "a field missing": ("identity", lambda random, result: result.pop(random.choice(("engine", "seconds", "format")))),
    "an unknown group": ("identity", extra_row(group="group-99")),
    "an unknown offer": ("identity", extra_row(offer="offer-99")),
    "an unknown period": ("identity", extra_row(period="p99")),
    "an identifier that is a list": ("identity", extra_row(group=["group-0"])),
    "a count of zero": ("identity", extra_row(count=0)),
    "a negative count": ("identity", extra_row(count=-1)),
    "a count that is a boolean": ("identity", extra_row(count=True)),
    "a count that is a float": ("identity", extra_row(count=1.0)),
    "a count that is no number": ("identity", extra_row(count=float("nan"))),
    "a count that is a text": ("identity", extra_row(count="1")),
    "a count without end": ("identity", extra_row(count=10**400)),
    "a count that some readers round": ("identity", extra_row(count=2**53 + 1)),
    "tiers that are no list": ("identity", top("tiers", None)),
    "a field too many in a row": ("identity", extra_row(note="")),
    "a row that is a list": ("identity", lambda _, result: result["assignments"].append([])),
    "a row that is nothing": ("identity", lambda _, result: result["unplaced"].append(None)),
    "a tier's value as a boolean": ("identity", lambda _, d: d["tiers"].append(d["tiers"][0] | {"value": True})),
    "an assignment in two rows": ("identity", split("assignments")),
    "unplaced pupils in two rows": ("identity", split("unplaced")),
}

OPERATORS: dict[str, tuple[str, Operator]] = {
    **{f"{rule.value} broken": (rule.value, breaking(rule)) for rule in Rule if rule not in LOOSENED},
    **{f"{rule.value} broken": (rule.value, breaking_side(rule)) for rule in LOOSENED},
    **{name: (rule.value, breaking(rule, when)) for name, (rule, when) in ASPECTS.items()},
    **{name: (rule, editing(edit)) for name, (rule, edit) in LIES.items()},
    "a pupil left beside a free seat": ("reasons", left_beside_a_free_seat),
    "instance touched after the round": ("identity", touched_instance),
    "instance of another layout": ("identity", foreign_layout),
}
"""Every corruption by name, with the property that must be named."""

MIXED = {"tiers that are no list", "instance touched after the round", "instance of another layout"}
"""Those that other properties may notice too: no tiers are no announcement, and the draw depends on the hash."""
