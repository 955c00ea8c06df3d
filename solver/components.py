"""Parts of the network that share nothing but the sink are solved apart, on whatever executor the caller gives.

A large part that is most of the network stays here, and sends there what it leaves apart itself (`solver.faces`).

Where a part begins depends on the instance alone, never on the executor: the answer is the same with one process,
four, or a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solver.arrays import Shorts, bundled
from solver.faces import Optimum, optimise, shorten
from solver.flow import FlowError
from solver.network import Network
from solver.params import OFFICIAL_TIERS, Tier
from solver.tiers import Names

ARCS_PER_PART = 100_000
"""Small components are solved together up to this size: below it, starting the solver costs more than solving."""

FIRST_SHARE = 0.9
"""Of the work, the tiers before the longest trip."""


def optimise_parts(
    network: Network,
    tiers: Sequence[Tier],
    names: Names,
    executor: Executor | None,
    announce: Callable[[Tier, float], None],
    longest_pinned: int = 0,
) -> Optimum:
    """Optimise each part and put the answers together, in an order that the executor does not change.

    The longest trip (metres, pins included) is one for all parts: each first goes as far as the tiers before it.

    Raises:
        FlowError: a first search failed, or the executor lost a part for good.
    """
    parts = split(network)
    at = tiers.index(Tier.LONGEST) if Tier.LONGEST in tiers else len(tiers)
    jobs = [(tiers[:at], names)] * len(parts)
    optima = list(_each_part(optimise, network, parts, jobs, executor, _within(announce, tiers, 0.0, FIRST_SHARE)))
    if at < len(tiers) and all(len(optimum.bounds) == at for optimum in optima):
        longest = max((longest_pinned, *(optimum.longest for optimum in optima)))
        more = [(tiers, names, optimum, longest) for optimum in optima]
        rest = _within(announce, tiers, FIRST_SHARE, 1.0 - FIRST_SHARE)
        optima = list(_each_part(shorten, network, parts, more, executor, rest))
        return replace(_merge(network, parts, optima, tiers), longest=longest)
    return _merge(network, parts, optima, tiers)


def _each_part(
    work: Callable[..., Optimum],
    network: Network,
    parts: Sequence[Shorts],
    jobs: Sequence[tuple[object, ...]],
    executor: Executor | None,
    announce: Callable[[Tier, float], None],
) -> Iterator[Optimum]:
    """Each part's answer, in the order of the parts."""
    done, total = 0, max(1, len(network.tail))
    if executor is None:
        for arcs, job in zip(parts, jobs, strict=True):
            before, share = done / total, len(arcs) / total
            yield work(network.part(arcs), *job, partial(_announce_part, announce, before, share))
            done += len(arcs)
    else:
        share = len(parts[0]) / total if parts else 0.0
        first = partial(_announce_part, announce, 0.0, share)
        for arcs, found in zip(parts, _elsewhere(work, network, parts, jobs, executor, first), strict=True):
            yield found
            done += len(arcs)
            announce(Tier.DRAW, done / total)


def _elsewhere(
    work: Callable[..., Optimum],
    network: Network,
    parts: Sequence[Shorts],
    jobs: Sequence[tuple[object, ...]],
    executor: Executor,
    announce: Callable[[Tier], None],
) -> Iterator[Optimum]:
    """The same by an executor, but for a first part that is most of the network: `announce` tells how it goes.

    What a lost worker raises is known to its executor alone.
    """
    stay = sum(2 * len(arcs) > len(network.tail) for arcs in parts)
    rows = list(zip(parts, jobs, strict=True))
    futures = [executor.submit(work, network.part(arcs), *job, _say_nothing) for arcs, job in rows[stay:]]
    try:
        for arcs, job in rows[:stay]:
            yield work(network.part(arcs), *job, announce, executor)
        for future in futures:
            yield future.result()
    except FlowError:
        raise
    except Exception as error:
        raise FlowError(f"the executor lost a part: {type(error).__name__}: {error}") from error
    finally:
        for future in futures:
            future.cancel()


def split(network: Network) -> list[Shorts]:
    """The arcs of each part, largest part first, without the sink (the last node) that they all share."""
    nodes = len(network.supply)
    inner = network.head < nodes - 1
    ends = (network.tail[inner], network.head[inner])
    links = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(nodes, nodes))
    label = connected_components(links, directed=False)[1][network.tail]
    return [arcs.astype(np.int32) for arcs in bundled(label, ARCS_PER_PART)]


def _merge(network: Network, parts: Sequence[Shorts], optima: Sequence[Optimum], tiers: Sequence[Tier]) -> Optimum:
    """One flow; a tier is proven when it is in every part. All are sums over the parts but the longest trip."""
    flow = np.zeros(len(network.tail), np.int64)
    proven = min((len(optimum.bounds) for optimum in optima), default=len(tiers))
    potentials = tuple(np.zeros(len(network.supply), np.int64) for _ in range(proven))
    for arcs, optimum in zip(parts, optima, strict=True):
        flow[arcs] = optimum.flow
        nodes = network.nodes(arcs)
        for whole, mine in zip(potentials, optimum.potentials, strict=False):
            whole[nodes] = mine
    rows = ([optimum.bounds[i] for optimum in optima] for i in range(proven))
    bounds = tuple(
        max(row, default=0) if tier is Tier.LONGEST else sum(row) for tier, row in zip(tiers, rows, strict=False)
    )
    frees = [arcs[optimum.free] for arcs, optimum in zip(parts, optima, strict=True)]
    free = np.concatenate([np.arange(0), *frees], dtype=np.int64)
    return Optimum(flow, bounds, potentials, free, max((optimum.longest for optimum in optima), default=0))


def _within(
    announce: Callable[[Tier, float], None], tiers: Sequence[Tier], before: float, share: float
) -> Callable[[Tier, float], None]:
    """Announce a share of the whole work, never going back."""
    return lambda tier, done: announce(tier if tier in tiers else tiers[-1], before + share * done)


def _announce_part(announce: Callable[[Tier, float], None], before: float, share: float, tier: Tier) -> None:
    announce(tier, before + share * OFFICIAL_TIERS.index(tier) / len(OFFICIAL_TIERS))


def _say_nothing(_tier: Tier) -> None:
    """Progress does not cross processes; whole parts are announced as they come back."""
