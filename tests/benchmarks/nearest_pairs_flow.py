"""Rival: the same flow on each pupil's thirty nearest openings only, as one cuts what does not fit in memory."""

from __future__ import annotations

from solver.instance import Instance
from solver.parts import gather
from tests.benchmarks.answer import Answer, answer_of_pairs
from tests.benchmarks.clock import Clock
from tests.benchmarks.pairs import list_pairs
from tests.benchmarks.pairs_flow import solve_by_pairs

NEAREST = 30


def run(instance: Instance, clock: Clock) -> Answer:
    """The nearest pairs that the rules allow: optimal among them, not beyond."""
    pairs = list_pairs(gather(instance)).nearest(NEAREST)
    with clock.running():
        taken = solve_by_pairs(pairs)
    return answer_of_pairs(pairs, taken, proven=False)
