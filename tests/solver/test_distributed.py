"""Parts solved by workers that die: on a cluster nothing changes; with nobody left, the round says it is degraded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from distributed import Client, LocalCluster

from solver import faces
from solver.faces import optimise
from solver.files import instance_document, result_document
from solver.greedy import greedy
from solver.judge.plain.verify import verify_documents
from solver.result import Status
from solver.solve import solve
from tests.solver.archipelago import archipelago, filed

HUNG_S = 60.0
"""A watchdog, not a measure: nothing here takes that long unless it hangs."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts small enough for the invented country to have several."""
    monkeypatch.setattr("solver.components.ARCS_PER_PART", 500)


@pytest.fixture
def client() -> Iterator[Client]:
    """Two worker processes on this machine; the nanny of each starts another if it dies."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as found,
    ):
        yield found


def halt_at_first_part(folder: str) -> None:
    """In a worker: whichever is the first of all to begin a part says who it is, then does not move."""
    honest = optimise

    def halting(*arguments: Any) -> Any:
        try:
            with (Path(folder) / "halted").open("x") as mark:
                mark.write(f"{os.getpid()}\n")
        except FileExistsError:
            return honest(*arguments)
        os.kill(os.getpid(), signal.SIGSTOP)
        return honest(*arguments)

    setattr(faces, "optimise", halting)  # noqa: B010


def kill_the_halted(mark: Path) -> int:
    """Wait for a worker that holds a part unfinished, then kill -9."""
    limit = monotonic() + HUNG_S
    while not (mark.exists() and mark.read_text().endswith("\n")):
        assert monotonic() < limit, "hung: no worker began a part"
        sleep(0.02)
    number = int(mark.read_text())
    os.kill(number, signal.SIGKILL)
    return number


def test_a_worker_killed_in_the_middle(client: Client, seed: int, tmp_path: Path) -> None:
    """A cluster's worker killed with -9 while it solves a part: the same bytes as without any cluster."""
    instance = archipelago(seed)
    expected = filed(solve(instance))
    before = set(client.run(os.getpid).values())
    client.run(halt_at_first_part, str(tmp_path))
    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(solve, instance, executor=client.get_executor())
        killed = kill_the_halted(tmp_path / "halted")
        assert filed(found.result(HUNG_S)) == expected
    assert killed in before
    assert killed not in client.run(os.getpid).values()


def die(*_arguments: Any) -> None:
    """What a failed CHECK of the flow library does, or a machine short of memory: the whole process ends."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_die_for_good_leave_the_first_come_answer(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the workers die and nobody takes over, the answer is the lawful baseline, labelled, never called optimal."""
    instance = archipelago(seed)
    monkeypatch.setattr("solver.components.optimise", die)
    with ProcessPoolExecutor(2) as pool:
        result = solve(instance, executor=pool)
    assert result.status is Status.FEASIBLE
    assert result.diagnosis.startswith("engine: the executor lost a part: BrokenProcessPool")
    assert result.assignments == greedy(instance).assignments
    assert all(row.proof == "none" and row.bound <= row.value for row in result.tiers)
    assert verify_documents(instance_document(instance), result_document(result)) == []
