"""From a published round to what was done: a school and a host follow each stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser


@pytest.fixture
def stage() -> str:
    return "published"


def test_both_sides_confirm(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """The school confirms everything at once; the host refuses one with a reason and confirms the others."""
    sign_in(country.email_school_a)
    window.get_by_role("link", name="Stages").click()
    look("stages-etablissement")
    window.get_by_role("button", name="Tout confirmer").click()
    expect(window.get_by_role("status")).to_contain_text("stages confirmés")
    window.get_by_role("button", name="Se déconnecter").click()
    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Stages").click()
    window.get_by_role("combobox").first.select_option(label="la place n’existe plus")
    window.get_by_role("button", name="Enregistrer les réponses choisies").click()
    expect(window.get_by_role("status")).to_contain_text("1 refusé, place rendue")
    window.get_by_role("button", name="Tout confirmer").click()
    expect(window.get_by_role("status")).to_contain_text("stages confirmés")
    look("stages-partenaire")
