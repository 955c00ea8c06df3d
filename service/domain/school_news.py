"""What has happened for a school since a moment: places, answers and refusals of hosts, wishes of pupils.

Counts only. Refuses to name anybody and to write sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session, col

from service.domain.confirmations import GONE, LIVE
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import AuditEntry, ClassGroup, Confirmation, Pupil, School, WishCode

_BEFORE = 1
"""The visit under way is the first sign-in found, the one before it is the last visit."""


@dataclass(frozen=True, slots=True)
class SchoolNews:
    """Stays announced, those that hosts said yes to, those refused or expired, pupils who ranked their wishes."""

    announced: int
    accepted: int
    ended: int
    wishes: int

    @property
    def is_empty(self) -> bool:
        return not (self.announced or self.accepted or self.ended or self.wishes)


def last_visit(session: Session, actor: str) -> datetime | None:
    """When that person signed in before the visit under way; None the first time."""
    query = (
        select(col(AuditEntry.at))
        .where(col(AuditEntry.actor) == actor, col(AuditEntry.action) == "sign_in")
        .order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
    )
    return next((row[0] for row in fetch(session, query.offset(_BEFORE).limit(1))), None)


def news_since(session: Session, school: School, since: datetime) -> SchoolNews:
    states = col(Confirmation.state)
    stays = (
        select(
            _sum((col(Confirmation.asked_at) > since) & states.in_(LIVE)),
            _sum((col(Confirmation.host_at) > since) & states.in_(LIVE)),
            _sum((col(Confirmation.ended_at) > since) & states.in_(GONE)),
        )
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(col(ClassGroup.school_id) == row_id(school))
    )
    wishes = (
        select(func.count())
        .select_from(WishCode)
        .join(Pupil, col(Pupil.id) == col(WishCode.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(col(ClassGroup.school_id) == row_id(school), col(WishCode.answered_at) > since)
    )
    announced, accepted, ended = fetch(session, stays)[0]
    return SchoolNews(int(announced), int(accepted), int(ended), int(fetch(session, wishes)[0][0]))


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
