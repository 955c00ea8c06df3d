"""The migrations and the tables say the same thing, on both engines."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

from service.persistence.engine import make_engine
from service.persistence.migrate import is_current, upgrade
from tests.service.conftest import databases_of


def _described(engine: Engine) -> dict[str, Any]:
    """What each table really promises: columns, keys, CHECKs, unique and partial indexes."""
    inspector = inspect(engine)
    described = {}
    for table in sorted(SQLModel.metadata.tables):
        described[table] = {
            "columns": {one["name"]: (str(one["type"]), one["nullable"]) for one in inspector.get_columns(table)},
            "checks": sorted(" ".join(one["sqltext"].split()) for one in inspector.get_check_constraints(table)),
            "unique": sorted(tuple(one["column_names"]) for one in inspector.get_unique_constraints(table)),
            "foreign": sorted(
                (tuple(one["constrained_columns"]), one["referred_table"], tuple(one["referred_columns"]))
                for one in inspector.get_foreign_keys(table)
            ),
            "indexes": sorted(
                (str(one["name"]), tuple(one["column_names"]), bool(one["unique"]), _where(one))
                for one in inspector.get_indexes(table)
                if not one.get("duplicates_constraint")
            ),
        }
    return described


def _where(index: Any) -> str:
    options = index.get("dialect_options", {})
    return str(options.get("sqlite_where", options.get("postgresql_where", "")))


def test_the_migrated_schema_is_the_one_of_the_tables(engine: Engine, request: pytest.FixtureRequest) -> None:
    """A database brought up by migrations promises exactly what the tables of this version promise."""
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    migrated = _described(engine)
    with engine.begin() as connection:
        SQLModel.metadata.drop_all(connection)
        SQLModel.metadata.create_all(connection)
    created = _described(engine)
    pointer = (("published_round_id",), "allocationround", ("id",))
    assert migrated["campaign"]["foreign"] == [pointer]
    # On SQLite `create_all` leaves out the one key that closes a circle; the migration rebuilds the table with it.
    created["campaign"]["foreign"] = [pointer]
    assert migrated == created


def test_the_comparison_sees_a_missing_check(engine: Engine) -> None:
    """Sabotage: an index without its WHERE is told from the right one."""
    right = _described(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX one_active_round_per_campaign"))
        connection.execute(text("CREATE UNIQUE INDEX one_active_round_per_campaign ON allocationround (campaign_id)"))
    assert _described(engine) != right


def test_partial_indexes_are_partial(engine: Engine) -> None:
    """The rules that hold only for some rows are partial indexes: one missing clause would freeze a campaign."""
    described = _described(engine)
    partial = {name: where for table in described.values() for name, _, _, where in table["indexes"] if where}
    assert set(partial) == {
        "one_active_round_per_campaign",
        "one_live_agreement_per_stay",
        "one_published_placement_per_pupil_and_period",
    }
    assert "queued" in partial["one_active_round_per_campaign"]
    assert "published" in partial["one_published_placement_per_pupil_and_period"]


def test_upgrading_twice_is_upgrading_once(engine: Engine) -> None:
    """A service that starts on a current database changes nothing."""
    assert is_current(engine)
    before = _described(engine)
    upgrade(engine)
    assert is_current(engine)
    assert _described(engine) == before


def _start(url: str, together: Barrier) -> None:
    engine = make_engine(url)
    together.wait()
    upgrade(engine)


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_two_starts_at_once_migrate_once(name: str, request: pytest.FixtureRequest) -> None:
    """Two processes of the service may start together on an empty database."""
    spawn = multiprocessing.get_context("spawn")
    with databases_of(name, request).copy_of("empty") as engine:
        url, together = engine.url.render_as_string(hide_password=False), spawn.Barrier(2)
        starts = [spawn.Process(target=_start, args=(url, together)) for _ in range(2)]
        for one in starts:
            one.start()
        for one in starts:
            one.join(60)
        assert [one.exitcode for one in starts] == [0, 0]
        assert is_current(engine)


def test_a_failed_migration_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    """A table in the way stops the upgrade: nothing of it remains."""
    engine = make_engine(f"sqlite:///{tmp_path / 'blocked.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE usersession (id INTEGER)"))
    with pytest.raises(Exception, match="usersession"):
        upgrade(engine)
    assert inspect(engine).get_table_names() == ["usersession"]
    assert not is_current(engine)
    engine.dispose()
