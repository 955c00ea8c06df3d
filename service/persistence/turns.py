"""One writer at a time where no constraint can say what two of them may not do together.

Responsible for the lock, held until the transaction ends. Refuses to know what it keeps apart. SQLite has one writer at
a time from the first statement of its transaction; PostgreSQL is asked.
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import text
from sqlmodel import Session


class Turn(IntEnum):
    """What is done one at a time: any number, the same for every process of the service."""

    COUNT_SEATS_ONCE = 5_317_804_413


def wait_for_turn(session: Session, turn: Turn) -> None:
    """What is read from here on shows what the one before has committed."""
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": int(turn)})
