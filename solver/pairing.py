"""From the flow back to groups: who, among pupils the network does not tell apart, takes which seat.

At each hub pupils go in the order of SHA-256(sha, group), and the seats they take in the order of SHA-256(sha, offer,
period): the answer depends on the frozen instance alone, and nobody chose it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import numpy as np

from solver.arrays import Ints, ints, share
from solver.demand import Demand
from solver.draw import drawn_order
from solver.instance import Instance
from solver.network import Kind, Network
from solver.result import Assignment
from solver.rows import make_rows
from solver.rules import Rule
from solver.sides import Row, Sides, pupils_placed
from solver.tiers import Names


def pair(
    instance: Instance, demand: Demand, network: Network, flow: Ints, names: Names, fixed: Sequence[Row]
) -> tuple[Assignment, ...]:
    """Placements, those that stood before the network (pins at least) among them, sorted by group, offer, period."""
    used = np.flatnonzero(flow > 0).astype(np.int64)
    kind = network.kind[used]
    group = np.flatnonzero(demand.group_left)
    held = np.stack((demand.group_class[group], group, demand.group_left[group]))  # class i is node i
    turn = _turns(instance, names, held, network.tail[used[(kind == Kind.WISH) | (kind == Kind.KEPT)]])
    for kinds in ((Kind.WISH, Kind.KEPT, Kind.LEFT), (Kind.SECTOR,), (Kind.PERIOD,)):
        waiting, (arc, group, count) = _carry(network, flow, held, used[np.isin(kind, kinds)], turn)
        held = np.concatenate((waiting, np.stack((network.head[arc], group, count))), axis=1)
    arcs = _in_drawn_order(network, used[kind == Kind.CHOICE], names)
    _, (arc, group, count) = _carry(network, flow, held, arcs, turn)
    return _rows(instance, fixed, names, group, network.right[arc].astype(np.int64), count)


def broken_rule(instance: Instance, rows: Sequence[Assignment]) -> Rule | None:
    """What the flow's proof does not cover: side constraints, no pupil invented, no pin lost."""
    if any(count > instance.group[group].count for group, count in pupils_placed(instance, rows).items()):
        return Rule.DEMAND
    if fault := next(Sides(instance).faults(rows), None):
        return fault[0]
    pins = instance.pins
    placed = {(row.group, row.offer, row.period): row.count for row in rows} if pins else {}
    if any(placed.get((pin.group, pin.offer, pin.period), 0) < pin.count for pin in pins):
        return Rule.PIN
    return None


def _carry(network: Network, flow: Ints, held: Ints, arcs: Ints, turn: Ints) -> tuple[Ints, tuple[Ints, Ints, Ints]]:
    """Let the units held at the tails of `arcs` go through them, in order.

    `held` has rows (node, group, count). Returns what stays where it was, and the arc, group and count of what moves.
    """
    moves = np.isin(held[0], network.tail[arcs])
    moving = held[:, moves]
    moving = moving[:, np.lexsort((turn[moving[1]], moving[0]))]
    arcs = arcs[np.argsort(network.tail[arcs], kind="stable")]
    given, taken, count = share(moving[2], flow[arcs])
    return held[:, ~moves], (arcs[taken], moving[1][given], count)


def _turns(instance: Instance, names: Names, held: Ints, going: Ints) -> Ints:
    """Each group's turn; none is drawn for those alone in a class that goes nowhere, who meet nobody."""
    node, group = held[:2]
    meets = np.bincount(node)[node] > 1
    meets[np.isin(node, going)] = True
    group = group[meets]
    turn = np.zeros(len(instance.groups), np.int64)
    turn[group] = _ranks(drawn_order(names.sha256, instance.groups[who].id) for who in group.tolist())
    return turn


def _in_drawn_order(network: Network, arcs: Ints, names: Names) -> Ints:
    openings, inverse = np.unique(network.right[arcs], return_inverse=True)
    turn = _ranks(drawn_order(names.sha256, *names.openings[opening]) for opening in openings.tolist())
    return arcs[np.argsort(turn[inverse], kind="stable")]


def _ranks(keys: Iterable[bytes]) -> Ints:
    """The place of each key in sorted order."""
    order = np.argsort(np.array(list(keys), f"S{sha256().digest_size}"), kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _rows(
    instance: Instance, fixed: Sequence[Row], names: Names, group: Ints, opening: Ints, count: Ints
) -> tuple[Assignment, ...]:
    """Groups, then openings, are in the order of identifiers: so are the rows in that of their keys."""
    groups, openings = instance.groups, names.openings
    if fixed:
        who, where = {row.id: i for i, row in enumerate(groups)}, {name: i for i, name in enumerate(openings)}
        group = np.append(group, ints([who[row.group] for row in fixed]))
        opening = np.append(opening, ints([where[row.offer, row.period] for row in fixed]))
        count = np.append(count, ints([row.count for row in fixed]))
    keys, at = np.unique(group * len(openings) + opening, return_inverse=True)
    pupils = np.bincount(at, count, len(keys)).astype(np.int64).tolist()
    offers, periods = zip(*openings, strict=True) if openings else ((), ())
    places = (keys % len(openings)).tolist()
    columns = {
        "group": [groups[i].id for i in (keys // len(openings)).tolist()],
        "offer": map(offers.__getitem__, places),
        "period": map(periods.__getitem__, places),
        "count": pupils,
    }
    return make_rows(Assignment, len(keys), columns)
