"""The process that solves one round, apart from everything else: what happens to it happens to nobody else.

Run as `python -m service.jobs.solve_child`: takes an order on its input, sends steps and one answer on its output. It
offers the parts of a large round to other workers. Refuses to know the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor
from time import perf_counter
from typing import Any, NoReturn

from service.jobs.conversation import Talk, serve
from service.jobs.findings import findings_of
from service.jobs.messages import Answer, Order, Step
from service.jobs.sharing import Sharing
from solver.certificate import solve_with_certificate
from solver.files import canonical_bytes, instance_from_document, result_document
from solver.greedy import greedy
from solver.instance import Instance
from solver.result import Result
from solver.sides import pupils_placed


def _answer(order: Order, talk: Talk) -> Answer:
    return answer_order(order, lambda phase, done: talk.say(Step(phase, done)), Sharing(talk.offer, talk.want))


def answer_order(order: Order, tell: Callable[[str, float], None], executor: Executor | None = None) -> Answer:
    started = perf_counter()
    instance = instance_from_document(json.loads(order.body))
    first_come = greedy(instance)
    between = perf_counter()
    result, certificate = solve_with_certificate(instance, executor=executor, progress=tell)
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


def main() -> NoReturn:
    serve(_answer)


if __name__ == "__main__":
    main()
