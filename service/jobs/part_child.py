"""The process that computes one part of somebody else's round, within the limits of its order.

Run as `python -m service.jobs.part_child`: the order's bytes are the part (`service.jobs.sharing`), the answer's its
outcome. Refuses to know the database and the round.
"""

from __future__ import annotations

from typing import NoReturn

from service.jobs.conversation import Talk, serve
from service.jobs.messages import Answer, Order
from service.jobs.sharing import read_part, write_part


def _answer(order: Order, _talk: Talk) -> Answer:
    work, arguments, named = read_part(order.body)
    return Answer(write_part(work(*arguments, **named)), {}, {})


def main() -> NoReturn:
    serve(_answer)


if __name__ == "__main__":
    main()
