"""The main job from end to end: a school asks, a partner offers, a coordinator decides, both read what came of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser
SOLVE_WITHIN_MS = 60_000
WEEK = "Semaine du 1er février 2027"


@pytest.fixture
def stage() -> str:
    return "open"


def sign_out(window: Page) -> None:
    window.get_by_role("button", name="Se déconnecter").click()


def ask_for_three_pupils(window: Page) -> None:
    window.get_by_role("link", name="Déposer une première demande").click()
    window.get_by_role("main").get_by_role("link", name="3e", exact=True).click()
    window.get_by_label("Nom de la classe").fill("3e B")
    window.get_by_label("Liste des élèves").fill("Zoé A. ; Santé\nYanis B. ; Numérique\nInès C. ; Numérique")
    window.get_by_label(WEEK).check()
    window.get_by_role("button", name="Envoyer la demande").click()
    expect(window.get_by_role("status")).to_contain_text("La demande est envoyée")


def publish_two_places(window: Page) -> None:
    window.get_by_role("link", name="Ajouter un site").click()
    window.get_by_label("Nom du site").fill("Atelier de la Part-Dieu")
    window.get_by_label("Commune ou code postal").fill("lyo")
    window.get_by_role("button", name="Chercher la commune").click()
    window.get_by_role("radio", name="Lyon").check()
    window.get_by_role("button", name="Enregistrer le site").click()
    window.get_by_role("main").get_by_role("link", name="3e", exact=True).click()
    window.get_by_label("Secteur d’activité").select_option(label="Numérique")
    window.get_by_label(WEEK).fill("2")
    window.get_by_role("button", name="Publier les places").click()
    expect(window.get_by_role("status")).to_contain_text("2 places sont publiées")


def decide(window: Page) -> None:
    window.get_by_role("button", name="Lancer un tour").click()
    expect(window.get_by_text("2 élèves placés sur 3", exact=True)).to_be_visible(timeout=SOLVE_WITHIN_MS)
    window.get_by_role("link", name="Publier ce tour").click()
    window.get_by_role("button", name="Publier le tour 1").click()
    expect(window.get_by_text("Publié", exact=True)).to_be_visible()


def test_from_a_request_and_two_places_to_a_published_round(
    window: Page,
    sign_in: Callable[[str], None],
    country: SmallCountry,
    worker: subprocess.Popen[bytes],
) -> None:
    """Three pupils ask, two places exist: the two who wished for that sector have them, the third knows why not."""
    assert worker.poll() is None
    sign_in(country.email_school_a)
    ask_for_three_pupils(window)
    sign_out(window)
    sign_in(country.email_partner_a)
    publish_two_places(window)
    sign_out(window)
    sign_in(country.email_coordinator)
    decide(window)
    sign_out(window)
    sign_in(country.email_school_a)
    window.get_by_role("link", name="3e B").first.click()
    for lucky in ("Yanis B.", "Inès C."):
        expect(window.get_by_role("row", name=lucky)).to_contain_text("Atelier de la Part-Dieu")
    expect(window.get_by_role("row", name="Zoé A.")).to_contain_text("Toutes les places à portée sont prises")
    sign_out(window)
    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Élèves attendus").first.click()
    expect(window.get_by_role("main")).to_contain_text("Atelier de la Part-Dieu")
    expect(window.get_by_role("main")).not_to_contain_text("Yanis")
