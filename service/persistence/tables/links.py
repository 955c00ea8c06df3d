"""What opens something without a password, or counts who tries: links, invitations, counters of attempts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, utc_now
from service.vocabulary import LinkPurpose, Role


class PersonalLink(SQLModel, table=True):
    """A link that acts once. The message carries a random token; the row carries its SHA-256 and what it opens."""

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, max_length=64)
    purpose: LinkPurpose = Field(sa_type=enum_column(LinkPurpose))
    subject: str = Field(max_length=80, index=True)
    """«user:12», «invitation:5», «offer:7»."""
    recipient: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Invitation(SQLModel, table=True):
    """A right offered to an address: one row per address and scope, whose last sending is the one that counts."""

    id: int | None = Field(default=None, primary_key=True)
    email: str
    scope: str = Field(max_length=40)
    """«school:3», «partner:8», «academy:10»."""
    role: Role = Field(sa_type=enum_column(Role))
    school_id: int | None = Field(default=None, foreign_key="school.id", index=True)
    partner_id: int | None = Field(default=None, foreign_key="partner.id", index=True)
    school_year: str = Field(default="", max_length=9)
    """The last one in which the right offered holds: a coordinator's has an end."""
    invited_by: str
    sent_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    sendings: int = 0
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        UniqueConstraint("email", "scope", name="invitation_once"),
        check("sendings >= 0", "invitation_sendings_positive"),
    )


class AttemptCounter(SQLModel, table=True):
    """How often something was tried in the window under way. `key` is a SHA-256: it may come from an IP address."""

    key: str = Field(primary_key=True, max_length=64)
    count: int
    window_ends_at: datetime = Field(sa_type=UtcDateTime, index=True)

    __table_args__ = (check("count >= 0", "attempt_counter_positive"),)
