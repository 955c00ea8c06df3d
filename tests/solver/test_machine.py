"""A machine lent to a solve: copies of the process and memory at hand change when an answer comes, never which."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from multiprocessing import active_children
from pathlib import Path

import pytest

from solver import machine
from solver.certificate import solve_with_certificate
from solver.generate import generate
from solver.machine import Machine, beside, in_a_copy
from tests.solver.archipelago import filed

ROOT = Path(__file__).parents[2]
MEMORY = """
import numpy as np
from solver.machine import Machine

def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

with Machine(1).keep_memory() as machine:
    before = held()
    for _ in range(3):
        np.ones(8_000_000)
    print(held() - before)
    machine.hand_back()
    print(held() - before)
"""


def test_a_machine_lent_whole_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What copies of the process work out gives the answer and the certificate that one process gives alone."""
    instance = generate(1500, seed, seats_per_pupil=0.9)
    result, certificate = solve_with_certificate(instance)
    monkeypatch.setattr("solver.faces.DRAWN_APART", 1)
    monkeypatch.setattr("solver.cuts.ARCS_APART", 1)
    copied: list[object] = []

    def counted(work):  # type: ignore[no-untyped-def]
        copied.append(work)
        return in_a_copy(work)

    monkeypatch.setattr(machine, "in_a_copy", counted)
    with Machine(2) as lent:
        found = solve_with_certificate(instance, executor=lent)
    assert (filed(found[0]), found[1]) == (filed(result), certificate)
    assert len(copied) >= 3, "no copy was asked for anything"


def test_a_copy_that_is_lost_is_made_good() -> None:
    """A copy killed in the middle, by the system for want of memory say, costs time and nothing else."""
    here = os.getpid()

    def work() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return 42

    with in_a_copy(work) as answer:
        assert answer() == 42


def test_what_fails_in_a_copy_fails_where_it_is_asked_for() -> None:
    """The error reaches whoever asked, with its own words."""

    def work() -> int:
        raise ValueError("seats: negative")

    with in_a_copy(work) as answer, pytest.raises(ValueError, match="seats: negative"):
        answer()


def test_no_copy_outlives_what_it_was_made_for() -> None:
    """When the process goes on without the answer, an error elsewhere say, the copy is ended."""
    with in_a_copy(signal.pause):
        assert active_children()
    assert not active_children()


def test_without_a_machine_no_process_is_copied() -> None:
    """A process that serves pages lends no machine: the work is done in it, when its answer is asked for."""
    with beside(None, os.getpid) as answer:
        assert not active_children()
        assert answer() == os.getpid()


def test_memory_stays_at_hand_until_it_is_handed_back() -> None:
    """An array let go is still held by the process; once handed back, the system has it."""
    shown = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, check=True, capture_output=True, text=True)
    kept, after = map(int, shown.stdout.split())
    assert kept > 60_000_000 > 6_000_000 > after
