"""What leaves by mail: one line per cause and recipient, written in the transaction of its cause."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, utc_now
from service.vocabulary import MailStatus


class OutboxLine(SQLModel, table=True):
    """A message to one person. `cause` is «round:12/school:0690001A»; the same cause never writes twice to anyone.

    `next_try_at` is also the lease: whoever claims the line moves it past the time it takes to send, so that a dead
    worker's line comes back by itself. `token` fences off a worker that comes back too late.
    """

    id: int | None = Field(default=None, primary_key=True)
    cause: str = Field(max_length=120)
    recipient: str
    subject: str
    body: str
    """Plain text; emptied once sent, with `html`: it may hold a link that opens something."""
    html: str
    status: MailStatus = Field(default=MailStatus.QUEUED, sa_type=enum_column(MailStatus))
    attempts: int = 0
    token: int = 0
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    next_try_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str = ""
    """French sentence: why the last attempt did not go through."""

    __table_args__ = (
        UniqueConstraint("cause", "recipient", name="outbox_line_once"),
        Index("outbox_lines_by_turn", "status", "next_try_at"),
        check("attempts >= 0 AND token >= 0", "outbox_line_counts"),
    )
