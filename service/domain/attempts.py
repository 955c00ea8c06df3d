"""How often something is tried: counters in the database, so that every web process and every machine sees the same.

Responsible for counting in one statement, so that simultaneous attempts are all counted. Refuses to know what is tried.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import case, delete, update
from sqlmodel import Session, col

from service.persistence.bulk import upsert
from service.persistence.tables import AttemptCounter


def _key(what: str) -> str:
    return hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()


def count_attempt(session: Session, what: str, limit: int, window: timedelta, now: datetime) -> int:
    """One more attempt at `what` («sign_in/account:…»); which one it is in its window, 1 for the first.

    The window starts with the first attempt, and again with the last one allowed: whoever reaches `limit` waits for
    the whole of it.
    """
    seen, ends = col(AttemptCounter.count), col(AttemptCounter.window_ends_at)
    is_over, fresh = ends <= now, now + window
    changed = {
        "count": case((is_over, 1), else_=seen + 1),
        "window_ends_at": case((is_over, fresh), (seen + 1 == limit, fresh), else_=ends),
    }
    row = {"key": _key(what), "count": 1, "window_ends_at": fresh}
    return int(upsert(session, AttemptCounter, row, ("key",), changed, "count"))


def has_spent(session: Session, what: str, limit: int, now: datetime) -> bool:
    """Whether the window under way already holds `limit` attempts. Counts nothing."""
    row = session.get(AttemptCounter, _key(what))
    return row is not None and row.count >= limit and row.window_ends_at > now


def forget_attempts(session: Session, what: str) -> None:
    """The one who tried was right: the count starts again."""
    session.exec(delete(AttemptCounter).where(col(AttemptCounter.key) == _key(what)))


def take_back_attempt(session: Session, what: str) -> None:
    """That attempt was no wrong one, and says nothing of the others under the same name."""
    one = col(AttemptCounter.key) == _key(what)
    session.exec(
        update(AttemptCounter).where(one, col(AttemptCounter.count) > 0).values(count=col(AttemptCounter.count) - 1)
    )


def forget_old_attempts(session: Session, now: datetime) -> None:
    """Counters whose window is over say nothing any more."""
    session.exec(delete(AttemptCounter).where(col(AttemptCounter.window_ends_at) <= now))
