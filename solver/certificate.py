"""The certificate of a proven round: prices from which anyone can see, without a solver, that no better answer exists.

Nodes have potentials p, one whole number per tier in order; the sink's are zeros. An arc's reduced cost is its cost
+ p(tail) - p(head), compared lexicographically: positive, the arc is empty; negative, it is full. Only seats, schools'
maxima, quota lines and schools' equity levels are limits here; the way from a class to an opening has none, so hubs
need no potential, and a class's is the best that its own choices offer it. What remains is the document's few rows:

    {"format": "sequence-certificate/1", "instance_sha256": ..., "tiers": [name, ...],
     "lines": [[line, p], ...], "schools": [[school, p of its unplaced pupils], ...],
     "openings": [[offer, period, worth], ...], "reserves": [[offer, period, category or null, worth], ...],
     "maxima": [[school, offer, period, worth], ...]}

A worth is what one more seat, one more reserved for a category (null: for nobody), or one more pupil under the school's
maximum would save: p(opening) is p(its line, or the sink) - worth, p(category at the opening) is p(opening) - worth
where seats are reserved, and p(school at the opening) is p(its category there, or the opening) - worth. Without a row:
zeros. The longest trip is no sum: its numbers are the potentials of another tier in its place, the pupils whose trip is
as long as the longest, of whom the tiers before it leave one at least; the tiers after it do without longer trips. Rows
are sorted by identifiers. `solver.judge` reads this with its own lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from solver.arrays import Ints, ints
from solver.faces import Optimum
from solver.files import Document
from solver.held import Held, weighed_costs
from solver.instance import Instance
from solver.network import Kind, Network
from solver.params import Tier
from solver.reserves import categories
from solver.result import Result
from solver.solve import Progress, solve
from solver.tiers import Names, arc_costs

CERTIFICATE_FORMAT, BOUNDS_FORMAT = "sequence-certificate/1", "sequence-bounds/2"
NO_TRIP = 2**40
"""Longer than any trip (metres): no arc is as long."""


def solve_with_certificate(
    instance: Instance, *, executor: Executor | None = None, progress: Progress | None = None
) -> tuple[Result, Document | None]:
    """`solve`, and the certificate of every tier if all are proven, else of the bounds that the network gives."""
    kept: list[tuple[Network, Names, Optimum, tuple[Held, ...]]] = []
    result = solve(instance, executor=executor, progress=progress, keep=lambda *found: kept.append(found))
    if not kept:
        return result, None
    network, names, optimum, held = kept[0]
    if held:
        return result, certify_bounds(instance, network, names, optimum, held)
    return result, certify(instance, network, names, optimum)


def certify(instance: Instance, network: Network, names: Names, optimum: Optimum) -> Document:
    """The certificate of an optimum of the instance's network, every tier of which is proven."""
    tiers = instance.params.tiers

    def costs(arcs: Ints) -> Ints:
        return np.stack([arc_costs(tier, network, arcs, names) for tier in tiers])

    prices = _price(network, names, np.stack(optimum.potentials), costs, tiers.index(Tier.LONGEST), optimum.longest)
    return _head(CERTIFICATE_FORMAT, instance, names) | _rows(instance, prices)


def certify_bounds(
    instance: Instance, network: Network, names: Names, optimum: Optimum, held: Sequence[Held]
) -> Document:
    """The certificate of the bounds of a round that side constraints leave open.

        {"format": "sequence-bounds/2", "instance_sha256": ..., "tiers": [name, ...],
         "bounds": [{"tier": name, "weights": [[tier, weight], ...], "metres": length or null,
                     "lines": ..., "schools": ..., ...}, ...]}

    The tiers before the first of `bounds` are proven. Each row has prices of its own: potentials of the tiers proven
    so far, then of the weighted sum, then zeros. In the row of the longest trip, trips of so many metres are counted.
    """
    tiers, rows = instance.params.tiers, list[Document]()
    last, longest = len(tiers) - 1, tiers.index(Tier.LONGEST)
    for each in held:
        potential = np.zeros((len(tiers), len(network.supply)), np.int64)
        potential[: len(each.potentials)] = each.potentials
        costs = partial(_weighed, network, names, tiers, each)
        at, reached = (longest, optimum.longest) if each.closed > longest else (last, NO_TRIP)
        prices = _price(network, names, potential, costs, at, reached)
        weights = [[tier.value, weight] for tier, weight in each.weights.items()]
        rows.append({"tier": each.tier.value, "weights": weights, "metres": each.metres} | _rows(instance, prices))
    return _head(BOUNDS_FORMAT, instance, names) | {"bounds": rows}


def _weighed(network: Network, names: Names, tiers: Sequence[Tier], held: Held, arcs: Ints) -> Ints:
    costs = np.zeros((len(tiers), len(arcs)), np.int64)
    for row, tier in enumerate(tiers[: held.closed]):
        costs[row] = arc_costs(tier, network, arcs, names)
    costs[held.closed] = weighed_costs(network, names, held.weights, held.metres, arcs)
    return costs


def _head(layout: str, instance: Instance, names: Names) -> Document:
    return {"format": layout, "instance_sha256": names.sha256, "tiers": [tier.value for tier in instance.params.tiers]}


def _rows(instance: Instance, prices: Prices) -> Document:
    network, potential, (lines, schools) = prices.network, prices.potential, (instance.lines, instance.schools)
    first_line = len(network.supply) - 1 - len(schools) - len(lines)
    unplaced = np.unique(network.tail[network.kind == Kind.UNPLACED]).tolist()
    listed = {first_line + i: row.id for i, row in enumerate(lines)}
    asking = {first_line + len(lines) + i: row.id for i, row in enumerate(schools)}
    return {
        "lines": [[name, potential[:, node].tolist()] for node, name in listed.items()],
        "schools": [[asking[node], potential[:, node].tolist()] for node in unplaced],
        "openings": sorted(_openings(prices)),
        "reserves": sorted(_reserves(prices, categories(instance)), key=lambda row: [text or "" for text in row[:3]]),
        "maxima": sorted(_maxima(prices)),
    }


@dataclass(frozen=True)
class Prices:
    """A column of potentials per node, with a row per tier; and for each opening's node, and each way inside it, its
    number (-1 elsewhere). `costs` of arcs are columns too; `longest` is that tier's row, `reached` the longest trip.

    Openings are never dearer than their line: `_price` lowers those that nobody takes, which changes no choice.
    """

    network: Network
    names: Names
    potential: Ints
    opening: Ints
    costs: Callable[[Ints], Ints]
    longest: int
    reached: int


def _price(
    network: Network, names: Names, potential: Ints, costs: Callable[[Ints], Ints], longest: int, reached: int
) -> Prices:
    choice, gate = np.flatnonzero(network.kind == Kind.CHOICE), np.flatnonzero(network.kind == Kind.GATE)
    seat, released = np.flatnonzero(network.kind == Kind.SEAT), np.flatnonzero(network.kind == Kind.RELEASED)
    behind = np.arange(len(network.supply))
    behind[network.tail[gate]] = network.head[gate]
    opening = np.full(len(network.supply), -1, np.int64)
    opening[behind[network.head[choice]]] = network.right[choice]
    opening[network.head[released]] = network.right[released]
    above, place = network.head[seat], network.tail[seat]
    prices = Prices(network, names, potential, opening, costs, longest, reached)
    at = prices.longest
    before = _signs((potential[:, place] - potential[:, above])[:at])
    after = _signs((potential[:, place] - potential[:, above])[at + 1 :])
    for rows, dearer in ((slice(None), before > 0), (slice(at + 1, None), (before == 0) & (after > 0))):
        potential[rows, place[dearer]] = potential[rows, above[dearer]]
    return prices


def _openings(prices: Prices) -> Iterator[list[object]]:
    network, potential = prices.network, prices.potential
    arcs = np.flatnonzero(network.kind == Kind.SEAT)
    rows, worths = _worthy(potential[:, network.head[arcs]] - potential[:, network.tail[arcs]])
    for opening, worth in zip(prices.opening[network.tail[arcs[rows]]].tolist(), worths, strict=True):
        yield [*prices.names.openings[opening], worth]


def _reserves(prices: Prices, names: tuple[str, ...]) -> Iterator[list[Any]]:
    network, potential = prices.network, prices.potential
    released, shared = np.flatnonzero(network.kind == Kind.RELEASED), np.flatnonzero(network.kind == Kind.SHARED)
    place = np.arange(len(network.supply))
    place[network.tail[released]] = network.head[released]
    arcs, inside = np.concatenate((shared, released)), np.concatenate((network.head[shared], network.tail[released]))
    rows, worths = _worthy(potential[:, place[inside]] - potential[:, network.tail[arcs]])
    columns = network.right[arcs[rows]].tolist(), network.left[arcs[rows]].tolist()
    for opening, category, worth in zip(*columns, worths, strict=True):
        yield [*prices.names.openings[opening], None if category < 0 else names[category], worth]


def _maxima(prices: Prices) -> Iterator[list[object]]:
    """A maximum that several hubs share has a gate; one that only concerns one choice is that choice's limit."""
    network, potential, names = prices.network, prices.potential, prices.names
    alone = np.flatnonzero(network.limited & (network.kind == Kind.CHOICE))
    gates, choices = np.flatnonzero(network.kind == Kind.GATE), np.flatnonzero(network.kind == Kind.CHOICE)
    school = np.full(len(network.supply), -1, np.int64)
    profile_school = ints([profile[0] for profile in names.classes.profiles])
    school[network.head[choices]] = profile_school[network.left[choices]]
    whose = np.concatenate((profile_school[network.left[alone]], school[network.tail[gates]]))
    inside = np.concatenate((network.head[alone], network.head[gates]))
    shared = potential[:, network.head[gates]] - potential[:, network.tail[gates]]
    rows, worths = _worthy(np.concatenate((_worth_alone(prices, alone), shared), axis=1))
    for home, opening, worth in zip(whose[rows].tolist(), prices.opening[inside[rows]].tolist(), worths, strict=True):
        yield [names.schools[home], *names.openings[opening], worth]


def _worthy(worth: Ints) -> tuple[Ints, list[list[int]]]:
    """The columns that are not all zeros, and what stands there."""
    rows = np.flatnonzero(worth.any(axis=0))
    return rows, worth[:, rows].T.tolist()


def _worth_alone(prices: Prices, arcs: Ints) -> Ints:
    """What one more pupil through each of these choices would save, if anything."""
    network, potential, at = prices.network, prices.potential, prices.longest
    cost = prices.costs(arcs)
    cost[at] = network.number[arcs] >= prices.reached
    saved = potential[:, network.head[arcs]] - potential[:, network.tail[arcs]] - cost
    before, shorter = _signs(saved[:at]), saved[at].copy()
    saved[at] = 0
    is_closed = (before == 0) & (network.number[arcs] > prices.reached)
    saved[:, (_signs(saved) < 0) | is_closed] = 0
    saved[at] = np.where(before > 0, shorter, np.where(before == 0, np.maximum(0, shorter), 0))
    return saved


def _signs(vectors: Ints) -> Ints:
    """The sign of the first number that is not zero in each column."""
    if not len(vectors):
        return np.zeros(vectors.shape[1], np.int64)
    first = (vectors != 0).argmax(axis=0)
    signs: Ints = np.sign(np.take_along_axis(vectors, first[None], axis=0)[0])
    return signs
