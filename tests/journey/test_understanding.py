"""A coordinator reads a round, a family its explanation, in a real browser: every page, wide and narrow, with axe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser


@pytest.fixture
def stage() -> str:
    return "published"


def test_a_coordinator_reads_a_round_from_tab_to_tab(
    window: Page, sign_in: Callable[[str], None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """Each page of a round is one tab away, and says what is asked of it."""
    sign_in(country.email_coordinator)
    window.goto("/coordination/tours/1")
    for tab, said in (
        ("Classes", "Collège des Causses"),
        ("Répartition", "Premiers vœux"),
        ("Comparaison", "premier arrivé, premier servi"),
        ("Plus petits changements", "Un élève de plus sous le plafond"),
        ("Où démarcher", "de la plus attendue à la moins attendue"),
        ("Places vides", "Le plafond du partenaire est atteint"),
    ):
        window.get_by_role("navigation", name="Pages du tour").get_by_role("link", name=tab, exact=True).click()
        expect(window.get_by_role("main").get_by_text(said).first).to_be_visible()
        look(f"tour-{tab.lower().replace(' ', '-')}")


def test_a_coordinator_prepares_a_campaign(
    window: Page, sign_in: Callable[[str], None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """From the campaign to what is missing, then to its rules, which are changed."""
    sign_in(country.email_coordinator)
    window.goto("/coordination")
    window.get_by_role("link", name="Ce qui manque avant un tour").click()
    look("preparation")
    window.get_by_role("link", name="Anomalies dans les données").click()
    expect(window.get_by_text("Classe dont aucun élève n’a de vœu")).to_be_visible()
    window.goto("/coordination/campagnes/1/regles")
    look("regles")
    window.get_by_label("Distance proposée par défaut").fill("45")
    window.get_by_role("button", name="Enregistrer les règles").click()
    expect(window.get_by_role("status")).to_contain_text("Les règles sont enregistrées")


def test_a_family_opens_its_explanation_once(
    window: Page, sign_in: Callable[[str], None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """The school finds it beside the pupil's result and makes a link; without any account, the link opens the page."""
    sign_in(country.email_school_b)
    window.get_by_role("main").get_by_role("link", name="Classe 1").first.click()
    window.get_by_role("link", name="Pourquoi").first.click()
    expect(window.get_by_role("heading", name="Les données utilisées")).to_be_visible()
    look("explication")
    window.get_by_role("button", name="Créer un lien pour la famille").click()
    address = window.locator("#adresse").inner_text()
    window.get_by_role("button", name="Se déconnecter").click()
    window.goto(address)
    look("explication-lien")
    window.get_by_role("button", name="Ouvrir l’explication").click()
    expect(window.get_by_role("heading", name="Vos droits")).to_be_visible()
    look("explication-famille")
    window.goto(address)
    expect(window.get_by_text("Ce lien a déjà servi")).to_be_visible()
