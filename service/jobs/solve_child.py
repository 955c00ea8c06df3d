"""The process that solves one round, apart from everything else: what happens to it happens to nobody else.

Run as `python -m service.jobs.solve_child`: takes an order on its input, sends steps and one answer on its output. It
holds itself to the limits of the order and ends when its parent ends. Refuses to know the database.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

from service.jobs.findings import findings_of
from service.jobs.messages import OUT_OF_MEMORY, Answer, Order, Step, receive, send
from service.lifeline import end_with_parent
from solver.certificate import solve_with_certificate
from solver.files import canonical_bytes, instance_from_document, result_document
from solver.greedy import greedy
from solver.instance import Instance
from solver.result import Result
from solver.sides import pupils_placed


def main() -> int:
    end_with_parent(os.getppid(), signal.SIGKILL)  # killed, even in the middle of a computation in C
    # Whatever a library prints goes to the log: only messages travel on the answer's pipe.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    order = receive(sys.stdin.buffer)
    if not isinstance(order, Order):
        return 2
    threading.Thread(target=_leave_at_the_end, daemon=True).start()
    _limit(order)
    try:
        send(answers, answer_order(order, lambda phase, done: send(answers, Step(phase, done))))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    return 0


def _leave_at_the_end() -> None:
    """Where the kernel does not, the end of the order's pipe says that the parent is gone.

    Read without a buffer, which would be locked while the interpreter ends.
    """
    while os.read(0, 1):
        continue
    os._exit(1)


def _limit(order: Order) -> None:
    for kind, limit in ((resource.RLIMIT_AS, order.memory_bytes), (resource.RLIMIT_CPU, order.cpu_s)):
        hard = resource.getrlimit(kind)[1]
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (bound, bound))


def answer_order(order: Order, tell: Callable[[str, float], None]) -> Answer:
    started = perf_counter()
    instance = instance_from_document(json.loads(order.body))
    first_come = greedy(instance)
    between = perf_counter()
    result, certificate = solve_with_certificate(instance, progress=tell)
    solved = perf_counter()
    tell("explain", 1.0)
    findings = findings_of(instance, result, first_come, certificate)
    seconds = {"first_come": between - started, "solve": solved - between, "explain": perf_counter() - solved}
    proof = b"" if certificate is None else canonical_bytes(certificate)
    body = canonical_bytes(result_document(result))
    return Answer(body, _baseline(instance, first_come), seconds, proof, findings)


def _baseline(instance: Instance, result: Result) -> dict[str, Any]:
    placed = pupils_placed(instance, result.assignments).total()
    ranked = [(instance.group[row.group], instance.offer[row.offer].sector, row.count) for row in result.assignments]
    return {
        "placed": placed,
        "hostings": result.placed,
        "first_wishes": sum(n for group, sector, n in ranked if group.wishes and instance.rank(group, sector) == 1),
        "tiers": {row.tier.value: row.value for row in result.tiers},
    }


if __name__ == "__main__":
    sys.exit(main())
