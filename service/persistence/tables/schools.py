"""Who asks: schools, classes, pupils (pseudonymous to everyone but their school), requests and ranked wishes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import Level, Priority, RequestStatus, SchoolType


class School(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    uai: str = Field(unique=True, max_length=8)
    name: str
    kind: SchoolType = Field(sa_type=enum_column(SchoolType))
    priority: Priority = Field(default=Priority.NONE, sa_type=enum_column(Priority))
    insee: str = Field(foreign_key="commune.insee")
    department_code: str = Field(foreign_key="department.code", index=True)
    latitude: float
    longitude: float
    street: str = ""
    head_of_school: str = ""
    board_authorised_on: date | None = None
    """When the school's board authorised its head to sign agreements: each of them quotes the date."""
    official_email: str = ""
    """The school's own mailbox, where it is invited; empty when it is not known."""
    version: int = 1


class ClassGroup(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    school_id: int = Field(foreign_key="school.id", index=True)
    name: str
    level: Level = Field(sa_type=enum_column(Level))
    school_year: str = Field(max_length=9)

    __table_args__ = (UniqueConstraint("school_id", "name", "school_year", name="class_group_once"),)


class Pupil(SQLModel, table=True):
    """`pseudonym` is all that leaves the school; `display_name` is read by the school alone."""

    id: int | None = Field(default=None, primary_key=True)
    class_id: int = Field(foreign_key="classgroup.id", index=True)
    pseudonym: str = Field(unique=True, max_length=16)
    display_name: str
    needs: list[str] = json_field(list)
    """Functional needs (`Need`), never a diagnosis."""
    together: str = ""
    """Name of the group of the class that the pupil stays with, as the school calls it; empty for a pupil alone."""


class PlacementRequest(SQLModel, table=True):
    """What a school asks for one class in one campaign: which weeks, how far."""

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id", index=True)
    class_id: int = Field(foreign_key="classgroup.id", index=True)
    status: RequestStatus = Field(default=RequestStatus.DRAFT, sa_type=enum_column(RequestStatus))
    reach_km: int
    departments: list[str] = json_field(list)
    """Codes of the only départements where its pupils may go, in order; empty for no limit but the campaign's."""
    two_hosts: bool = False
    """The head's consent: a pupil may spend one week in each of two hosts instead of the whole period in one."""
    every_period: bool = False
    """Each pupil is sent somewhere in every period accepted, rather than in one of them: several stays in the year."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    wishes_until: date | None = None
    """Last day on which its pupils may rank their wishes themselves; none means the campaign's."""
    version: int = 1

    __table_args__ = (
        UniqueConstraint("campaign_id", "class_id", name="placement_request_once"),
        check("reach_km BETWEEN 1 AND 300", "placement_request_reach_bounds"),
    )


class RequestPeriod(SQLModel, table=True):
    """A period the class accepts."""

    request_id: int = Field(foreign_key="placementrequest.id", primary_key=True)
    period_id: str = Field(foreign_key="period.id", primary_key=True)


class Preference(SQLModel, table=True):
    """One ranked wish of one pupil: `rank` 1 is the first."""

    pupil_id: int = Field(foreign_key="pupil.id", primary_key=True)
    rank: int = Field(primary_key=True)
    sector: str = Field(foreign_key="sector.key")

    __table_args__ = (
        UniqueConstraint("pupil_id", "sector", name="preference_sector_once"),
        check("rank BETWEEN 1 AND 10", "preference_rank_bounds"),
    )


class WishCode(SQLModel, table=True):
    """What lets one pupil rank their own wishes without an account. `code_hash` is a keyed digest of the code."""

    pupil_id: int = Field(foreign_key="pupil.id", primary_key=True)
    code_hash: str = Field(unique=True, max_length=64)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the pupil last answered: a new code does not undo the answer."""
