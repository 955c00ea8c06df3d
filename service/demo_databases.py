"""Which database a demonstration may fill: a new one, or an older demonstration, which it replaces.

Responsible for never harming anything else: a database is looked at read-only before it is touched. Refuses to know
what a demonstration holds.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import make_url

from service.config import Settings
from service.errors import ServiceError
from service.persistence.engine import check_durability, make_engine
from service.persistence.migrate import upgrade

_MARK = "SELECT 1 FROM auditentry WHERE action = 'create_demo'"
_ALONGSIDE = ("", "-wal", "-shm", "-journal")


def make_fresh_database(settings: Settings) -> Engine:
    """An empty database with the current schema.

    Raises:
        ServiceError: `not_a_demo` when something else stands there; nothing was touched.
    """
    if settings.is_sqlite:
        _clear_sqlite(settings)
        engine = make_engine(settings)
    else:
        engine = make_engine(settings)
        _clear_server(engine)
    check_durability(engine)
    upgrade(engine)
    return engine


def _clear_sqlite(settings: Settings) -> None:
    path = Path(make_url(settings.database_url).database or "")
    if path.is_dir() or not path.name:
        raise ServiceError("not_a_file", f"«\u00a0{path}\u00a0» n’est pas un fichier. Indiquez-en un avec --database.")
    if path.exists() and path.stat().st_size and not _is_demo_file(path):
        raise _not_a_demo(str(path))
    for database in (path, path.with_suffix(".queue.db")):
        for suffix in _ALONGSIDE:
            Path(f"{database}{suffix}").unlink(missing_ok=True)


def _is_demo_file(path: Path) -> bool:
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(_MARK).fetchone() is not None
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _clear_server(engine: Engine) -> None:
    """Drops every table of an older demonstration, queue included."""
    tables = inspect(engine).get_table_names()
    if not tables:
        return
    with engine.begin() as connection:
        if "auditentry" not in tables or connection.execute(text(_MARK)).first() is None:
            raise _not_a_demo(f"{engine.url.host or 'cette machine'}/{engine.url.database}")
        quote = engine.dialect.identifier_preparer.quote
        connection.execute(text(f"DROP TABLE {', '.join(map(quote, tables))} CASCADE"))


def _not_a_demo(where: str) -> ServiceError:
    return ServiceError(
        "not_a_demo",
        f"La base «\u00a0{where}\u00a0» existe et n’est pas une démonstration\u00a0: rien n’a été touché. "
        "Indiquez une autre base avec --database.",
    )
