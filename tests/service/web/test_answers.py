"""A site answers about its places from a message: confirms, changes, withdraws, once, and never over someone's work."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import Session, col, select
from werkzeug.test import TestResponse

from service.domain.offers import change_seats
from service.persistence.engine import session_scope
from service.persistence.tables import AuditEntry, Offer, Opening, OutboxLine, PersonalLink, Site
from service.vocabulary import OfferStatus
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.filled_country import WEEK
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[..., Browser]
CONTACT = "accueil@site.example"


@dataclass
class Asked:
    """The offer of partner A, and the link its site has received."""

    offer_id: int
    link: str


@pytest.fixture
def stage() -> str:
    return "published"


def link_of_last_message(app: Flask) -> str:
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        query = select(OutboxLine).where(OutboxLine.recipient == CONTACT).order_by(col(OutboxLine.id).desc())
        line = session.exec(query).first()
        found = re.search(r"https://site\.invalid(/reponse/\S+)", line.body if line else "")
        assert found is not None
        return found[1]


def ask(browser_for: BrowserFor, country: SmallCountry) -> str:
    """Presses the partner's button; returns what the page says."""
    listing = f"/partenaires/{country.partner_a}/offres"
    browser = browser_for(country.email_partner_a)
    answer = browser.post(f"{listing}/confirmations", token_from=listing)
    return text_of(browser.get(answer.location))


@pytest.fixture
def asked(app: Flask, browser_for: BrowserFor, country: SmallCountry) -> Asked:
    with session_scope(app.extensions["sequence_engine"]) as session:
        site = session.exec(select(Site).where(Site.partner_id == country.partner_a)).one()
        site.contact_email = CONTACT
        session.add(site)
        offer = session.exec(select(Offer).where(Offer.site_id == site.id)).one()
    assert "1 message part" in ask(browser_for, country)
    return Asked(offer.id or 0, link_of_last_message(app))


def offer_of(app: Flask, asked: Asked) -> tuple[Offer, int]:
    """The offer and its seats."""
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        seats = session.exec(select(Opening.capacity).where(Opening.offer_id == asked.offer_id)).one()
        return session.get_one(Offer, asked.offer_id), seats


def send(browser: Browser, asked: Asked, choice: str, **boxes: object) -> TestResponse:
    """Presses one of the page's buttons, with the version the page carries."""
    page = browser.get(asked.link).get_data(as_text=True)
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert version is not None
    return browser.post(asked.link, {"choice": choice, "version": version[1], **boxes})


def test_places_are_confirmed_by_one_button(
    app: Flask, browser_for: BrowserFor, asked: Asked, country: SmallCountry, database: Session
) -> None:
    """No account: the page shows the places, the button confirms them, the partner sees it, the audit knows by what."""
    browser = browser_for()
    page = text_of(browser.get(asked.link))
    assert "Site commerce" in page
    assert "Canari" not in page
    assert "Vos places sont confirmées" in text_of(send(browser, asked, "confirm"))
    assert offer_of(app, asked)[0].confirmed_at is not None
    listing = text_of(browser_for(country.email_partner_a).get(f"/partenaires/{country.partner_a}/offres"))
    assert "confirmée le 23/11/2026" in listing
    entry = database.exec(select(AuditEntry).where(AuditEntry.action == "confirm_offer")).one()
    assert entry.actor.startswith("link:")
    again = browser_for().get(asked.link)
    assert again.status_code == 410
    assert "déjà servi" in text_of(again)


def test_seats_are_changed_but_never_under_the_pupils_placed(app: Flask, browser_for: BrowserFor, asked: Asked) -> None:
    """Eighteen pupils come: seventeen seats are refused with the reason and the link still works; nineteen are kept."""
    browser = browser_for()
    box = f"seats-{WEEK}"
    refused = send(browser, asked, "seats", **{box: "17"})
    assert "18 élèves y sont déjà affectés" in text_of(refused)
    assert "n’est pas un nombre" in text_of(send(browser, asked, "seats", **{box: "beaucoup"}))
    assert offer_of(app, asked)[1] == 20
    assert "enregistrées" in text_of(send(browser, asked, "seats", **{box: "19"}))
    offer, seats = offer_of(app, asked)
    assert seats == 19
    assert offer.confirmed_at is not None


def test_places_in_use_are_not_withdrawn(app: Flask, browser_for: BrowserFor, asked: Asked) -> None:
    """Pupils are expected there: the page says so, and the link may still confirm."""
    browser = browser_for()
    assert "déjà affectés" in text_of(send(browser, asked, "withdraw"))
    assert offer_of(app, asked)[0].status is OfferStatus.PUBLISHED
    assert "confirmées" in text_of(send(browser, asked, "confirm"))


def test_free_places_are_withdrawn(app: Flask, browser_for: BrowserFor, asked: Asked) -> None:
    """Without any pupil placed, one button takes the offer back."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        opening = session.exec(select(Opening).where(Opening.offer_id == asked.offer_id)).one()
        opening.used = 0
        session.add(opening)
    assert "retirées" in text_of(send(browser_for(), asked, "withdraw"))
    assert offer_of(app, asked)[0].status is OfferStatus.WITHDRAWN


@pytest.mark.parametrize("choice", ["confirm", "seats", "withdraw"])
def test_an_answer_never_goes_over_someones_work(
    app: Flask, browser_for: BrowserFor, asked: Asked, choice: str, database: Session
) -> None:
    """The partner changes the offer between the page and the button: nothing is written, the link still works."""
    browser = browser_for()
    token, version = browser.token(asked.link), offer_of(app, asked)[0].version
    with session_scope(app.extensions["sequence_engine"]) as session:
        change_seats(session, session.get_one(Offer, asked.offer_id), {WEEK: 25}, "user:1")
    data = {"choice": choice, "version": str(version), f"seats-{WEEK}": "30", "csrf_token": token}
    answer = browser.client.post(asked.link, data=data, headers={"Origin": "http://localhost"})
    assert answer.status_code == 409
    offer, seats = offer_of(app, asked)
    assert (seats, offer.confirmed_at, offer.status) == (25, None, OfferStatus.PUBLISHED)
    assert database.exec(select(PersonalLink)).one().used_at is None
    assert browser.get(asked.link).status_code == 200


def test_reading_the_link_changes_nothing(app: Flask, browser_for: BrowserFor, asked: Asked, database: Session) -> None:
    """A mail program that follows it confirms nothing."""
    for method in ("GET", "HEAD"):
        assert app.test_client().open(asked.link, method=method).status_code == 200
    assert offer_of(app, asked)[0].confirmed_at is None
    assert database.exec(select(PersonalLink)).one().used_at is None


def test_asked_again_only_what_is_not_confirmed(
    app: Flask, browser_for: BrowserFor, asked: Asked, country: SmallCountry, clock: Clock
) -> None:
    """A second asking replaces the first link; once confirmed, nobody is asked any more."""
    clock.advance(timedelta(minutes=5))
    assert "1 message part" in ask(browser_for, country)
    assert browser_for().get(asked.link).status_code == 410
    asked.link = link_of_last_message(app)
    send(browser_for(), asked, "confirm")
    assert "Aucun message ne part" in ask(browser_for, country)


def test_a_site_without_address_is_said(browser_for: BrowserFor, country: SmallCountry) -> None:
    """The partner learns how many offers have nobody to ask."""
    assert "1 offre attend sur un site sans courriel" in ask(browser_for, country)
