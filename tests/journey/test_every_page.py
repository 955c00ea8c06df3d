"""Every page of the site in a real browser, wide and narrow: no accessibility fault (WCAG 2.1 A and AA), no overflow.

The links are followed without a browser (`tests.service.web.crawling`); one page of each route is then looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from service.persistence.engine import session_scope
from tests.service.web.conftest import Browser
from tests.service.web.crawling import every_page
from tests.service.web.lived_country import live
from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser
PEOPLE = ("visitor", "school_a", "partner_a", "member_a", "coordinator")


@pytest.fixture
def stage() -> str:
    return "published"


def one_of_each_route(app: Flask, browser: Browser, starts: list[str]) -> Iterator[tuple[str, str]]:
    """The name of each route that answers with a page, and the first address of it that a link leads to."""
    routes, seen = app.url_map.bind("localhost"), set[str]()
    for page in every_page(browser, starts):
        try:
            name = str(routes.match(page.address.partition("?")[0])[0])
        except HTTPException:
            continue  # an address that only leads to another
        if page.is_html and name not in seen:
            seen.add(name)
            yield name, page.address


@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_is_accessible_and_fits_a_telephone(
    window: Page,
    sign_in: Callable[[str], None],
    look: Callable[[str], None],
    app: Flask,
    browser_for: Callable[..., Browser],
    country: SmallCountry,
    person: str,
) -> None:
    """Whatever the person can reach, from the home page or from a message, after some days of life."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        mailed = live(session, country)
    email = "" if person == "visitor" else getattr(country, f"email_{person}")
    pages = list(one_of_each_route(app, browser_for(email), ["/", *(() if email else mailed)]))
    assert len(pages) > 5
    if email:
        sign_in(email)
    for name, address in pages:
        window.goto(address)
        look(f"{person}-{name}")
