"""A child's side of the conversation with its worker: the order it reads, its limits, what it says and what it hears.

Responsible for a process that ends when its worker ends, and that holds itself to the limits of its order. Refuses to
know what is computed, and the database.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import IO, NoReturn

from service.jobs.messages import OUT_OF_MEMORY, Answer, GarbageError, Message, Offered, Order, Settled, Wanted
from service.jobs.messages import receive as receive_message
from service.jobs.messages import send as send_message
from service.lifeline import end_with_parent


class Talk:
    """What a child says while it computes, and what its worker answers."""

    def __init__(self, answers: IO[bytes], heard: SimpleQueue[Message | None]) -> None:
        self._answers, self._heard = answers, heard

    def say(self, message: Message) -> None:
        send_message(self._answers, message)

    def offer(self, number: int, body: bytes) -> None:
        self.say(Offered(body, number))

    def want(self, number: int) -> bytes:
        """Another worker's answer to that part; nothing when this process is to compute it."""
        self.say(Wanted(number))
        settled = self._heard.get()
        if not isinstance(settled, Settled) or settled.number != number:
            raise GarbageError(f"{type(settled).__name__} where part {number} was wanted")
        return settled.body


def serve(answer: Callable[[Order, Talk], Answer]) -> NoReturn:
    """Reads one order, gives its answer, and leaves."""
    end_with_parent(os.getppid(), signal.SIGKILL)  # killed, even in the middle of a computation in C
    # Whatever a library prints goes to the log: only messages travel on the answer's pipe.
    answers, orders = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    order = receive_message(orders)
    if not isinstance(order, Order):
        os._exit(2)
    heard: SimpleQueue[Message | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(orders, heard), daemon=True).start()
    _limit(order)
    try:
        send_message(answers, answer(order, Talk(answers, heard)))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    # At once: the thread that listens holds its pipe, and would keep the interpreter from ending.
    os._exit(0)


def _listen(orders: IO[bytes], heard: SimpleQueue[Message | None]) -> None:
    """Where the kernel does not, the end of the order's pipe says that the parent is gone."""
    try:
        while (message := receive_message(orders)) is not None:
            heard.put(message)
    finally:
        os._exit(1)


def _limit(order: Order) -> None:
    for kind, limit in ((resource.RLIMIT_AS, order.memory_bytes), (resource.RLIMIT_CPU, order.cpu_s)):
        hard = resource.getrlimit(kind)[1]
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (bound, bound))
