"""What every operation does with a row: read its key, change it only if nobody else has meanwhile."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import update
from sqlmodel import Session, SQLModel

from service.errors import Conflict


class Keyed(Protocol):
    id: int | None


def row_id(row: Keyed) -> int:
    """The key of a row the database already knows."""
    if row.id is None:
        raise ValueError(f"{type(row).__name__} has no key yet: flush first")
    return row.id


def take_version(session: Session, row: SQLModel, expected: int | None) -> None:
    """Moves the row to its next version, in one conditional statement: the first of two simultaneous edits wins.

    Without `expected`, the version that this session read is the one expected.

    Raises:
        Conflict: `stale_version` when someone else has changed the row since that version was read.
    """
    session.flush()
    table = type(row)
    seen = row.version if expected is None else expected  # type: ignore[attr-defined]
    result = session.connection().execute(
        update(table)
        .where(table.id == row.id, table.version == seen)  # type: ignore[attr-defined]
        .values(version=seen + 1)
    )
    if result.rowcount != 1:
        raise Conflict(
            "stale_version",
            "Quelqu’un d’autre a modifié cette page entre-temps. Rechargez-la, vérifiez ce qui a changé, "
            "puis recommencez.",
        )
    session.refresh(row, ["version"])
