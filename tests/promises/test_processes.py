"""The tests' own competitors end with the test that started them."""

from __future__ import annotations

import signal
import time

from tests.promises.processes import kill_survivors, start


def test_nobody_is_left_at_work() -> None:
    """A process that its test has not waited for is gone before the next one begins."""
    left = start(time.sleep, 600)
    assert left.is_alive()
    kill_survivors()
    assert left.exitcode == -signal.SIGKILL
