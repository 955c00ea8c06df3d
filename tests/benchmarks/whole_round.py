"""Ours: the whole work of a round, from the instance to a result that both judges have accepted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from solver.certificate import solve_with_certificate
from solver.dossier import write_certificate, write_result
from solver.instance import Instance
from solver.result import Status
from tests.benchmarks.answer import Answer, answer_of_result
from tests.benchmarks.clock import Clock, peak_mib

ROOT = Path(__file__).resolve().parents[2]


def run(instance: Instance, clock: Clock) -> Answer:
    """Candidates, solve, reasons and certificate here; then verifier and judge of optimality on the files.

    Writing the files counts in memory, not in seconds.
    """
    with clock.running():
        result, certificate = solve_with_certificate(instance)
    notes = {f"s_{phase}": round(seconds, 3) for phase, seconds in result.seconds.items()}
    notes["s_certificate"] = round(clock.wall - sum(result.seconds.values()), 3)
    with TemporaryDirectory() as folder:
        files = Path(folder) / "result.npz", Path(folder) / "certificate.npz"
        write_result(result, files[0])
        if certificate is not None:
            write_certificate(certificate, files[1])
        notes |= {"mib_solve": peak_mib()} | judged(clock, *files)
    return answer_of_result(instance, result, result.status is Status.OPTIMAL, notes)


def judged(clock: Clock, result: Path, certificate: Path) -> dict[str, float]:
    """Time and memory of the judges, added to the clock.

    Raises:
        ValueError: a judge refuses the round.
    """
    command = [sys.executable, "-m", "tests.benchmarks.judging", *map(str, (clock.file, result, certificate))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found["faults"]:
        raise ValueError(f"the judges refuse the round: {found['faults']}")
    for wall, processor in found["seconds"].values():
        clock.add(wall, processor, found["peak_mib"])
    seconds = {f"s_judge_{judge}": round(wall, 3) for judge, (wall, _) in found["seconds"].items()}
    return seconds | {"mib_judges": found["peak_mib"]}
