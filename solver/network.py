"""The factored network: classes, hubs, gates, openings, quota lines, schools' unplaced pupils, sink.

    class -> hub(profile, periods, sector) -> [gate(school, opening)] -> opening -> quota line -> wider line -> sink
    class -> hub(profile, periods, any sector) -> hub(profile, periods, sector);  class -> unplaced(school) -> sink

A hub over several periods leads to the hubs of each. An arc carries a capacity, a kind and one number (a rank, metres,
an equity level); it knows nothing of what the aims do with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from solver.arrays import Ints


class Kind(IntEnum):
    """What an arc stands for, in the order the blocks are laid."""

    WISH = 0
    """class -> hub; the number is the rank obtained."""
    SECTOR = 1
    """hub of any sector -> hub of one sector."""
    PERIOD = 2
    """hub of several periods -> hub of one period."""
    CHOICE = 3
    """hub -> gate or opening; the number is the trip in metres."""
    GATE = 4
    """(school, opening) -> opening, where several hubs of one school share its maximum."""
    SEAT = 5
    """opening -> quota line or sink."""
    PROMISED = 6
    """line -> wider line or sink, within what its commitment still lacks."""
    LINE = 7
    """line -> wider line or sink, beyond its commitment."""
    LEFT = 8
    """class -> unplaced pupils of its school."""
    UNPLACED = 9
    """unplaced pupils of a school -> sink, one arc per pupil; the number is its equity level."""


@dataclass(frozen=True)
class Network:
    """Columns over arcs, and the supply of each node. Capacities never exceed the number of pupils.

    `left` is the row the arc is about on the demand side (class of a WISH or LEFT arc, school of a CHOICE or UNPLACED
    arc) and `right` the opening of a CHOICE arc; -1 elsewhere.
    """

    tail: Ints
    head: Ints
    capacity: Ints
    kind: Ints
    number: Ints
    left: Ints
    right: Ints
    supply: Ints

    def part(self, arcs: Ints) -> Network:
        """The network of these arcs, with the nodes they touch; the sink stays last and takes what they send."""
        nodes = np.unique(np.concatenate((self.tail[arcs], self.head[arcs])))
        supply = self.supply[nodes]
        supply[-1] = -supply[:-1].sum()
        return Network(
            tail=np.searchsorted(nodes, self.tail[arcs]).astype(np.int64),
            head=np.searchsorted(nodes, self.head[arcs]).astype(np.int64),
            supply=supply,
            **{name: getattr(self, name)[arcs] for name in ("capacity", "kind", "number", "left", "right")},
        )


class Assembly:
    """Blocks of arcs put end to end; nodes are numbered as they are asked for."""

    def __init__(self, largest: int) -> None:
        self.nodes = 0
        self.largest = largest
        self.blocks: list[Ints] = []

    def number_nodes(self, count: int) -> Ints:
        first = self.nodes
        self.nodes += count
        return np.arange(first, self.nodes, dtype=np.int64)

    def add(
        self,
        kind: Kind,
        tail: Ints,
        head: Ints,
        capacity: Ints | int | None = None,
        number: Ints | int = 0,
        left: Ints | int = -1,
        right: Ints | int = -1,
    ) -> None:
        """One arc per row of `tail`; no capacity means no limit of its own."""
        limit = self.largest if capacity is None else np.minimum(capacity, self.largest)
        columns = np.broadcast_arrays(tail, head, limit, kind.value, number, left, right)
        block = np.stack(columns).astype(np.int64).reshape(7, -1)
        self.blocks.append(block[:, block[2] > 0])

    def finish(self, supply: Ints) -> Network:
        columns = np.concatenate(self.blocks, axis=1)
        tail, head, capacity, kind, number, left, right = columns
        return Network(tail, head, capacity, kind, number, left, right, supply)
