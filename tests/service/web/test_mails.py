"""The outbox on screen: what waits and what failed, for coordinators; the text of a message in development only."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.app import create_app
from service.config import Settings
from service.domain import outbox
from service.domain.letters import Letter
from service.persistence.engine import session_scope
from service.persistence.tables import OutboxLine
from service.vocabulary import MailStatus
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[..., Browser]
LETTER = Letter("Vos résultats", ["Dix élèves placés."], action="Ouvrir", path="/page")


@pytest.fixture
def line_id(app: Flask) -> int:
    with session_scope(app.extensions["sequence_engine"]) as session:
        outbox.queue_letter(session, "essai", "x@college.example", LETTER)
        return session.exec(select(OutboxLine.id)).one() or 0


def test_a_message_is_read_before_any_server_exists(
    browser_for: BrowserFor, country: SmallCountry, line_id: int
) -> None:
    """In development the coordinator reads what would be sent, on the page and as a file for any mail program."""
    browser = browser_for(country.email_coordinator)
    page = text_of(browser.get("/coordination/courrier"))
    assert "Vos résultats" in page
    assert "Aucun serveur de courrier" in page
    preview = text_of(browser.get(f"/coordination/courrier/{line_id}"))
    assert "Dix élèves placés." in preview
    assert "http://127.0.0.1:8000/page" in preview
    file = browser.get(f"/coordination/courrier/{line_id}/message.eml")
    message = message_from_bytes(file.get_data(), policy=policy.default)
    assert message["To"] == "x@college.example"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize("suffix", ["", "/message.eml"])
def test_production_shows_no_text(app: Flask, country: SmallCountry, line_id: int, suffix: str) -> None:
    """In production the list says what waits, and nobody reads a message: it may hold someone's link."""
    settings = Settings(
        production=True,
        secret_key="x" * 40,
        database_url=app.extensions["sequence_settings"].database_url,
    )
    production = create_app(settings)
    production.config["SESSION_COOKIE_SECURE"] = False  # the test client speaks plain HTTP
    production.config["SESSION_COOKIE_NAME"] = "sequence"
    browser = Browser(production.test_client())
    assert browser.sign_in(country.email_coordinator).status_code == 303
    listing = browser.get("/coordination/courrier")
    assert "Vos résultats" in text_of(listing)
    assert f"courrier/{line_id}" not in listing.get_data(as_text=True)
    assert browser.get(f"/coordination/courrier/{line_id}{suffix}").status_code == 404
    production.extensions["sequence_engine"].dispose()


def test_a_given_up_message_says_why_and_starts_again(
    browser_for: BrowserFor, country: SmallCountry, line_id: int, app: Flask, database: Session
) -> None:
    """The reason stands beside the message, and one button sends it again."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        mail = outbox.claim(session, 60)
        assert mail is not None
        outbox.give_up(session, mail, "Le serveur de courrier refuse l’adresse (550) : inconnue")
    browser = browser_for(country.email_coordinator)
    assert "refuse l’adresse (550)" in text_of(browser.get("/coordination/courrier?etat=failed"))
    answer = browser.post(f"/coordination/courrier/{line_id}/relance", token_from="/coordination/courrier")
    assert answer.status_code == 303
    assert database.exec(select(OutboxLine)).one().status is MailStatus.QUEUED


def test_a_sent_message_is_no_longer_read(
    browser_for: BrowserFor, country: SmallCountry, line_id: int, app: Flask
) -> None:
    """Once sent, a message has no text left to show."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        mail = outbox.claim(session, 60)
        assert mail is not None
        assert outbox.mark_sent(session, mail)
    browser = browser_for(country.email_coordinator)
    assert "Envoyé" in text_of(browser.get("/coordination/courrier?etat=sent"))
    assert browser.get(f"/coordination/courrier/{line_id}").status_code == 404
