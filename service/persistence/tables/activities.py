"""Discovery activities: visits, class talks and forums that partners hold beside placements, and who asked for them.

Nobody is placed by them and no pupil is named: only numbers of pupils and of employees.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import (
    ActivityKind,
    ActivityRequestStatus,
    ActivityStatus,
)


class DiscoveryActivity(SQLModel, table=True):
    """One day a partner gives to classes. `staff` and `pupils_met` are announced first, then those really there."""

    id: int | None = Field(default=None, primary_key=True)
    partner_id: int = Field(foreign_key="partner.id", index=True)
    convention_id: int | None = Field(default=None, foreign_key="convention.id", index=True)
    school_year: str = Field(max_length=9)
    kind: ActivityKind = Field(sa_type=enum_column(ActivityKind))
    title: str
    happens_on: date
    department_code: str = Field(foreign_key="department.code", index=True)
    place: str = ""
    audience: list[str] = json_field(list)
    """Levels received (`Audience`)."""
    room: int
    """Pupils that can come, all schools together."""
    staff: int
    """Employees who give their time."""
    pupils_met: int | None = None
    """Pupils who really came; none before it was held."""
    status: ActivityStatus = Field(default=ActivityStatus.ANNOUNCED, sa_type=enum_column(ActivityStatus))
    version: int = 1

    __table_args__ = (
        check("room >= 1 AND room <= 5000", "activity_room_bounds"),
        check("staff >= 0 AND staff <= 5000", "activity_staff_bounds"),
        check("pupils_met IS NULL OR (pupils_met >= 0 AND pupils_met <= 5000)", "activity_pupils_bounds"),
        check("(status = 'held') = (pupils_met IS NOT NULL)", "activity_held_is_counted"),
    )


class ActivityRequest(SQLModel, table=True):
    """A school asks to come with so many pupils; the partner answers."""

    id: int | None = Field(default=None, primary_key=True)
    activity_id: int = Field(foreign_key="discoveryactivity.id", index=True)
    school_id: int = Field(foreign_key="school.id", index=True)
    pupils: int
    message: str = ""
    status: ActivityRequestStatus = Field(
        default=ActivityRequestStatus.ASKED, sa_type=enum_column(ActivityRequestStatus)
    )
    asked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    version: int = 1

    __table_args__ = (
        UniqueConstraint("activity_id", "school_id", name="activity_request_once"),
        check("pupils >= 1 AND pupils <= 1000", "activity_request_pupils_bounds"),
    )
