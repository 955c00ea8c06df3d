"""The certificate on the command line: written by `solve`, judged by `prove`, or by the file alone on a bare Python."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTANCE = ROOT / "fixtures" / "instances" / "quota_tree.json"


def solver(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "solver", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def bare(folder: Path, *files: object) -> subprocess.CompletedProcess[str]:
    """The judge copied away from the project, on an isolated Python without any installed package."""
    alone = Path(shutil.copytree(ROOT / "solver" / "judge", folder / "judge", dirs_exist_ok=True))
    command = [sys.executable, "-I", "-S", str(alone), "prove", *map(str, files)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An instance, its result and its certificate, as files."""
    folder = tmp_path_factory.mktemp("dossier")
    files = {"instance": INSTANCE, "result": folder / "result.json", "certificate": folder / "certificate.json"}
    solved = solver("solve", INSTANCE, "-o", files["result"], "--certificate", files["certificate"])
    assert (solved.returncode, solved.stderr) == (0, "")
    return files


def test_a_dossier_is_proven_by_both_commands(dossier: dict[str, Path], tmp_path: Path) -> None:
    """One line with each tier's value, exit code 0, from the package and from the file alone, compressed or not."""
    values = {row["tier"]: row["value"] for row in json.loads(dossier["result"].read_bytes())["tiers"]}
    expected = "proved: " + ", ".join(f"{tier} {value}" for tier, value in values.items()) + "\n"
    proved = solver("prove", *dossier.values())
    assert (proved.returncode, proved.stdout, proved.stderr) == (0, expected, "")
    # The standalone judge hashes the instance as it is given: it is handed the canonical one.
    packed = []
    for name, path in dossier.items():
        packed.append(tmp_path / f"{name}.json.gz")
        packed[-1].write_bytes(gzip.compress(path.read_bytes()))
    for files in (dossier.values(), packed):
        alone = bare(tmp_path, *files)
        assert (alone.returncode, alone.stdout, alone.stderr) == (0, expected, "")


def test_rows_in_another_order_are_the_same_instance(dossier: dict[str, Path], tmp_path: Path) -> None:
    """The command judges an instance in its canonical order."""
    document = json.loads(INSTANCE.read_bytes())
    for table in ("groups", "offers", "schools", "lines"):
        document[table].reverse()
    shuffled = tmp_path / "shuffled.json"
    shuffled.write_text(json.dumps(document))
    proved = solver("prove", shuffled, dossier["result"], dossier["certificate"])
    assert (proved.returncode, proved.stderr) == (0, "")


def test_a_worse_answer_names_what_fails(dossier: dict[str, Path], tmp_path: Path) -> None:
    """One pupil fewer, honestly counted: exit code 1, and the tier and the way that were left aside."""
    result = json.loads(dossier["result"].read_bytes())
    result["assignments"][0]["count"] -= 1
    left = result["unplaced"][[row["group"] for row in result["unplaced"]].index(result["assignments"][0]["group"])]
    left["count"] += 1
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(result))
    for judged in (
        solver("prove", INSTANCE, worse, dossier["certificate"]),
        bare(tmp_path, INSTANCE, worse, dossier["certificate"]),
    ):
        assert (judged.returncode, judged.stderr) == (1, "")
        assert "tier placed: " in judged.stdout
        assert "proved" not in judged.stdout


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "sequence-certificate/1"}', "\x1f\x8b", "[" * 100_000])
def test_what_is_no_certificate_is_unreadable(content: str, dossier: dict[str, Path], tmp_path: Path) -> None:
    """Exit code 2 and a message, never a traceback."""
    broken = tmp_path / "broken.json"
    broken.write_text(content)
    for judged in (
        solver("prove", dossier["instance"], dossier["result"], broken),
        bare(tmp_path, dossier["instance"], dossier["result"], broken),
        bare(tmp_path, dossier["instance"], dossier["result"], tmp_path / "missing.json"),
        bare(tmp_path, dossier["instance"], dossier["result"]),
    ):
        assert (judged.returncode, judged.stdout) == (2, "")
        assert judged.stderr
        assert "Traceback" not in judged.stderr


def test_no_certificate_is_written_for_what_is_not_proven(tmp_path: Path) -> None:
    """A round whose pins cannot hold says that it has no certificate, and leaves no file."""
    document = json.loads((ROOT / "fixtures" / "instances" / "pinned_pupil.json").read_bytes())
    document["groups"][0]["reach_m"] = 10
    instance, certificate = tmp_path / "instance.json", tmp_path / "certificate.json"
    instance.write_text(json.dumps(document))
    solved = solver("solve", instance, "-o", tmp_path / "result.json", "--certificate", certificate)
    assert solved.returncode == 0
    assert "no certificate" in solved.stdout
    assert not certificate.exists()
