"""Where things are: loading the reference data, finding a commune, naming a département.

Responsible for bringing the reference files into the store, again and again without harm. Refuses to know calendars'
rules: it only stores their lines, and never overwrites one that a person may have corrected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlalchemy import String, case, cast, insert, update
from sqlmodel import Session, SQLModel, col, select

from fixtures import readers
from service.domain.agreement_templates import load_templates
from service.domain.calendar import forget_calendars, school_year_of
from service.domain.perimeters import forget_geography
from service.domain.texts import search_form
from service.errors import ServiceError
from service.persistence.tables import (
    Academy,
    CalendarEntry,
    Commune,
    Department,
    LevelRule,
    Region,
    Sector,
    WorkingTimeRule,
)

Row = dict[str, Any]
_SECTORS = "sectors"


def load_reference(session: Session, communes: Iterable[readers.Commune] | None = None) -> None:
    """Everything the product must start with; what is already there and has not changed is left alone.

    `communes` replaces the whole national list (tests need only a few).
    """
    _synchronise(session, Region, ["code"], [asdict(one) for one in readers.read_regions()])
    _synchronise(session, Academy, ["code"], [asdict(one) for one in readers.read_academies()])
    departments = [asdict(one) | {"neighbours": list(one.neighbours)} for one in readers.read_departments()]
    _synchronise(session, Department, ["code"], departments)
    places = readers.read_communes() if communes is None else communes
    _synchronise(session, Commune, ["insee"], [_commune_row(one) for one in places])
    _synchronise(session, Sector, ["key"], [asdict(one) for one in readers.read_sectors()])
    rules = readers.read_level_rules()
    _synchronise(session, LevelRule, ["level", "valid_from"], [_rule_row("level", one) for one in rules.levels])
    bands = [_rule_row("band", one) for one in rules.working_time]
    _synchronise(session, WorkingTimeRule, ["band", "valid_from"], bands)
    load_templates(session)
    _seed_calendar(session)
    forget_calendars(session)
    session.info.pop(_SECTORS, None)
    forget_geography(session)


def _commune_row(commune: readers.Commune) -> Row:
    return {
        "insee": commune.insee,
        "name": commune.name,
        "search_name": search_form(commune.name),
        "department_code": commune.department,
        "postcodes": list(commune.postcodes),
        "population": commune.population,
        "latitude": commune.latitude,
        "longitude": commune.longitude,
        "position": commune.position,
    }


def _rule_row(column: str, rule: readers.LevelRule | readers.WorkingTimeBand) -> Row:
    return {
        column: rule.key,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
        "document": json.loads(json.dumps(asdict(rule), default=str)),
    }


def _synchronise(session: Session, table: type[SQLModel], key: list[str], rows: list[Row]) -> None:
    """Inserts the rows whose key is new and updates those that differ: a handful of statements, whatever the size."""
    columns = table.__table__.columns  # type: ignore[attr-defined]
    wanted = [columns[name] for name in rows[0]]
    existing = {
        tuple(one[k] for k in key): dict(one) for one in session.connection().execute(select(*wanted)).mappings()
    }
    missing = [row for row in rows if tuple(row[k] for k in key) not in existing]
    changed = [row for row in rows if existing.get(tuple(row[k] for k in key), row) != row]
    if missing:
        session.connection().execute(insert(table), missing)
    for row in changed:
        session.connection().execute(update(table).where(*(columns[k] == row[k] for k in key)).values(row))


def _seed_calendar(session: Session) -> None:
    """Adds the lines of the file that no line of the store stands for; an edited line is never added again."""
    stored = session.exec(select(CalendarEntry)).all()
    known = {(one.territory_type, one.territory, one.label, school_year_of(one.starts_on)) for one in stored}
    for line in readers.read_calendar_overrides():
        if (line.territory_type, line.territory, line.label, school_year_of(line.start)) in known:
            continue
        session.add(
            CalendarEntry(
                territory_type=line.territory_type,
                territory=line.territory,
                starts_on=line.start,
                ends_on=line.end,
                kind=line.kind,
                label=line.label,
                source=line.source,
                validated_by=line.validated_by,
            )
        )
    session.flush()


def find_communes(session: Session, text: str, limit: int = 20) -> list[Commune]:
    """Communes whose name starts with `text` (accents, capitals and hyphens do not count) or whose post code does.

    The exact name comes first, then the most populated.
    """
    wanted = search_form(text)
    if not wanted:
        return []
    if wanted.isdecimal():
        condition = cast(col(Commune.postcodes), String).contains(f'"{wanted}', autoescape=True)
    else:
        condition = col(Commune.search_name).startswith(wanted, autoescape=True)
    query = (
        select(Commune)
        .where(condition)
        .order_by(
            case((col(Commune.search_name) == wanted, 0), else_=1), col(Commune.population).desc(), col(Commune.insee)
        )
        .limit(limit)
    )
    return list(session.exec(query))


def get_commune(session: Session, insee: str) -> Commune:
    """The commune of an INSEE code; an arrondissement of Paris, Lyon or Marseille gives its city.

    Raises:
        ServiceError: `commune_unknown`.
    """
    code = insee.strip().upper()
    commune = session.get(Commune, _cities().get(code, code))
    if commune is None:
        raise ServiceError(
            "commune_unknown",
            f"La commune de code INSEE «\u00a0{insee[:10]}\u00a0» n’existe pas. "
            "Cherchez-la par son nom ou son code postal.",
            "insee",
        )
    return commune


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    return {one.code: one.commune for one in readers.read_arrondissements()}


def sector_keys(session: Session) -> frozenset[str]:
    """Every sector a wish or an offer may name; read once per session, a class asks for them hundreds of times."""
    if _SECTORS not in session.info:
        session.info[_SECTORS] = frozenset(session.exec(select(Sector.key)))
    keys: frozenset[str] = session.info[_SECTORS]
    return keys


def get_department(session: Session, code: str) -> Department:
    """The département of a code («2A», «971»).

    Raises:
        ServiceError: `department_unknown`.
    """
    department = session.get(Department, code)
    if department is None:
        raise ServiceError("department_unknown", f"Le département «\u00a0{code[:5]}\u00a0» n’existe pas.", "department")
    return department
