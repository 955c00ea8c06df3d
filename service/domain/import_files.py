"""A file between its reading and its confirmation: kept for one day at most, applied once, then only counted.

Responsible for the life of that row. Refuses to know what the file holds.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, update
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.errors import NotFound
from service.persistence.rows import row_id
from service.persistence.tables import ImportFile, Partner, School

KEPT_FOR = timedelta(days=1)


def deposit(
    session: Session, owner: School | Partner, name: str, sent: bytes, content: bytes, actor: str, now: datetime
) -> ImportFile:
    """Keeps what was read of a file until it is confirmed; the owner's former one, and forgotten ones, go."""
    waiting = col(ImportFile.done_at).is_(None)
    session.connection().execute(
        delete(ImportFile).where(waiting, _of(owner) | (col(ImportFile.created_at) < now - KEPT_FOR))
    )
    row = ImportFile(
        name=" ".join("".join(one if one.isprintable() else " " for one in name).split())[-120:] or "fichier",
        sha256=hashlib.sha256(sent).hexdigest(),
        content=content,
        deposited_by=actor,
        created_at=now,
        school_id=row_id(owner) if isinstance(owner, School) else None,
        partner_id=row_id(owner) if isinstance(owner, Partner) else None,
    )
    session.add(row)
    session.flush()
    return row


def _of(owner: School | Partner) -> ColumnElement[bool]:
    column = ImportFile.school_id if isinstance(owner, School) else ImportFile.partner_id
    return col(column) == row_id(owner)


def get_import(session: Session, import_id: int, owner: School | Partner) -> ImportFile:
    """
    Raises:
        NotFound: there is none, it is another's, or it was replaced: the same answer.
    """
    row = session.exec(select(ImportFile).where(ImportFile.id == import_id, _of(owner))).first()
    if row is None:
        raise NotFound
    return row


def close_import(session: Session, row: ImportFile, actor: str, now: datetime, **outcome: int) -> bool:
    """Ends the file's life in the transaction of its effect; False when someone else already has."""
    result = session.connection().execute(
        update(ImportFile)
        .where(col(ImportFile.id) == row_id(row), col(ImportFile.done_at).is_(None))
        .values(done_at=now, content=None, outcome=outcome)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        return False
    subject = f"school:{row.school_id}" if row.school_id is not None else f"partner:{row.partner_id}"
    record(session, actor, "import_file", subject, sha256=row.sha256, **outcome)
    return True


def abandon_import(session: Session, row: ImportFile) -> None:
    """Forgets a file that was not confirmed."""
    session.connection().execute(
        delete(ImportFile).where(col(ImportFile.id) == row_id(row), col(ImportFile.done_at).is_(None))
    )
