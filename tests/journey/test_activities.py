"""A partner opens its doors for a day, a school asks to come."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("stage", ["open"])
def test_a_school_visits_a_company(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """The partner announces a visit, the school asks for twelve pupils, the partner accepts, the school reads it."""
    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Découverte des métiers").first.click()
    look("partner-activities-empty")
    window.get_by_role("link", name="Annoncer une activité").click()
    window.get_by_label("Intitulé").fill("Une journée aux ateliers")
    window.get_by_label("Date").fill("2026-12-03")
    window.get_by_label("Département").select_option("69")
    window.get_by_label("Lieu").fill("12 quai du Port")
    window.get_by_label("4e", exact=True).check()
    window.get_by_label("3e", exact=True).check()
    window.get_by_label("Élèves que vous pouvez recevoir").fill("30")
    window.get_by_label("Collaborateurs mobilisés").fill("4")
    look("activity-form")
    window.get_by_role("button", name="Annoncer l’activité").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Une journée aux ateliers")
    window.get_by_role("button", name="Se déconnecter").click()

    sign_in(country.email_school_a)
    window.get_by_role("link", name="Découverte des métiers").first.click()
    look("school-activities")
    window.get_by_role("link", name="Une journée aux ateliers").click()
    window.get_by_label("Nombre d’élèves").fill("12")
    look("school-activity")
    window.get_by_role("button", name="Envoyer la demande").click()
    expect(window.get_by_role("row", name="Une journée aux ateliers")).to_contain_text("En attente de réponse")
    window.get_by_role("button", name="Se déconnecter").click()

    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Découverte des métiers").first.click()
    look("partner-activities")
    window.get_by_role("link", name="Une journée aux ateliers").click()
    look("activity-asked")
    window.get_by_role("button", name="Accepter").click()
    expect(window.get_by_role("main")).to_contain_text("il en reste 18")
