"""Parts of a round that share nothing, computed by whoever is free: the executor of the child that solves.

Responsible for what is worth offering and for never waiting in vain: a part that nobody has taken, or whose worker is
gone, is computed here. The answer does not depend on who computes. Refuses to know how a part travels.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future
from io import BytesIO
from typing import Any

from service.jobs.messages import GarbageError

SMALLEST, LARGEST = 2**20, 2**28
"""Bytes of a part that is worth the journey, and that a row can hold: about a hundred thousand arcs to several
million. A round whose parts are all smaller never leaves its worker."""
_KNOWN = {
    "solver.faces": {"optimise", "shorten", "Optimum"},
    "solver.flow": {"minimum_cost_flow"},
    "solver.network": {"Network"},
    "solver.tiers": {"Names"},
    "solver.demand": {"ClassNames"},
    "solver.params": {"Tier"},
    "solver.components": {"_say_nothing"},
    "numpy": {"ndarray", "dtype"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
}
"""All that a part or its answer is made of: anything else in those bytes is refused before it is built."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in _KNOWN.get(module, ()):
            raise GarbageError(f"{module}.{name} has no place in a part")
        return super().find_class(module, name)


def read_part(body: bytes) -> Any:
    """
    Raises:
        GarbageError: bytes that are no part, nor the answer to one.
    """
    try:
        return _Reader(BytesIO(body)).load()
    except GarbageError:
        raise
    except Exception as error:
        # Broken bytes fail in any of the ways of the library that reads them.
        raise GarbageError(f"{type(error).__name__}: {error}") from error


def write_part(part: object) -> bytes:
    return pickle.dumps(part, protocol=5)


class Sharing(Executor):
    """An executor of one process and of whoever helps. `offer` puts a numbered part on the board; `want` gives its
    answer, or nothing when this process is to compute it."""

    def __init__(self, offer: Callable[[int, bytes], None], want: Callable[[int], bytes]) -> None:
        self._offer, self._want = offer, want
        self._mine: Future[Any] | None = None
        self._kind: Callable[..., Any] | None = None
        self._offered = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The first of those that wait, the largest of a kind, is this process's own work, and so is what is small."""
        if self._mine is None or self._mine.done() or fn is not self._kind:
            self._mine, self._kind = _Part(lambda: fn(*args, **kwargs)), fn
            return self._mine
        body = write_part((fn, args, kwargs))
        if not SMALLEST <= len(body) <= LARGEST:
            return _Part(lambda: fn(*args, **kwargs))
        self._offered += 1
        number = self._offered
        self._offer(number, body)
        return _Part(lambda: self._settle(number, fn, args, kwargs))

    def _settle(self, number: int, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if answer := self._want(number):
            try:
                return read_part(answer)
            except GarbageError:
                pass  # whoever answered that is no help: the part is computed here
        return fn(*args, **kwargs)


class _Part(Future[Any]):
    """Computed, or waited for, when its result is asked for: nothing runs beside."""

    def __init__(self, find: Callable[[], Any]) -> None:
        super().__init__()
        self._find: Callable[[], Any] | None = find

    def result(self, timeout: float | None = None) -> Any:
        find, self._find = self._find, None
        if find is not None and not self.done():
            try:
                self.set_result(find())
            except Exception as error:
                self.set_exception(error)  # whoever asks is told
        return super().result(timeout)
