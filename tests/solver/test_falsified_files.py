"""From the shell to the verdict: a generated round is accepted, and refused by name in dozens of falsified versions."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from solver.generate import generate
from tests.solver.falsified_files import KINDS, made, said, verdicts, write

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("suffix", "large"), [(".json", 20_000), (".json", 1), (".npz", 20_000)])
def test_a_round_from_the_shell_and_its_falsifications(
    suffix: str, large: int, seed: int, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The true files are accepted in silence; at least 25 kinds of falsified ones are refused, the property named."""
    monkeypatch.setattr("solver.judges.LARGE", large)
    pupils = 20_000 if pytestconfig.getoption("--full") else 400
    # Now and then nobody has a need: nobody can then be sent where it is not served.
    seed = next(n for n in count(seed) if any(group.needs for group in generate(pupils, n).groups))
    asked, result = made(tmp_path, suffix, pupils, seed)
    assert said("verify", asked, result) == (0, [])
    caught = {}
    for name, code, named, _ in verdicts(asked, result, [*KINDS], seed):
        assert code == 1, name
        assert KINDS[name][0] in named, name
        caught[name] = KINDS[name][0]
    assert len(caught) >= 25
    assert {*caught.values()} >= {broken for broken, _ in KINDS.values()}


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_the_commands_themselves(suffix: str, seed: int, tmp_path: Path) -> None:
    """In processes of their own: a true round exits with 0 and says nothing, a false one with 1 and its property."""
    asked, result = made(tmp_path, suffix, 400, seed)

    def verify(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "solver", "verify", str(asked), str(path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    true = verify(result)
    assert (true.returncode, true.stdout, true.stderr) == (0, "", "")
    [(name, *_)] = verdicts(asked, result, ["a placement forgotten"], seed)
    false = verify(tmp_path / f"false{suffix}")
    assert (false.returncode, false.stderr) == (1, "")
    assert any(line.startswith(f"{KINDS[name][0]}: ") for line in false.stdout.splitlines())


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_large_rounds_are_proven_by_the_fast_judge(
    suffix: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a certain size, or in columns, the commands never ask the plain judges about a true round."""
    monkeypatch.setattr("solver.judges.LARGE", 400)
    asked, result = made(tmp_path, suffix, 400, seed)
    certificate = tmp_path / f"certificate{suffix}"
    said("solve", asked, "-o", result, "--certificate", certificate)
    for plain in ("solver.judges.verify_documents", "solver.verify_large.Case", "solver.prove_large.prove_documents"):
        monkeypatch.setattr(plain, None)
    assert said("verify", asked, result) == (0, [])
    code, [line] = said("prove", asked, result, certificate)
    assert code == 0
    assert line.startswith("proved: placed ")


def test_what_no_column_holds_is_not_written(tmp_path: Path) -> None:
    """A count that is a text has no column: such a file cannot even be made, so none is judged by mistake."""
    row = {"group": "g", "offer": "o", "period": "p", "count": "1"}
    assert not write({"assignments": [row], "unplaced": []}, tmp_path / "false.npz")
    assert write({"assignments": [row | {"count": 1}], "unplaced": []}, tmp_path / "false.npz")
