"""People who sign in, what they may act on, their sessions, and the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import Role


class User(SQLModel, table=True):
    """`fs_uniquifier` changes when every session of the person must end (password change, deactivation)."""

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    name: str
    password: str
    """Argon2 hash."""
    active: bool = True
    fs_uniquifier: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    """A right: a role on one school, one partner, one territory or the whole country. A person may hold several."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    role: Role = Field(sa_type=enum_column(Role))
    school_id: int | None = Field(default=None, foreign_key="school.id", index=True)
    partner_id: int | None = Field(default=None, foreign_key="partner.id", index=True)
    member_id: int | None = Field(default=None, index=True)
    relay_department: str | None = Field(default=None, foreign_key="department.code", index=True)
    site_id: int | None = Field(default=None, index=True)
    """The part of the partner the right is limited to, if any: a member company, a département's relay, a site."""
    territory: str = Field(default="", max_length=16)
    """«department:69», «academy:10», «region:84» (`service.domain.perimeters`); empty for any other right."""
    school_year: str = Field(default="", max_length=9)
    """The last school year in which the right holds; empty while nobody takes it away."""

    __table_args__ = (
        # The part belongs to that very partner: the database will not link it to another's.
        ForeignKeyConstraint(
            ["member_id", "partner_id"], ["partnermember.id", "partnermember.partner_id"], name="membership_own_member"
        ),
        ForeignKeyConstraint(["site_id", "partner_id"], ["site.id", "site.partner_id"], name="membership_own_site"),
        check(
            "(member_id IS NULL OR (relay_department IS NULL AND site_id IS NULL))"
            " AND (relay_department IS NULL OR site_id IS NULL)",
            "membership_one_part",
        ),
        check(
            "partner_id IS NOT NULL OR (member_id IS NULL AND relay_department IS NULL AND site_id IS NULL)",
            "membership_part_of_a_partner",
        ),
        check(
            "(role = 'school_coordinator') = (school_id IS NOT NULL)"
            " AND (role = 'partner_manager') = (partner_id IS NOT NULL)",
            "membership_scope",
        ),
        check(
            "(role = 'region_coordinator') = (substr(territory, 1, 7) = 'region:')"
            " AND (role = 'academy_coordinator') = (substr(territory, 1, 8) = 'academy:')"
            " AND (role = 'department_coordinator') = (substr(territory, 1, 11) = 'department:')"
            " AND (territory = '' OR role IN ('region_coordinator', 'academy_coordinator', 'department_coordinator'))",
            "membership_territory",
        ),
    )


class UserSession(SQLModel, table=True):
    """A signed-in browser. The cookie carries a random number; the row (its SHA-256) carries the session itself."""

    id_sha256: str = Field(primary_key=True, max_length=64)
    user_id: int | None = Field(default=None, foreign_key="user.id", index=True)
    data: dict[str, Any] = json_field(dict)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class AuditEntry(SQLModel, table=True):
    """Who did what, in the same transaction as the deed. No name of a pupil, ever."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    actor: str
    action: str
    subject: str
    detail: dict[str, Any] = json_field(dict)
