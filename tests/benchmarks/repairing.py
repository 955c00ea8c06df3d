"""Ours: after a publication, a large host withdraws; as many pupils placed as can be, the fewest of them moved."""

from __future__ import annotations

from solver.changes import Withdraw
from solver.instance import Instance
from solver.params import Tier
from solver.repair import repair
from solver.result import Status
from solver.solve import solve
from tests.benchmarks.answer import Answer, answer_of_result
from tests.benchmarks.clock import Clock
from tests.benchmarks.instances import LARGE_HOST


def run(instance: Instance, clock: Clock) -> Answer:
    """The repair alone, from the published round to the proven answer and what it changes for whom."""
    published = solve(instance)
    lost = sum(row.count for row in published.assignments if row.offer == LARGE_HOST)
    with clock.running():
        found = repair(instance, published, [Withdraw(LARGE_HOST)])
    values = {row.tier: row.value for row in found.result.tiers}
    notes = {"lost_their_place": lost, "moved": values[Tier.STABILITY], "held": found.held}
    return answer_of_result(found.instance, found.result, found.result.status is Status.OPTIMAL, notes)
