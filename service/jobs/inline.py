"""Computing one round in this process, without a queue: same steps, same child, same checks as the worker.

For a command that wants the result before it goes on. Refuses to skip anything.
"""

from __future__ import annotations

from collections.abc import Callable

from service.config import Settings
from service.jobs.attempts import Outcome, open_workshop, run_round


def run_now(settings: Settings, round_id: int, tell: Callable[[str, float], None] | None = None) -> Outcome:
    """Returns once the round has an end. `tell` hears each phase and the share of the work done."""
    workshop = open_workshop(settings, tell)
    try:
        return run_round(workshop, round_id)
    finally:
        workshop.engine.dispose()
