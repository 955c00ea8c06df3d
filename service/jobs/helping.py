"""Helping another worker: one part of its round, computed in a child of one's own and given back.

Responsible for the lease of that part while it is computed. Refuses to know the round: whoever asked verifies it all.
"""

from __future__ import annotations

import sys

import structlog
from sqlmodel import Session

from service.domain import round_parts
from service.domain.rounds import Beat
from service.jobs.attempts import Workshop
from service.jobs.child import Child, ChildFailedError
from service.jobs.messages import Order
from service.jobs.pulse import Pulse
from service.persistence.engine import session_scope

logger = structlog.get_logger(__name__)
PART_COMMAND = (sys.executable, "-m", "service.jobs.part_child")


def compute_part(workshop: Workshop, part_id: int, command: tuple[str, ...] = PART_COMMAND) -> bool:
    """Whether this worker's answer was taken; not when others had the part, or when it could not be computed."""
    with session_scope(workshop.engine) as session:
        taken = round_parts.take_part(session, part_id, workshop.lease_s)
    if taken is None:
        return False
    token, body = taken

    def beat(session: Session, _phase: str, _progress: float) -> Beat:
        held = round_parts.keep_part(session, part_id, token, workshop.lease_s)
        return Beat.KEPT if held else Beat.LOST

    with workshop.pulse(beat) as pulse:
        answer = _compute(command, Order(body, workshop.memory_bytes, workshop.time_s), pulse)
    with session_scope(workshop.engine) as session:
        if answer is not None:
            return round_parts.answer_part(session, part_id, token, answer)
        round_parts.give_part_back(session, part_id, token)
    return False


def _compute(command: tuple[str, ...], order: Order, pulse: Pulse) -> bytes | None:
    child = Child(command)
    try:
        pulse.watch_over(child.kill)
        return child.solve(order, lambda _phase, _done: None).body
    except ChildFailedError as failure:
        logger.warning("part_given_back", cause=str(failure))
        return None
    finally:
        child.close()
