"""The solver's command line, as a shell sees it: exit codes, files written, messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from errno import EPIPE
from itertools import chain
from pathlib import Path

import pytest

from solver.__main__ import MODULES, main
from tests.solver.falsified_files import said

ROOT = Path(__file__).parents[2]
NAMED = ROOT / "fixtures" / "instances"
MAGIC = {".json": b'{"', ".json.gz": b"\x1f\x8b", ".npz": b"PK"}
"""How each kind of file begins."""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "solver", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_from_an_invented_instance_to_a_verified_result(seed: int, tmp_path: Path) -> None:
    """Generate, solve, verify and explain work one after the other, and the verifier says nothing."""
    instance, result = tmp_path / "instance.json", tmp_path / "result.json"
    assert run("generate", "--pupils", 150, "--seed", seed, "-o", instance).returncode == 0
    solved = run("solve", instance, "-o", result, "--workers", 2)
    assert (solved.returncode, solved.stderr) == (0, "")
    assert solved.stdout.startswith("OPTIMAL: ")
    assert run("solve", instance, "-o", tmp_path / "alone.json", "--workers", 0).returncode == 2
    verified = run("verify", instance, result)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    assert len(json.loads(instance.read_bytes())["groups"]) == 150
    assert run("explain", instance, result).returncode == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_left_is_said_in_a_line(unbuffered: str, tmp_path: Path) -> None:
    """What is printed for nobody ends a command as any other error does; the file it has written is there."""
    instance, result = tmp_path / "instance.json", tmp_path / "result.json"
    assert run("generate", "--pupils", 20, "--seed", 1, "-o", instance).returncode == 0
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "solver", "solve", str(instance), "-o", str(result)]
    told = {"cwd": ROOT, "env": os.environ | {"PYTHONUNBUFFERED": unbuffered}, "stderr": subprocess.PIPE, "text": True}
    solved = subprocess.run(command, stdout=writing, check=False, **told)
    os.close(writing)
    assert (solved.returncode, solved.stderr) == (2, f"solve: {BrokenPipeError(EPIPE, os.strerror(EPIPE))}\n")
    assert result.exists()


@pytest.mark.parametrize("suffix", [".npz", ".json.gz"])
def test_a_round_may_be_kept_in_other_files(suffix: str, seed: int, tmp_path: Path) -> None:
    """Columns and compressed files go through every command, and hold the same round as the JSON ones."""
    heard = []
    for ending in (".json", suffix):
        files = [tmp_path / f"{name}{ending}" for name in ("instance", "result", "certificate")]
        asked, result, certificate = files
        done = [
            said("generate", "--pupils", 150, "--seed", seed, "-o", asked),
            said("solve", asked, "-o", result, "--certificate", certificate),
            said("verify", asked, result),
            said("prove", *files),
            said("explain", asked, result),
            said("marginal", asked, result),
        ]
        assert [code for code, _ in done] == [0] * len(done)
        heard.append(done)
        assert all(path.read_bytes()[:2] == MAGIC[ending] for path in files)
    assert heard[0] == heard[1]


def test_a_corrupted_result_is_named_by_what_fails(tmp_path: Path) -> None:
    """A placement too many is refused by the verifier with exit code 1 and the property's name."""
    result = tmp_path / "result.json"
    run("solve", NAMED / "quota_tree.json", "-o", result)
    document = json.loads(result.read_bytes())
    document["assignments"][0]["count"] += 1
    result.write_text(json.dumps(document))
    verified = run("verify", NAMED / "quota_tree.json", result)
    assert verified.returncode == 1
    assert {line.split(":")[0] for line in verified.stdout.splitlines()} >= {"quota_ceiling", "announced_tiers"}


def test_rows_in_another_order_are_the_same_instance(tmp_path: Path) -> None:
    """A file whose rows were shuffled gives the same result, and the result is accepted with either file."""
    document = json.loads((NAMED / "quota_tree.json").read_bytes())
    for table in ("groups", "offers", "schools", "lines", "departments"):
        document[table].reverse()
    shuffled = tmp_path / "shuffled.json"
    shuffled.write_text(json.dumps(document))
    results = []
    for instance in (NAMED / "quota_tree.json", shuffled):
        result = tmp_path / f"{instance.stem}-result.json"
        run("solve", instance, "-o", result)
        results.append(json.loads(result.read_bytes()) | {"seconds": {}})
        for judged in (NAMED / "quota_tree.json", shuffled):
            verified = run("verify", judged, result)
            assert (verified.returncode, verified.stdout) == (0, "")
    assert results[0] == results[1]


def test_what_is_no_result_at_all_is_refused(tmp_path: Path) -> None:
    """A list instead of a result gives exit code 2; an object without what a result holds is named, exit code 1."""
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "empty.json").write_text("{}")
    assert run("verify", NAMED / "quota_tree.json", tmp_path / "list.json").returncode == 2
    hollow = run("verify", NAMED / "quota_tree.json", tmp_path / "empty.json")
    assert hollow.returncode == 1
    assert "identity: " in hollow.stdout


def test_explain_says_where_a_group_goes_and_why_the_rest_does_not(tmp_path: Path) -> None:
    """For one group: its placements, the reason of the others, what would place one more; else every reason."""
    instance, result = NAMED / "quota_tree.json", tmp_path / "result.json"
    run("solve", instance, "-o", result)
    one = run("explain", instance, result, "east-class").stdout.splitlines()
    assert one == [
        "east-class: 2 placed at east-site in 2027-W10, rank 1",
        "east-class: 2 unplaced, quota_ceiling (reachable_offers=2 lines=nation)",
        "  fix: quota (line=nation)",
    ]
    everyone = run("explain", instance, result).stdout.splitlines()
    assert [line.split(":")[0] for line in everyone] == ["east-class", "  fix", "west-class", "  fix"]


@pytest.mark.parametrize("command", ["solve", "verify", "explain"])
def test_a_malformed_file_is_refused_and_nothing_is_written(command: str, tmp_path: Path) -> None:
    """A wrong instance gives exit code 2, a message, and no file."""
    document = json.loads((NAMED / "quota_tree.json").read_bytes())
    document["groups"][0]["count"] = "four"
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(document))
    arguments = (bad, "-o", tmp_path / "result.json") if command == "solve" else (bad, bad)
    refused = run(command, *arguments)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "groups[0].count" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.json"]


def test_files_that_do_not_exist_and_strangers_are_refused(tmp_path: Path) -> None:
    """A missing file, an unknown group, the result of another instance: exit code 2 and a message."""
    result = tmp_path / "result.json"
    run("solve", NAMED / "quota_tree.json", "-o", result)
    missing = run("solve", tmp_path / "nothing.json", "-o", tmp_path / "other.json")
    stranger = run("explain", NAMED / "quota_tree.json", result, "nobody")
    other = run("explain", NAMED / "closed_week.json", result)
    negative = run("generate", "--pupils", -1, "--seed", 1, "-o", tmp_path / "instance.json")
    assert [missing.returncode, stranger.returncode, other.returncode, negative.returncode] == [2, 2, 2, 2]
    assert "unknown 'nobody'" in stranger.stderr
    assert "another instance" in other.stderr
    assert "not negative" in negative.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_an_impossible_pin_is_a_result_not_an_error(tmp_path: Path) -> None:
    """A pin that cannot hold gives INFEASIBLE with its diagnosis, written and printed."""
    document = json.loads((NAMED / "pinned_pupil.json").read_bytes())
    document["groups"][0]["reach_m"] = 10
    instance, result = tmp_path / "instance.json", tmp_path / "result.json"
    instance.write_text(json.dumps(document))
    solved = run("solve", instance, "-o", result)
    assert solved.returncode == 0
    assert "pin of group 'pinned' to offer 'far' in '2027-W10': reach" in solved.stdout
    assert json.loads(result.read_bytes())["status"] == "INFEASIBLE"


@pytest.mark.parametrize("module", ["solver", "solver.instance", "solver.files", "solver.greedy", "solver.explain"])
def test_the_web_may_import_the_data_without_or_tools(module: str) -> None:
    """Reading instances and results loads no optimiser, no web framework and no database layer."""
    script = f"import {module}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"ortools", "flask", "sqlmodel", "sqlalchemy"} & set(loaded.stdout.split())


@pytest.mark.parametrize("module", ["solver", "solver.judge_commands"])
def test_the_judges_load_nothing_of_the_engine(module: str) -> None:
    """Verifying and proving begin at once: the libraries that solve are not even loaded."""
    script = f"import {module}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"ortools", "scipy", "pandas", "solver.solve", "solver.greedy"} & set(loaded.stdout.split())


def test_every_command_is_where_it_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    """The general help names every command, and each has its own."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    general = capsys.readouterr().out
    for name in chain(*MODULES.values()):
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert capsys.readouterr().out.startswith(f"usage: python -m solver {name} ")
        assert f"    {name} " in general
