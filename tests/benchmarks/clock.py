"""What is measured: seconds on the wall and of processor for the part an engine says is its work, and peak memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time

KIB_PER_MIB = 1024
MOST_SECONDS = 300.0
"""A rival's limit where nothing says sooner that it is slower than asked."""


class Clock:
    """Stopped until an engine starts it; listing candidates for a rival is not the rival's work.

    `file` is where the instance was read from, for work that goes on in another process. `limit` is what a rival that
    can stop may use (seconds).
    """

    def __init__(self, file: Path, limit: float = MOST_SECONDS) -> None:
        self.file, self.limit = file, limit
        self.wall = self.processor = 0.0
        self.peak_mib_elsewhere = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        gc.collect()
        wall, processor = perf_counter(), process_time()
        yield
        self.add(perf_counter() - wall, process_time() - processor)

    def add(self, wall: float, processor: float, peak_mib: int = 0) -> None:
        """Work done elsewhere."""
        self.wall += wall
        self.processor += processor
        self.peak_mib_elsewhere = max(self.peak_mib_elsewhere, peak_mib)

    @property
    def peak_mib(self) -> int:
        """Of the processes that did the work: this one, when no other did."""
        return self.peak_mib_elsewhere or peak_mib()


def peak_mib() -> int:
    """The most memory this process has held since its own program began.

    Not `getrusage`: its peak begins with that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // KIB_PER_MIB
