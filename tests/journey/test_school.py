"""A school secretary asks for a class, then reads where its pupils go."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("stage", ["open"])
def test_a_secretary_asks_for_a_class(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """From sign-in to a sent request: empty board, level, form refused once with everything kept, then sent."""
    sign_in(country.email_school_a)
    expect(window.get_by_text("Aucune classe n’a encore de demande")).to_be_visible()
    look("school-empty")
    window.get_by_role("link", name="Déposer une première demande").click()
    look("request-level")
    window.get_by_role("main").get_by_role("link", name="3e", exact=True).click()
    window.get_by_label("Nom de la classe").fill("3e B")
    window.get_by_label("Liste des élèves").fill("Zoé A. ; Santé ; Numérique\nYanis B. ; Astrologie\nInès C.")
    window.get_by_label("Premier vœu").select_option(label="Numérique")
    window.get_by_role("button", name="Envoyer la demande").click()
    expect(window.get_by_role("alert")).to_contain_text("Ligne 2")
    look("request-refused")
    window.get_by_role("alert").get_by_role("link").first.click()
    expect(window.get_by_label("Liste des élèves")).to_be_focused()
    window.get_by_label("Liste des élèves").fill("Zoé A. ; Santé ; Numérique\nYanis B.\nInès C.")
    expect(window.get_by_label("Semaine du 15 février 2027")).to_be_disabled()
    window.get_by_label("Semaine du 1er février 2027").check()
    window.get_by_label("Semaine du 25 janvier 2027").check()
    window.get_by_label("Ain (01)").check()
    window.get_by_role("button", name="Envoyer la demande").click()
    expect(window.get_by_role("status")).to_contain_text("La demande est envoyée")
    expect(window.get_by_role("definition").filter(has_text="Ain (01)")).to_be_visible()
    expect(window.get_by_role("row", name="Yanis B.")).to_contain_text("Numérique")
    look("class-waiting")
    window.get_by_role("link", name="Modifier la demande").click()
    expect(window.get_by_label("Semaine du 1er février 2027")).to_be_checked()
    expect(window.get_by_label("Ain (01)")).to_be_checked()
    look("request-edit")


@pytest.mark.parametrize("stage", ["published"])
def test_a_secretary_reads_the_result(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """After publication: the board sums up, the class page says where each pupil goes, or why not."""
    sign_in(country.email_school_b)
    expect(window.get_by_text("élèves placés sur 25")).to_be_visible()
    look("school-board")
    window.get_by_role("link", name="Classe 1").click()
    expect(window.get_by_role("row").filter(has_text="Placé")).to_have_count(18)
    expect(window.get_by_role("row").filter(has_text="Sans place")).to_have_count(7)
    look("class-placed")


def brightness(window: Page, colour: str) -> float:
    """Of a colour of the page as the browser paints it, from 0 to 255."""
    painted = window.evaluate("colour => getComputedStyle(document.documentElement)[colour]", colour)
    return sum(map(int, re.findall(r"[0-9]+", painted)[:3])) / 3


@pytest.mark.parametrize("stage", ["published"])
def test_the_dark_scheme_is_as_readable(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """Someone whose screen is dark reads the board and a class with the same contrasts."""
    window.emulate_media(color_scheme="dark")
    sign_in(country.email_school_b)
    assert brightness(window, "backgroundColor") < 64 < 192 < brightness(window, "color")
    look("school-board-dark")
    window.get_by_role("link", name="Classe 1").click()
    look("class-placed-dark")


@pytest.mark.parametrize("stage", ["open"])
def test_a_school_corrects_its_profile(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """The page of the school's own data, refused at its field, then corrected."""
    sign_in(country.email_school_a)
    window.get_by_role("link", name="Notre établissement").click()
    window.get_by_label("Point sur la carte").fill("45.7489, 4.8467")
    window.get_by_role("button", name="Voir le point").click()
    expect(window.get_by_role("img", name="du centre de Lyon (69)")).to_be_visible()
    look("school-profile")
    window.get_by_label("Point sur la carte").fill("")
    window.get_by_label("Commune ou code postal").fill("Nulle-Part")
    window.get_by_role("button", name="Enregistrer").click()
    look("school-profile-refused")
    window.get_by_label("Commune ou code postal").fill("Roubaix")
    window.get_by_role("button", name="Enregistrer").click()
    expect(window.get_by_role("status")).to_contain_text("La fiche est corrigée")
