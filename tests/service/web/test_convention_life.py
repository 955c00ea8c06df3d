"""The pages of a convention's life and of the local relays: read, asked, answered, by each side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from service.persistence.tables import Consent, LocalRelay
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import SmallCountry, email_of

BrowserFor = Callable[[str], Browser]
LIFE = "/conventions/serce/vie"


@pytest.fixture
def stage() -> str:
    return "open"


def test_both_parties_read_the_same_deadlines(browser_for: BrowserFor, country: SmallCountry) -> None:
    """The partner and the coordinator read the dates that the text gives; another partner reads nothing."""
    for email in (country.email_coordinator, email_of("serce")):
        said = text_of(browser_for(email).get(LIFE))
        assert "Échéance de la convention" in said
        assert "Comité de pilotage national" in said
        assert "05/07/2027" in said
    assert browser_for(email_of("ovhcloud")).get(LIFE).status_code == 404


def test_a_logo_is_asked_by_one_and_accepted_by_the_other(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """The partner asks, sees that it waits; the coordinator accepts; both read the answer."""
    partner, coordinator = browser_for(email_of("serce")), browser_for(country.email_coordinator)
    refused = partner.post(f"{LIFE}/autorisations", {"kind": "logo", "what": ""}, token_from=LIFE)
    assert refused.status_code == 422
    asked = {"kind": "logo", "what": "Affiche du salon de Toulouse, mars 2027"}
    assert partner.post(f"{LIFE}/autorisations", asked, token_from=LIFE).status_code == 303
    assert "attend une réponse" in text_of(partner.get(LIFE))
    consent = database.exec(select(Consent)).one()
    own = partner.post(f"{LIFE}/autorisations/{consent.id}", {"answer": "grant"}, token_from=LIFE)
    assert own.status_code == 409
    answer = coordinator.post(f"{LIFE}/autorisations/{consent.id}", {"answer": "grant"}, token_from=LIFE)
    assert answer.status_code == 303
    assert "accordée le 23/11/2026" in text_of(partner.get(LIFE))


def test_a_coordinator_keeps_the_directory(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """A contact is added, kept, filtered by département, and taken away."""
    coordinator = browser_for(country.email_coordinator)
    assert "Aucun contact" in text_of(coordinator.get("/relais"))
    contact = {"kind": "ipe", "name": "Dominique Ferrand", "email": "ipe@academie.example", "department_code": "31"}
    assert coordinator.post("/relais", contact).status_code == 303
    assert coordinator.post("/relais", {**contact, "email": "pas une adresse"}).status_code == 422
    assert "Dominique Ferrand" in text_of(coordinator.get("/relais?departement=31"))
    assert "Dominique Ferrand" not in text_of(coordinator.get("/relais?departement=59"))
    relay = database.exec(select(LocalRelay)).one()
    for act in ("maintien", "retrait"):
        assert coordinator.post(f"/relais/{relay.id}/{act}", token_from="/relais").status_code == 303
    assert "Aucun contact" in text_of(coordinator.get("/relais"))


def test_a_partner_behind_the_gate_has_no_directory(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """SERCE's gate is shut: its page says why, shows nobody and takes nobody."""
    contact = {"kind": "ipe", "name": "Dominique Ferrand", "email": "ipe@academie.example", "department_code": "31"}
    assert browser_for(country.email_coordinator).post("/relais", contact).status_code == 303
    partner = browser_for(email_of("serce"))
    home = text_of(partner.get("/"))
    assert "Relais locaux" in home
    from_menu = next(line for line in partner.get("/").get_data(as_text=True).split('"') if line.endswith("/relais"))
    page = text_of(partner.get(from_menu))
    assert "Aucun contact n’est échangé avec vous" in page
    assert "Ferrand" not in page
    own = {**contact, "email": "contact@serce.example"}
    assert partner.post(from_menu, own, token_from="/conventions/serce/vie").status_code == 422
    assert [one.email for one in database.exec(select(LocalRelay))] == ["ipe@academie.example"]
