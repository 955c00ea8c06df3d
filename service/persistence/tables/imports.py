"""Files that people bring, between the moment they were read without a fault and the moment they are confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, json_field, utc_now


class ImportFile(SQLModel, table=True):
    """A school's pupils or a partner's sites. `content` holds recognised columns only, and nothing once it is over."""

    id: int | None = Field(default=None, primary_key=True)
    school_id: int | None = Field(default=None, foreign_key="school.id", index=True)
    partner_id: int | None = Field(default=None, foreign_key="partner.id", index=True)
    name: str = Field(max_length=120)
    sha256: str = Field(max_length=64)
    """Of the file as it was sent."""
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    deposited_by: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: dict[str, Any] = json_field(dict)
    """What the confirmed file did, in numbers."""

    __table_args__ = (check("(school_id IS NULL) <> (partner_id IS NULL)", "import_file_scope"),)
