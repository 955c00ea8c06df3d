"""Parts of the network that share nothing but the sink are solved apart, on whatever executor the caller gives.

Where a part begins depends on the instance alone, never on the executor: the answer is the same with one process,
four, or a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solver.arrays import Ints
from solver.faces import Optimum, optimise
from solver.flow import FlowError
from solver.network import Network
from solver.params import Tier
from solver.tiers import Names

ARCS_PER_PART = 100_000
"""Small components are solved together up to this size: below it, starting the solver costs more than solving."""


def optimise_parts(
    network: Network,
    tiers: Sequence[Tier],
    names: Names,
    executor: Executor | None,
    announce: Callable[[Tier, float], None],
) -> Optimum:
    """Optimise each part and put the answers together, in an order that the executor does not change.

    Raises:
        FlowError: a first search failed, or the executor lost a part for good.
    """
    parts = split(network)
    done, total = 0, max(1, len(network.tail))
    optima = []
    if executor is None:
        for arcs in parts:
            share = _announcement(announce, tiers, done / total, len(arcs) / total)
            optima.append(optimise(network.part(arcs), tiers, names, share))
            done += len(arcs)
    else:
        for arcs, found in zip(parts, _elsewhere(network, parts, tiers, names, executor), strict=True):
            optima.append(found)
            done += len(arcs)
            announce(tiers[-1], done / total)
    return _merge(network, parts, optima, len(tiers))


def _elsewhere(
    network: Network, parts: Sequence[Ints], tiers: Sequence[Tier], names: Names, executor: Executor
) -> Iterator[Optimum]:
    """Each part's answer, in the order of the parts. What a lost worker raises is known to its executor alone."""
    futures = [executor.submit(_optimise_quietly, network.part(arcs), tiers, names) for arcs in parts]
    try:
        for future in futures:
            yield future.result()
    except FlowError:
        raise
    except Exception as error:
        raise FlowError(f"the executor lost a part: {type(error).__name__}: {error}") from error
    finally:
        for future in futures:
            future.cancel()


def split(network: Network) -> list[Ints]:
    """The arcs of each part, largest part first, without the sink (the last node) that they all share."""
    nodes = len(network.supply)
    inner = network.head < nodes - 1
    ends = (network.tail[inner], network.head[inner])
    links = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(nodes, nodes))
    label = connected_components(links, directed=False)[1][network.tail]
    sizes = np.bincount(label)
    largest_first = np.argsort(-sizes, kind="stable")
    part = np.empty(len(sizes), np.int64)
    part[largest_first] = (np.cumsum(sizes[largest_first]) - sizes[largest_first]) // ARCS_PER_PART
    order = np.argsort(part[label], kind="stable").astype(np.int64)
    return np.split(order, np.flatnonzero(np.diff(part[label][order])) + 1) if len(order) else []


def _merge(network: Network, parts: Sequence[Ints], optima: Sequence[Optimum], tiers: int) -> Optimum:
    """One flow; a tier is proven when it is in every part."""
    flow = np.zeros(len(network.tail), np.int64)
    proven = min((len(optimum.bounds) for optimum in optima), default=tiers)
    potentials = tuple(np.zeros(len(network.supply), np.int64) for _ in range(proven))
    for arcs, optimum in zip(parts, optima, strict=True):
        flow[arcs] = optimum.flow
        nodes = network.nodes(arcs)
        for whole, mine in zip(potentials, optimum.potentials, strict=False):
            whole[nodes] = mine
    bounds = tuple(sum(optimum.bounds[i] for optimum in optima) for i in range(proven))
    return Optimum(flow, bounds, potentials)


def _announcement(
    announce: Callable[[Tier, float], None], tiers: Sequence[Tier], before: float, share: float
) -> Callable[[Tier], None]:
    return lambda tier: announce(tier, before + share * tiers.index(tier) / len(tiers))


def _optimise_quietly(network: Network, tiers: Sequence[Tier], names: Names) -> Optimum:
    return optimise(network, tiers, names, _say_nothing)


def _say_nothing(_tier: Tier) -> None:
    """Progress does not cross processes; whole parts are announced as they come back."""
