"""Rival: a minimum-cost flow with one arc per (pupil, opening), by the same library as the engine's."""

from __future__ import annotations

import numpy as np

from solver.arrays import Bools, Ints
from solver.flow import minimum_cost_flow
from solver.instance import Instance
from solver.parts import gather
from tests.benchmarks.answer import Answer, answer_of_pairs
from tests.benchmarks.clock import Clock
from tests.benchmarks.pairs import Pairs, joint_costs, list_pairs


def solve_by_pairs(pairs: Pairs) -> Ints:
    """How many pupils take each pair.

    Nodes: groups, openings, (school, opening) where a school has a maximum, quota lines, sink.
    """
    cost, unplaced = joint_costs(pairs)
    groups, openings, lines = len(pairs.pupils), len(pairs.seats), len(pairs.parent)
    limited = pairs.most[pairs.opening] >= 0
    gates, gate, first = _gates(pairs, limited)
    opening_node = groups + np.arange(openings)
    gate_node = groups + openings + np.arange(gates)
    line_node = groups + openings + gates + np.arange(lines)
    sink = groups + openings + gates + lines
    after = np.append(line_node, sink)
    head = opening_node[pairs.opening]
    head[limited] = gate_node[gate]
    total = int(pairs.pupils.sum())
    through = pairs.opening[limited][first]
    blocks = (
        (pairs.group, head, pairs.pupils[pairs.group], cost),
        (gate_node, opening_node[through], pairs.most[through], np.zeros(gates)),
        (opening_node, after[pairs.line], pairs.seats, np.zeros(openings)),
        (line_node, after[pairs.parent], np.where(pairs.ceiling < 0, total, pairs.ceiling), np.zeros(lines)),
        (np.arange(groups), np.full(groups, sink), pairs.pupils, np.full(groups, unplaced)),
    )
    tail, head, capacity, costs = (np.concatenate(columns).astype(np.int64) for columns in zip(*blocks, strict=True))
    supply = np.zeros(sink + 1, np.int64)
    supply[:groups], supply[sink] = pairs.pupils, -total
    return minimum_cost_flow(tail, head, capacity, costs, supply)[: len(pairs.group)]


def _gates(pairs: Pairs, limited: Bools) -> tuple[int, Ints, Ints]:
    """How many gates, the gate of each limited row, and a row of each gate."""
    keys, first, gate = np.unique(pairs.meetings[limited], return_index=True, return_inverse=True)
    return len(keys), gate.reshape(-1), first


def run(instance: Instance, clock: Clock) -> Answer:
    """Every pair the rules allow."""
    pairs = list_pairs(gather(instance))
    with clock.running():
        taken = solve_by_pairs(pairs)
    return answer_of_pairs(pairs, taken, proven=True)
