"""The engine and the unit of work: one transaction per request or job, committed or rolled back as a whole.

Responsible for what SQLite and PostgreSQL must be told so that both keep the same promises. Refuses to know any table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlmodel import Session, create_engine

from service.config import Settings
from service.errors import ServiceError

BUSY_TIMEOUT_MS = 10_000
_READ_ONLY = "sequence_read_only"


def make_engine(source: Settings | str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://user@host/name`; the folder of a SQLite file is made."""
    url = make_url(source.database_url if isinstance(source, Settings) else source)
    if url.get_backend_name() == "sqlite":
        return _make_sqlite_engine(url)
    if url.get_backend_name() != "postgresql":
        raise ServiceError(
            "database_unknown",
            f"La base «\u00a0{url.get_backend_name()}\u00a0» n’est pas de celles que le service connaît. "
            "Donnez une adresse sqlite:///fichier ou postgresql://utilisateur@machine/nom.",
        )
    return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)


def _make_sqlite_engine(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", _begin_on_sqlite)
    return engine


def _prepare_sqlite_connection(connection: SqliteConnection, _record: object) -> None:
    """PRAGMAs belong to a connection: each one the pool opens is told again."""
    # The driver would open its transaction at the first write only, and leave the reads before it outside.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_on_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    # A writer that begins as a reader gets «database is locked» at once when another writes: it must wait instead.
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def session_scope(engine: Engine, *, write: bool = True) -> Iterator[Session]:
    """A unit of work: commits at the exit, rolls everything back on any exception.

    With `write=False` the database itself refuses writes, on both engines, and readers never wait for a writer.
    """
    with open_session(engine, write=write) as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


def open_session(engine: Engine, *, write: bool = True) -> Session:
    """A session whose end is the caller's business (the web opens one per request)."""
    if not write:
        on_postgresql = engine.dialect.name == "postgresql"
        engine = engine.execution_options(**({"postgresql_readonly": True} if on_postgresql else {_READ_ONLY: True}))
    return Session(engine, expire_on_commit=False)


def check_durability(engine: Engine) -> None:
    """Refuses an engine that could lose what it has confirmed.

    Raises:
        ServiceError: `weak_durability`, naming the setting and the value to give it.
    """
    with engine.connect() as connection:
        for query, accepted, advice in _DURABILITY[engine.dialect.name]:
            found = str(connection.execute(text(query)).scalar_one())
            if found not in accepted:
                raise ServiceError(
                    "weak_durability",
                    f"La base de données pourrait perdre des données confirmées : {advice} (valeur lue : {found}).",
                )


_DURABILITY: dict[str, list[tuple[str, frozenset[str], str]]] = {
    "sqlite": [
        ("PRAGMA foreign_keys", frozenset({"1"}), "réglez foreign_keys sur ON"),
        ("PRAGMA synchronous", frozenset({"2", "3"}), "réglez synchronous sur FULL"),
        ("PRAGMA journal_mode", frozenset({"wal", "memory"}), "réglez journal_mode sur WAL"),
    ],
    "postgresql": [
        ("SHOW fsync", frozenset({"on"}), "réglez fsync sur on"),
        ("SHOW full_page_writes", frozenset({"on"}), "réglez full_page_writes sur on"),
        (
            "SHOW synchronous_commit",
            frozenset({"on", "remote_write", "remote_apply"}),
            "réglez synchronous_commit sur on",
        ),
    ],
}
