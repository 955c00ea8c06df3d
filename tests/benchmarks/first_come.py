"""Rival: first come, first served, as a platform without rounds does."""

from __future__ import annotations

from solver.greedy import greedy
from solver.instance import Instance
from tests.benchmarks.answer import Answer, answer_of_result
from tests.benchmarks.clock import Clock


def run(instance: Instance, clock: Clock) -> Answer:
    """Pupils one after the other: the best wish left, then the nearest."""
    with clock.running():
        result = greedy(instance)
    return answer_of_result(instance, result, proven=False, notes={})
