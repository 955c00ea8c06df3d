"""Competitors as real processes: started once from a clean server process, released together, killed when need be."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

_started: list[BaseProcess] = []
_PRELOADED = ["service.jobs.attempts", "service.domain.publication", "tests.promises.round_scenes"]


def clean_processes() -> Any:
    """Processes that inherit no connection, no thread and no lock of the tests, and are still quick to start."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def start(target: Callable[..., object], *args: object) -> BaseProcess:
    process: BaseProcess = clean_processes().Process(target=target, args=args, daemon=True)
    process.start()
    _started.append(process)
    return process


def kill(process: BaseProcess) -> None:
    """As a power cut for that process alone: no handler, no farewell."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def kill_survivors() -> None:
    """A test that fails leaves nobody at work: neither on a database about to go, nor until the end of the session."""
    while _started:
        process = _started.pop()
        if process.is_alive():
            kill(process)
