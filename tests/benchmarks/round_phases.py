"""One phase of a round on a stored campaign, in a process of its own so that its memory is its own.

`python -m tests.benchmarks.round_phases PHASE FOLDER` reads the database's address and what the phases before left in
FOLDER, does what the worker, its child or the publishing request does, and prints one JSON line.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import Engine

from service.domain import rounds
from service.domain.bridge import freeze, frozen_bytes
from service.domain.campaigns import get_campaign
from service.domain.findings import record_findings
from service.domain.publication import publish_round
from service.domain.recording import record_result, verify_dossier
from service.jobs.attempts import snapshot_scope
from service.jobs.messages import Answer, Order
from service.jobs.solve_child import answer_order
from service.persistence.engine import make_engine, session_scope
from tests.benchmarks.academy import DAY
from tests.benchmarks.clock import peak_mib

PHASES = ("freeze", "solve", "findings", "verify", "record", "publish")
ROUND, TOKEN = 1, 1
LEASE_S = 3600.0
MEMORY_BYTES, TIME_S = 8 * 2**30, 1800
Marks = dict[str, tuple[float, float, int]]
"""By phase: seconds on the wall, seconds of processor, MiB."""


class Stopwatch:
    """Seconds on the wall, of processor, and the peak of memory since the start, at each mark (one name: added)."""

    def __init__(self) -> None:
        self.marks: Marks = {}
        self.restart()

    def restart(self) -> None:
        """What was only read back from a file is not a phase's work."""
        self._wall, self._processor = perf_counter(), process_time()

    def mark(self, phase: str) -> None:
        wall, processor = perf_counter(), process_time()
        before = self.marks.get(phase, (0.0, 0.0, 0))
        self.marks[phase] = (before[0] + wall - self._wall, before[1] + processor - self._processor, peak_mib())
        self._wall, self._processor = wall, processor


def _freeze(engine: Engine, folder: Path, watch: Stopwatch) -> None:
    with snapshot_scope(engine) as session:
        campaign = get_campaign(session, rounds.get_round(session, ROUND).campaign_id)
        frozen = frozen_bytes(freeze(session, campaign, DAY))
    watch.mark("freeze")
    (folder / "instance.json").write_bytes(frozen)


def _solve(_engine: Engine, folder: Path, watch: Stopwatch) -> None:
    """The child's whole work: what it solves, then what it finds out besides.

    It says "explain" for the reasons of the result, then once more before its findings: what came before is solving.
    """
    order = Order((folder / "instance.json").read_bytes(), MEMORY_BYTES, TIME_S)
    answer = answer_order(order, lambda phase, _: watch.mark("solve") if phase == "explain" else None)
    watch.mark("findings")
    (folder / "answer").write_bytes(pickle.dumps(answer))


def _answer(folder: Path) -> Answer:
    found: Answer = pickle.loads((folder / "answer").read_bytes())
    return found


def _verify(_engine: Engine, folder: Path, watch: Stopwatch) -> None:
    answer, instance = _answer(folder), (folder / "instance.json").read_bytes()
    watch.restart()
    dossier = verify_dossier(instance, answer.body, answer.certificate)
    watch.mark("verify")
    (folder / "dossier").write_bytes(pickle.dumps(dossier))


def _record(engine: Engine, folder: Path, watch: Stopwatch) -> None:
    answer, dossier = _answer(folder), pickle.loads((folder / "dossier").read_bytes())
    watch.restart()
    with session_scope(engine) as session:
        record_result(session, ROUND, TOKEN, dossier, answer.baseline, answer.seconds)
        record_findings(session, ROUND, answer.findings)
    watch.mark("record")


def _publish(engine: Engine, _folder: Path, watch: Stopwatch) -> None:
    with session_scope(engine) as session:
        publish_round(session, ROUND, "cli", DAY)
    watch.mark("publish")


RUN: dict[str, Callable[[Engine, Path, Stopwatch], None]] = {
    "freeze": _freeze,
    "solve": _solve,
    "verify": _verify,
    "record": _record,
    "publish": _publish,
}
"""`solve` marks two phases."""


def main(phase: str, path: str) -> None:
    folder = Path(path)
    engine = make_engine((folder / "database").read_text(encoding="utf-8"))
    json.dump(run_phase(phase, engine, folder), sys.stdout)
    engine.dispose()


def run_phase(phase: str, engine: Engine, folder: Path) -> Marks:
    """What a phase took, and the files it leaves in the folder for the next ones."""
    with session_scope(engine, write=False) as session:
        rounds.get_round(session, ROUND)
    watch = Stopwatch()
    RUN[phase](engine, folder, watch)
    return watch.marks


if __name__ == "__main__":
    main(*sys.argv[1:])
