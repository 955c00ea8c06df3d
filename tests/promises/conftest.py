"""Databases of the promise tests, on both engines: the service tests' own, migrated and empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.service.conftest import _copy, postgres_databases, sqlite_databases

__all__ = ["postgres_databases", "sqlite_databases"]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated, empty database, on each engine in turn."""
    yield from _copy(request.param, "migrated", request)


@pytest.fixture
def sqlite_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield from _copy("sqlite", "migrated", request)


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    """Whether the full numbers are asked for."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture
def postgres_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated, empty PostgreSQL database."""
    yield from _copy("postgres", "migrated", request)
