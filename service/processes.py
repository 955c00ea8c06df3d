"""The processes of one deployment, started together and stopped together: the web server and the worker.

Responsible for their life. Refuses to know what they do, and takes every setting from the one object it is given.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event
from types import FrameType
from urllib.request import urlopen

from service.config import Settings
from service.errors import ServiceError

STOP_WITHIN_S = 25.0
_LOOK_EVERY_S = 0.2
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is what people read («le site»)."""

    name: str
    arguments: tuple[str, ...]


def web_server(settings: Settings) -> Command:
    """gunicorn on the application factory: importing it here would load the whole site into the parent."""
    return Command(
        "le site",
        (
            *("-m", "gunicorn", "--bind", f"{settings.host}:{settings.port}"),
            *("--workers", str(settings.web_workers), "--worker-class", "gthread", "--threads", "4"),
            *("--graceful-timeout", str(int(STOP_WITHIN_S) - 5), "--log-level", "warning"),
            "service.app:create_warm_app()",
        ),
    )


def worker() -> Command:
    return Command("le calcul des tours", ("-m", "service.cli", "worker"))


def environment(settings: Settings) -> dict[str, str]:
    """The same settings for every process, as they read them."""
    chosen = settings.model_dump(exclude_none=True)
    given = {f"SEQUENCE_{name.upper()}": str(value) for name, value in chosen.items()}
    return os.environ | given


def refuse_busy_port(settings: Settings) -> None:
    """Raises a refusal now rather than after a long preparation."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            raise ServiceError(
                "port_busy",
                f"Le port {settings.port} de {settings.host} est déjà pris ou interdit. "
                "Choisissez-en un autre avec --port.",
            ) from None


def refuse_silent_site(settings: Settings) -> None:
    """Raises a refusal unless the home page, which reads the database, is given in time."""
    try:
        urlopen(f"http://{_here(settings)}:{settings.port}/", timeout=4).close()
    except OSError as error:
        raise ServiceError("site_silent", f"Le site ne répond pas ({error}). Son journal dit pourquoi.") from None


def _here(settings: Settings) -> str:
    """Where this machine finds its own site."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)


@dataclass
class Together:
    """Runs commands until a signal asks to stop or one of them ends, which stops the others."""

    settings: Settings
    commands: Sequence[Command]
    stop: Event = field(default_factory=Event)
    _children: list[tuple[Command, subprocess.Popen[bytes]]] = field(default_factory=list)

    def run(self, when_started: Callable[[], None]) -> None:
        """Returns when stopped in good order.

        Raises:
            ServiceError: `process_ended`, naming the process that ended by itself.
        """
        before = {number: signal.signal(number, self._ask_to_stop) for number in _STOP_SIGNALS}
        try:
            self._start()
            if self._wait_for_web():
                when_started()
            while not self.stop.wait(_LOOK_EVERY_S):
                self._refuse_dead_child()
        finally:
            self._terminate()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()

    def _start(self) -> None:
        for command in self.commands:
            # Their own session: Ctrl+C reaches this process alone, which then stops them in good order.
            # What they print is a journal: the standard output is the command's own.
            # Killed without a word, this process takes them along: they hear the signal that stops them.
            child = subprocess.Popen(
                (sys.executable, "-m", "service.lifeline", str(os.getpid()), *command.arguments),
                env=environment(self.settings),
                stdout=sys.stderr.fileno(),
                start_new_session=True,
            )
            self._children.append((command, child))

    def _wait_for_web(self) -> bool:
        """Whether the site answers; False when asked to stop meanwhile."""
        while not self.stop.wait(_LOOK_EVERY_S):
            self._refuse_dead_child()
            try:
                with socket.create_connection((_here(self.settings).strip("[]"), self.settings.port), timeout=1):
                    return True
            except OSError:
                continue
        return False

    def _refuse_dead_child(self) -> None:
        for command, child in self._children:
            if child.poll() is not None:
                raise ServiceError(
                    "process_ended",
                    f"Le service s’arrête\u00a0: {command.name} s’est terminé de lui-même (code {child.returncode}). "
                    "Son journal, plus haut, dit pourquoi.",
                )

    def _terminate(self) -> None:
        for _, child in self._children:
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        for _, child in self._children:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
