"""A command as whoever types it runs it: seconds, and the memory of all the processes that it is made of."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
EVERY_S = 0.25
"""How often memory is looked at: a stage of a large round takes longer."""
KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Spent:
    """What a command took. Memory that its processes share is counted once (Linux's PSS)."""

    seconds: float
    cpu_seconds: float
    peak_mib: int


def run_solver(*arguments: str | Path) -> Spent:
    """`python -m solver` with these arguments, beginning and reading of files included."""
    return run(sys.executable, "-m", "solver", *map(str, arguments))


def run(*command: str) -> Spent:
    """What a command takes, until it ends.

    Raises:
        ValueError: it ends with another code than 0; with its words.
    """
    before, start, most = _processor(), perf_counter(), 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        while running.poll() is None:
            most = max(most, sum(_pss_kib(process) for process in _tree(running.pid)))
            with suppress(subprocess.TimeoutExpired):
                running.wait(EVERY_S)
        seconds = perf_counter() - start
        said = running.communicate()[0]
    if running.returncode:
        raise ValueError(f"{' '.join(command[:4])}: {said[-2000:]}")
    return Spent(seconds, _processor() - before, most // KIB_PER_MIB)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree(process: int) -> Iterator[int]:
    yield process
    with suppress(OSError):  # it has just ended
        for child in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split():
            yield from _tree(int(child))


def _pss_kib(process: int) -> int:
    with suppress(OSError):
        for text in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if text.startswith("Pss:"):
                return int(text.split()[1])
    return 0
