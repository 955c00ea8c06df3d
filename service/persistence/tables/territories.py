"""Where things are: régions académiques, académies, départements, communes, calendars, dated level rules, sectors."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlmodel import Field, SQLModel

from service.persistence.columns import check, json_field


class Region(SQLModel, table=True):
    """A région académique, under its INSEE region code."""

    code: str = Field(primary_key=True, max_length=2)
    name: str


class Academy(SQLModel, table=True):
    code: str = Field(primary_key=True, max_length=2)
    name: str
    region_code: str = Field(foreign_key="region.code", index=True)
    zone: str = Field(max_length=3)
    """A, B, C, or `own` where the académie sets its own calendar."""


class Department(SQLModel, table=True):
    code: str = Field(primary_key=True, max_length=3)
    name: str
    academy_code: str = Field(foreign_key="academy.code", index=True)
    landmass: str
    holidays_subdivision: str = ""
    neighbours: list[str] = json_field(list)
    latitude: float
    longitude: float


class Commune(SQLModel, table=True):
    insee: str = Field(primary_key=True, max_length=5)
    name: str
    search_name: str = Field(index=True)
    """The name without accents, capitals or punctuation: what people type is brought to the same form."""
    department_code: str = Field(foreign_key="department.code", index=True)
    postcodes: list[str] = json_field(list)
    population: int
    latitude: float
    longitude: float
    position: str
    """`known` (from a gazetteer) or `interpolated` (from its neighbours): every row says which."""

    __table_args__ = (check("position IN ('known', 'interpolated')", "commune_position_known"),)


class CalendarEntry(SQLModel, table=True):
    """A stretch of days without school, typed in or imported over what the packages give."""

    id: int | None = Field(default=None, primary_key=True)
    territory_type: str
    territory: str
    starts_on: date
    ends_on: date
    kind: str
    label: str
    source: str
    validated_by: str = ""

    __table_args__ = (check("ends_on >= starts_on", "calendar_entry_order"),)


class LevelRule(SQLModel, table=True):
    """The rule of one level from `valid_from` on; the document is the fixture's, as loaded."""

    id: int | None = Field(default=None, primary_key=True)
    level: str = Field(index=True)
    valid_from: date
    valid_to: date | None = None
    document: dict[str, Any] = json_field(dict)


class WorkingTimeRule(SQLModel, table=True):
    """The limits on one age band's hours from `valid_from` on; the document is the fixture's, as loaded."""

    id: int | None = Field(default=None, primary_key=True)
    band: str = Field(index=True)
    valid_from: date
    valid_to: date | None = None
    document: dict[str, Any] = json_field(dict)


class Sector(SQLModel, table=True):
    key: str = Field(primary_key=True)
    label: str
