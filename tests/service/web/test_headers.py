"""What every answer carries, and what an action must prove about where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.app import create_app
from service.config import Settings
from service.persistence.tables import UserSession
from tests.service.web.conftest import ORIGIN, Browser, text_of
from tests.service.web.small_country import PASSWORD, SmallCountry

BrowserFor = Callable[..., Browser]


@pytest.mark.parametrize(
    "address", ["/", "/connexion", "/absente", "/etablissements/x/", "/static/theme.css", "/mes-espaces"]
)
def test_every_answer_carries_the_protective_headers(browser_for: BrowserFor, address: str) -> None:
    """Found, absent, redirected or static: the same headers, and no page is kept by a cache."""
    answer = browser_for().get(address, buffered=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    if not address.startswith("/static"):
        assert answer.headers["Cache-Control"] == "no-store"


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(browser_for: BrowserFor) -> None:
    """The cookie is HttpOnly and SameSite=Lax."""
    cookie = browser_for().get("/connexion").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_behind_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path, app: Flask) -> None:
    """In production the cookie travels over HTTPS only, under the __Host- prefix, and HSTS is announced."""
    settings = Settings(
        production=True,
        secret_key="x" * 40,
        database_url=app.extensions["sequence_settings"].database_url,
    )
    secure_app = create_app(settings)
    answer = secure_app.test_client().get("/connexion")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-sequence=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    secure_app.extensions["sequence_engine"].dispose()


@pytest.mark.parametrize("origin", ["https://ailleurs.example", "null", None, "http://localhost.ailleurs.example"])
def test_an_action_from_elsewhere_does_nothing(
    browser_for: BrowserFor, country: SmallCountry, database: Session, origin: str | None
) -> None:
    """A form sent from another site, or from nowhere, is refused even with a good token."""
    browser = browser_for()
    data = {"email": country.email_school_a, "password": PASSWORD, "csrf_token": browser.token("/connexion")}
    headers = {"Origin": origin} if origin else {}
    answer = browser.client.post("/connexion", data=data, headers=headers)
    assert answer.status_code == 400
    assert "ne vient pas d’une page de Séquence" in text_of(answer)
    assert database.exec(select(UserSession)).all() == []


@pytest.mark.parametrize("whose", ["none", "another browser", "before sign-in"])
def test_an_action_needs_the_token_of_its_own_session(
    browser_for: BrowserFor, country: SmallCountry, database: Session, whose: str
) -> None:
    """Without a token, or with the token of another session, nothing is done and the reason is said in French."""
    visitor = browser_for()
    early = visitor.token("/connexion")
    visitor.sign_in(country.email_school_a)
    token = {"none": "", "another browser": browser_for().token("/connexion"), "before sign-in": early}[whose]
    answer = visitor.client.post("/deconnexion", data={"csrf_token": token}, headers={"Origin": ORIGIN})
    assert answer.status_code == 400
    assert "rien n’a été enregistré" in text_of(answer)
    assert len(database.exec(select(UserSession)).all()) == 1
