"""What is measured: seconds on the wall and of processor, for the part an engine says is its work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time


class Clock:
    """Stopped until an engine starts it; listing candidates for a rival is not the rival's work."""

    wall = processor = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        gc.collect()
        wall, processor = perf_counter(), process_time()
        yield
        self.wall, self.processor = perf_counter() - wall, process_time() - processor
