"""The command `sequence` as a person runs it: what it prints, what it refuses, in French and without a traceback."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.readers.files import CONVENTIONS

ROOT = Path(__file__).resolve().parents[2]


def sequence(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder, with nothing of this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEQUENCE_")}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def count(database: Path, query: str) -> int:
    connection = sqlite3.connect(database)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


MISTAKES = {
    "unknown command": (["inconnue"], "Cette commande n’existe pas"),
    "unknown option": (["demo", "--inconnue"], "--inconnue n’existe pas"),
    "option without value": (["serve", "--port"], "--port"),
    "port that is no number": (["serve", "--port", "abc"], "«\u00a0abc\u00a0» n’est pas un nombre entier"),
    "port out of bounds": (["demo", "--port", "70000"], "de 1 à 65\u202f535"),
    "too few pupils": (["demo", "--no-serve", "--pupils", "3"], "de 20 à"),
    "word too many": (["migrate", "encore"], "lui reste un mot"),
    "address of no database": (["migrate", "--database", "ici"], "mal écrite"),
    "unknown database": (["migrate", "--database", "perdu://ici"], "sqlite:///fichier"),
    "file under a file": (["migrate", "--database", "sqlite:////dev/null/x.db"], "Le système refuse"),
    "database nobody serves": (["migrate", "--database", "postgresql://127.0.0.1:1/x"], "La base de données"),
    "no folder of deeds": (["import-conventions", "--directory", "absent"], "aucun fichier .yaml"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake: str, tmp_path: Path) -> None:
    """A mistake is answered by one French line and an exit code, and leaves nothing behind."""
    arguments, said = MISTAKES[mistake]
    run = sequence(tmp_path, *arguments)
    assert run.returncode in (1, 2)
    assert run.stdout == ""
    assert run.stderr.startswith("Erreur\u00a0: ")
    assert said in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SEQUENCE_PRODUCTION", "1", "SEQUENCE_SECRET_KEY"),
        ("SEQUENCE_PORT", "huit mille", "un nombre entier est attendu"),
        ("SEQUENCE_PRODUCTION", "peut-être", "est attendu"),
    ],
)
def test_refused_settings(name: str, value: str, said: str, tmp_path: Path) -> None:
    """A setting that does not hold is named before anything starts."""
    run = sequence(tmp_path, "migrate", **{name: value})
    assert run.returncode == 1
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert not list(tmp_path.iterdir())


def test_help_is_french(tmp_path: Path) -> None:
    """Every command says in French what it does."""
    run = sequence(tmp_path, "--help")
    assert run.returncode == 0
    for word in ("Commandes", "demo", "serve", "worker", "migrate", "import-conventions"):
        assert word in run.stdout


def test_migrate_twice(tmp_path: Path) -> None:
    """A migration brings schema and reference data, and may be run again."""
    database = tmp_path / "instance" / "sequence.db"
    for _ in range(2):
        run = sequence(tmp_path, "migrate")
        assert run.returncode == 0, run.stderr
        assert run.stdout == "La base est à jour.\n"
    assert count(database, "SELECT count(*) FROM department") == 101
    assert count(database, "SELECT count(*) FROM commune") > 34_000


def test_import_conventions(tmp_path: Path) -> None:
    """The five deeds are loaded as they are, once; nothing made up for the sample comes with them."""
    database = tmp_path / "instance" / "sequence.db"
    assert sequence(tmp_path, "import-conventions").stdout.startswith("5 conventions nouvelles, 0 version")
    assert sequence(tmp_path, "import-conventions").stdout.endswith("5 inchangées.\n")
    assert count(database, "SELECT count(*) FROM convention") == 5
    assert count(database, "SELECT count(*) FROM conventionevent") == 0
    assert count(database, "SELECT count(*) FROM quotaline WHERE ceiling IS NOT NULL") == 0


def test_a_malformed_deed_loads_nothing(tmp_path: Path) -> None:
    """A folder with one unreadable deed is refused whole, naming the file."""
    folder = tmp_path / "deeds"
    folder.mkdir()
    for name in ("serce.yaml", "jobirl.yaml"):
        (folder / name).write_bytes((CONVENTIONS / name).read_bytes())
    with (folder / "serce.yaml").open("a", encoding="utf-8") as deed:
        deed.write("unknown_key: 1\n")
    run = sequence(tmp_path, "import-conventions", "--directory", "deeds")
    assert run.returncode == 1
    assert "serce.yaml" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "instance").exists()


def test_a_folder_of_deeds(tmp_path: Path) -> None:
    """A folder of one's own replaces the five deeds that come with the service."""
    folder = tmp_path / "deeds"
    folder.mkdir()
    (folder / "serce.yaml").write_bytes((CONVENTIONS / "serce.yaml").read_bytes())
    run = sequence(tmp_path, "import-conventions", "--directory", "deeds")
    assert run.stdout.startswith("1 convention nouvelle,")


def test_demo_touches_no_other_database(tmp_path: Path) -> None:
    """A database that is no demonstration is left exactly as it was, whatever it is."""
    sequence(tmp_path, "migrate", "--database", "sqlite:///real.db")
    (tmp_path / "letter.db").write_text("Chère Madame,", encoding="utf-8")
    for name in ("real.db", "letter.db"):
        before = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        run = sequence(tmp_path, "demo", "--no-serve", "--pupils", "20", "--database", f"sqlite:///{name}")
        assert run.returncode == 1
        assert "n’est pas une démonstration" in run.stderr
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == before
