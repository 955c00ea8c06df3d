"""Cooperation conventions: the deed as written and versioned, what happened to it since, the lines a round enforces.

A `Convention` is the framework deed between the State and a partner; the agreement that covers one pupil is not here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import ConventionEventKind


class Convention(SQLModel, table=True):
    """One version of a deed. `document` is the whole text as data; columns repeat only what queries need."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    version: int
    title: str
    partner_id: int = Field(foreign_key="partner.id", index=True)
    scope_kind: str
    """`national`, `departments` or `academic_region`."""
    signed_on: date | None = None
    term_years: int
    document: dict[str, Any] = json_field(dict)
    loaded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    __table_args__ = (
        UniqueConstraint("key", "version", name="convention_version_once"),
        check("term_years > 0", "convention_term_positive"),
    )


class ConventionDepartment(SQLModel, table=True):
    """A département where places may be proposed under the convention (all of them when it is national)."""

    convention_id: int = Field(foreign_key="convention.id", primary_key=True)
    department_code: str = Field(foreign_key="department.code", primary_key=True)


class ConventionEvent(SQLModel, table=True):
    """A dated fact after the deed: signature of an undated one, renewal, addendum, opinion, termination.

    `invented` marks the facts that exist only for the sample data.
    """

    id: int | None = Field(default=None, primary_key=True)
    convention_id: int = Field(foreign_key="convention.id", index=True)
    kind: ConventionEventKind = Field(sa_type=enum_column(ConventionEventKind))
    happened_on: date
    years: int | None = None
    reason: str
    invented: bool = False
    recorded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Commitment(SQLModel, table=True):
    """One figure or promise of the deed, exactly as written: a floor, never a cap; no number is a legitimate number."""

    id: int | None = Field(default=None, primary_key=True)
    convention_id: int = Field(foreign_key="convention.id", index=True)
    code: str
    level: str
    action: str
    unit: str
    minimum: int | None = None
    period: str
    """`school_year` by default; whether a figure is yearly is often not written (domain.md 1.2, rule 3)."""
    counting_unit: str = "seat"
    through: str = ""
    note: str = ""
    article: str = ""

    __table_args__ = (
        UniqueConstraint("convention_id", "code", name="commitment_once"),
        UniqueConstraint("id", "convention_id", name="commitment_with_its_convention"),
        check("minimum IS NULL OR minimum >= 0", "commitment_minimum_positive"),
    )


class QuotaLine(SQLModel, table=True):
    """What a round enforces: (convention, level, territory), an optional ceiling and an optional commitment.

    The territory is the list of `QuotaLineDepartment` rows, or the whole convention's when there is none. A line's
    parent covers its territory.
    """

    id: int | None = Field(default=None, primary_key=True)
    convention_id: int = Field(foreign_key="convention.id", index=True)
    commitment_id: int | None = Field(default=None, foreign_key="commitment.id")
    parent_id: int | None = Field(default=None, foreign_key="quotaline.id")
    level: str
    label: str
    ceiling: int | None = None
    ceiling_source: str = ""
    """Who set the ceiling: no deed does, it is a partner's own operational choice."""
    commitment: int | None = None
    territory: str = Field(default="", max_length=16)
    """Of a share of the convention's commitment: whose it is (`service.domain.perimeters`); empty for the others."""
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the partner took back a line of its own: rounds no longer see it, those of before still name it."""

    __table_args__ = (check("ceiling IS NULL OR ceiling >= 0", "quota_line_ceiling_positive"),)


class TargetShift(SQLModel, table=True):
    """A part of a commitment moved from a territory to another, never overwritten: another move undoes it.

    An empty territory is the part that nobody has been given.
    """

    id: int | None = Field(default=None, primary_key=True)
    line_id: int = Field(foreign_key="quotaline.id", index=True)
    source: str = Field(max_length=16)
    destination: str = Field(max_length=16)
    seats: int
    why: str
    made_by: str
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    __table_args__ = (check("seats > 0 AND source <> destination", "target_shift_moves"),)


class CeilingChoice(SQLModel, table=True):
    """One decision of a partner on one of its lines: dated, added, never overwritten. The line has the last one."""

    id: int | None = Field(default=None, primary_key=True)
    line_id: int = Field(foreign_key="quotaline.id", index=True)
    ceiling: int | None = None
    """None: no ceiling any more."""
    retired: bool = False
    note: str = ""
    chosen_by: str
    chosen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    __table_args__ = (check("ceiling IS NULL OR ceiling >= 0", "ceiling_choice_positive"),)


class QuotaLineDepartment(SQLModel, table=True):
    line_id: int = Field(foreign_key="quotaline.id", primary_key=True)
    department_code: str = Field(foreign_key="department.code", primary_key=True)
