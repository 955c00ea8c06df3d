"""The queue: it carries rounds' numbers from whoever launches to whoever computes, and nothing is asked of it but that.

Responsible for choosing its storage and for the tasks it knows. A message may be lost, late or doubled: the claim
and the sweep make up for it. Refuses to know how a round is computed: the worker passes that in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huey import Huey, PostgresHuey, SqliteHuey, crontab
from sqlalchemy.engine import make_url

from service.config import Settings

NAME = "sequence"


@dataclass(frozen=True)
class Queue:
    """The library's queue, and the tasks that carry the number of a round or of a part of one."""

    huey: Huey
    enqueue_round: Callable[[int], Any]
    enqueue_part: Callable[[int], Any]
    """A part of a round under way: whichever worker is free may help."""


def make_queue(
    settings: Settings,
    compute: Callable[[int], object] | None = None,
    compute_part: Callable[[int], object] | None = None,
    sweep: Callable[[], list[int]] | None = None,
    remind: Callable[[], object] | None = None,
    purge: Callable[[], object] | None = None,
) -> Queue:
    """The queue of these settings. Only a worker says how to compute, to `sweep`, to `remind` and to `purge`.

    Raises:
        ValueError: a storage this version does not know, naming the setting.
    """
    huey = _storage(settings)

    def run_round(round_id: int) -> None:
        if compute is not None:
            compute(round_id)

    task = huey.task(name="run_round")(run_round)

    def run_part(part_id: int) -> None:
        if compute_part is not None:
            compute_part(part_id)

    part = huey.task(name="run_part")(run_part)

    def sweep_rounds() -> None:
        for round_id in sweep() if sweep is not None else ():
            task(round_id)

    huey.periodic_task(crontab(), name="sweep_rounds")(sweep_rounds)

    def remind_of_deadlines() -> None:
        if remind is not None:
            remind()

    huey.periodic_task(crontab(minute="7"), name="remind_of_deadlines")(remind_of_deadlines)

    def purge_out_of_time() -> None:
        if purge is not None:
            purge()

    huey.periodic_task(crontab(hour="2", minute="37"), name="purge_out_of_time")(purge_out_of_time)
    return Queue(huey, task, part)


def enqueue_round(settings: Settings, round_id: int) -> None:
    """Sends one message and leaves no connection open. Call it after the commit that made the round."""
    queue = make_queue(settings)
    try:
        queue.enqueue_round(round_id)
    finally:
        queue.huey.storage.close()


def _storage(settings: Settings) -> Huey:
    url = make_url(settings.queue_url or settings.database_url)
    if url.get_backend_name() == "postgresql":
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHuey(NAME, dsn=dsn, results=False, table_prefix="queue")
    if url.get_backend_name() == "sqlite" and url.database:
        path = Path(url.database) if settings.queue_url else Path(url.database).with_suffix(".queue.db")
        path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(NAME, filename=str(path), results=False)
    raise ValueError("SEQUENCE_QUEUE_URL: give a sqlite:///file or a postgresql:// address")
