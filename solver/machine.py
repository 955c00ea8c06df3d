"""What a machine lends to one solve: processes for parts handed over whole, copies of this process, and its memory.

A copy works on what the process already holds, so nothing is handed over but its answer. Memory that one stage lets go
stays at hand for the next: handed to the system and asked for again, each page would be cleared again, a tenth of a
national solve. None of it changes an answer, and none of it is for a process that also does other things: a copy of a
server would hold its connections. Such a process lends its executor alone, or nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from typing import Self, TypeVar
from warnings import catch_warnings, simplefilter

T = TypeVar("T")

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""What glibc calls them (`mallopt(3)`): above the first free memory is handed back, above the second at once."""
NEVER = 2**30
"""Bytes, in one piece or free at the end: more than any array of a national round."""


class Machine(ProcessPoolExecutor):
    """A whole machine for the one solve of this process, from before anything is read.

    Its processes are begun at once, so that they hold nothing.
    """

    def __init__(self, processes: int) -> None:
        super().__init__(processes)
        self.submit(int).result()
        self._library: ctypes.CDLL | None = None

    def keep_memory(self) -> Self:
        """From now on what this process lets go stays at hand; on another system than one of glibc nothing changes."""
        library = ctypes.CDLL(None)
        if hasattr(library, "malloc_trim"):
            library.mallopt(MMAP_THRESHOLD, NEVER)
            library.mallopt(TRIM_THRESHOLD, NEVER)
            self._library = library
        return self

    def hand_back(self) -> None:
        """Hand what nothing holds any more back to the system."""
        if self._library is not None:
            self._library.malloc_trim(0)


def hand_back(executor: Executor | None) -> None:
    """Where a stage begins that needs more memory than others, or that other processes take part in."""
    if isinstance(executor, Machine):
        executor.hand_back()


@contextmanager
def beside(executor: Executor | None, work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Begin some work in a copy of this process, on a machine lent for it; what is yielded gives its answer.

    Everywhere else, and if the copy is lost or the work fails there, the answer is worked out when it is asked for.
    """
    if isinstance(executor, Machine):
        executor.hand_back()  # while both work, what nothing holds would be missed
        with in_a_copy(work) as answer:
            yield answer
    else:
        yield work


@contextmanager
def in_a_copy(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """The same wherever processes can be copied, for a process that has a machine for itself."""
    if "fork" not in get_all_start_methods():
        yield work
        return
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    copy = context.Process(target=_tell, args=(work, sending), daemon=True)
    with (
        catch_warnings()
    ):  # Python 3.12 fears for locks that other threads hold: here an executor's, which no copy asks for
        simplefilter("ignore", DeprecationWarning)
        copy.start()
    sending.close()

    def answer() -> T:
        try:
            found: T = receiving.recv()
        except EOFError:
            return work()
        return found

    try:
        yield answer
    finally:
        receiving.close()
        copy.kill()
        copy.join()


def _tell(work: Callable[[], T], sending: Connection) -> None:
    """What fails here is done again where its error can be read."""
    with suppress(Exception):
        sending.send(work())
