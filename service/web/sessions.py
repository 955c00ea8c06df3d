"""Signed-in browsers as rows: the cookie carries 128 random bits, the database their SHA-256.

Nothing in the cookie can be replayed after sign-out, and a visitor who is not signed in has no row at all: the token
that protects forms is derived from the cookie's number, so that reading a form writes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, current_app
from flask.sessions import SessionInterface, SessionMixin
from sqlmodel import Session, col, delete
from werkzeug.datastructures import CallbackDict

from service.persistence.engine import session_scope
from service.persistence.tables import User, UserSession
from service.web.context import engine, now

IDLE_LIMIT = timedelta(hours=2)
ABSOLUTE_LIMIT = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)
"""How often a reading visit refreshes its row: a write per page would cost more than it tells."""
STATIC_ENDPOINTS = frozenset({"static", "bootstrap.static"})
_NUMBER = re.compile(r"[A-Za-z0-9_-]{22}")


class BrowserSession(CallbackDict[str, Any], SessionMixin):
    """The session of one request. `user_id` is None for a visitor; then nothing put in it is kept."""

    def __init__(self, number: str, data: Mapping[str, Any], user_id: int | None, *, is_known: bool) -> None:
        super().__init__(data, on_update=_note_change)
        self.number = number
        self.user_id = user_id
        self.cookie_must_be_set = not is_known
        self.row_is_stale = False
        self.modified = False
        self._derive_token()

    def renew(self, user_id: int | None) -> None:
        """Another number, for another person: what the browser held before is worth nothing from now on."""
        self.clear()
        self.number = new_number()
        self.user_id = user_id
        self.cookie_must_be_set = True
        self._derive_token()

    def _derive_token(self) -> None:
        key = str(current_app.config["SECRET_KEY"]).encode()
        dict.__setitem__(self, "csrf_token", hmac.new(key, b"form:" + self.number.encode(), hashlib.sha256).hexdigest())

    @property
    def kept(self) -> dict[str, Any]:
        return {key: value for key, value in self.items() if key != "csrf_token"}


def _note_change(session: Any) -> None:
    session.modified = True


def new_number() -> str:
    return secrets.token_urlsafe(16)


def digest(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()


class DatabaseSessions(SessionInterface):
    """Flask's session interface over `UserSession`."""

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        number = request.cookies.get(app.config["SESSION_COOKIE_NAME"], "")
        if not _NUMBER.fullmatch(number):
            return BrowserSession(new_number(), {}, None, is_known=False)
        if request.path.startswith(("/static/", "/bootstrap/")):
            return BrowserSession(number, {}, None, is_known=True)
        with session_scope(engine(), write=False) as reader:
            return self._read(reader, number)

    def _read(self, reader: Session, number: str) -> BrowserSession:
        row = reader.get(UserSession, digest(number))
        user = reader.get(User, row.user_id) if row is not None and row.user_id is not None else None
        if row is None or user is None or not user.active:
            return BrowserSession(number, {}, None, is_known=True)
        instant = now()
        is_over = instant - row.seen_at > IDLE_LIMIT or instant - row.created_at > ABSOLUTE_LIMIT
        if is_over or row.data.get("uniquifier") != user.fs_uniquifier:
            return BrowserSession(number, {}, None, is_known=True)
        session = BrowserSession(number, row.data, user.id, is_known=True)
        session.row_is_stale = instant - row.seen_at > SEEN_EVERY
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, BrowserSession):
            raise TypeError("a session of another kind")
        if session.user_id is not None and (session.modified or session.row_is_stale):
            with session_scope(engine()) as writer:
                row = writer.get(UserSession, digest(session.number))
                if row is not None:
                    row.data = session.kept
                    row.seen_at = now()
                    writer.add(row)
        if session.cookie_must_be_set:
            response.set_cookie(
                app.config["SESSION_COOKIE_NAME"],
                session.number,
                httponly=True,
                secure=app.config["SESSION_COOKIE_SECURE"],
                samesite="Lax",
                path="/",
            )


def open_for(session: BrowserSession, writer: Session, user: User) -> None:
    """Sign in: the number is renewed, the former row deleted."""
    close(session, writer)
    session.renew(user.id)
    session["uniquifier"] = user.fs_uniquifier
    instant = now()
    writer.add(
        UserSession(
            id_sha256=digest(session.number), user_id=user.id, data=session.kept, created_at=instant, seen_at=instant
        )
    )


def close(session: BrowserSession, writer: Session) -> None:
    """Sign out: the row is gone before the answer leaves."""
    writer.exec(delete(UserSession).where(col(UserSession.id_sha256) == digest(session.number)))
    session.renew(None)
