"""The factored network: classes, hubs, gates, openings, quota lines, schools' unplaced pupils, sink.

    class -> hub(profile, periods, sector) -> [gate(school, opening)] -> opening -> quota line -> wider line -> sink
    class -> hub(profile, periods, any sector) -> hub(profile, periods, sector);  class -> unplaced(school) -> sink
    class -> hub of an announced placement -> [gate(school, opening)] -> opening
    [gate(school, opening)] -> pupils of a category at the opening -> everybody there -> opening, if it has reserves

A hub over several periods leads to the hubs of each. An arc carries a capacity, a kind and one number (a rank, metres,
an equity level); it knows nothing of what the aims do with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from solver.arrays import Bools, Ints, Shorts, Whole


class Kind(IntEnum):
    """What an arc stands for, in the order the blocks are laid."""

    WISH = 0
    """class -> hub; the number is the rank obtained."""
    KEPT = 1
    """class -> the hub of one announced placement, for as many pupils as were told; the number is the rank obtained."""
    SECTOR = 2
    """hub of any sector -> hub of one sector."""
    PERIOD = 3
    """hub of several periods -> hub of one period."""
    CHOICE = 4
    """hub -> gate or opening; the number is the trip in metres."""
    GATE = 5
    """(school, opening) -> opening, where several hubs of one school share its maximum."""
    SHARED = 6
    """pupils of a category at an opening -> everybody there."""
    RESERVED = 7
    """those pupils -> opening, within the seats kept for them; everybody -> opening, within those kept for nobody."""
    RELEASED = 8
    """everybody at an opening -> opening, on seats kept for others."""
    SEAT = 9
    """opening -> quota line or sink."""
    PROMISED = 10
    """line -> wider line or sink, within what its commitment still lacks."""
    LINE = 11
    """line -> wider line or sink, beyond its commitment."""
    OVERFLOW = 12
    """line -> wider line, beyond a ceiling that may be passed; the number is the price, or one less if promised."""
    LEFT = 13
    """class -> unplaced pupils of its school."""
    UNPLACED = 14
    """unplaced pupils of a school -> sink, one arc per pupil; the number is its equity level."""


LIMITS = (
    Kind.KEPT,
    Kind.GATE,
    Kind.RESERVED,
    Kind.SEAT,
    Kind.PROMISED,
    Kind.LINE,
    Kind.OVERFLOW,
    Kind.UNPLACED,
)


@dataclass(frozen=True)
class Network:
    """Columns over arcs, and the supply of each node. Capacities never exceed the number of pupils.

    `left` is the row the arc is about on the demand side (class of a WISH, KEPT or LEFT arc, profile of a CHOICE arc,
    school of an UNPLACED arc, category of a SHARED arc); `right` is the opening of a CHOICE, KEPT, SHARED or RELEASED
    arc, the sector that a WISH arc ranks; -1 elsewhere.
    """

    tail: Shorts
    head: Shorts
    capacity: Shorts
    kind: NDArray[np.int8]
    number: Shorts
    left: Shorts
    right: Shorts
    supply: Ints

    @cached_property
    def limited(self) -> Bools:
        """The arcs whose capacity is a limit of its own; on the others it is never reached before a limit further on.

        A choice is limited by its school's maximum, when that is less than the seats and has no gate.
        """
        seat = np.flatnonzero(self.kind == Kind.SEAT)
        seats = np.zeros(len(self.supply), np.int32)
        seats[self.tail[seat]] = self.capacity[seat]
        for kind in (Kind.RELEASED, Kind.SHARED):  # an opening's reserves stand between its choices and its seats
            inside = np.flatnonzero(self.kind == kind)
            seats[self.tail[inside]] = seats[self.head[inside]]
        tight = (self.kind == Kind.CHOICE) & (self.capacity < seats[self.head])
        limits: Bools = (np.isin(self.kind, LIMITS) | tight) & (self.capacity < self.supply[:-1].sum())
        return limits

    @cached_property
    def is_line(self) -> Bools:
        """The nodes that stand for a quota line."""
        lines = np.zeros(len(self.supply), np.bool_)
        lines[self.tail[np.isin(self.kind, (Kind.PROMISED, Kind.LINE, Kind.OVERFLOW))]] = True
        return lines

    def nodes(self, arcs: Whole) -> Ints:
        """The nodes that these arcs touch, in order; every node, for every arc."""
        if len(arcs) == len(self.tail):
            return np.arange(len(self.supply), dtype=np.int64)
        used = np.zeros(len(self.supply), np.bool_)
        used[self.tail[arcs]] = used[self.head[arcs]] = True
        return np.flatnonzero(used)

    def part(self, arcs: Whole) -> Network:
        """The network of these arcs, with the nodes they touch; the sink stays last and takes what they send."""
        if len(arcs) == len(self.tail):
            return self
        nodes = self.nodes(arcs)
        supply = self.supply[nodes]
        supply[-1] = -supply[:-1].sum()
        number = np.zeros(len(self.supply), np.int32)
        number[nodes] = np.arange(len(nodes))
        return Network(
            tail=number[self.tail[arcs]],
            head=number[self.head[arcs]],
            supply=supply,
            **{name: getattr(self, name)[arcs] for name in ("capacity", "kind", "number", "left", "right")},
        )


class Assembly:
    """Blocks of arcs put end to end; nodes are numbered as they are asked for."""

    def __init__(self, largest: int) -> None:
        self.nodes = 0
        self.largest = largest
        self.kinds: list[NDArray[np.int8]] = []
        self.columns: list[list[Shorts]] = [[] for _ in range(6)]

    def number_nodes(self, count: int) -> Shorts:
        first = self.nodes
        self.nodes += count
        return np.arange(first, self.nodes, dtype=np.int32)

    def add(
        self,
        kind: Kind,
        tail: Whole,
        head: Whole,
        capacity: Ints | int | None = None,
        number: Ints | int = 0,
        left: Ints | int = -1,
        right: Ints | int = -1,
    ) -> None:
        """One arc per row of `tail`; no capacity means no limit of its own."""
        limit = self.largest if capacity is None else np.minimum(capacity, self.largest)
        rows = np.broadcast_arrays(tail, head, limit, number, left, right)
        is_open = rows[2] > 0
        kept = slice(None) if is_open.all() else np.flatnonzero(is_open)  # nothing is copied for nothing
        for column, values in zip(self.columns, rows, strict=True):
            column.append(values[kept].astype(np.int32, copy=False))
        self.kinds.append(np.full(len(self.columns[0][-1]), kind, np.int8))

    def finish(self, supply: Ints) -> Network:
        """The network; each column's blocks are let go as soon as they are joined."""
        joined = []
        for column in self.columns:
            joined.append(np.concatenate(column))
            column.clear()
        tail, head, capacity, number, left, right = joined
        return Network(tail, head, capacity, np.concatenate(self.kinds), number, left, right, supply)
