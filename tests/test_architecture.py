"""The habits of the house that a machine can check: what stands where, who imports whom, how long things get.

Import contracts live in pyproject.toml; what they cannot see (a package whose import loads Flask) runs in a
new process.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from solver.rules import PROPERTIES, Rule

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {"pyproject.toml", "service", "solver", "fixtures", "tests", "Dockerfile", "README.md"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def tracked() -> list[str]:
    """Files git knows, that still exist."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_top_level() -> None:
    """Nothing stands at the top of the repository but what the design card lists, dot-files, locks and the licence."""
    tops = {name.split("/")[0] for name in tracked()}
    extra = {top for top in tops - TOP_LEVEL if not (top.startswith(".") or top.endswith(".lock") or top == "LICENSE")}
    assert not extra


def test_import_contracts() -> None:
    """Layers and prohibitions written in pyproject.toml hold."""
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or "lint-imports"
    run = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def names_in(folder: str) -> list[str]:
    """Every module of a folder that can be imported by its name (a migration's begins with a number)."""
    paths = (path.relative_to(ROOT).with_suffix("") for path in modules(folder) if path.stem.isidentifier())
    names = (".".join(path.parts).removesuffix(".__init__") for path in paths)
    return [name for name in names if not name.endswith((".__main__", ".migrations.env"))]


def loaded_after(statements: str) -> set[str]:
    """Top-level packages a new process has loaded once it ran `statements`."""
    script = f"{statements}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.splitlines()[-1].split())


def importing(names: list[str]) -> str:
    return "\n".join(f"import {name}" for name in names)


def test_domain_loads_no_flask() -> None:
    """Importing every module of the domain and of the store loads neither Flask nor OR-Tools."""
    loaded = loaded_after(importing(names_in("service/domain") + names_in("service/persistence")))
    assert "sqlmodel" in loaded
    assert not loaded & {"flask", "werkzeug", "wtforms", "flask_security", "ortools"}


def test_solver_loads_no_service() -> None:
    """Importing every module of the solver loads neither the service nor a database."""
    loaded = loaded_after(importing(names_in("solver")))
    assert "ortools" in loaded, "the engine is part of this test"
    assert not loaded & {"service", "fixtures", "flask", "sqlmodel", "sqlalchemy"}


def test_web_process_loads_no_ortools(tmp_path: Path) -> None:
    """The process that answers browsers never loads OR-Tools: a crash of the engine cannot reach it."""
    database = f"sqlite:///{tmp_path / 'empty.db'}"
    loaded = loaded_after(
        "from service.app import create_app\nfrom service.config import Settings\n"
        f"create_app(Settings(database_url={database!r}))"
    )
    assert "flask" in loaded
    assert "ortools" not in loaded


@pytest.mark.parametrize("path", modules("service", "solver"), ids=lambda path: str(path.relative_to(ROOT)))
def test_sizes(path: Path) -> None:
    """A file is read in one sitting and a function fits a screen."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    assert not {node.name for node in functions if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION}


def test_modules_say_what_they_are() -> None:
    """No module has a name that fits anything, and each that holds code says what it is responsible for."""
    paths = modules("service", "solver", "fixtures")
    assert not {path for path in paths if path.stem in VAGUE_NAMES or path.parent.name in VAGUE_NAMES}
    trees = ((path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths)
    assert not {path for path, tree in trees if tree.body and ast.get_docstring(tree) is None}


def test_no_unfinished_work() -> None:
    """Nothing is left for later in the code: no marker of unfinished work, no test that is passed over."""
    unfinished = re.compile("TO" + "DO|FIX" + "ME|NotImplemented" + "Error|pytest.mark.(skip|x" + "fail)")
    texts = ((path, path.read_text(encoding="utf-8")) for path in modules("service", "solver", "fixtures", "tests"))
    assert not {path for path, text in texts if unfinished.search(text)}


def foreign_addresses(text: str) -> Iterator[str]:
    """Addresses of package registries and paths of one machine, built in pieces so that this file has none."""
    hosts = ("py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js.org", "deb.deb" + "ian.org")
    paths = ("/wo" + "rk/", "/ro" + "ot/", "/fa" + "rm/", "/opt/py" + "pi", "/opt/wh" + "eels")
    indexes = ("index" + "-url", "find" + "-links", "trusted" + "-host")
    return (each for each in (*hosts, *paths, *indexes) if each in text)


def test_no_address_of_a_machine() -> None:
    """No tracked file names a registry's address or a path that exists on one machine only."""
    found = {}
    for name in tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if each := sorted(foreign_addresses(text)):
            found[name] = each
    assert not found
    assert not {"uv.lock", "pylock.toml"} & set(tracked())


def test_locks_are_hashed() -> None:
    """Each pinned release carries its hashes, and the tests run on the very versions the service runs on."""
    pins = {}
    for name in ("requirements.lock", "requirements-test.lock"):
        entries = re.split(r"^(?=\S)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
        releases = [entry for entry in entries if entry.strip()]
        assert all("==" in entry and "--hash=sha256:" in entry for entry in releases)
        pins[name] = {entry.split(" ")[0] for entry in releases}
    assert pins["requirements.lock"] < pins["requirements-test.lock"]


def test_locks_cover_what_is_declared() -> None:
    """What pyproject.toml asks for is pinned: a dependency added without its lock is seen."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = {
        "requirements.lock": project["dependencies"],
        "requirements-test.lock": [*project["dependencies"], *extras["test"], *extras["distributed"]],
    }
    for name, requirements in asked.items():
        pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE))
        assert {re.split(r"[\[<>=~! ]", each)[0].lower() for each in requirements} <= pinned


def identifiers(paths: list[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def verifier_functions() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in modules("solver/judge"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("rule", list(Rule))
def test_a_rule_stands_three_times(rule: Rule) -> None:
    """Each hard rule is named where the engine applies it, checked by the verifier, fixed by a truth table."""
    judges = modules("solver/judge")
    engine = identifiers([path for path in modules("solver") if path.name != "rules.py" and path not in judges])
    tables = identifiers([path for path in modules("tests/solver") if "verify" not in path.name])
    assert f"Rule.{rule.name}" in engine
    assert f"Rule.{rule.name}" in tables
    assert rule.value in verifier_functions()


def test_the_verifier_checks_every_property() -> None:
    """Each published property has its own function in the verifier, under its own name."""
    assert set(PROPERTIES) <= verifier_functions()
