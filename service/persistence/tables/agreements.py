"""What follows a published placement: who confirmed it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, utc_now
from service.vocabulary import ConfirmationState, RefusalReason, Side


class Confirmation(SQLModel, table=True):
    """A pupil at a host in a period, as announced: one row however many rounds publish it again.

    Everything that happens to that stay hangs on it. `school_at` and `host_at` are when each side said yes.
    """

    id: int | None = Field(default=None, primary_key=True)
    pupil_id: int = Field(foreign_key="pupil.id", index=True)
    opening_id: int = Field(foreign_key="opening.id", index=True)
    state: ConfirmationState = Field(default=ConfirmationState.ASKED, sa_type=enum_column(ConfirmationState))
    asked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    answer_by: date
    """Last day to answer."""
    school_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    school_by: str = ""
    host_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    host_by: str = ""
    refused_by: Side | None = Field(default=None, sa_type=enum_column(Side))
    reason: RefusalReason | None = Field(default=None, sa_type=enum_column(RefusalReason))
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        UniqueConstraint("pupil_id", "opening_id", name="confirmation_once"),
        check(
            "state <> 'confirmed' OR (school_at IS NOT NULL AND host_at IS NOT NULL)", "confirmation_needs_both_sides"
        ),
        check("(state = 'refused') = (reason IS NOT NULL AND refused_by IS NOT NULL)", "confirmation_refusal_reason"),
    )
