"""When something goes wrong: a French page, nothing half-written, nothing about a pupil in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from service.errors import Conflict
from service.persistence import engine
from service.persistence.tables import ClassGroup, PlacementRequest
from service.vocabulary import Level
from service.web import context, school_requests, schools
from tests.service.web.conftest import ORIGIN, Browser, text_of
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[..., Browser]
REQUEST = {"class_name": "3e B", "size": "3", "periods": ["2027-W05"], "reach_km": "25", "keep": "1"}


@pytest.fixture
def stage() -> str:
    return "open"


def raising(failure: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise failure

    return fail


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (RuntimeError("boom"), 500, "La panne est consignée"),
        (OperationalError("SELECT", {}, Exception("gone")), 503, "La base de données ne répond pas"),
        (
            Conflict("taken", "Un autre est passé avant vous à 14 h 05."),
            409,
            "Un autre est passé avant vous à 14 h 05.",
        ),
    ],
)
def test_a_fault_is_a_french_page_without_a_trace(
    browser_for: BrowserFor,
    country: SmallCountry,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    status: int,
    said: str,
) -> None:
    """Fault, database away, conflict: the status, what to do, and nothing of the code."""
    browser = browser_for(country.email_school_a)
    monkeypatch.setattr(schools, "class_board", raising(failure))
    answer = browser.get(f"/etablissements/{country.school_a}/")
    assert answer.status_code == status
    assert said in text_of(answer)
    assert "Traceback" not in answer.get_data(as_text=True)
    assert "boom" not in answer.get_data(as_text=True)


def test_a_fault_after_writing_leaves_nothing(
    browser_for: BrowserFor, country: SmallCountry, monkeypatch: pytest.MonkeyPatch, database: Session
) -> None:
    """The request was written, then the page failed: the class, its pupils and the request are gone."""
    browser = browser_for(country.email_school_a)
    monkeypatch.setattr(school_requests, "_saved", raising(RuntimeError("after the writing")))
    address = f"/etablissements/{country.school_a}/demandes/nouvelle/3e"
    assert browser.post(address, REQUEST).status_code == 500
    assert database.exec(select(ClassGroup)).all() == []
    assert database.exec(select(PlacementRequest)).all() == []


def test_a_commit_that_fails_is_not_announced_as_a_success(
    browser_for: BrowserFor, country: SmallCountry, monkeypatch: pytest.MonkeyPatch, database: Session
) -> None:
    """Nobody reads « enregistrée » before the database has said yes."""
    browser = browser_for(country.email_school_a)
    token = browser.token(f"/etablissements/{country.school_a}/demandes/nouvelle/3e")
    real = engine.open_session

    def open_that_cannot_commit(*arguments: Any, **options: Any) -> Session:
        session = real(*arguments, **options)
        monkeypatch.setattr(session, "commit", raising(OperationalError("COMMIT", {}, Exception("disk"))))
        return session

    with monkeypatch.context() as broken:
        broken.setattr(context, "open_session", open_that_cannot_commit)
        answer = browser.client.post(
            f"/etablissements/{country.school_a}/demandes/nouvelle/3e",
            data=REQUEST | {"csrf_token": token},
            headers={"Origin": ORIGIN},
        )
    assert answer.status_code in (500, 503)
    assert database.exec(select(PlacementRequest)).all() == []


def test_the_log_of_a_failed_statement_holds_no_value(
    browser_for: BrowserFor, country: SmallCountry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A pupil's name among the values of a refused statement does not reach the log."""
    browser = browser_for(country.email_school_a)
    failure = IntegrityError("INSERT INTO pupil", {"display_name": "Canari Zoé"}, Exception("refused"))
    monkeypatch.setattr(schools, "class_board", raising(failure))
    with caplog.at_level(logging.DEBUG):
        assert browser.get(f"/etablissements/{country.school_a}/").status_code == 500
    assert "unexpected failure: IntegrityError" in caplog.text
    assert "Canari" not in caplog.text


@pytest.mark.parametrize(("method", "address", "status"), [("GET", "/deconnexion", 405), ("GET", "/absente", 404)])
def test_a_wrong_address_or_method_says_what_to_do(
    browser_for: BrowserFor, method: str, address: str, status: int
) -> None:
    """Absent page, page opened the wrong way: the frame and a way back."""
    answer = browser_for().client.open(address, method=method)
    assert answer.status_code == status
    assert "Revenir à l’accueil" in text_of(answer)


def test_an_oversized_form_is_refused_by_its_size(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Three megabytes pasted in the list: refused with the limit, not read."""
    browser = browser_for(country.email_school_a)
    address = f"/etablissements/{country.school_a}/demandes/nouvelle/3e"
    answer = browser.post(address, REQUEST | {"pupil_list": "Zoé A.\n" * 450_000})
    assert answer.status_code == 413
    assert "dépasse 2 Mo" in text_of(answer)


def test_nothing_is_read_from_a_database_opened_for_reading_and_then_written(app: Flask, country: SmallCountry) -> None:
    """A page that is only read cannot write, even by mistake: the database itself refuses."""
    with app.test_request_context("/"):
        session = context.db()
        session.add(ClassGroup(school_id=1, name="x", level=Level.TROISIEME, school_year="2026-2027"))
        with pytest.raises(OperationalError, match="readonly"):
            session.flush()
