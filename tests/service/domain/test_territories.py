"""Reference data: loaded again without harm, communes found as people type them."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from sqlalchemy import Engine, func
from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

from fixtures import readers
from service.domain.territories import find_communes, get_commune, get_department, load_reference
from service.errors import ServiceError
from service.persistence.engine import session_scope
from service.persistence.tables import Academy, CalendarEntry, Commune, Department, LevelRule, Region, Sector
from tests.service.conftest import few_communes
from tests.service.databases import Databases


def _counts(session: Session) -> dict[str, int]:
    tables = (Region, Academy, Department, Commune, CalendarEntry, LevelRule, Sector)
    return {one.__name__: session.exec(select(func.count()).select_from(one)).one() for one in tables}


def test_the_whole_country_is_loaded(sqlite_databases: Databases) -> None:
    """Every commune of the reference file is in the store, in its département, with its position."""
    with sqlite_databases.copy_of("migrated") as engine, session_scope(engine) as session:
        load_reference(session)
        counts = _counts(session)
        assert (counts["Region"], counts["Academy"], counts["Department"]) == (18, 30, 101)
        assert counts["Commune"] == len(readers.read_communes()) > 34_000
        brest = get_commune(session, "29019")
        assert (brest.name, brest.department_code) == ("Brest", "29")


def test_loading_twice_changes_nothing(reference_engine: Engine) -> None:
    """The command may be run at each start: rows are neither doubled nor lost."""
    with session_scope(reference_engine) as session:
        before = _counts(session)
        load_reference(session, few_communes())
        assert _counts(session) == before


def test_a_new_vintage_updates_what_changed(reference_engine: Engine) -> None:
    """A commune that grew is updated in place; one that is new is added; the others stay."""
    grown, *others = few_communes()
    new = dataclasses.replace(grown, insee="01001", name="Nouvelle", department="01")
    with session_scope(reference_engine) as session:
        count = _counts(session)["Commune"]
        load_reference(session, [dataclasses.replace(grown, population=grown.population + 1), *others, new])
    with session_scope(reference_engine, write=False) as session:
        assert session.get_one(Commune, grown.insee).population == grown.population + 1
        assert _counts(session)["Commune"] == count + 1


def test_a_corrected_calendar_line_is_not_overwritten(reference_engine: Engine) -> None:
    """Someone moved Corsica's winter holidays: the next load neither moves them back nor adds the old ones."""
    corrected = date(2027, 2, 13)
    with session_scope(reference_engine) as session:
        line = session.exec(_winter_in_corsica()).one()
        line.starts_on, line.validated_by = corrected, "rectorat"
        session.add(line)
    with session_scope(reference_engine) as session:
        load_reference(session, few_communes())
    with session_scope(reference_engine, write=False) as session:
        assert session.exec(_winter_in_corsica()).one().starts_on == corrected


def _winter_in_corsica() -> SelectOfScalar[CalendarEntry]:
    return select(CalendarEntry).where(CalendarEntry.territory == "27", CalendarEntry.label == "Vacances d’hiver")


@pytest.mark.parametrize("typed", ["Saint-Étienne", "saint etienne", "SAINT ETIEN", "42000", "420"])
def test_communes_are_found_as_people_type_them(reference_engine: Engine, typed: str) -> None:
    """Accents, capitals, hyphens, half a name or a post code: all lead to Saint-Étienne."""
    with session_scope(reference_engine, write=False) as session:
        assert "42218" in [one.insee for one in find_communes(session, typed)]


def test_the_exact_name_comes_first_then_the_largest(reference_engine: Engine) -> None:
    """The list is in a promised order, and bounded."""
    with session_scope(reference_engine, write=False) as session:
        found = find_communes(session, "l", limit=5)
        assert len(found) == 5
        assert [one.population for one in found] == sorted((one.population for one in found), reverse=True)
        assert find_communes(session, " % ") == []
        assert find_communes(session, "_aris") == []


def test_an_arrondissement_is_its_city(reference_engine: Engine) -> None:
    """Directories give arrondissement codes: the commune is Paris, Lyon or Marseille."""
    with session_scope(reference_engine, write=False) as session:
        assert [get_commune(session, code).name for code in ("75112", "69383", "13205")] == [
            "Paris",
            "Lyon",
            "Marseille",
        ]


def test_what_does_not_exist_is_refused(reference_engine: Engine) -> None:
    """An unknown commune or département is named."""
    with session_scope(reference_engine, write=False) as session:
        with pytest.raises(ServiceError, match="Cherchez-la par son nom") as refusal:
            get_commune(session, "00000")
        assert refusal.value.field == "insee"
        with pytest.raises(ServiceError, match="20\u00a0» n’existe pas"):
            get_department(session, "20")
        assert get_department(session, "2A").name == "Corse-du-Sud"
