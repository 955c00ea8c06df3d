"""A convention from its deadlines to its committee, in a real browser: partner, coordinator, members."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry, email_of

pytestmark = pytest.mark.browser


@pytest.fixture
def stage() -> str:
    return "open"


def test_parties_follow_deadlines_and_allow_each_other_logos(
    window: Page, sign_in: Callable[[str], None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """The partner asks from the convention's page, the coordinator answers, and keeps the directory of relays."""
    sign_in(email_of("serce"))
    window.goto("/conventions/serce")
    window.get_by_role("link", name="Fixer les plafonds").click()
    expect(window.get_by_role("heading", level=1)).to_contain_text("plafonds")
    look("plafonds")
    window.goto("/conventions/serce")
    window.get_by_role("link", name="Échéances et autorisations").click()
    expect(window.get_by_role("cell", name="Comité de pilotage national")).to_be_visible()
    window.get_by_label("Utilisation prévue").fill("Affiche du salon de Toulouse, mars 2027")
    window.get_by_role("button", name="Envoyer la demande").click()
    expect(window.get_by_text("attend une réponse")).to_be_visible()
    look("convention-vie-partenaire")
    window.get_by_role("link", name="Relais locaux").click()
    look("relais-verrou")
    window.get_by_role("button", name="Se déconnecter").click()

    sign_in(country.email_coordinator)
    window.goto("/conventions/serce/vie")
    look("convention-vie-coordination")
    window.get_by_role("button", name="Accorder").click()
    expect(window.get_by_text("accordée le")).to_be_visible()
    window.get_by_role("link", name="Relais locaux").click()
    window.get_by_label("Nom", exact=True).fill("Dominique Ferrand")
    window.get_by_label("Adresse électronique").fill("ipe@academie.example")
    window.get_by_label("Département").select_option("31")
    window.get_by_role("button", name="Ajouter à l’annuaire").click()
    expect(window.get_by_role("rowheader", name="Dominique Ferrand")).to_be_visible()
    look("relais")


def test_each_person_reads_what_is_kept_about_them(
    window: Page, sign_in: Callable[[str], None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """One's own data from the foot of any page; the trail and the retention rules for the coordinator."""
    sign_in(country.email_coordinator)
    window.get_by_role("link", name="Mes données").click()
    expect(window.get_by_role("cell", name=country.email_coordinator)).to_be_visible()
    look("mes-donnees")
    window.get_by_role("link", name="Journal").click()
    look("journal")
    window.get_by_role("link", name="Conservation").click()
    window.get_by_role("button", name="Préparer l’année 2027-2028").click()
    expect(window.get_by_text("L’année suivante est prête")).to_be_visible()
    look("conservation")
