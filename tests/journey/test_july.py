"""July in a real browser: partner and school confirm with one click, the committee reads, proposes and validates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from tests.service.web.conftest import Clock
from tests.service.web.small_country import SmallCountry, email_of
from tests.service.web.test_july import COMMITTEE, july, links_to  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.mark.usefixtures("july")
def test_from_figures_to_minutes(
    window: Page,
    sign_in: Callable[[str], None],
    look: Callable[[str], None],
    country: SmallCountry,
    clock: Clock,
    database: Session,
) -> None:
    """Opened by the coordinator, confirmed by both sides, drawn, read by the committee, proposed, validated."""
    leave = window.get_by_role("button", name="Se déconnecter")
    sign_in(country.email_coordinator)
    window.get_by_role("link", name="Remontée de juillet").click()
    window.get_by_role("button", name="Ouvrir la remontée 2026-2027").click()
    window.get_by_role("button", name="Tirer l’échantillon").click()
    look("remontee")
    leave.click()

    for email, name in ((email_of("microsoft_france"), "partenaire"), ("lille@college.example", "etablissement")):
        window.goto(links_to(database, email)[0])
        look(f"chiffres-par-lien-{name}")
    sign_in(email_of("ovhcloud"))
    window.get_by_role("link", name="Chiffres réalisés").click()
    look("chiffres-partenaire")
    window.get_by_role("button", name="Tout est exact").click()
    expect(window.get_by_text("confirmés.")).to_be_visible()
    leave.click()

    sign_in("lille@college.example")
    window.get_by_role("link", name="Chiffres de l’année").click()
    look("chiffres-etablissement")
    window.get_by_role("button", name="Tout est exact").click()
    expect(window.get_by_text("confirmé", exact=True)).to_be_visible()
    leave.click()

    clock.instant = COMMITTEE
    sign_in(country.email_coordinator)
    window.get_by_role("link", name="Comités et réunions").click()
    window.get_by_role("button", name="Prévoir les réunions").click()
    look("reunions")
    window.get_by_role("link", name="Comité de pilotage national").click()
    window.get_by_label("Compte de coordination").check()
    window.get_by_label("Décisions").fill("Reconduire la campagne en 2027-2028.")
    window.get_by_role("button", name="Enregistrer").click()
    look("comite")
    window.get_by_role("button", name="Proposer le compte rendu").click()
    window.get_by_role("button", name="Valider le compte rendu").click()
    expect(window.get_by_text("Le compte rendu est validé par tous les présents.")).to_be_visible()
    look("comite-valide")
