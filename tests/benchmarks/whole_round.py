"""Ours: the whole work of a round on two cores, from the file of the instance to a result that the judges accept."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from solver.dossier import read_result
from solver.instance import Instance
from solver.result import Status
from tests.benchmarks.answer import Answer, answer_of_result
from tests.benchmarks.clock import Clock
from tests.benchmarks.command import run_solver


def run(instance: Instance, clock: Clock) -> Answer:
    """The commands of the README: solve with its certificate, then verify. What proving takes beside is noted."""
    with TemporaryDirectory() as folder:
        result, certificate = Path(folder) / "result.npz", Path(folder) / "certificate.npz"
        claim = clock.file, result
        spent = {
            "solve": run_solver("solve", clock.file, "-o", result, "--certificate", certificate, "--workers", "2"),
            "verify": run_solver("verify", *claim),
        }
        for one in spent.values():
            clock.add(one.seconds, one.cpu_seconds, one.peak_mib)
        if certificate.exists():
            spent["prove"] = run_solver("prove", *claim, certificate)
        found = read_result(result)
    notes = {f"s_{phase}": round(seconds, 3) for phase, seconds in found.seconds.items()}
    for name, one in spent.items():
        notes |= {f"s_{name}": round(one.seconds, 3), f"mib_{name}": one.peak_mib}
    return answer_of_result(instance, found, found.status is Status.OPTIMAL, notes)
