"""The longest trip: a maximum, not a sum, decided on the answers that the aims before it find best.

No answer has a shorter longest trip when, with every arc as long closed, what the free arcs carry can no longer be
carried: a cut says so. Potentials of -1 on its side of the pupils are its proof: where each arc as long costs 1, they
show that some pupil has to pay. Where an arc that long is full in every one of these answers, it is the proof, and
potentials of 0 do. Parts of the network share one maximum: each finds its own, and
the arcs longer than the greatest are closed in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solver.arrays import Bools, Ints, exact_dot
from solver.flow import FlowError, route
from solver.network import Kind, Network


def least_longest(network: Network, flow: Ints, bundles: Sequence[Ints], turns: int | None = None) -> int:
    """The least longest trip of all the flows that differ from this one on arcs of these bundles only (metres).

    After so many `turns` on a bundle, what is known by then: none of them has a shorter one.
    """
    still = flow > 0
    for arcs in bundles:
        still[arcs] = False
    low = int(trips_of(network, np.flatnonzero(still)).max(initial=0))
    for arcs in bundles:
        low = _least_of_bundle(network, flow, arcs, low, turns)
    return low


def _least_of_bundle(network: Network, flow: Ints, arcs: Ints, low: int, turns: int | None) -> int:
    """The least maximum of the bundle, or `low` if that is more; no more than it after so many turns."""
    metres = trips_of(network, arcs)
    now = int(metres[flow[arcs] > 0].max(initial=0))
    if now <= low:
        return low
    steps = [low, *np.unique(metres[(metres > low) & (metres <= now)]).tolist()]
    first, last = 0, len(steps) - 1  # the last is known to be enough
    while first < last and turns != 0:
        turns = None if turns is None else turns - 1
        middle = (first + last) // 2
        if _reroute(network, flow, arcs, steps[middle]) is None:
            first = middle + 1
        else:
            last = middle
    return int(steps[first])


def move_off(network: Network, flow: Ints, bundles: Sequence[Ints], longest: int) -> None:
    """Move the flow off the arcs longer than that, within the bundles.

    Raises:
        FlowError: it cannot be done.
    """
    for arcs in bundles:
        if (trips_of(network, arcs)[flow[arcs] > 0] > longest).any():
            found = _reroute(network, flow, arcs, longest)
            if found is None:
                raise FlowError(f"no flow of the face has only trips of {longest} m")
            flow[arcs] = found


def is_longer(network: Network, arcs: Ints, longest: int) -> Bools:
    return trips_of(network, arcs) > longest


def prove_longest(network: Network, flow: Ints, free: Ints, longest: int) -> Ints:
    """Potentials, one per node, that prove that no flow of the face has only shorter trips; zeros if an arc does.

    Raises:
        FlowError: some flow of the face has only shorter trips.
    """
    height, is_free = np.zeros(len(network.supply), np.int64), np.zeros(len(flow), np.bool_)
    is_free[free] = True
    if (trips_of(network, np.flatnonzero((flow > 0) & ~is_free)) >= longest).any():
        return height
    nodes, tail, head, sent = _ends(network, flow, free)
    shorter = np.flatnonzero(trips_of(network, free) < longest)
    limit = np.where(network.limited[free], network.capacity[free], network.supply[:-1].sum() + 1)[shorter]
    beyond = _out_of_reach(tail[shorter], head[shorter], limit, flow[free[shorter]], sent)
    side = np.zeros(len(nodes), np.int64)
    side[beyond] = -1
    across = np.minimum(0, side[tail[shorter]] - side[head[shorter]])
    if exact_dot(across, limit) - exact_dot(sent, side) <= 0:
        raise FlowError(f"trips shorter than {longest} m would do")
    height[nodes] = side
    return height - height[-1] if len(nodes) and nodes[-1] == len(height) - 1 else height


def _out_of_reach(tail: Ints, head: Ints, limit: Ints, flow: Ints, sent: Ints) -> Ints:
    """The nodes that what these arcs cannot carry may still get to, when nodes send so much: none if they carry it all.

    They are the same whatever the flow: the search begins from the one at hand, which already carries nearly all.
    """
    left = sent.copy()
    np.subtract.at(left, tail, flow)
    np.add.at(left, head, flow)
    more, less = np.flatnonzero(flow < limit), np.flatnonzero(flow > 0)
    ends = np.concatenate((tail[more], head[less])), np.concatenate((head[more], tail[less]))
    return route(*ends, np.concatenate(((limit - flow)[more], flow[less])), left)[1]


def _reroute(network: Network, flow: Ints, arcs: Ints, longest: int) -> Ints | None:
    """What the arcs carry without those longer than that, their ends sending what they do now; None if it cannot be."""
    _, tail, head, sent = _ends(network, flow, arcs)
    kept = np.flatnonzero(~is_longer(network, arcs, longest))
    carried, beyond = route(tail[kept], head[kept], network.capacity[arcs[kept]].astype(np.int64), sent)
    if len(beyond):
        return None
    found = np.zeros(len(arcs), np.int64)
    found[kept] = carried
    return found


def _ends(network: Network, flow: Ints, arcs: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The nodes of these arcs, the arcs' ends among them, and what each node sends through them less what it takes."""
    nodes = network.nodes(arcs)
    number = np.zeros(len(network.supply), np.int64)
    number[nodes] = np.arange(len(nodes))
    tail, head = number[network.tail[arcs]], number[network.head[arcs]]
    sent = np.zeros(len(nodes), np.int64)
    np.add.at(sent, tail, flow[arcs])
    np.subtract.at(sent, head, flow[arcs])
    return nodes, tail, head, sent


def trips_of(network: Network, arcs: Ints) -> Ints:
    """The trip of each arc (metres), 0 for those that are none."""
    found: Ints = np.where(network.kind[arcs] == Kind.CHOICE, network.number[arcs], 0).astype(np.int64)
    return found
