"""Rows by the ten thousand: read as plain tuples, written in one statement, without an object per row.

Responsible for going past the identity map without missing what the session has not written yet. Knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, Select, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

_NAMED_AT_ONCE = 10_000
Value = TypeVar("Value")
Selection = Select[*tuple[Any, ...]]


def fetch(session: Session, statement: Selection) -> Sequence[Row[*tuple[Any, ...]]]:
    """Every row of a selection of columns."""
    session.flush()
    return session.connection().execute(statement).all()


def in_parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Values to be named in a condition, as many as a statement of any engine takes at once."""
    return (values[first : first + _NAMED_AT_ONCE] for first in range(0, len(values), _NAMED_AT_ONCE))


def insert_rows(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Every row has the same keys. Nothing is sent for an empty list."""
    session.flush()
    if rows:
        session.connection().execute(insert(table), rows)


def insert_missing(
    session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], key: tuple[str, ...]
) -> int:
    """Inserts the rows whose unique `key` is not there yet, the others are left alone; returns how many were new."""
    if not rows:
        return 0
    session.flush()
    guarded = _insert_of_engine(session, table).on_conflict_do_nothing(index_elements=key)
    new = guarded.returning(*(getattr(table, name) for name in key))
    return len(session.connection().execute(new, rows).all())


def upsert(
    session: Session,
    table: type[SQLModel],
    row: dict[str, Any],
    key: tuple[str, ...],
    changed: dict[str, Any],
    told: str,
) -> Any:
    """Inserts `row`, or changes the one that is there, in one statement; returns the column `told` as it is now."""
    session.flush()
    statement = _insert_of_engine(session, table).values(row).on_conflict_do_update(index_elements=key, set_=changed)
    return session.connection().execute(statement.returning(getattr(table, told))).scalar_one()


def _insert_of_engine(session: Session, table: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)
