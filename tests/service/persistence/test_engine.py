"""A unit of work is whole or nothing, writers wait their turn, and weak settings are refused."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import select

from service.errors import Conflict, ServiceError
from service.persistence.engine import check_durability, make_engine, open_session, session_scope
from service.persistence.packed import pack, unpack
from service.persistence.rows import row_id, take_version
from service.persistence.tables import AuditEntry, Campaign, Sector
from tests.service.databases import PostgresDatabases


def test_a_refusal_rolls_the_whole_unit_of_work_back(engine: Engine) -> None:
    """What was written before a refusal is not there after it."""
    with pytest.raises(ServiceError):
        _write_then_refuse(engine)
    with session_scope(engine, write=False) as session:
        assert session.exec(select(Sector)).all() == []


def _write_then_refuse(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.add(Sector(key="a", label="A"))
        session.flush()
        raise ServiceError("refused", "non")


def test_a_reader_cannot_write(engine: Engine) -> None:
    """The database itself refuses a write in a unit of work that only reads, and the next one may write again."""
    with pytest.raises(DBAPIError, match=r"read-?only"), session_scope(engine, write=False) as session:
        session.add(Sector(key="a", label="A"))
    with session_scope(engine) as session:
        session.add(Sector(key="b", label="B"))
    with session_scope(engine, write=False) as session:
        assert [one.key for one in session.exec(select(Sector))] == ["b"]


def test_read_then_write_never_meets_a_locked_database(sqlite_engine: Engine) -> None:
    """Simultaneous writers that read first wait for each other: none is refused, no count is lost."""
    with session_scope(sqlite_engine) as session:
        session.add(Sector(key="count", label="0"))

    def add_one(_: int) -> None:
        with session_scope(sqlite_engine) as session:
            sector = session.get_one(Sector, "count")
            sector.label = str(int(sector.label) + 1)
            session.add(sector)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(40)))
    with session_scope(sqlite_engine, write=False) as session:
        assert session.get_one(Sector, "count").label == "40"


def test_a_deferred_begin_is_caught(tmp_path: Path) -> None:
    """Sabotage: with an ordinary BEGIN, a writer that read first is refused when another wrote meanwhile."""
    engine = make_engine(f"sqlite:///{tmp_path / 'deferred.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
    late = open_session(engine, write=False)
    late.connection().exec_driver_sql("SELECT * FROM t").fetchall()
    late.connection().exec_driver_sql("PRAGMA query_only = OFF")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
    with pytest.raises(DBAPIError, match="locked"):
        late.connection().exec_driver_sql("INSERT INTO t VALUES (2)")
    late.rollback()
    late.close()
    engine.dispose()


def test_readers_do_not_wait_for_a_writer(sqlite_engine: Engine) -> None:
    """A page is read while a long writer is at work, and shows what was confirmed before."""
    with session_scope(sqlite_engine) as writer:
        writer.add(Sector(key="a", label="A"))
        writer.flush()
        with session_scope(sqlite_engine, write=False) as reader:
            assert reader.exec(select(Sector)).all() == []


def test_every_connection_of_the_pool_is_told(sqlite_engine: Engine) -> None:
    """Foreign keys and durability belong to a connection: the second one of the pool has them too."""
    with sqlite_engine.connect() as first, sqlite_engine.execution_options(sequence_read_only=True).connect() as second:
        for connection in (second, first):
            read = [connection.exec_driver_sql(f"PRAGMA {one}").scalar_one() for one in ("foreign_keys", "synchronous")]
            assert read == [1, 2]


def test_durable_settings_are_accepted(sqlite_engine: Engine) -> None:
    """What the service sets itself is good enough for it."""
    check_durability(sqlite_engine)


@pytest.mark.parametrize(
    ("pragma", "named"), [("synchronous = OFF", "synchronous"), ("foreign_keys = OFF", "foreign_keys")]
)
def test_weak_sqlite_is_refused(tmp_path: Path, pragma: str, named: str) -> None:
    """The service does not start on a database that could lose what it has confirmed."""
    engine = make_engine(f"sqlite:///{tmp_path / 'weak.db'}")
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    with pytest.raises(ServiceError, match=named) as refusal:
        check_durability(engine)
    assert refusal.value.code == "weak_durability"
    engine.dispose()


def test_weak_postgresql_is_refused(postgres_engine: Engine, postgres_databases: PostgresDatabases) -> None:
    """The server of these tests does not wait for its disk: refused as such, accepted once it does."""
    with pytest.raises(ServiceError, match="fsync"):
        check_durability(postgres_engine)
    postgres_databases.administer("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
    try:
        _wait_for(postgres_engine, "SHOW fsync", "on")
        check_durability(postgres_engine)
        with open_session(postgres_engine) as session:
            session.connection().execute(text("SET SESSION synchronous_commit = off"))
            session.commit()
            with pytest.raises(ServiceError, match="synchronous_commit"):
                check_durability(postgres_engine)
    finally:
        postgres_databases.administer("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")


def _wait_for(engine: Engine, query: str, wanted: str) -> None:
    for _ in range(200):
        with engine.connect() as connection:
            if connection.execute(text(query)).scalar_one() == wanted:
                return
        time.sleep(0.05)
    raise AssertionError(f"{query} never gave {wanted}")


def test_instants_come_back_aware_and_in_utc(engine: Engine) -> None:
    """An instant keyed in Paris is the same instant read back, on both engines; one without zone is refused."""
    paris = datetime(2026, 11, 27, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    with session_scope(engine) as session:
        session.add(AuditEntry(at=paris, actor="cli", action="a", subject="b"))
    with session_scope(engine, write=False) as session:
        read = session.exec(select(AuditEntry)).one().at
    assert (read, read.tzinfo) == (paris, UTC)
    with pytest.raises(StatementError, match="time zone"), session_scope(engine) as session:
        session.add(AuditEntry(at=datetime(2026, 11, 27), actor="cli", action="a", subject="b"))  # noqa: DTZ001


def test_nobody_overwrites_an_edit_they_have_not_seen(engine: Engine) -> None:
    """Two people open the same page: the first to save wins, the second is told and writes nothing."""
    with session_scope(engine) as session:
        campaign = Campaign(name="C", school_year="2026-2027", closes_on=datetime(2027, 1, 1, tzinfo=UTC).date())
        session.add(campaign)
    seen = campaign.version
    with session_scope(engine) as session:
        take_version(session, session.get_one(Campaign, row_id(campaign)), seen)
    with pytest.raises(Conflict, match="entre-temps"):
        _rename(engine, row_id(campaign), "Mine", seen)
    with session_scope(engine, write=False) as session:
        stored = session.get_one(Campaign, row_id(campaign))
        assert (stored.name, stored.version) == ("C", seen + 1)


def _rename(engine: Engine, campaign_id: int, name: str, seen: int) -> None:
    with session_scope(engine) as session:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.name = name
        take_version(session, campaign, seen)


def test_a_kept_document_opens_within_its_bound() -> None:
    """The same bytes each time; a bomb, half a document or none at all is refused instead of filling the memory."""
    document = b'{"groups":[]}' * 1000
    assert unpack(pack(document)) == document
    assert pack(document) == pack(document)
    for packed, largest in ((pack(document), 100), (pack(document)[:-9], 10**6), (None, 10), (b"no gzip", 10)):
        with pytest.raises(ValueError, match="compressed document"):
            unpack(packed, largest)
