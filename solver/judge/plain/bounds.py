"""The judge of bounds: what no answer to a round with side constraints can beat, from prices, without a solver.

Without its side constraints a round is a network, whose potentials bound every answer (`prove`). Tiers are proven until
one is left open; a later tier is bounded for the answers that keep those before it at the values reached: for weights
that are not negative, the least weighted sum, less what the tiers held may cost, divided by the tier's own weight. A
bound that the result vouches for by the network is exactly that; one that it declares is no lower. The longest trip is
bounded by a length when the trips as long, counted in its place in such a sum, are one at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .arcs import rebuild
from .case import Case as Answer
from .documents import Row
from .prices import Weighed, plus
from .prove import FORMATS, LISTED_FAULTS, bound, hidden, identity, prove_documents
from .tier_values import tier_values

BOUNDS = "sequence-bounds/2"
VOUCHED = ("potentials", "held")
"""What bounds found again here are called: while every tier before is proven, and after one left open."""
EXPECTED = (*FORMATS[:2], BOUNDS, "FEASIBLE")


def judge_documents(instance: Row, result: Row, certificate: Row) -> list[str]:
    """Every fault of what the certificate is about: the result being the best, or the bounds that nothing can beat."""
    judge = bound_documents if certificate["format"] == BOUNDS else prove_documents
    return judge(instance, result, certificate)


def words_of(result: Row, certificate: Row) -> str:
    """What stands when no fault is found: each tier's value, or its bound."""
    word, field = ("bounded", "bound") if certificate["format"] == BOUNDS else ("proved", "value")
    return f"{word}: " + ", ".join(f"{row['tier']} {row[field]}" for row in result["tiers"])


def bound_documents(instance: Row, result: Row, certificate: Row) -> list[str]:
    """Every fault, at most twenty; [] when the bounds are what the prices prove."""
    answer, tiers = Answer(instance, result), instance["params"]["tiers"]
    if faults := [*identity(instance["format"], tiers, answer.sha256, result, certificate, EXPECTED)]:
        return faults
    values, told = tier_values(answer), {row["tier"]: row for row in result["tiers"]}
    faults = [f"tier {name}: value {values[name]}" for name in tiers if told[name]["value"] != values[name]]

    def proven(row: Row, closed: int) -> list[int]:
        case = Weighed(instance, result, row, closed)
        return [*plus(bound(case, [*rebuild(case)]), hidden(case), -1)]

    return [*faults, *unproven(tiers, values, told, certificate["bounds"], proven)][:LISTED_FAULTS]


def unproven(
    tiers: list[str],
    values: dict[str, int],
    told: dict[str, Row],
    rows: list[Row],
    proven: Callable[[Row, int], Sequence[int]],
) -> Iterator[str]:
    """What is announced otherwise than the rows prove: one for each tier from the first left open, in order.

    `proven` is what a row makes of each tier when so many are closed. A tier is closed while it and those before are
    proven; the longest trip then by its own row. The draw has a row when it is the last to be open; else it is at least
    0, as every lot is.
    """
    first, at = tiers.index(rows[0]["tier"]), tiers.index("longest")
    named, closed = [row["tier"] for row in rows], first
    if first > at or named not in (tiers[first:-1], tiers[first:]):
        yield f"bounds: one for each tier from {tiers[min(first, at)]} on"
        return
    for number, row in enumerate(rows, first):
        if row["tier"] == "draw" and closed < number:
            yield "tier draw: bounded beside others left open"
            return
        weights, low = weights_of(tiers, row, first), proven(row, closed)
        found = {name: (low[i], VOUCHED[0]) for i, name in enumerate(tiers[:closed]) if i != at}
        some = least(row, low[closed], weights, values)
        found[row["tier"]] = max(0, some), VOUCHED[number != closed]
        yield from announced(told, found, row["tier"])
        closed += number == closed and some == values[row["tier"]]
    for name in tiers[first + len(rows) :]:
        yield from announced(told, {name: (0, VOUCHED[1])}, name)


def weights_of(tiers: list[str], row: Row, first: int) -> dict[str, int]:
    """The weights of a row, which are of the tiers from the first; the longest trip and the draw have their own row.

    Raises:
        ValueError: the weights, or the length that the longest trip is bounded by, are none.
    """
    weights: dict[str, int] = dict(row["weights"])
    known = {*tiers[first : tiers.index(row["tier"])]} - {"longest"} | {row["tier"]}
    if {*map(type, weights.values())} != {int} or min(weights.values()) < 0 or not weights.keys() <= known:
        raise ValueError(f"certificate: weights {weights}")
    if weights.get(row["tier"], 0) < 1:
        raise ValueError(f"certificate: {row['tier']} weighs nothing")
    if (type(row["metres"]) is int) != (row["tier"] == "longest"):
        raise ValueError(f"certificate: metres {row['metres']}")
    return weights


def least(row: Row, low: int, weights: dict[str, int], values: dict[str, int]) -> int:
    """What the tier costs at least, once the others in the sum cost what they did: below 0, prices that say nothing."""
    others = sum(weight * values[name] for name, weight in weights.items() if name != row["tier"])
    some = -((others - low) // weights[row["tier"]])
    return some if row["metres"] is None else row["metres"] if some > 0 else 0


def announced(told: dict[str, Row], proven: dict[str, tuple[int, str]], bounded: str) -> Iterator[str]:
    """The tiers proven are at their values; a bound is the one found if the network vouches for it, else no lower."""
    for name, (low, words) in proven.items():
        row = told[name]
        exact = row["bound"] == low and row["proof"] in ((words,) if low else (words, "none"))
        declared = low <= row["bound"] and row["proof"] == "solver"
        if not (exact or (declared and name == bounded)) or row["bound"] > row["value"]:
            yield f"tier {name}: {low} is the bound proven: not what is announced"
        elif name != bounded and row["bound"] != row["value"]:
            yield f"tier {name}: left open, and later bounds count on it"
