"""Ours: the whole work of a round, from the instance to a result that may be published."""

from __future__ import annotations

from time import perf_counter

from solver.files import instance_document, result_document
from solver.instance import Instance
from solver.result import Status
from solver.solve import solve
from solver.verify import verify_documents
from tests.benchmarks.answer import Answer, answer_of_result
from tests.benchmarks.clock import Clock


def run(instance: Instance, clock: Clock) -> Answer:
    """Candidates, solve, potentials, reasons, then the verifier."""
    with clock.running():
        result = solve(instance)
        solved = perf_counter()
        faults = verify_documents(instance_document(instance), result_document(result))
        verified = perf_counter() - solved
    if faults:
        raise ValueError(f"the verifier refuses the round: {faults[:3]}")
    notes = {f"s_{phase}": round(seconds, 3) for phase, seconds in result.seconds.items()}
    notes["s_verify"] = round(verified, 3)
    return answer_of_result(instance, result, result.status is Status.OPTIMAL, notes)
