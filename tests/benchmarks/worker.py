"""One engine on one instance in a process of its own, so that its memory is its own: prints one JSON line.

Only the engine's own module is loaded: OR-Tools and highspy each bring their own HiGHS, and cannot share a process.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from solver.columns import read_instance_columns
from tests.benchmarks.clock import Clock
from tests.benchmarks.rows import ENGINES


def main(engine: str, path: str, limit: str) -> None:
    """Run it and say how long, how much memory and how good; a rival that can stop does after `limit` seconds."""
    instance = read_instance_columns(Path(path))
    clock = Clock(Path(path), float(limit))
    answer = import_module(ENGINES[engine]).run(instance, clock)
    measured = {"seconds": clock.wall, "cpu_seconds": clock.processor, "peak_mib": clock.peak_mib}
    json.dump(measured | answer.as_row(), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
