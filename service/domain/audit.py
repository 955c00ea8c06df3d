"""The audit trail: who did what, written in the transaction of the deed itself. It never holds a pupil's name."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from service.persistence.tables import AuditEntry


def record(session: Session, actor: str, action: str, subject: str, **detail: Any) -> None:
    """`actor` is «user:12», «cli» or «worker»; `subject` is «offer:7»; `detail` is what a reader would want to know."""
    session.add(AuditEntry(actor=actor, action=action, subject=subject, detail=detail))
