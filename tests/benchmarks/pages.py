"""How long each page of the site takes on the demonstration, for each role: `python -m tests.benchmarks.pages`.

Signs in as each role, follows every link, keeps for each route its slowest address, and measures it inside the process
that serves: the first visit of a process that has served nothing yet, then the median of five; statements and bytes.
Documents (PDF, spreadsheets, archives) are listed apart: the limit is for pages. What is held against the limit is
processor time, which a busy machine does not lengthen: the process's own, in which SQLite works, and with
`--postgresql` the throw-away server's too, to 10 ms. Against `--database` on a server of yours, it is the wall's.
Changes nothing, judges nothing.
"""

from __future__ import annotations

import argparse
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TypeVar

import psutil
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from fixtures.invented.country import DEFAULT_PUPILS
from service.app import create_app
from service.config import Settings
from service.demo import DAY, Size, build
from service.persistence.engine import make_engine
from service.terminal import Phases
from service.web.warm import warm
from tests.benchmarks.lived import Life, live
from tests.benchmarks.round_trip import database, server_seconds

LIMIT_MS = 300
EXAMPLES = 4
"""How many addresses of one route are read to find its fullest."""
REPEAT = 5
HEADER = "   first (wall)   warm (wall) stmts     kB  role                 address"
_LINK = re.compile(r'href="(/[^"]*)"')
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds."""

    wall: float
    processor: float


NOTHING = Spent(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Visit:
    """Milliseconds of one address for one role: the first visit of a process, then the median of the next ones."""

    role: str
    route: str
    address: str
    kind: str
    first: Spent = NOTHING
    warm: Spent = NOTHING
    statements: int = 0
    size: int = 0

    @property
    def is_page(self) -> bool:
        return self.kind == "text/html"

    def longest(self, *, wall: bool) -> float:
        spent = (self.first, self.warm)
        return max(one.wall if wall else one.processor for one in spent)


@dataclass(frozen=True, slots=True)
class Watch:
    """`server` is the database's, when its processor is to be counted with this process's."""

    server: psutil.Process | None = None

    def timed(self, client: FlaskClient, address: str) -> tuple[TestResponse, Spent]:
        wall, processor = perf_counter(), self._processor()
        answer = client.get(address, buffered=True)
        return answer, Spent(1000 * (perf_counter() - wall), 1000 * (self._processor() - processor))

    def _processor(self) -> float:
        return process_time() + server_seconds(self.server)


class Statements:
    """Counts what the engine is asked."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        event.listen(engine, "before_cursor_execute", self._add)

    def _add(self, *_given: object) -> None:
        self.count += 1


def apart(app: Flask, call: Callable[[], Found]) -> Found:
    """What `call` returns in a process of its own: nothing it has learnt stays in this one."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            app.extensions["sequence_engine"].dispose(close=False)
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(call(), pipe)
        except BaseException as fault:
            sys.stderr.write(f"{fault!r}\n")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer: Found = pickle.load(pipe)
    os.waitpid(child, 0)
    return answer


def sign_in(app: Flask, account: tuple[str, str] | None) -> str:
    """The number of the session, as the cookie carries it; empty for a visitor."""
    if account is None:
        return ""
    client = app.test_client()
    token = _TOKEN.search(client.get("/connexion").get_data(as_text=True))
    assert token is not None
    data = {"csrf_token": token[1], "email": account[0], "password": account[1]}
    answer = client.post("/connexion", data=data, headers={"Origin": "http://localhost"})
    assert answer.status_code == 303, f"{account[0]} cannot sign in"
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return str(cookie.value)


def client_of(app: Flask, number: str) -> FlaskClient:
    client = app.test_client()
    if number:
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], number)
    return client


def crawl(app: Flask, watch: Watch, role: str, number: str, starts: list[str]) -> list[Visit]:
    """The slowest address of each route this role reaches, warm."""
    client, statements = client_of(app, number), Statements(app.extensions["sequence_engine"])
    waiting, done, read, slowest = list(starts), set(starts), dict[str, int](), dict[str, Visit]()
    while waiting:
        address = waiting.pop(0)
        route = route_of(app, address)
        if not route or read.get(route, 0) >= EXAMPLES:
            continue
        read[route] = read.get(route, 0) + 1
        found, body = measure(client, watch, statements, Visit(role, route, address, ""))
        if route not in slowest or found.warm.processor > slowest[route].warm.processor:
            slowest[route] = found
        if found.is_page:
            links = [unescape(link).partition("#")[0] for link in _LINK.findall(body)]
            new = [link for link in dict.fromkeys(links) if link not in done]
            done.update(new)
            waiting += new
    return list(slowest.values())


def route_of(app: Flask, address: str) -> str:
    """The rule an address falls under; empty for what is not ours to measure."""
    try:
        with app.test_request_context(address) as context:
            rule = context.request.url_rule
    except Exception:
        return ""
    return "" if rule is None or rule.endpoint.endswith("static") else rule.rule


def measure(client: FlaskClient, watch: Watch, statements: Statements, visit: Visit) -> tuple[Visit, str]:
    """Visits once for nothing, then `REPEAT` times (once for a document)."""
    answer = client.get(visit.address, buffered=True)
    assert answer.status_code in (200, 302, 303), f"{visit.address} answers {answer.status_code} to {visit.role}"
    kind, spent = answer.mimetype or "", []
    for _ in range(REPEAT if kind == "text/html" else 1):
        statements.count = 0
        answer, time = watch.timed(client, visit.address)
        spent.append(time)
    body = answer.get_data()
    warm = Spent(median(one.wall for one in spent), median(one.processor for one in spent))
    found = replace(visit, kind=kind, warm=warm, statements=statements.count, size=len(body))
    return found, body.decode("utf-8", "replace") if kind == "text/html" else ""


def first_visit(app: Flask, watch: Watch, visit: Visit, number: str) -> Spent:
    """In a process that has served nothing."""
    return apart(app, lambda: watch.timed(client_of(app, number), visit.address)[1])


def visit_all(app: Flask, watch: Watch, life: Life, roles: list[str]) -> Iterator[Visit]:
    accounts: dict[str, tuple[str, str] | None] = {"visitor": None, **life.accounts}
    for role, account in accounts.items():
        if roles and role not in roles:
            continue
        number = apart(app, lambda account=account: sign_in(app, account))  # type: ignore[misc]
        starts = ["/"] + ([f"/explication/{life.explanation}"] if role == "visitor" else [])
        for visit in apart(app, lambda: crawl(app, watch, role, number, starts)):  # noqa: B023  (called at once)
            yield replace(visit, first=first_visit(app, watch, visit, number)) if visit.is_page else visit


def table(visits: list[Visit], *, wall: bool) -> str:
    """Pages by time, then documents; `>` marks what is over the limit."""
    ordered = sorted(visits, key=lambda one: (not one.is_page, -one.longest(wall=wall)))
    lines = [
        f"{'>' if one.is_page and one.longest(wall=wall) > LIMIT_MS else ' '} "
        f"{one.first.processor:6.0f} {one.first.wall:6.0f} {one.warm.processor:6.0f} {one.warm.wall:6.0f} "
        f"{one.statements:5d} {one.size / 1000:6.0f}  {one.role:<20} {one.address}"
        for one in ordered
    ]
    pages = [one for one in visits if one.is_page]
    slow = sum(one.longest(wall=wall) > LIMIT_MS for one in pages)
    return "\n".join([HEADER, *lines, f"{len(pages)} pages, {slow} over {LIMIT_MS} ms"])


@contextmanager
def demonstration(options: argparse.Namespace) -> Iterator[tuple[Flask, Watch, Life]]:
    """The site on a demonstration that has lived: a new one, or one kept from before (`--database`)."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, ExitStack() as stack:
        address, server = options.database, None
        if not address:
            address, server = stack.enter_context(
                database("postgres" if options.postgresql else "sqlite", Path(folder))
            )
        settings = Settings(database_url=address, today=DAY, secret_key="k" * 43)
        if not options.kept:
            build(settings, Size(options.pupils, options.seed), Phases())
        engine = make_engine(settings)
        life = live(settings, engine, DAY)
        engine.dispose()
        app = create_app(settings)
        warm(app)
        yield app, Watch(server), life
        app.extensions["sequence_engine"].dispose()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages", description=__doc__)
    parser.add_argument("--pupils", type=int, default=DEFAULT_PUPILS)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--database", help="where the demonstration is built (default: a temporary SQLite file)")
    parser.add_argument("--postgresql", action="store_true", help="in a PostgreSQL server thrown away afterwards")
    parser.add_argument("--kept", action="store_true", help="--database is a demonstration already built")
    parser.add_argument("--role", action="append", default=[], help="only this role (repeatable)")
    options = parser.parse_args(arguments)
    with demonstration(options) as (app, watch, life):
        visits = list(visit_all(app, watch, life, options.role))
    on_server = bool(options.database) and not options.database.startswith("sqlite")
    sys.stdout.write(table(visits, wall=on_server) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
