"""From an instance to its network: which arcs stand for which rule. Every hard rule of capacity is a capacity here.

Rules about a single placement (level, period, needs, reach, territory, départements, ban) never become arcs:
`solver.choices` leaves no choice that breaks them. Pins are subtracted before anything is built.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints, Shorts, distinct, find, ints, runs
from solver.hubs import Hubs, list_hubs
from solver.kept import Kept, list_kept
from solver.network import Assembly, Kind, Network
from solver.parts import Parts
from solver.reserves import Reserves, list_reserves
from solver.score import equity_levels, unplaced_in_turn


def build_network(parts: Parts) -> Network:
    """Lay the blocks in the order of `Kind`; node numbers follow the order of identifiers."""
    demand, left = parts.demand, parts.demand.class_left
    hubs, kept = list_hubs(demand, parts.supply, parts.choices), list_kept(parts)
    gates, reserves = _find_gates(parts, kept), list_reserves(parts)
    longest = max((len(row.periods) for row in parts.instance.bundles), default=1)
    assembly = Assembly(largest=int(left.sum()) * longest)
    class_node = assembly.number_nodes(len(left))
    hub_node = assembly.number_nodes(len(hubs.keys))
    kept_node = assembly.number_nodes(len(kept.choice))
    opening_node = assembly.number_nodes(len(parts.supply.opening_offer))
    entry_node = assembly.number_nodes(len(reserves.key) + len(reserves.opening))
    gate_node = assembly.number_nodes(len(gates.meetings))
    line_node = assembly.number_nodes(len(parts.instance.lines))
    school_node = assembly.number_nodes(len(parts.instance.schools))
    sink = int(assembly.number_nodes(1)[0])
    _add_wishes(assembly, parts, hubs, class_node, hub_node)
    opening = parts.choices.opening[kept.choice]
    assembly.add(Kind.KEPT, class_node[kept.member], kept_node, kept.count, kept.rank, kept.member, opening)
    for kind, (above, below) in ((Kind.SECTOR, hubs.sector_arcs), (Kind.PERIOD, hubs.period_arcs)):
        assembly.add(kind, hub_node[above], hub_node[below])
    from_node = np.concatenate((hub_node[hubs.of_choice], kept_node))
    inside = opening_node[_of_ways(parts.choices.opening, kept)]
    if len(reserves.opening):
        way, entry = reserves.enter(parts, _of_ways(np.arange(len(parts.choices.opening), dtype=np.int64), kept))
        inside[way] = entry_node[entry]
    _add_choices(assembly, parts, kept, gates, from_node, gate_node, inside)
    _add_reserves(assembly, reserves, entry_node, opening_node)
    _add_lines(assembly, parts, opening_node, line_node, sink)
    _add_unplaced(assembly, parts, class_node, school_node, sink)
    supply = np.zeros(assembly.nodes, np.int64)
    supply[class_node] = left
    supply[sink] = -left.sum()
    return assembly.finish(supply)


def _add_wishes(assembly: Assembly, parts: Parts, hubs: Hubs, class_node: Shorts, hub_node: Shorts) -> None:
    """One arc per ranked sector that has a hub, and one to any sector (rank 1 for a class without wishes)."""
    demand = parts.demand
    classes = np.flatnonzero(demand.class_left > 0)
    sizes = ints([len(wishes) for wishes in demand.wish_lists])
    flat = ints([parts.supply.sectors.get(sector, -2) for wishes in demand.wish_lists for sector in wishes])
    mine = demand.class_wishes[classes]
    row = np.repeat(classes, sizes[mine])
    rank = runs(np.ones(len(mine), np.int64), sizes[mine])
    sector = flat[runs((np.cumsum(sizes) - sizes)[mine], sizes[mine])]
    unranked = np.where(sizes[mine] == 0, 1, parts.instance.unranked_rank)
    row, rank = np.concatenate((row, classes)), np.concatenate((rank, unranked))
    sector = np.concatenate((sector, np.full(len(classes), -1, np.int64)))
    at, exists = hubs.find(demand.class_profile, demand.class_periods, row, sector)
    row, rank, at, sector = (column[exists] for column in (row, rank, at, sector))
    assembly.add(Kind.WISH, class_node[row], hub_node[at], demand.class_left[row], rank, row, sector)


def _of_ways(column: Ints, kept: Kept) -> Ints:
    """A column over the choices, over the ways into openings: from a hub, each choice; then each announced placement's.

    The choices are by far the longest column: it is not copied for nothing.
    """
    return np.concatenate((column, column[kept.choice])) if len(kept.choice) else column


@dataclass(frozen=True)
class Gates:
    """Where several hubs of one school share its maximum at one opening: the meetings; which ways go there, and where.

    `way` and `gate` are indices, into the ways and into `meetings`.
    """

    meetings: Ints
    way: Ints
    gate: Ints


def _find_gates(parts: Parts, kept: Kept) -> Gates:
    tight = parts.school_limit < parts.seats[parts.choices.opening]
    told = np.flatnonzero(tight[kept.choice])
    choice = np.flatnonzero(tight)
    meeting = parts.meetings_of(np.concatenate((choice, kept.choice[told])))
    way = np.concatenate((choice, len(tight) + told))
    meetings, times = np.unique(meeting, return_counts=True)
    shared = meetings[times > 1]
    at, exists = find(shared, meeting)
    return Gates(shared, way[exists], at[exists])


def _add_choices(
    assembly: Assembly, parts: Parts, kept: Kept, gates: Gates, hub: Shorts, gate_node: Shorts, inside: Shorts
) -> None:
    """Hub -> the way inside the opening that each choice takes, through the gate if there is one."""
    choices, opening = parts.choices, _of_ways(parts.choices.opening, kept)
    capacity = parts.seats[opening]
    np.minimum(capacity, _of_ways(parts.school_limit, kept), out=capacity)
    first = gates.way[np.unique(gates.gate, return_index=True)[1]]
    behind, room = inside[first], capacity[first]
    inside[gates.way] = gate_node[gates.gate]
    assembly.add(
        Kind.CHOICE, hub, inside, capacity, _of_ways(choices.trip_m, kept), _of_ways(choices.profile, kept), opening
    )
    assembly.add(Kind.GATE, gate_node, behind, room)


def _add_reserves(assembly: Assembly, reserves: Reserves, entry_node: Shorts, opening_node: Shorts) -> None:
    """The pupils of a category, then everybody -> opening: seats of one's own, of nobody's, of others."""
    mine, everybody = np.split(entry_node, [len(reserves.key)])
    place = opening_node[reserves.opening]
    at, opening = reserves.place, reserves.opening
    assembly.add(Kind.SHARED, mine, everybody[at], left=reserves.category, right=opening[at])
    assembly.add(Kind.RESERVED, mine, place[at], reserves.room)
    assembly.add(Kind.RESERVED, everybody, place, reserves.free)
    assembly.add(Kind.RELEASED, everybody, place, right=opening)


def _add_lines(assembly: Assembly, parts: Parts, opening_node: Shorts, line_node: Shorts, sink: int) -> None:
    """Opening -> its line -> wider lines -> sink: ceilings are capacities, commitments a parallel arc."""
    instance, pinned = parts.instance, parts.pinned
    number = {line.id: i for i, line in enumerate(instance.lines)}
    after = np.append(line_node, sink)
    line_of_offer = ints([number[row.line] if row.line is not None else -1 for row in instance.offers])
    reached = distinct(parts.choices.opening)
    line = line_of_offer[parts.supply.opening_offer[reached]]
    assembly.add(Kind.SEAT, opening_node[reached], after[line], parts.seats[reached])
    parent = ints([number[line.parent] if line.parent is not None else -1 for line in instance.lines])
    unlimited = assembly.largest
    ceiling = ints(
        [unlimited if row.ceiling is None else max(0, row.ceiling - pinned.through[row.id]) for row in instance.lines]
    )
    short = ints([pinned.shortfall(line.id) for line in instance.lines])
    promised = np.minimum(short, ceiling)
    assembly.add(Kind.PROMISED, line_node, after[parent], promised)
    assembly.add(Kind.LINE, line_node, after[parent], np.where(ceiling < unlimited, ceiling - promised, unlimited))
    priced = np.flatnonzero(ints([row.overflow_price is not None for row in instance.lines]))
    price, line_node, above = (
        ints([instance.lines[i].overflow_price for i in priced]),
        line_node[priced],
        after[parent[priced]],
    )
    assembly.add(Kind.OVERFLOW, line_node, above, (short - promised)[priced], price - 1)
    assembly.add(Kind.OVERFLOW, line_node, above, None, price)


def _add_unplaced(assembly: Assembly, parts: Parts, class_node: Shorts, school_node: Shorts, sink: int) -> None:
    """Class -> unplaced pupils of its school -> sink, the nth unplaced pupil at the nth equity level."""
    instance, demand = parts.instance, parts.demand
    school_of_class = demand.profile_school[demand.class_profile]
    classes = np.arange(len(class_node), dtype=np.int64)
    assembly.add(Kind.LEFT, class_node, school_node[school_of_class], demand.class_left, left=classes)
    left = np.bincount(school_of_class, demand.class_left, len(school_node)).astype(np.int64)
    school, nth = unplaced_in_turn(left)
    level = equity_levels(instance, school, nth)
    assembly.add(Kind.UNPLACED, school_node[school], np.full(len(school), sink), 1, level, school)
