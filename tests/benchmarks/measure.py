"""Runs a row: every engine in its own process on the very same file, medians over repetitions, answers compared."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from solver.columns import write_instance_columns
from tests.benchmarks.answer import STOPPED, Answer
from tests.benchmarks.rows import Make, Row

ROOT = Path(__file__).resolve().parents[2]
OURS = ("round", "factored flow")
RIVAL_SECONDS = 600.0
"""A rival that does not stop by itself is stopped: HiGHS does not always look at its own limit."""
AIMS = ("unplaced", "ranks", "metres")


@dataclass(frozen=True)
class Measure:
    """What one engine did on one instance; `answer` has the fields of `Answer`."""

    engine: str
    pupils: int
    seconds: float
    cpu_seconds: float
    peak_mib: int
    answer: Mapping[str, Any]

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(int(self.answer[aim]) for aim in AIMS)


@dataclass(frozen=True)
class Outcome:
    """A row once run. `figure` is what the bounds of the row are about; `faults` are answers that should not be."""

    row: Row
    measures: tuple[Measure, ...]
    figure: float
    faults: tuple[str, ...]


def run_row(row: Row) -> Outcome:
    """Measure every engine of the row, then judge the answers.

    Raises:
        RuntimeError: an engine's process failed.
    """
    with TemporaryDirectory() as folder:
        measures = _measure(row, row.make, row.pupils, Path(folder))
        if row.smaller is not None:
            measures += _measure(row, row.make, row.smaller, Path(folder))
    ours, *others = measures
    ratio = ours.seconds / others[0].seconds if row.smaller else others[0].seconds / ours.seconds if others else 0.0
    return Outcome(row, measures, ratio or ours.seconds, tuple(_faults(row, measures)))


def _measure(row: Row, make: Make, pupils: int, folder: Path) -> tuple[Measure, ...]:
    path = folder / f"{pupils}.npz"
    write_instance_columns(make(pupils), path)
    runs = ((engine, [_run(engine, path, pupils) for _ in range(row.repetitions)]) for engine in row.engines)
    return tuple(_median(engine, pupils, done) for engine, done in runs)


def _no_answer(pupils: int, cpu_seconds: float) -> dict[str, Any]:
    """What is known of a rival that had to be stopped: it placed nobody, and its memory (0) is not known.

    Its seconds count its whole process, the few for reading the instance and listing the pairs too.
    """
    answer = Answer(unplaced=pupils, ranks=0, metres=0, proven=False, notes={STOPPED: RIVAL_SECONDS})
    return {"seconds": RIVAL_SECONDS, "cpu_seconds": cpu_seconds, "peak_mib": 0} | answer.as_row()


def _run(engine: str, path: Path, pupils: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.worker", engine, str(path)]
    limit = None if engine in OURS else RIVAL_SECONDS
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return _no_answer(pupils, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    if done.returncode:
        raise RuntimeError(f"{engine}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _median(engine: str, pupils: int, runs: list[dict[str, Any]]) -> Measure:
    middle = {name: median(run[name] for run in runs) for name in ("seconds", "cpu_seconds")}
    answers = [{name: value for name, value in run.items() if name != "notes" and name not in middle} for run in runs]
    if any(answer["unplaced"] != answers[0]["unplaced"] for answer in answers):
        raise RuntimeError(f"{engine}: not the same answer twice")
    peak = max(int(answer.pop("peak_mib")) for answer in answers)
    return Measure(engine, pupils, **middle, peak_mib=peak, answer=answers[0] | {"notes": runs[0]["notes"]})


def _faults(row: Row, measures: tuple[Measure, ...]) -> list[str]:
    """Ours is proven; nobody with the same aims does better, and whoever proves an optimum finds the same."""
    ours, *others = measures
    found = [f"{one.engine}: not proven" for one in measures if one.engine in OURS and not one.answer["proven"]]
    for other in others if row.smaller is None else ():
        if row.same_aims and other.values < ours.values:
            found.append(f"{other.engine} does better: {other.values} against {ours.values}")
        if row.same_aims and other.answer["proven"] and other.values != ours.values:
            found.append(f"{other.engine} proves {other.values}, not {ours.values}")
        if not row.same_aims and other.answer["unplaced"] < ours.answer["unplaced"]:
            found.append(f"{other.engine} places more: {other.answer['unplaced']} left")
    return found
