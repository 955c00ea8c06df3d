"""The judge of bounds: what no answer to a round with side constraints can beat, from prices, without a solver.

Without its side constraints a round is a network, whose potentials bound every answer (`prove`). Tiers are proven until
one is left open; a later tier is bounded for the answers that keep those before it at the values reached: for weights
that are not negative, the least weighted sum, less what the tiers held may cost, divided by the tier's own weight. A
bound that the result vouches for by the network is exactly that; one that it declares is no lower.
"""

from __future__ import annotations

from collections.abc import Iterator

from .arcs import rebuild
from .case import Case as Answer
from .documents import Row
from .prices import Weighed, plus
from .prove import FORMATS, LISTED_FAULTS, bound, hidden, identity, prove_documents
from .tier_values import tier_values

BOUNDS = "sequence-bounds/1"
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
    """Every fault, at most twenty; [] when the bounds before the longest trip are what the prices prove."""
    answer, tiers = Answer(instance, result), instance["params"]["tiers"]
    if faults := [*identity(instance["format"], tiers, answer.sha256, result, certificate, EXPECTED)]:
        return faults
    values, told = tier_values(answer), {row["tier"]: row for row in result["tiers"]}
    faults = [f"tier {name}: value {values[name]}" for name in tiers if told[name]["value"] != values[name]]
    rows, last = certificate["bounds"], tiers.index("longest")
    closed = tiers.index(rows[0]["tier"])
    if [row["tier"] for row in rows] != tiers[closed:last]:
        return [*faults, f"bounds: one for each tier from {tiers[closed]} to the longest trip"][:LISTED_FAULTS]
    for number, row in enumerate(rows):
        weights = weights_of(tiers, row, closed)
        case = Weighed(instance, result, row, closed)
        low = plus(bound(case, [*rebuild(case)]), hidden(case), -1)
        proven = {name: (low[at], "potentials") for at, name in enumerate(tiers[:closed])}
        proven[row["tier"]] = least(row["tier"], low[closed], weights, values), VOUCHED[min(number, 1)]
        faults += announced(told, proven, row["tier"])
    return faults[:LISTED_FAULTS]


def weights_of(tiers: list[str], row: Row, closed: int) -> dict[str, int]:
    """The weights of a row, which are of the tiers left open so far.

    Raises:
        ValueError: the weights are no weights.
    """
    weights: dict[str, int] = dict(row["weights"])
    known = {*tiers[closed : tiers.index(row["tier"]) + 1]}
    if {*map(type, weights.values())} != {int} or min(weights.values()) < 0 or not weights.keys() <= known:
        raise ValueError(f"certificate: weights {weights}")
    if weights.get(row["tier"], 0) < 1:
        raise ValueError(f"certificate: {row['tier']} weighs nothing")
    return weights


def least(tier: str, low: int, weights: dict[str, int], values: dict[str, int]) -> int:
    """What the tier costs at least, once the others in the sum cost what they did."""
    others = sum(weight * values[name] for name, weight in weights.items() if name != tier)
    return max(0, -((others - low) // weights[tier]))


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
