"""Someone in a company publishes places and sees who comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry, email_of

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("stage", ["open"])
def test_a_partner_publishes_places(window: Page, sign_in: Callable[..., None], look: Callable[[str], None]) -> None:
    """From an empty home to published places: a site found by its commune, a level, seats per week."""
    sign_in(email_of("ovhcloud"))
    expect(window.get_by_role("heading", level=1)).to_have_text("OVHcloud")
    look("partner-empty")
    window.get_by_role("link", name="Ajouter un site").click()
    window.get_by_label("Nom du site").fill("Campus de Lyon")
    window.get_by_label("SIRET du site").fill("73282932000075")
    window.get_by_label("Commune ou code postal").fill("lyo")
    window.get_by_role("button", name="Chercher la commune").click()
    window.get_by_role("radio", name="Lyon").check()
    window.get_by_label("Point sur la carte").fill("45.7236, 4.9511")
    window.get_by_role("button", name="Voir le point").click()
    expect(window.get_by_role("img", name="du centre de Lyon (69)")).to_be_visible()
    look("site-form")
    window.get_by_role("button", name="Enregistrer le site").click()
    expect(window.get_by_text("La clé de contrôle du SIRET")).to_be_visible()
    look("site")
    window.get_by_role("main").get_by_role("link", name="3e", exact=True).click()
    window.get_by_label("Secteur d’activité").select_option(label="Numérique")
    window.get_by_label("Semaine du 1er février 2027").fill("12")
    look("offer-form")
    window.get_by_role("button", name="Publier les places").click()
    expect(window.get_by_role("status")).to_contain_text("12 places sont publiées")
    look("offer")
    window.get_by_role("link", name="Offres", exact=True).first.click()
    look("offers")
    window.get_by_role("link", name="Tableau de bord").click()
    expect(window.get_by_role("row", name="3e", exact=False).first).to_contain_text("12")
    look("partner-published")


@pytest.mark.parametrize("stage", ["open"])
def test_a_lapsed_convention_says_why_its_button_is_locked(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None]
) -> None:
    """JobIRL may register a site, but its convention cannot be chosen, and the page says since when and why."""
    sign_in(email_of("jobirl"))
    look("partner-lapsed")
    window.get_by_role("link", name="Ajouter un site").click()
    window.get_by_label("Nom du site").fill("Association du quai")
    window.get_by_label("Commune ou code postal").fill("69001")
    window.get_by_role("button", name="Enregistrer le site").click()
    window.get_by_role("main").get_by_role("link", name="3e", exact=True).click()
    expect(window.get_by_label("Convention JobIRL")).to_be_disabled()
    expect(window.get_by_role("main")).to_contain_text("29 avril 2024")
    look("offer-form-lapsed")


@pytest.mark.parametrize("stage", ["published"])
def test_a_partner_sees_who_comes(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """After publication: how many, when, from which school, under pseudonyms."""
    sign_in(country.email_partner_a)
    look("partner-home")
    window.get_by_role("link", name="Tous les élèves attendus").click()
    expect(window.get_by_role("main")).to_contain_text("Collège des Tilleuls")
    look("visitors")
