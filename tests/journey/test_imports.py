"""A school secretary imports 230 pupils, a federation 900 sites: from the file they have, bad lines and all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.service.web import site_files
from tests.service.web.pupil_files import csv_of, good_lines, spoil
from tests.service.web.small_country import SmallCountry, email_of

pytestmark = pytest.mark.browser


@pytest.fixture
def stage() -> str:
    return "open"


def test_a_secretary_imports_230_pupils(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry, tmp_path: Path
) -> None:
    """From an empty board to eight requests sent: one file, seven lines to correct, one confirmation."""
    lines = good_lines(230)
    (tmp_path / "seconde.csv").write_bytes(csv_of(spoil(lines)[0], code="cp1252"))
    (tmp_path / "corrigé.csv").write_bytes(csv_of(lines, code="cp1252"))
    sign_in(country.email_school_b)
    window.get_by_role("main").get_by_role("link", name="Importer une liste").click()
    look("import-empty")
    window.get_by_label("Votre fichier").set_input_files(tmp_path / "seconde.csv")
    window.get_by_role("button", name="Lire le fichier").click()
    expect(window.get_by_role("alert")).to_contain_text("7 erreurs")
    expect(window.get_by_role("row").filter(has_text="Astrologie")).to_contain_text("22")
    look("import-refused")
    window.get_by_label("Votre fichier").set_input_files(tmp_path / "corrigé.csv")
    window.get_by_role("button", name="Envoyer le fichier corrigé").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Relire avant d’importer")
    window.get_by_text("Colonnes lues").click()
    expect(window.get_by_text("Ni lues ni gardées")).to_contain_text("Téléphone")
    window.get_by_text("Voir les premières lignes").click()
    look("import-plan")
    window.get_by_role("button", name="Importer 230 élèves et envoyer les demandes").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Liste importée")
    look("import-done")
    window.get_by_role("link", name="Voir les classes").click()
    expect(window.get_by_text("230 élèves demandeurs")).to_be_visible()
    expect(window.get_by_role("row").filter(has_text="Envoyée")).to_have_count(8)
    look("import-board")


def test_a_federation_imports_900_sites(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], tmp_path: Path
) -> None:
    """From no site to 900 with their places: one file, twelve lines to correct, one confirmation and its wait told."""
    lines = site_files.good_lines(900)
    (tmp_path / "sites.csv").write_bytes(site_files.csv_of(site_files.spoil(lines)[0]))
    (tmp_path / "corrigé.csv").write_bytes(site_files.csv_of(lines))
    sign_in(email_of("serce"))
    window.get_by_role("link", name="Importer une liste").click()
    look("sites-import-empty")
    window.get_by_label("Votre fichier").set_input_files(tmp_path / "sites.csv")
    window.get_by_role("button", name="Lire le fichier").click()
    expect(window.get_by_role("alert")).to_contain_text("12 erreurs")
    expect(window.get_by_role("row").filter(has_text="Lyonn")).to_contain_text("123")
    look("sites-import-refused")
    window.get_by_label("Votre fichier").set_input_files(tmp_path / "corrigé.csv")
    window.get_by_role("button", name="Envoyer le fichier corrigé").click()
    expect(window.get_by_role("row", name="Sites")).to_contain_text("900")
    look("sites-import-plan")
    window.evaluate("document.querySelector('[data-wait]').addEventListener('submit', sent => sent.preventDefault())")
    for _ in range(2):
        window.get_by_role("button", name="Importer et publier les places").click()
        expect(window.get_by_role("status")).to_have_text(["Import en cours…"])
    look("sites-import-waiting")
    window.reload()
    window.get_by_role("button", name="Importer et publier les places").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Sites et places importés")
    look("sites-import-done")
    window.get_by_role("link", name="Voir les sites").click()
    expect(window.get_by_text("900 sites")).to_be_visible()
