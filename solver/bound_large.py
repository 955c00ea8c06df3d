"""The judge of bounds for large rounds: the same recount as `solver.judge.plain.bounds`, on whole columns.

It only ever says that bounds are what they are announced to be; where it cannot, the plain judge reads the documents
and says what fails. It needs numpy besides, nothing of the engine, and solves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from solver.column_store import Store
from solver.judge.plain.bounds import EXPECTED, bound_documents, unproven
from solver.judge.plain.documents import Row
from solver.judge.plain.prove import identity
from solver.large_columns import require
from solver.large_prices import MAX_PRICE, Prices
from solver.large_round import Round
from solver.large_trips import Lots, Weighed, longest_of, tier_values, trip_costs, unranked_rank
from solver.prove_large import Proof
from solver.verify_large import MALFORMED

LENGTHS = {"equity": 2**24, "distance": 2**24}
"""No pupil's share of these aims is beyond: a thousand times ten thousand, and the size of the earth (metres)."""


def is_bounded(instance: Store, result: Store, certificate: Row) -> bool:
    """Whether the bounds are what the prices prove, and announced as such."""
    try:
        return not any(_faults(Round(instance, result), certificate))
    except MALFORMED:
        return False


def _faults(found: Round, certificate: Row) -> Iterator[str]:
    """Whatever is not as it should be: the plain judge has the words for it."""
    tiers, told = found.params["tiers"], {row["tier"]: row for row in found.result["tiers"]}
    once = len(np.unique(found.keys(found.trips))) == len(found.trips.count)
    about = found.head["format"], tiers, found.sha256, found.result, certificate, EXPECTED
    require(once and not any(identity(*about)), "of another round, or a trip twice")
    most = LENGTHS | {"wishes": unranked_rank(found)}
    lots = Lots(found)
    costs = trip_costs(found, lots, found.trips)
    values = tier_values(found, found.trips, costs)

    def proven(row: Row, closed: int) -> list[int]:
        weights, metres = dict(row["weights"]), row["metres"]
        heaviest = max(weight * most.get(name, 1) for name, weight in weights.items())
        require(heaviest <= MAX_PRICE, "certificate: a weight")
        prices = {name: value for name, value in row.items() if name not in ("tier", "weights", "metres")}
        longest = longest_of(costs) if metres is None else max(1, metres) - 1
        gauge = Weighed(tiers, longest, closed=closed, weights=weights)
        return [*Proof(found, Prices(found, prices), lots, costs, gauge).bound().values()]

    yield from (name for name in tiers if told[name]["value"] != values[name])
    yield from unproven(tiers, values, told, certificate["bounds"], proven)


def bound_large(
    instance: Store, result: Store, certificate: Row, documents: Callable[[], tuple[Row, Row]]
) -> list[str]:
    """Every fault, as `solver.judge.plain.bounds` names them; [] when the bounds are what they are announced to be.

    `documents` gives the two documents that the columns hold: it is only called when something has to be named.

    Raises:
        What `documents` and the plain judge do, for what is no such document.
    """
    return [] if is_bounded(instance, result, certificate) else bound_documents(*documents(), certificate)
