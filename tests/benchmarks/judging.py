"""The two judges on the files of a round, in a process of their own as whoever checks it runs them: one JSON line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from solver.judges import prove_files, verify_files
from tests.benchmarks.clock import Clock


def main(*paths: str) -> None:
    """Verify and prove: how long, how much memory, and what they find wrong."""
    instance, result, certificate = map(Path, paths)
    verifying, proving = Clock(instance), Clock(instance)
    with verifying.running():
        faults = verify_files(instance, result)
    with proving.running():
        faults += prove_files(instance, result, certificate)[1] if certificate.exists() else []
    seconds = {"verify": (verifying.wall, verifying.processor), "prove": (proving.wall, proving.processor)}
    json.dump({"seconds": seconds, "peak_mib": proving.peak_mib, "faults": faults[:3]}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
