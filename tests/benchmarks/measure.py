"""Runs rows: every engine in its own process on the very same file, medians over repetitions, answers compared."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.answer import STOPPED, Answer
from tests.benchmarks.clock import MOST_SECONDS
from tests.benchmarks.rows import BETTER, GAP, SECONDS, TIMES_FASTER, TIMES_LONGER, Row

ROOT = Path(__file__).resolve().parents[2]
OURS = ("round", "repair", "factored flow", "agreements")
ENOUGH = 1.2
"""A rival may use so many times what the aim asks us to be faster by: one still at work has told what is asked."""
MOST_PATIENT = 600.0
"""Nor more seconds than these, whatever the aim: a loaded machine makes ours look slow, and the row then says less."""
PATIENCE = 120.0
"""A rival that does not stop by itself is stopped after its limit and these seconds, which reading and listing pairs
take too: HiGHS does not always look at its own limit."""
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

    @property
    def stopped(self) -> bool:
        return STOPPED in self.answer["notes"]


@dataclass(frozen=True)
class Outcome:
    """A row once run; ours is the first measure. `faults` are answers that should not be."""

    row: Row
    measures: tuple[Measure, ...]
    faults: tuple[str, ...]

    @property
    def figure(self) -> float:
        """What the bounds of the row are about."""
        ours, *others = self.measures
        return {
            SECONDS: lambda: ours.seconds,
            TIMES_LONGER: lambda: ours.seconds / others[0].seconds,
            TIMES_FASTER: lambda: others[0].seconds / ours.seconds,
            GAP: lambda: 100 * float(ours.answer["gap"]),
            BETTER: lambda: float(others[0].answer["unplaced"] - ours.answer["unplaced"]),
        }[self.row.figure]()

    def holds(self, bound: float | None) -> bool | None:
        """Whether the figure keeps within a bound; None where the row has none."""
        if bound is None:
            return None
        if self.row.figure == BETTER:
            ours, theirs = (one.answer for one in self.measures)
            return self.figure >= bound and all(ours[what] < theirs[what] for what in ("mean_rank", "mean_metres"))
        return self.figure >= bound if self.row.figure == TIMES_FASTER else self.figure <= bound

    @property
    def must_holds(self) -> bool | None:
        """The bound that must hold, memory and time included."""
        if self.row.must_mib is not None and self.measures[0].peak_mib > self.row.must_mib:
            return False
        return self._in_time(0) and self.holds(self.row.must)

    @property
    def aim_holds(self) -> bool | None:
        return self._in_time(1) and self.holds(self.row.aim)

    def _in_time(self, which: int) -> bool:
        return self.row.gap_within is None or self.measures[0].seconds <= self.row.gap_within[which]


class Bench:
    """Keeps the files and the measures of one run, so that no engine works twice on the same instance."""

    def __init__(self, folder: Path, repetitions: int | None = None) -> None:
        self.folder, self.repetitions = folder, repetitions
        self.known: dict[tuple[str, str, int], Measure] = {}

    def run(self, row: Row) -> Outcome:
        """Measure every engine of the row, then judge the answers.

        Raises:
            RuntimeError: an engine's process failed.
        """
        ours = self._measure(row, row.engines[0], row.pupils)
        sizes = [(engine, row.pupils) for engine in row.engines[1:]]
        if row.smaller is not None:
            sizes.append((row.engines[0], row.smaller))
        others = (self._measure(row, engine, pupils, limit_of(row, ours)) for engine, pupils in sizes)
        measures = (ours, *others)
        return Outcome(row, measures, tuple(faults_of(row, measures)))

    def _measure(self, row: Row, engine: str, pupils: int, limit: float = MOST_SECONDS) -> Measure:
        key = (engine, row.make, pupils)
        if key not in self.known:
            path = self._file(row.make, pupils)
            times = range(self.repetitions or row.repetitions)
            self.known[key] = _median(engine, pupils, [_run(engine, path, pupils, limit) for _ in times])
        return self.known[key]

    def _file(self, make: str, pupils: int) -> Path:
        path = self.folder / f"{make}-{pupils}.npz"
        if not path.exists():
            command = [sys.executable, "-m", "tests.benchmarks.make", make, str(pupils), str(path)]
            subprocess.run(command, cwd=ROOT, check=True)
        return path


def limit_of(row: Row, ours: Measure) -> float:
    """The seconds a rival may use: enough to tell that the aim is held, where there is one, on a quiet machine."""
    if row.figure != TIMES_FASTER or row.aim is None:
        return MOST_SECONDS
    return min(ENOUGH * row.aim * ours.seconds, MOST_PATIENT)


def _no_answer(pupils: int, cpu_seconds: float, limit: float) -> dict[str, Any]:
    """What is known of a rival that had to be stopped: it placed nobody, and its memory (0) is not known.

    It is said to have worked for its limit, and had some time more.
    """
    answer = Answer(unplaced=pupils, ranks=0, metres=0, proven=False, notes={STOPPED: limit})
    return {"seconds": limit, "cpu_seconds": cpu_seconds, "peak_mib": 0} | answer.as_row()


def _run(engine: str, path: Path, pupils: int, limit: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.worker", engine, str(path), str(limit)]
    longest = None if engine in OURS else limit + PATIENCE
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=longest)
    except subprocess.TimeoutExpired:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return _no_answer(pupils, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, limit)
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


def faults_of(row: Row, measures: tuple[Measure, ...]) -> list[str]:
    """Ours is proven; nobody with the same aims does better, and whoever proves an optimum finds the same."""
    ours, *others = measures
    must_be_proven = OURS if row.gap_within is None else ()
    found = [
        f"{one.engine}: not proven" for one in measures if one.engine in must_be_proven and not one.answer["proven"]
    ]
    for other in others if row.smaller is None else ():
        if row.same_aims and other.values < ours.values:
            found.append(f"{other.engine} does better: {other.values} against {ours.values}")
        if row.same_aims and other.answer["proven"] and other.values != ours.values:
            found.append(f"{other.engine} proves {other.values}, not {ours.values}")
        if not row.same_aims and other.answer["unplaced"] < ours.answer["unplaced"]:
            found.append(f"{other.engine} places more: {other.answer['unplaced']} left")
    return found
