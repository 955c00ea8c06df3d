"""A small real site for the tests of the pages: a SQLite file, two schools, two partners, one account each.

`browser_for` gives a test client that behaves as a browser does: it keeps its cookie, sends where its forms come from
and carries the token of the page it has just read. Nothing is switched off in the application.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from sqlmodel import Session
from werkzeug.test import TestResponse

from service.app import create_app
from service.config import Settings
from service.persistence.engine import make_engine, session_scope
from service.persistence.migrate import upgrade
from tests.service.web.filled_country import fill
from tests.service.web.small_country import PASSWORD, SmallCountry, build_country, open_everything

ORIGIN = "http://localhost"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Clock:
    """The hour of the tests: stands still until it is moved."""

    instant: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, step: timedelta) -> None:
        self.instant += step


class Browser:
    """One person's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, **options: Any) -> TestResponse:
        return self.client.get(address, **options)

    def post(self, address: str, data: dict[str, Any] | None = None, *, token_from: str = "") -> TestResponse:
        """Send a form. The token is read on `token_from` (a page that has a form; by default the address itself)."""
        token = self.token(token_from or address)
        return self.client.post(address, data={"csrf_token": token, **(data or {})}, headers={"Origin": ORIGIN})

    def token(self, address: str) -> str:
        page = self.client.get(address).get_data(as_text=True)
        found = _TOKEN.search(page) or _TOKEN.search(self.client.get("/connexion").get_data(as_text=True))
        assert found is not None, f"no form on {address}"
        return found.group(1)

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/connexion", {"email": email, "password": password})


def text_of(response: TestResponse) -> str:
    """What a person reads: tags removed, spaces reduced (no-break ones kept as ordinary spaces)."""
    body = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", response.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").replace("\u202f", " ").split())


class Templates:
    """The small country at each stage of its life, built once per run; every test works on its own copy.

    `small`: schools, partners, accounts. `open`: the five conventions and a campaign that takes requests. `published`:
    requests, places and a round computed by the real job, then published.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # The pages' templates are compiled once per run, not once per application.
        self.compiled = FileSystemBytecodeCache(str(folder))
        self.country = self._build_small()

    def _build_small(self) -> SmallCountry:
        with self._open(self._path("small")) as engine:
            upgrade(engine)
            with session_scope(engine) as session:
                return build_country(session)

    def copy(self, stage: str, to: Path) -> None:
        to.write_bytes(self.template(stage).read_bytes())

    def template(self, stage: str) -> Path:
        path = self._path(stage)
        if not path.exists():
            path.write_bytes(self.template("small").read_bytes())
            if stage in ("computed", "published"):
                fill(path, self.country, publish=stage == "published")
            with self._open(path) as engine, session_scope(engine) as session:
                if stage == "open":
                    open_everything(session, self.country, Clock().instant.date())
        return path

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}.db"

    @contextmanager
    def _open(self, path: Path) -> Iterator[Engine]:
        """At the end everything is in the file itself, nothing beside it."""
        engine = make_engine(f"sqlite:///{path}")
        yield engine
        engine.dispose()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("country"))


@pytest.fixture
def country(templates: Templates) -> SmallCountry:
    return templates.country


@pytest.fixture
def stage() -> str:
    """Which template the test starts from; a module or a test says otherwise by its own fixture of this name."""
    return "small"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(templates: Templates, stage: str, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    copy = tmp_path / "sequence.db"
    templates.copy(stage, copy)
    application = create_app(Settings(database_url=f"sqlite:///{copy}"), clock=clock)
    application.jinja_env.bytecode_cache = templates.compiled
    yield application
    application.extensions["sequence_engine"].dispose()


@pytest.fixture
def database(app: Flask) -> Iterator[Session]:
    """A reader of what is really stored."""
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        yield session


@pytest.fixture
def browser_for(app: Flask) -> Callable[[str], Browser]:
    """A browser signed in with that address, or a visitor's with ""."""

    def make(email: str = "") -> Browser:
        browser = Browser(app.test_client())
        if email:
            assert browser.sign_in(email).status_code == 303
        return browser

    return make
