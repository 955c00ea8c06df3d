"""Living with a convention: consents asked of the other party, and the people who relay it in each territory."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, utc_now
from service.vocabulary import ConsentKind, Party, RelayKind


class Consent(SQLModel, table=True):
    """One use of a logo, or one document, that a party asks the other to accept. It belongs to the deed's key: a new
    version of the text does not undo a word that was given."""

    id: int | None = Field(default=None, primary_key=True)
    convention_key: str = Field(index=True)
    kind: ConsentKind = Field(sa_type=enum_column(ConsentKind))
    asked_by: Party = Field(sa_type=enum_column(Party))
    what: str
    """The use or the document, as the asker describes it."""
    asked_on: date
    granted: bool | None = None
    answered_on: date | None = None

    __table_args__ = (check("(granted IS NULL) = (answered_on IS NULL)", "consent_answer_is_dated"),)


class LocalRelay(SQLModel, table=True):
    """A contact in one département, valid until the next exchange of September. `partner_id` is who communicated it;
    none when it comes from the State."""

    id: int | None = Field(default=None, primary_key=True)
    kind: RelayKind = Field(sa_type=enum_column(RelayKind))
    name: str
    email: str
    organisation: str = ""
    department_code: str = Field(foreign_key="department.code", index=True)
    partner_id: int | None = Field(default=None, foreign_key="partner.id", index=True)
    exchanged_on: date
    valid_until: date
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    __table_args__ = (
        UniqueConstraint("email", "department_code", "kind", name="local_relay_once"),
        check("valid_until >= exchanged_on", "local_relay_dates"),
    )
