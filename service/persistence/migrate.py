"""Brings a database to the current schema, once, even when two processes start together.

Responsible for the lock and the transaction around the migrations. Refuses to know what each of them does.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 5_317_804_412
"""Any number, the same for every process of the service: the key of PostgreSQL's advisory lock."""


def upgrade(engine: Engine) -> None:
    """Every missing migration in one transaction, under a lock: killed in the middle, it leaves the old schema."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _upgrade_on_sqlite(connection)
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                _run(connection)


def _upgrade_on_sqlite(connection: Connection) -> None:
    # A table that is rebuilt is dropped first: foreign keys would go with it. Off before BEGIN, checked before COMMIT.
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            _run(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration leaves dangling foreign keys: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _run(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def is_current(engine: Engine) -> bool:
    """Whether the database has every migration this version of the service knows."""
    heads = set(ScriptDirectory.from_config(_config()).get_heads())
    with engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads
