"""Rival: the linear programme of HiGHS. Its corners are whole numbers here, so it needs no branching."""

from __future__ import annotations

import highspy
import numpy as np

from solver.arrays import Ints
from solver.instance import Instance
from solver.parts import gather
from tests.benchmarks.answer import STOPPED, Answer, answer_of_pairs
from tests.benchmarks.clock import Clock
from tests.benchmarks.constraints import list_constraints
from tests.benchmarks.pairs import Pairs, joint_costs, list_pairs


def solve_by_highs(pairs: Pairs, seconds: float) -> tuple[Ints, bool]:
    """How many pupils take each pair, and whether HiGHS ended in time; if not, nobody is placed."""
    cost, unplaced = joint_costs(pairs)
    rules = list_constraints(pairs)
    columns, rows = len(cost), len(rules.limit)
    problem = highspy.HighsLp()
    problem.num_col_, problem.num_row_ = columns, rows
    problem.col_cost_ = (cost - unplaced).astype(np.float64)
    problem.col_lower_, problem.col_upper_ = np.zeros(columns), np.full(columns, highspy.kHighsInf)
    problem.row_lower_, problem.row_upper_ = np.full(rows, -highspy.kHighsInf), rules.limit.astype(np.float64)
    problem.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    problem.a_matrix_.start_ = np.searchsorted(rules.row, np.arange(rows + 1)).astype(np.int32)
    problem.a_matrix_.index_ = rules.pair.astype(np.int32)
    problem.a_matrix_.value_ = np.ones(len(rules.pair))
    engine = highspy.Highs()
    engine.setOptionValue("output_flag", False)
    engine.setOptionValue("time_limit", seconds)
    engine.passModel(problem)
    engine.run()
    if engine.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.zeros(columns, np.int64), False
    values = np.array(engine.getSolution().col_value)
    taken = np.rint(values).astype(np.int64)
    if np.abs(values - taken).max(initial=0) > 1e-6:
        raise ValueError("HiGHS stopped between corners")
    return taken, True


def run(instance: Instance, clock: Clock) -> Answer:
    """Every pair the rules allow."""
    pairs = list_pairs(gather(instance))
    with clock.running():
        taken, proven = solve_by_highs(pairs, clock.limit)
    return answer_of_pairs(pairs, taken, proven, {} if proven else {STOPPED: clock.limit})
