"""The solving child as its parent sees it: started, listened to, killed when need be, never left behind.

Responsible for one process and for saying in French how it ended. Refuses to know what a round is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import service
from service.jobs.messages import (
    OUT_OF_MEMORY,
    Answer,
    GarbageError,
    Offered,
    Order,
    Settled,
    Step,
    Wanted,
    receive,
    send,
)

SOLVE_COMMAND = (sys.executable, "-m", "service.jobs.solve_child")
TOO_LONG = "Le calcul a dépassé le temps permis."
_HOME = Path(service.__file__).parent.parent


class ChildFailedError(Exception):
    """The child gave no usable answer. The message is the cause, a French sentence."""


class Helpers(Protocol):
    """Who may compute parts for a child (`service.jobs.boards`)."""

    def offer(self, number: int, body: bytes) -> None: ...

    def settle(self, number: int) -> bytes: ...


class Child:
    """One process. `kill` may be called from another thread, at any time, more than once."""

    def __init__(self, command: tuple[str, ...]) -> None:
        path = os.pathsep.join([str(_HOME), *filter(None, [os.environ.get("PYTHONPATH")])])
        # A session of its own: an interruption typed at the terminal is for the worker, which then ends its child.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def solve(self, order: Order, tell: Callable[[str, float], None], helpers: Helpers | None = None) -> Answer:
        """Sends the order and waits for the answer; `tell` hears each step, `helpers` the parts that it offers.

        Raises:
            ChildFailedError: the process died, broke its limits, or said something that is no answer.
        """
        try:
            answer = self._converse(order, tell, helpers)
        except (GarbageError, BrokenPipeError) as error:
            self.kill()
            raise ChildFailedError(self._cause() or "Le calcul a rendu une réponse illisible.") from error
        cause = self._cause()
        if cause or answer is None:
            raise ChildFailedError(cause or "Le calcul s’est terminé sans réponse.")
        return answer

    def _converse(self, order: Order, tell: Callable[[str, float], None], helpers: Helpers | None) -> Answer | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        send(self._process.stdin, order)
        answer = None
        while (message := receive(self._process.stdout)) is not None:
            if answer is not None:
                raise GarbageError("something after the answer")
            if isinstance(message, Step):
                tell(message.phase, message.progress)
            elif isinstance(message, Answer):
                answer = message
            elif isinstance(message, Offered) and helpers:
                helpers.offer(message.number, message.body)
            elif isinstance(message, Wanted) and helpers:
                send(self._process.stdin, Settled(helpers.settle(message.number), message.number))
            else:
                raise GarbageError(f"{type(message).__name__} from a child")
        return answer

    def _cause(self) -> str:
        code = self._process.wait()
        if code == OUT_OF_MEMORY:
            return "Le calcul a dépassé la mémoire permise."
        if code < 0:
            name = signal.Signals(-code).name
            return {"SIGXCPU": TOO_LONG}.get(name, f"Le calcul a été interrompu ({name}).")
        return f"Le calcul s’est arrêté sur une erreur (code {code})." if code else ""

    def close(self) -> None:
        """Ends the process if it still runs, and its pipes."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
