"""What the benchmarks say is what was measured: whose memory it is, which answers are faults, what the README shows."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.clock import MOST_SECONDS
from tests.benchmarks.command import run
from tests.benchmarks.measure import MOST_PATIENT, Bench, Measure, Outcome, faults_of, limit_of
from tests.benchmarks.report import BEGIN, END, figure, line, write_readme
from tests.benchmarks.rows import Row

ROUND = Row("round", "seconde", 300, ("round", "first come"), same_aims=False, must=0)
PAIRS = Row("pairs", "seconde", 300, ("factored flow", "one arc per pair"), must=4, aim=8)
BALLAST_MIB = 400


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def outcomes(bench: Bench) -> list[Outcome]:
    """Two rows run while this process holds more memory than any engine needs."""
    ballast = np.ones(BALLAST_MIB * 2**17)
    assert ballast.all()
    return [bench.run(ROUND), bench.run(PAIRS)]


def test_an_engine_s_memory_is_its_own(outcomes: list[Outcome]) -> None:
    """However much the process that starts it holds, an engine's peak is what it has itself used."""
    peaks = [one.peak_mib for outcome in outcomes for one in outcome.measures]
    assert all(20 < peak < BALLAST_MIB for peak in peaks), peaks


def test_the_memory_of_a_command_is_that_of_all_its_processes() -> None:
    """What its children hold counts with what it holds itself, and what they share counts once."""
    script = f"import os, time; ours = b'1' * {100 * 2**20}; os.fork(); theirs = b'2' * {50 * 2**20}; time.sleep(1)"
    assert 200 <= run(sys.executable, "-c", script).peak_mib < 280


def test_sabotage_a_peak_that_is_inherited() -> None:
    """What `getrusage` says of a new process begins with what its parent holds: it is not used."""
    ballast = np.ones(BALLAST_MIB * 2**17)
    script = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert ballast.all()
    assert int(said) >= BALLAST_MIB


def test_the_answers_are_compared(outcomes: list[Outcome]) -> None:
    """Our rounds are judged and proven, rivals reach the same values or worse, and the first row says by how much."""
    assert [outcome.faults for outcome in outcomes] == [(), ()]
    ours, first_come = outcomes[0].measures
    assert ours.answer["proven"]
    assert outcomes[0].figure == first_come.answer["unplaced"] - ours.answer["unplaced"]
    notes = ours.answer["notes"]
    assert ours.seconds == pytest.approx(notes["s_solve"] + notes["s_verify"], abs=0.01)
    assert notes["s_prove"] > 0


def test_a_rival_that_does_better_is_a_fault(outcomes: list[Outcome]) -> None:
    """Sabotage: a rival that places one more, an optimum that differs, an engine of ours without its proof."""

    def told(row: Row, measure: Measure, **changes: object) -> Measure:
        return dataclasses.replace(measure, answer={**measure.answer, **changes})

    (ours, rival), (round_, first_come) = outcomes[1].measures, outcomes[0].measures
    better = told(PAIRS, rival, unplaced=rival.answer["unplaced"] - 1)
    assert any("does better" in fault for fault in faults_of(PAIRS, (ours, better)))
    assert any("proves" in fault for fault in faults_of(PAIRS, (ours, told(PAIRS, rival, ranks=0))))
    assert faults_of(PAIRS, (told(PAIRS, ours, proven=False), rival)) == ["factored flow: not proven"]
    more = told(ROUND, first_come, unplaced=round_.answer["unplaced"] - 1)
    assert any("places more" in fault for fault in faults_of(ROUND, (round_, more)))


def test_bounds_are_judged(outcomes: list[Outcome]) -> None:
    """A must or an aim is held or not by the figure and by the memory, never rounded in our favour."""
    ours, rival = outcomes[1].measures
    at = [dataclasses.replace(ours, seconds=1.0, peak_mib=10), dataclasses.replace(rival, seconds=7.999)]
    faster = Outcome(PAIRS, tuple(at), ())
    assert (faster.must_holds, faster.holds(PAIRS.aim)) == (True, False)
    alone = Row("alone", "seconde", 300, ("round",), must=1, must_mib=9)
    assert Outcome(alone, (at[0],), ()).must_holds is False
    assert Outcome(dataclasses.replace(alone, must_mib=10), (at[0],), ()).must_holds is True
    longer = Outcome(dataclasses.replace(alone, smaller=30), (at[1], at[0]), ())
    assert longer.holds(8) is True
    assert longer.holds(7.9) is False


def test_a_rival_is_stopped_once_it_has_told_enough(bench: Bench, outcomes: list[Outcome]) -> None:
    """A rival may use 1.2 times what the aim asks; stopped there it says "more than" and proves nothing."""
    ours = dataclasses.replace(outcomes[1].measures[0], seconds=0.5)
    lp = dataclasses.replace(PAIRS, engines=("factored flow", "naive CP-SAT"), must=15, aim=30)
    assert limit_of(lp, ours) == pytest.approx(18)
    assert limit_of(dataclasses.replace(lp, aim=10_000), ours) == MOST_PATIENT
    assert limit_of(dataclasses.replace(lp, aim=None), ours) == limit_of(ROUND, ours) == MOST_SECONDS
    hasty = dataclasses.replace(lp, aim=1e-9)
    stopped = bench.run(hasty)
    rival = stopped.measures[1]
    assert rival.stopped
    assert not rival.answer["proven"]
    assert stopped.faults == ()
    assert figure(line(stopped)).startswith("more than ")


def test_the_readme_says_what_the_file_says(outcomes: list[Outcome], tmp_path: Path) -> None:
    """The tables stand between their marks, the rest of the page is left alone; without marks nothing is written."""
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    lines = json.loads(json.dumps([line(outcome) for outcome in outcomes]))
    write_readme(lines, readme)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "| pairs, 300 pupils | ≥ 4 times faster | ≥ 8 times faster |" in text
    assert "| first come | 300 |" in text
    write_readme(lines, readme)
    assert readme.read_text(encoding="utf-8") == text
    readme.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="are not there"):
        write_readme(lines, readme)
