"""The people of a space: who acts there, inviting, sending again, removing; and the coordinator's list of accounts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from service.persistence.tables import Invitation, OutboxLine
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[..., Browser]


@pytest.fixture(params=["school", "partner"])
def people(request: pytest.FixtureRequest, country: SmallCountry) -> tuple[str, str, str]:
    """The page of the people of a space, the address of one who acts there, and of a stranger."""
    if request.param == "school":
        return f"/etablissements/{country.school_a}/personnes", country.email_school_a, country.email_school_b
    return f"/partenaires/{country.partner_a}/personnes", country.email_partner_a, country.email_partner_b


def test_a_colleague_is_invited_then_sent_again_then_forgotten(
    browser_for: BrowserFor, people: tuple[str, str, str], database: Session
) -> None:
    """The invitation stands in the list with its two buttons until it is withdrawn."""
    page, email, _ = people
    browser = browser_for(email)
    assert browser.post(page, {"email": "collegue@exemple.example"}).status_code == 303
    listing = browser.get(page)
    assert "collegue@exemple.example" in text_of(listing)
    resend, withdraw = re.findall(rf'action="({page}/invitations/\d+/\w+)"', listing.get_data(as_text=True))
    assert browser.post(resend, token_from=page).status_code == 303
    assert "2 envois" in text_of(browser.get(page))
    assert browser.post(withdraw, token_from=page).status_code == 303
    assert "Invitations en attente" not in text_of(browser.get(page))
    assert len(database.exec(select(OutboxLine)).all()) == 2
    assert database.exec(select(Invitation)).one().withdrawn_at is not None


def test_a_wrong_address_is_said_at_its_field(browser_for: BrowserFor, people: tuple[str, str, str]) -> None:
    """What was typed stays, with the message."""
    page, email, _ = people
    answer = browser_for(email).post(page, {"email": "sans-arobase"})
    assert answer.status_code == 422
    assert "sans-arobase" in answer.get_data(as_text=True)
    assert "mal écrite" in text_of(answer)


def test_the_last_person_stays(browser_for: BrowserFor, people: tuple[str, str, str]) -> None:
    """Removing oneself when alone is refused with the way out."""
    page, email, _ = people
    browser = browser_for(email)
    remove = re.findall(rf'action="({page}/\d+/retrait)"', browser.get(page).get_data(as_text=True))
    assert len(remove) == 1
    browser.post(remove[0], token_from=page)
    assert "invitez d’abord quelqu’un" in text_of(browser.get(page))


def test_a_right_taken_away_ends_at_once(
    browser_for: BrowserFor, people: tuple[str, str, str], country: SmallCountry
) -> None:
    """The session goes on, and the next page of that space is refused."""
    page, email, _ = people
    removed = browser_for(email)
    coordinator = browser_for(country.email_coordinator)
    action = re.findall(rf'action="({page}/\d+/retrait)"', coordinator.get(page).get_data(as_text=True))
    assert removed.get(page).status_code == 200
    assert coordinator.post(action[0], token_from=page).status_code == 303
    assert removed.get(page).status_code == 404
    assert "Personne n’a encore accès" in text_of(coordinator.get(page))


def test_a_stranger_sees_nobody(browser_for: BrowserFor, people: tuple[str, str, str]) -> None:
    """People of another space cannot read the list nor invite."""
    page, _, stranger = people
    browser = browser_for(stranger)
    assert browser.get(page).status_code == 404
    assert browser.post(page, {"email": "x@exemple.example"}, token_from="/").status_code == 404


def test_a_coordinator_finds_the_spaces_without_anybody(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Schools and partners, found by name or UAI, with how many people act for each."""
    browser = browser_for(country.email_coordinator)
    found = browser.get(f"/coordination/comptes?q={country.school_a.lower()}")
    assert "Collège des Tilleuls" in text_of(found)
    assert "Lycée des Acacias" not in text_of(found)
    assert "Rien à ce nom" in text_of(browser.get("/coordination/comptes?q=introuvable"))
