"""The judge of optimality: a result that its certificate proves can be beaten by no other, whoever computed it.

It solves nothing. Bounds come from potentials alone, never from placements. The longest trip is no sum: it is proven
when, the tiers before it held, at least one pupil has a trip as long, and trips longer still count as closed after it.
Reasons and layout are for `verify`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from typing import Any

from .arcs import Arc, breach, outsiders, rebuild, share, unreserved
from .documents import Row
from .prices import AIMS, Case, Load, Vector, counted, plus

ENDS = ("placed", "reserves", "draw")
FORMATS = ("sequence-instance/2", "sequence-result/1", "sequence-certificate/1")
PROVEN = (*FORMATS, "OPTIMAL")
LISTED_FAULTS = 20


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


def hidden(case: Case) -> Vector:
    """What the bound overstates: it sees a bundle in one period, and the others may fill commitments, or stay."""
    rows = case.instance["bundles"]
    more = sum(case.groups[row["group"]]["count"] * (len(row["periods"]) - 1) for row in rows)
    promised = max(
        (sum(bool(case.lines[name]["commitment"]) for name in case.above(line)) for line in case.lines), default=0
    )
    bundled = {row["group"] for row in rows}
    told = sum(count for (name, _, _), count in case.told.items() if name in bundled)
    return case.cost(commitments=more * promised, stability=told)


def identity(
    layout: Any, tiers: list[str], sha256: str, result: Row, certificate: Row, expected: tuple[str, ...] = PROVEN
) -> Iterator[str]:
    """The three documents are of these layouts, of one instance, and of one order of the tiers."""
    said = layout, result["format"], certificate["format"], result["status"]
    if (*said, result["instance_sha256"], certificate["instance_sha256"]) != (*expected, *[sha256] * 2):
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
    mine, low = [*value(case, case.load, case.pupils)], [*plus(bound(case, arcs), hidden(case), -1)]
    mine[case.at], low[case.at] = case.longest, shortest(instance, result, certificate, case.longest)
    for row in zip(tiers, mine, low, strict=True):
        if row[1] != row[2] or row not in told:
            faults.append(f"tier {row[0]}: value {row[1]}, and {row[2]} is the bound proven: not what is announced")
    return faults[:LISTED_FAULTS]


def shortest(instance: Row, result: Row, certificate: Row, longest: int) -> int:
    """The longest trip if it is proven that some pupil has one as long; else 0, which proves nothing."""
    case = Case(instance, result, certificate, shortening=True)
    return longest if bound(case, [*rebuild(case)])[case.at] > 0 else 0
