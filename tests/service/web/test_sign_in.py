"""Signing in and out: what it takes, what it hides, what it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.domain import sign_in
from service.persistence.engine import session_scope
from service.persistence.tables import User, UserSession
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.small_country import PASSWORD, SmallCountry

BrowserFor = Callable[..., Browser]


def test_a_person_signs_in_and_arrives_in_their_space(browser_for: BrowserFor, country: SmallCountry) -> None:
    """The right address and password lead to one's own space."""
    browser = browser_for()
    answer = browser.sign_in(country.email_school_a)
    assert answer.status_code == 303
    landing = browser.client.get(answer.location, follow_redirects=True)
    assert "Collège des Tilleuls" in text_of(landing)


def test_unknown_account_and_wrong_password_get_the_same_answer(
    browser_for: BrowserFor, country: SmallCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody learns which addresses have an account: same status, same words, same number of hashes."""
    hashes: list[str] = []
    really_matches = sign_in.matches

    def counted(attempt: sign_in.Attempt, password: str) -> bool:
        hashes.append(attempt.password_hash)
        return really_matches(attempt, password)

    monkeypatch.setattr(sign_in, "matches", counted)
    pages, counts = [], []
    for email in (country.email_school_a, "personne@college.example"):
        hashes.clear()
        answer = browser_for().post("/connexion", {"email": email, "password": "un autre mot de passe"})
        pages.append((answer.status_code, text_of(answer)))
        counts.append(len(hashes))
    assert pages[0] == pages[1]
    assert pages[0][0] == 422
    assert counts == [1, 1]


def test_ten_wrong_passwords_close_the_account_for_a_quarter_of_an_hour(
    browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """After ten wrong tries even the right password is refused, in the same words, until the delay has passed."""
    browser = browser_for()
    wrong = [browser.sign_in(country.email_school_a, "mauvais mot de passe") for _ in range(sign_in.ATTEMPTS)]
    refused = browser.sign_in(country.email_school_a)
    assert refused.status_code == 422
    assert text_of(refused) == text_of(wrong[0])
    clock.advance(sign_in.LOCK + timedelta(seconds=1))
    assert browser.sign_in(country.email_school_a).status_code == 303


def test_the_number_of_real_password_checks_is_bounded(
    browser_for: BrowserFor, country: SmallCountry, monkeypatch: pytest.MonkeyPatch, database: Session
) -> None:
    """Of twenty-five tries in one window, at most ten are compared with the account's real password."""
    real = database.exec(select(User).where(User.email == country.email_school_a)).one().password
    compared: list[str] = []

    def refuse(attempt: sign_in.Attempt, _: str) -> bool:
        compared.append(attempt.password_hash)
        return False

    monkeypatch.setattr(sign_in, "matches", refuse)
    browser = browser_for()
    for _ in range(25):
        browser.sign_in(country.email_school_a, "essai")
    assert compared.count(real) == sign_in.ATTEMPTS
    assert len(compared) == 25


def test_a_success_forgets_the_wrong_tries(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Nine wrong tries, then the right one: the count starts again from zero."""
    browser = browser_for()
    for _ in range(2):
        for _ in range(sign_in.ATTEMPTS - 1):
            assert browser.sign_in(country.email_school_a, "mauvais mot de passe").status_code == 422
        assert browser.sign_in(country.email_school_a).status_code == 303
        browser.post("/deconnexion", token_from="/")


def test_signing_out_really_signs_out(browser_for: BrowserFor, country: SmallCountry, app: Flask) -> None:
    """The cookie kept from before sign-out opens nothing, and its row is gone."""
    browser = browser_for(country.email_school_a)
    kept = browser.client.get_cookie("sequence")
    assert kept is not None
    board = f"/etablissements/{country.school_a}/"
    assert browser.get(board).status_code == 200
    assert browser.post("/deconnexion", token_from=board).status_code == 303
    thief = app.test_client()
    thief.set_cookie("sequence", kept.value)
    assert thief.get(board).status_code == 303
    with session_scope(app.extensions["sequence_engine"], write=False) as reader:
        assert reader.exec(select(UserSession)).all() == []


def test_a_cookie_from_before_sign_in_is_worth_nothing(
    browser_for: BrowserFor, country: SmallCountry, app: Flask
) -> None:
    """A number planted in the browser before sign-in does not become a session."""
    browser = browser_for()
    browser.get("/connexion")
    planted = browser.client.get_cookie("sequence")
    assert planted is not None
    browser.sign_in(country.email_school_a)
    renewed = browser.client.get_cookie("sequence")
    assert renewed is not None
    assert renewed.value != planted.value
    other = app.test_client()
    other.set_cookie("sequence", planted.value)
    assert other.get(f"/etablissements/{country.school_a}/").status_code == 303


def test_a_visitor_leaves_no_session_row(browser_for: BrowserFor, database: Session) -> None:
    """Reading public pages and the sign-in form writes nothing."""
    browser = browser_for()
    for address in ("/", "/connexion", "/comment-une-decision-est-prise"):
        assert browser.get(address).status_code == 200
    assert database.exec(select(UserSession)).all() == []


@pytest.mark.parametrize("change", ["deactivated", "new password"])
def test_a_change_of_the_account_ends_its_sessions(
    browser_for: BrowserFor, country: SmallCountry, app: Flask, change: str
) -> None:
    """Deactivating an account or changing its password closes what was open."""
    browser = browser_for(country.email_school_a)
    board = f"/etablissements/{country.school_a}/"
    with session_scope(app.extensions["sequence_engine"]) as writer:
        user = writer.exec(select(User).where(User.email == country.email_school_a)).one()
        if change == "deactivated":
            user.active = False
        else:
            user.fs_uniquifier = "another"
        writer.add(user)
    assert browser.get(board).status_code == 303


@pytest.mark.parametrize(("step", "steps"), [(timedelta(hours=2, seconds=1), 1), (timedelta(hours=1, minutes=50), 7)])
def test_a_session_ends_after_two_idle_hours_or_twelve_in_all(
    browser_for: BrowserFor, country: SmallCountry, clock: Clock, step: timedelta, steps: int
) -> None:
    """A browser left open signs out by itself; one in use stays signed in meanwhile."""
    browser = browser_for(country.email_school_a)
    board = f"/etablissements/{country.school_a}/"
    for index in range(1, steps + 1):
        clock.advance(step)
        assert browser.get(board).status_code == (303 if index == steps else 200)


@pytest.mark.parametrize(
    "target",
    [
        "https://ailleurs.example/",
        "//ailleurs.example",
        "/\\ailleurs.example",
        "javascript:alert(1)",
        "/\t/ailleurs.example",
        "\\\\ailleurs.example",
        "ailleurs.example",
        "/\r\nLocation: x",
        "",
    ],
)
def test_sign_in_never_leads_to_another_site(browser_for: BrowserFor, country: SmallCountry, target: str) -> None:
    """Whatever `next` says, sign-in ends on this site."""
    browser = browser_for()
    token = browser.token("/connexion")
    answer = browser.client.post(
        "/connexion",
        query_string={"next": target},
        data={"email": country.email_school_a, "password": PASSWORD, "csrf_token": token},
        headers={"Origin": "http://localhost"},
    )
    assert answer.location == "/mes-espaces"


def test_sign_in_leads_back_to_the_page_that_was_asked(browser_for: BrowserFor, country: SmallCountry) -> None:
    """A signed-out person who opens a page finds it again after sign-in."""
    browser = browser_for()
    board = f"/etablissements/{country.school_a}/"
    asked = browser.get(board).location
    assert browser.post(asked, {"email": country.email_school_a, "password": PASSWORD}).location == board
