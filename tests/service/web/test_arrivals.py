"""Coming in by mail: invitations and links back in, on the pages a person and a mail program open."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import Session, SQLModel, col, select

from service.domain import addresses, sign_in
from service.domain.access_links import PER_ACCOUNT
from service.domain.invitations import invite
from service.domain.people import scope_of
from service.persistence.engine import session_scope
from service.persistence.tables import OutboxLine, School, User
from tests.service.web.conftest import ORIGIN, Browser, Clock, text_of
from tests.service.web.small_country import PASSWORD, SmallCountry

BrowserFor = Callable[..., Browser]
NEW_PASSWORD = "une tout autre phrase de passe"


def messages(app: Flask) -> list[OutboxLine]:
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        return list(session.exec(select(OutboxLine).order_by(col(OutboxLine.id))))


def last_link(app: Flask) -> str:
    found = re.search(r"https://site\.invalid(/\S+)", messages(app)[-1].body)
    assert found is not None
    return found[1]


def invited(app: Flask, country: SmallCountry, clock: Clock, email: str = "nouvelle@college.example") -> str:
    """The address in the message of an invitation to school A."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        school = session.exec(select(School).where(School.uai == country.school_a)).one()
        invite(session, scope_of(school), email, "test", clock())
    return last_link(app)


def stored(database: Session) -> list[str]:
    return [
        str(sorted(map(str, database.connection().execute(table.select()).all())))
        for table in SQLModel.metadata.sorted_tables
    ]


def test_a_new_person_comes_in_by_invitation(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """From the message to the school's board: a name, a password, and no account asked for before."""
    link = invited(app, country, clock)
    browser = browser_for()
    assert "Collège des Tilleuls" in text_of(browser.get(link))
    weak = browser.post(link, {"name": "Claude Martin", "password": "court"})
    assert weak.status_code == 422
    assert "12 à 256" in text_of(weak)
    answer = browser.post(link, {"name": "Claude Martin", "password": NEW_PASSWORD})
    landing = browser.client.get(answer.location, follow_redirects=True)
    assert "Collège des Tilleuls" in text_of(landing)
    assert "Votre compte est ouvert." in text_of(landing)
    again = browser_for().get(link)
    assert again.status_code == 410
    assert "déjà servi" in text_of(again)


def test_a_mail_program_that_follows_links_does_nothing(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock, database: Session
) -> None:
    """GET and HEAD of an invitation or of a way back in change no row, and the link still works afterwards."""
    browser_for().post("/acces", {"email": country.email_school_b})
    links = [last_link(app), invited(app, country, clock)]
    before = stored(database)
    for link in links:
        for method in ("GET", "HEAD", "GET"):
            assert app.test_client().open(link, method=method).status_code == 200
    database.rollback()
    assert stored(database) == before
    assert browser_for().post(links[1], {"name": "Claude", "password": NEW_PASSWORD}).status_code == 303


@pytest.mark.parametrize("page", ["/invitation/", "/acces/"])
@pytest.mark.parametrize("token", ["x", "A" * 43, "é" * 43, "../../etc"])
def test_a_forged_link_is_one_clear_page(browser_for: BrowserFor, page: str, token: str) -> None:
    """Nothing opens, nothing breaks: a page says what to do."""
    answer = browser_for().get(page + token)
    assert answer.status_code in (404, 410)
    if answer.status_code == 410:
        assert "Ce lien ne fonctionne pas" in text_of(answer)


def test_an_account_that_exists_gets_its_right_and_signs_in(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """Someone of another school accepts with one button, and keeps the password they have."""
    link = invited(app, country, clock, country.email_school_b)
    browser = browser_for()
    assert "a déjà un compte" in text_of(browser.get(link))
    answer = browser.post(link)
    assert "Votre accès est ajouté" in text_of(browser.client.get(answer.location))
    browser.sign_in(country.email_school_b)
    spaces = text_of(browser.get("/mes-espaces"))
    assert "Collège des Tilleuls" in spaces
    assert "Lycée des Acacias" in spaces


def test_a_forgotten_password_is_replaced(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """The link chooses a new password, closes what was open elsewhere, and reopens an account closed by guesses."""
    elsewhere = browser_for(country.email_school_a)
    guesser = browser_for()
    for _ in range(sign_in.ATTEMPTS + 1):
        guesser.sign_in(country.email_school_a, "au hasard")
    browser = browser_for()
    assert "vient de lui être écrit" in text_of(browser.post("/acces", {"email": country.email_school_a.upper()}))
    link = last_link(app)
    answer = browser.post(link, {"password": NEW_PASSWORD})
    assert answer.location == "/mes-espaces"
    assert "Collège des Tilleuls" in text_of(browser.client.get("/mes-espaces", follow_redirects=True))
    assert elsewhere.get(f"/etablissements/{country.school_a}/").status_code == 303
    assert browser_for().sign_in(country.email_school_a, PASSWORD).status_code == 422
    assert browser_for().sign_in(country.email_school_a, NEW_PASSWORD).status_code == 303
    assert browser_for().post(link, {"password": "encore une autre phrase"}).status_code == 410


def test_entering_by_link_changes_nothing_else(app: Flask, browser_for: BrowserFor, country: SmallCountry) -> None:
    """One button enters without a password; the other sessions and the password stay."""
    elsewhere = browser_for(country.email_school_a)
    browser = browser_for()
    browser.post("/acces", {"email": country.email_school_a})
    assert browser.post(last_link(app), {"enter": "1"}).location == "/mes-espaces"
    assert browser.get(f"/etablissements/{country.school_a}/").status_code == 200
    assert elsewhere.get(f"/etablissements/{country.school_a}/").status_code == 200
    assert browser_for().sign_in(country.email_school_a).status_code == 303


def test_nobody_learns_which_addresses_have_an_account(
    app: Flask, browser_for: BrowserFor, country: SmallCountry
) -> None:
    """Known, unknown or closed: the same page; a message for the known one alone, three an hour at most."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        closed = session.exec(select(User).where(User.email == country.email_school_b)).one()
        closed.active = False
        session.add(closed)
    asked = [country.email_school_a, "personne@college.example", country.email_school_b]
    pages = {text_of(browser_for().post("/acces", {"email": email})) for email in asked}
    assert len(pages) == 1
    assert [one.recipient for one in messages(app)] == [country.email_school_a]
    for _ in range(5):
        browser_for().post("/acces", {"email": country.email_school_a})
    assert len(messages(app)) == PER_ACCOUNT


def test_a_link_back_in_lasts_an_hour(app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock) -> None:
    """After an hour it opens nothing and says to ask for a new one."""
    browser_for().post("/acces", {"email": country.email_school_a})
    clock.advance(timedelta(hours=1))
    answer = browser_for().get(last_link(app))
    assert answer.status_code == 410
    assert "Demandez-en un nouveau" in text_of(answer)


def test_a_link_cannot_be_used_from_another_site(app: Flask, browser_for: BrowserFor, country: SmallCountry) -> None:
    """A page elsewhere cannot press the button for its visitor."""
    browser = browser_for()
    browser.post("/acces", {"email": country.email_school_a})
    link = last_link(app)
    token = browser.token(link)
    sent = {"csrf_token": token, "enter": "1"}
    assert browser.client.post(link, data=sent, headers={"Origin": "https://ailleurs.example"}).status_code == 400
    assert browser.client.post(link, data={"enter": "1"}, headers={"Origin": ORIGIN}).status_code == 400
    assert browser.client.post(link, data=sent, headers={"Origin": ORIGIN}).status_code == 303


def test_the_addresses_of_messages_are_those_of_the_site(app: Flask, country: SmallCountry) -> None:
    """Every page that a message may lead to is a page of the site."""
    built = [
        addresses.invitation_address("x"),
        addresses.access_address("x"),
        addresses.school_address(country.school_a),
        addresses.partner_address(country.partner_a),
    ]
    matcher = app.url_map.bind("localhost")
    assert all(matcher.test(one, "GET") for one in built)
