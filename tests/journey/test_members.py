"""A federation invites its members, looks at who answered, and opens an access for a relay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.service.web.small_country import SmallCountry, email_of

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("stage", ["open"])
def test_a_federation_invites_its_members(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None]
) -> None:
    """Two companies pasted at once stand in the list as silent; a relay's access is opened from the people's page."""
    sign_in(email_of("serce"))
    window.get_by_role("link", name="Adhérents").first.click()
    look("members-empty")
    window.get_by_label("Une entreprise par ligne").fill("Électricité Martin ; rh@martin.example\nCâbles ; c@c.example")
    window.get_by_role("button", name="Envoyer les invitations").click()
    expect(window.get_by_role("status")).to_contain_text("2 invitations partent")
    look("members")
    window.get_by_role("link", name="Gérer les accès de Câbles").click()
    look("member-people")
    window.get_by_role("link", name="Personnes", exact=True).first.click()
    window.get_by_label("Relais d’un département").select_option("69")
    window.get_by_role("button", name="Ouvrir ses accès").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Personnes")
    look("relay-people")


@pytest.mark.parametrize("stage", ["open"])
def test_a_member_sees_its_own_space(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """The menu has four doors, and the title says which company it is."""
    sign_in(country.email_member_a)
    expect(window.get_by_role("heading", level=1)).to_contain_text("Ateliers de la Saône")
    expect(window.get_by_role("link", name="Importer une liste")).to_have_count(0)
    look("member-home")
