"""The processes of `sequence serve`: started together, answering, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.service.test_cli import ROOT, sequence

WATCHDOG_S = 120


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def serving(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A site that answers, started by the command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEQUENCE_")}
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=kept | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if f"http://127.0.0.1:{port}/" in line:
            break
    else:
        pytest.fail("".join(said))
    yield process
    for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
        child.kill()
    process.kill()
    process.wait()
    process.stderr.close()


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_everything(serving: subprocess.Popen[str], port: int, number: signal.Signals, tmp_path: Path) -> None:
    """The site answers; asked to stop, the command ends well and leaves no process behind.

    A container is healthy while it does what it was started for: a worker's needs the database alone.
    """
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=WATCHDOG_S) as answer:
        assert answer.status == 200
    family = children_of(serving)
    commands = [" ".join(child.cmdline()) for child in family]
    assert any("gunicorn" in command for command in commands)
    assert any(command.endswith("service.cli worker") for command in commands)
    if number is signal.SIGTERM:
        assert health(tmp_path, port, "serve").returncode == 0
    serving.send_signal(number)
    assert serving.wait(WATCHDOG_S) == 0
    if number is signal.SIGTERM:
        silent = health(tmp_path, port, "serve")
        assert (silent.returncode, "Le site ne répond pas" in silent.stderr) == (1, True)
        assert health(tmp_path, port, "worker").returncode == 0
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def health(folder: Path, port: int, started: str) -> subprocess.CompletedProcess[str]:
    """What a container whose first process is that command says of itself."""
    (folder / "first").write_bytes(b"\0".join((b"python", b"/opt/sequence/bin/sequence", started.encode(), b"")))
    return sequence(folder, "health", "--main", "first", SEQUENCE_PORT=str(port))


def test_killed_without_a_word(serving: subprocess.Popen[str]) -> None:
    """The command killed with no time to stop anything: the site and the worker end all the same, nobody is left."""
    family = children_of(serving)
    assert len(family) >= 3
    serving.kill()
    serving.wait(WATCHDOG_S)
    _, left = psutil.wait_procs(family, timeout=WATCHDOG_S)
    assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(("part", "name"), [("service.cli worker", "le calcul des tours"), ("gunicorn", "le site")])
def test_a_dead_process_stops_the_other(serving: subprocess.Popen[str], part: str, name: str) -> None:
    """When one process dies the command says which, stops the other and fails, so that someone restarts it."""
    family = children_of(serving)
    next(child for child in family if part in " ".join(child.cmdline())).kill()
    assert serving.wait(WATCHDOG_S) == 1
    assert serving.stderr is not None
    assert name in serving.stderr.read()
    psutil.wait_procs(family, timeout=WATCHDOG_S)
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_port_already_taken(tmp_path: Path) -> None:
    """A port in use is refused before anything is created."""
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        command = [sys.executable, "-m", "service.cli", "demo", "--port", str(other.getsockname()[1])]
        run = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 1
    assert "déjà pris" in run.stderr
    assert not list(tmp_path.iterdir())
