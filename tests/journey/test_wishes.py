"""A school hands out codes on paper; a pupil chooses on a telephone; the school sees who has not answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.journey.conftest import NARROW
from tests.service.web.pupil_files import csv_of, good_lines
from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser


@pytest.fixture
def stage() -> str:
    return "open"


def test_pupils_rank_their_wishes(
    window: Page,
    chromium: Chromium,
    site: str,
    sign_in: Callable[..., None],
    look: Callable[[str], None],
    country: SmallCountry,
    tmp_path: Path,
) -> None:
    """A sheet of codes, one pupil on a telephone without an account, one answer counted."""
    (tmp_path / "seconde.csv").write_bytes(csv_of(good_lines(12)))
    sign_in(country.email_school_b)
    window.get_by_role("main").get_by_role("link", name="Importer une liste").click()
    window.get_by_label("Votre fichier").set_input_files(tmp_path / "seconde.csv")
    window.get_by_role("button", name="Lire le fichier").click()
    window.get_by_role("button", name="Importer 12 élèves et envoyer les demandes").click()
    window.get_by_role("link", name="Voir les classes").click()
    window.get_by_role("link", name="2de 1").click()
    window.get_by_role("link", name="Faire choisir les élèves").click()
    expect(window.get_by_text("0 élève a répondu sur 12")).to_be_visible()
    look("wishes-none")
    window.get_by_role("button", name="Imprimer les codes de la classe").click()
    slip = window.get_by_role("listitem").filter(has_text="Zoé N000")
    code = slip.locator("strong").inner_text()
    look("wishes-slips")

    telephone = chromium.new_context(base_url=site, locale="fr-FR", viewport=NARROW).new_page()  # type: ignore[arg-type]
    telephone.goto("/")
    telephone.get_by_role("link", name="choisir mes secteurs").click()
    telephone.get_by_label("Code").fill(code.lower())
    telephone.get_by_role("button", name="Continuer").click()
    expect(telephone.get_by_role("heading", level=1)).to_have_text("Bonjour Zoé")
    button = telephone.get_by_role("button", name="Valider mes vœux")
    assert button.bounding_box()["y"] + button.bounding_box()["height"] <= NARROW["height"], "one telephone screen"  # type: ignore[index]
    telephone.get_by_label("Premier choix").select_option(label="Énergie")
    telephone.get_by_label("Deuxième choix").select_option(label="Santé")
    button.click()
    expect(telephone.get_by_text("Vos vœux sont validés")).to_be_visible()
    address = telephone.url
    telephone.context.close()

    window.goto(address)
    look("wishes-pupil")
    window.goto("/voeux")
    look("wishes-code")
    window.go_back()
    window.goto("/")
    window.goto(f"/etablissements/{country.school_b}/")
    window.get_by_role("link", name="2de 1").click()
    window.get_by_role("link", name="Faire choisir les élèves").click()
    expect(window.get_by_role("row").filter(has_text="a répondu le")).to_have_count(1)
    look("wishes-some")
