"""The verifier as a program: alone, on two files, whatever they contain."""

from __future__ import annotations

import copy
import gzip
import json
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path
from random import Random
from typing import Any

import pytest

import solver.judge
from solver.judge.plain.documents import opened
from solver.judge.plain.verify import verify_documents
from tests.solver.verify_cases import documents, random_case
from tests.solver.verify_corruptions import corrupted
from tests.solver.verify_oracle import Document

JUDGES = Path(solver.judge.__file__).parent


def run(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """A copy of the judges, in a folder of their own, without site packages and without the environment."""
    program = str(shutil.copytree(JUDGES, folder / "judge", dirs_exist_ok=True))
    command = [sys.executable, "-I", "-S", program, "verify", *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


def write(folder: Path, asked: Document, result: Document) -> None:
    (folder / "instance.json").write_text(json.dumps(asked), encoding="utf-8")
    (folder / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")


def test_silent_alone(tmp_path: Path, seed: int) -> None:
    """One folder of the project and a bare Python are enough to verify a round, and the order of rows means nothing."""
    asked, result = documents(*random_case(Random(seed)))
    Random(seed).shuffle(result["assignments"])
    Random(seed).shuffle(result["unplaced"])
    write(tmp_path, asked, result)
    done = run(tmp_path, "instance.json", "result.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_silent_in_one_file(tmp_path: Path, seed: int) -> None:
    """The judges zipped into one file, as they may be handed on, say the same."""
    write(tmp_path, *documents(*random_case(Random(seed))))
    zipapp.create_archive(JUDGES, tmp_path / "judge.pyz", filter=lambda path: path.suffix == ".py")
    command = [sys.executable, "-I", "-S", "judge.pyz", "verify", "instance.json", "result.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_names_what_fails(tmp_path: Path, seed: int) -> None:
    """A falsified round gives exit code 1 and a line per fault, the property first."""
    write(tmp_path, *corrupted("hash altered", Random(seed)))
    done = run(tmp_path, "instance.json", "result.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["identity"]


def test_twenty_faults_of_a_kind_are_enough(seed: int) -> None:
    """A file with a thousand wrong rows does not print a thousand lines."""
    asked, result = documents(*random_case(Random(seed)))
    result["assignments"] += [{}] * 1_000
    assert len(verify_documents(asked, result)) == 20


@pytest.mark.parametrize(
    ("instance", "result"),
    [
        (None, "{}"),
        ("{}", None),
        ("{", "{}"),
        ("{}", "{}"),
        ("[]", "{}"),
        ("null", "null"),
        ("[" * 100_000, "{}"),
        (b"\xff\xfe\x00\xd8", "{}"),
        ('{"format": 1, "format": 1}', "{}"),
        (None, None),
    ],
)
def test_unreadable(tmp_path: Path, instance: str | bytes | None, result: str | None) -> None:
    """A file that is missing, is no JSON, says a thing twice or is no instance: exit code 2 and a message."""
    for name, content in (("instance.json", instance), ("result.json", result)):
        if content is not None:
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run(tmp_path, "instance.json", "result.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("unreadable: ")
    assert len(done.stderr.splitlines()) == 1


def test_asks_for_two_files(tmp_path: Path) -> None:
    """Without its two files the program says so instead of staying silent."""
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_a_tree_that_is_no_tree_ends(tmp_path: Path, seed: int) -> None:
    """Quota lines that go round in circles make the instance unreadable, not the verifier endless."""
    asked, result = documents(*random_case(Random(seed)))
    for line in asked["lines"]:
        line["parent"] = line["id"]
    for offer in asked["offers"]:
        offer["line"] = "wide"
    result["assignments"] = [
        {"group": asked["groups"][0]["id"], "offer": asked["offers"][0]["id"], "period": "p1", "count": 1}
    ]
    write(tmp_path, asked, result)
    done = run(tmp_path, "instance.json", "result.json")
    assert (done.returncode, done.stdout) == (2, "")


NUMBERS: tuple[Any, ...] = (True, 1.5, float("nan"), -(10**400), 10**400)
GARBAGE: tuple[Any, ...] = (*NUMBERS, None, "", "\ud800", [], {}, [[]], [""], {"": None})
FREE_TEXT = {"engine", "seconds", "diagnosis"}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a document where another value could stand."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    below = [place for key in keys for place in places(value[key], (*path, key))]
    return below if path == () else [path, *below]


def test_garbage_is_refused_quietly(seed: int, pytestconfig: pytest.Config) -> None:
    """Whatever stands in the place of whatever in a result, the verifier names a property and never stumbles."""
    random = Random(f"{seed} garbage")
    for _ in range(5_000 if pytestconfig.getoption("--full") else 500):
        asked, honest = documents(*random_case(random))
        result = copy.deepcopy(honest)
        path = random.choice(places(result))
        holder: Any = result
        for key in path[:-1]:
            holder = holder[key]
        before, holder[path[-1]] = holder[path[-1]], random.choice(GARBAGE)
        lower_bound = path[-1] == "bound" and type(holder["bound"]) is int and holder["bound"] <= holder["value"]
        harmless = path[0] in FREE_TEXT and type(before) is type(result[path[0]])
        faults = verify_documents(asked, result)
        assert bool(faults) != (repr(holder[path[-1]]) == repr(before) or lower_bound or harmless), path


@pytest.mark.parametrize("garbage", [None, [], "", 1, {}, {"assignments": {}}])
def test_a_result_that_is_none(garbage: Any, seed: int) -> None:
    """A result that is no result at all is refused by its identity."""
    asked, _ = documents(*random_case(Random(seed)))
    assert any(fault.startswith("identity: ") for fault in verify_documents(asked, garbage))


def test_compressed_dossier(tmp_path: Path, seed: int) -> None:
    """A round's dossier is judged as it is downloaded, and half a download is said to be unreadable."""
    write(tmp_path, *documents(*random_case(Random(seed))))
    for name in ("instance.json", "result.json"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    names = ("instance.json.gz", "result.json.gz")
    assert (run(tmp_path, *names).returncode, run(tmp_path, *names).stdout) == (0, "")
    with pytest.raises(ValueError, match="more than 9 bytes"):
        opened((tmp_path / names[0]).read_bytes(), 9)
    half = tmp_path / names[1]
    half.write_bytes(half.read_bytes()[:-20])
    done = run(tmp_path, *names)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("unreadable")
