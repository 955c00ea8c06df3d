"""What one request may use: its unit of work on the database, the day, what to do once it is committed.

One request is one transaction, opened at the first need, read-only unless the method writes, committed when the answer
is a success and rolled back otherwise. It knows nothing of the field.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Engine
from sqlmodel import Session

from service.config import Settings
from service.persistence.engine import open_session

PARIS = ZoneInfo("Europe/Paris")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def engine() -> Engine:
    found: Engine = current_app.extensions["sequence_engine"]
    return found


def settings() -> Settings:
    found: Settings = current_app.extensions["sequence_settings"]
    return found


def now() -> datetime:
    clock: Callable[[], datetime] = current_app.extensions["sequence_clock"]
    return clock()


def system_clock() -> datetime:
    return datetime.now(UTC)


def today() -> date:
    """The day in mainland France, where every rule of the calendar is written, unless the settings choose one."""
    return settings().today or now().astimezone(PARIS).date()


def db() -> Session:
    """The request's session, opened at the first call; once rolled back, the next one only reads."""
    if "session" not in g:
        reads_only = request.method in SAFE_METHODS or g.get("was_rolled_back", False)
        g.session = open_session(engine(), write=not reads_only)
    session: Session = g.session
    return session


def after_commit(call: Callable[[], object]) -> None:
    """Do `call` once the request's work is committed (never when it is rolled back)."""
    g.setdefault("after_commit", []).append(call)


def commit_unit() -> None:
    session: Session | None = g.pop("session", None)
    if session is not None:
        with session:
            session.commit()
    for call in g.pop("after_commit", []):
        call()


def abandon_unit() -> None:
    """Roll back. What was read stays readable, so that a refused form can be shown again."""
    g.pop("after_commit", None)
    g.was_rolled_back = True
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.expunge_all()
        session.close()


def install(app: Flask) -> None:
    """End the unit of work before the answer leaves: a person who reads « enregistré » can rely on it."""

    @app.after_request
    def end_unit(response: Response) -> Response:
        if response.status_code < 400:
            commit_unit()
        else:
            abandon_unit()
        return response

    @app.teardown_request
    def leave_nothing_open(_: BaseException | None) -> None:
        abandon_unit()
