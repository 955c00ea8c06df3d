"""Rival: CP-SAT with one Boolean (or small integer) per (pupil, opening), as a first model is usually written."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from solver.arrays import Ints
from solver.instance import Instance
from solver.parts import gather
from tests.benchmarks.answer import STOPPED, Answer, answer_of_pairs
from tests.benchmarks.clock import Clock
from tests.benchmarks.constraints import list_constraints
from tests.benchmarks.pairs import Pairs, joint_costs, list_pairs


def solve_by_cpsat(pairs: Pairs, seconds: float) -> tuple[Ints, bool]:
    """How many pupils take each pair, and whether CP-SAT proved it within the time allowed."""
    cost, unplaced = joint_costs(pairs)
    rules = list_constraints(pairs)
    model = cp_model.CpModel()
    most = np.minimum(pairs.pupils[pairs.group], pairs.seats[pairs.opening]).tolist()
    taken = [model.new_int_var(0, limit, "") for limit in most]
    bounds = np.searchsorted(rules.row, np.arange(len(rules.limit) + 1)).tolist()
    members, limits = rules.pair.tolist(), rules.limit.tolist()
    for row, limit in enumerate(limits):
        entries = members[bounds[row] : bounds[row + 1]]
        if entries:
            model.add(cp_model.LinearExpr.sum([taken[i] for i in entries]) <= limit)
    model.minimize(cp_model.LinearExpr.weighted_sum(taken, (cost - unplaced).tolist()))
    engine = cp_model.CpSolver()
    engine.parameters.max_time_in_seconds = seconds
    engine.parameters.num_workers = 2
    status = engine.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return np.zeros(len(taken), np.int64), False
    return np.array([engine.value(variable) for variable in taken], np.int64), status == cp_model.OPTIMAL


def run(instance: Instance, clock: Clock) -> Answer:
    """Every pair the rules allow."""
    pairs = list_pairs(gather(instance))
    with clock.running():
        taken, proven = solve_by_cpsat(pairs, clock.limit)
    return answer_of_pairs(pairs, taken, proven, {} if proven else {STOPPED: clock.limit})
