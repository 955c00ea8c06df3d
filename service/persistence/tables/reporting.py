"""What was really done in a school year, who confirmed it, and the meetings that read it.

A figure belongs to a deed's key and to the code of its commitment: a new version of the text does not rewrite the past.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import BodyKind, MinutesStatus


class ReportingCampaign(SQLModel, table=True):
    """The window in which the year's figures are confirmed. Provisional until `final_at`."""

    id: int | None = Field(default=None, primary_key=True)
    school_year: str = Field(max_length=9, unique=True)
    opens_on: date
    closes_on: date
    opened_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    final_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    final_by: str = ""

    __table_args__ = (check("closes_on >= opens_on", "reporting_campaign_window"),)


class RealisedFigure(SQLModel, table=True):
    """One action of one convention in one year. `counted` is what the service knows, none where it counts nothing;
    `declared` is the partner's word, given on `confirmed_at`."""

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="reportingcampaign.id", index=True)
    convention_key: str
    commitment_code: str
    promised: int | None = None
    counted: int | None = None
    declared: int | None = None
    note: str = ""
    """Why the partner's word differs from what is counted."""
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_by: str = ""

    __table_args__ = (
        UniqueConstraint("campaign_id", "convention_key", "commitment_code", name="realised_figure_once"),
        check("(declared IS NULL) = (confirmed_at IS NULL)", "realised_figure_word_is_dated"),
        check("declared >= 0 AND counted >= 0", "realised_figure_positive"),
    )


class ReportedHosting(SQLModel, table=True):
    """Pupils of one school received under one commitment: counted by the service, declared beside it by the partner,
    confirmed by the school, and looked into when drawn."""

    id: int | None = Field(default=None, primary_key=True)
    figure_id: int = Field(foreign_key="realisedfigure.id", index=True)
    school_id: int = Field(foreign_key="school.id", index=True)
    counted: int = 0
    off_platform: int = 0
    school_count: int | None = None
    school_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    school_by: str = ""
    sampled: bool = False
    found: int | None = None
    """Pupils found by whoever checked a line that was drawn."""

    __table_args__ = (
        UniqueConstraint("figure_id", "school_id", name="reported_hosting_once"),
        check("counted >= 0 AND off_platform >= 0", "reported_hosting_positive"),
        check("(school_count IS NULL) = (school_at IS NULL)", "reported_hosting_word_is_dated"),
        check("found IS NULL OR sampled", "reported_hosting_found_when_drawn"),
    )


class SteeringMeeting(SQLModel, table=True):
    """A meeting and its minutes. `convention_key` is empty for the committee that all discovery conventions share.
    `document` is what the minutes say, frozen when they are proposed."""

    id: int | None = Field(default=None, primary_key=True)
    kind: BodyKind = Field(sa_type=enum_column(BodyKind))
    convention_key: str = ""
    school_year: str = Field(max_length=9, index=True)
    planned_on: date
    place: str = ""
    decisions: str = ""
    status: MinutesStatus = Field(default=MinutesStatus.DRAFT, sa_type=enum_column(MinutesStatus))
    document: dict[str, Any] = json_field(dict)
    proposed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    validated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        UniqueConstraint("kind", "convention_key", "planned_on", name="steering_meeting_once"),
        check("(status = 'validated') = (validated_at IS NOT NULL)", "steering_meeting_validated"),
        check("status = 'draft' OR proposed_at IS NOT NULL", "steering_meeting_proposed"),
    )


class MeetingMember(SQLModel, table=True):
    """Someone called to a meeting: who they speak for, whether they came, when they validated the minutes."""

    meeting_id: int = Field(foreign_key="steeringmeeting.id", primary_key=True)
    user_id: int = Field(foreign_key="user.id", primary_key=True)
    speaks_for: str
    present: bool = False
    validated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (check("validated_at IS NULL OR present", "meeting_member_validates_when_present"),)
