"""Bad instances as a shell meets them, in JSON and in columns: refused by their field, nothing written, no hang."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.__main__ import main
from solver.column_store import write_store
from solver.columns import instance_store
from solver.dossier import write_instance
from solver.files import instance_document
from solver.instance import Instance, Pin, QuotaLine
from tests.solver.small_world import group, offer, world

ROOT = Path(__file__).parents[2]
HUNG_S = 120
"""A watchdog, not a measure."""
Document = dict[str, Any]
Spoil = Callable[[Document], object]


def sound() -> Document:
    """A lawful instance with a row of every kind that can be spoilt."""
    lines = (QuotaLine("wide", ceiling=5), QuotaLine("narrow", "wide", "3e"))
    groups = (group(count=2), group(id="other", wishes=("x",)))
    offers = (offer(line="narrow", seats={"p": 3}),)
    return instance_document(world(lines=lines, groups=groups, offers=offers, pins=(Pin("group", "offer", "p"),)))


def put(table: str, field: str, value: object) -> Spoil:
    return lambda document: document[table][0].update({field: value})


def add(table: str, **changes: Any) -> Spoil:
    """The first row once more, changed."""
    return lambda document: document[table].append(document[table][0] | changes)


REFUSED: dict[str, tuple[Spoil, str]] = {
    "a school nobody knows": (put("groups", "school", "nowhere"), "groups['group'].school: unknown 'nowhere'"),
    "a period nobody knows": (put("groups", "periods", ["never"]), "groups['group'].periods: unknown 'never'"),
    "a department nobody knows": (put("offers", "department", "99"), "offers['offer'].department: unknown '99'"),
    "a line nobody knows": (put("offers", "line", "none"), "offers['offer'].line: unknown 'none'"),
    "a pin for nobody": (put("pins", "group", "nobody"), "pins.group: unknown 'nobody'"),
    "negative seats": (put("offers", "seats", {"p": -1}), "offers['offer'].seats['p']: a whole number between 0"),
    "too many seats": (put("offers", "seats", {"p": 10**12}), "offers['offer'].seats['p']: a whole number between 0"),
    "a negative ceiling": (put("lines", "ceiling", -1), "lines['narrow'].ceiling: a whole number between 0"),
    "a circle of lines": (
        lambda document: document["lines"][1].update(parent="narrow"),
        "lines['narrow'].parent: 'narrow' is its own ancestor, quota lines form no tree",
    ),
    "a line under two lines": (add("lines", parent=None), "lines: 'narrow' appears 2 times"),
    "a line with two parents": (put("lines", "parent", ["wide", "wide"]), "lines[0].parent: Input should be"),
    "an offer under two lines": (put("offers", "line", ["wide", "narrow"]), ": Input should be a valid string"),
    "more pins than pupils": (put("pins", "count", 3), "pins['group'].count: 3 pins for 2 pupils"),
    "pinned and banned": (
        lambda document: document["bans"].append({"group": "group", "offer": "offer"}),
        "pins['group']: also banned from 'offer'",
    ),
    "the same pin twice": (add("pins"), "pins: ['group', 'offer', 'p'] appears 2 times"),
    "too many pupils": (put("groups", "count", 10**12), "groups['group'].count: a whole number between 1"),
    "seats that are no number": (put("offers", "seats", {"p": float("nan")}), "seats"),
}


def write(document: Document, path: Path) -> Path:
    """The file a careless program would write: nothing is judged."""
    if path.suffix == ".npz":
        write_store(*instance_store(json.loads(json.dumps(document))), path)
    else:
        path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("suffix", [".json", ".npz"])
@pytest.mark.parametrize("fault", REFUSED)
def test_a_bad_file_is_refused_by_its_field(
    fault: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one line that names the field, and no result written, whatever the kind of file."""
    spoil, message = REFUSED[fault]
    document, result = sound(), tmp_path / f"result{suffix}"
    assert main(["solve", str(write(document, tmp_path / f"sound{suffix}")), "-o", str(result)]) == 0
    result.unlink()
    capsys.readouterr()
    spoil(document)
    bad = write(document, tmp_path / f"bad{suffix}")
    assert main(["solve", str(bad), "-o", str(result)]) == 2
    assert message in capsys.readouterr().err
    assert not result.exists()


def impossible() -> Instance:
    """Two pins for one seat."""
    pins = (Pin("group", "offer", "p"), Pin("other", "offer", "p"))
    return world(groups=(group(), group(id="other")), pins=pins)


def huge_school() -> Instance:
    return world(groups=(group(count=1_000_000),), offers=(offer(seats={"p": 400_000}),))


EXTREME: dict[str, tuple[Callable[[], Instance], str]] = {
    "no demand.json": (lambda: world(groups=()), "OPTIMAL: 0 placed, 0 unplaced"),
    "no demand.npz": (lambda: world(groups=()), "OPTIMAL: 0 placed, 0 unplaced"),
    "no supply.json": (lambda: world(offers=()), "OPTIMAL: 0 placed, 1 unplaced"),
    "no supply.npz": (lambda: world(offers=()), "OPTIMAL: 0 placed, 1 unplaced"),
    "nothing at all.json": (lambda: Instance((), (), (), (), ()), "OPTIMAL: 0 placed, 0 unplaced"),
    "nothing at all.npz": (lambda: Instance((), (), (), (), ()), "OPTIMAL: 0 placed, 0 unplaced"),
    "a school of a million pupils.npz": (huge_school, "OPTIMAL: 400000 placed, 600000 unplaced"),
    "pins that contradict each other.json": (impossible, "pin of group 'other' to offer 'offer' in 'p': seats"),
    "pins that contradict each other.npz": (impossible, "pin of group 'other' to offer 'offer' in 'p': seats"),
}


def shell(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "solver", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=HUNG_S)


@pytest.mark.parametrize("name", EXTREME)
def test_an_extreme_file_is_answered(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config
) -> None:
    """Odd but lawful: an answer that the judges accept, with its proof, or the diagnosis of what cannot be."""
    build, words = EXTREME[name]
    asked, result, proof = (str(tmp_path / f"{kind}{Path(name).suffix}") for kind in ("asked", "result", "proof"))
    write_instance(build(), Path(asked))
    assert main(["solve", asked, "-o", result, "--certificate", proof]) == 0
    assert words in capsys.readouterr().out
    has_answer = words.startswith("OPTIMAL")
    assert main(["verify", asked, result]) == (0 if has_answer else 1)
    assert Path(proof).exists() == has_answer
    if has_answer and (pytestconfig.getoption("--full") or build is not huge_school):
        assert main(["prove", asked, result, proof]) == 0


def test_a_shell_is_never_left_waiting(tmp_path: Path) -> None:
    """The real command, in a process of its own, ends on a bad file as on an extreme one."""
    document = sound()
    REFUSED["a circle of lines"][0](document)
    refused = shell("solve", write(document, tmp_path / "bad.npz"), "-o", tmp_path / "result.npz")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "lines form no tree" in refused.stderr
    write_instance(huge_school(), tmp_path / "school.json")
    assert shell("solve", tmp_path / "school.json", "-o", tmp_path / "result.json").returncode == 0
