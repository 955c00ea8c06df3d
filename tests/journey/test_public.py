"""A visitor looks at what anybody may read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_a_visitor_reads_the_public_pages(window: Page, look: Callable[[str], None]) -> None:
    """Home, method, accessibility and sign-in hold together at both widths, without a fault."""
    window.goto("/")
    expect(window.get_by_role("heading", level=1)).to_have_text("Séquence")
    look("home")
    window.get_by_role("main").get_by_role("link", name="Comment une décision est prise").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Comment une décision est prise")
    look("method")
    window.get_by_role("link", name="Accessibilité").click()
    look("accessibility")
    window.get_by_role("link", name="Se connecter").click()
    look("sign-in")


def test_keyboard_reaches_the_content_first(window: Page) -> None:
    """The first press of Tab offers to skip the frame, and Enter takes the focus to the content."""
    window.goto("/")
    window.keyboard.press("Tab")
    expect(window.get_by_role("link", name="Aller au contenu")).to_be_focused()
    window.keyboard.press("Enter")
    assert window.evaluate("document.activeElement.id") == "contenu"


def test_a_wrong_password_is_said_at_the_field_and_on_top(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None]
) -> None:
    """The summary on top leads to the field; the address typed is still there."""
    sign_in("ecole-a@college.example", "mauvais mot de passe")
    expect(window.get_by_role("alert")).to_contain_text("Adresse électronique ou mot de passe incorrect")
    expect(window.get_by_label("Adresse électronique")).to_have_value("ecole-a@college.example")
    look("sign-in-refused")
    window.get_by_role("alert").get_by_role("link").first.click()
    expect(window.get_by_label("Adresse électronique")).to_be_focused()
