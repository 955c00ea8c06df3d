"""A coordinator, in a real browser and with the real worker: open a campaign, launch, follow, read, publish."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlmodel import select

from service.domain.conventions import import_conventions
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, Placement
from service.vocabulary import RoundStatus
from tests.service.web.filled_country import TODAY, add_places, add_requests
from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser
SOLVE_WITHIN_MS = 60_000


def test_a_coordinator_goes_from_an_empty_board_to_a_published_round(
    window: Page,
    sign_in: Callable[[str], None],
    look: Callable[[str], None],
    app: Flask,
    country: SmallCountry,
    worker: subprocess.Popen[bytes],
) -> None:
    """Each step is reached from the page before, by what is written on it."""
    assert worker.poll() is None
    with session_scope(app.extensions["sequence_engine"]) as session:
        import_conventions(session, TODAY, with_sample_events=True)
    sign_in(country.email_coordinator)
    look("coordination-vide")

    window.get_by_role("link", name="Ouvrir une campagne").first.click()
    look("campagne-nouvelle")
    window.get_by_label("Nom de la campagne").fill("Campagne 2026-2027")
    window.get_by_role("button", name="Ouvrir la campagne").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Campagne 2026-2027")

    with session_scope(app.extensions["sequence_engine"]) as session:
        add_places(session, country)
        add_requests(session, country, 1)
    window.reload()
    look("campagne")

    window.get_by_role("button", name="Lancer un tour").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Tour 1")
    # no reload by hand: the page follows the round and shows the result by itself
    expect(window.get_by_text("66 élèves placés sur 86")).to_be_visible(timeout=SOLVE_WITHIN_MS)
    look("resultat")

    window.get_by_role("link", name="Établissements", exact=True).click()
    window.get_by_label("Catégorie").select_option("rural")
    window.get_by_role("button", name="Filtrer").click()
    expect(window).to_have_url(re.compile("categorie=rural"))
    expect(window.get_by_role("row")).to_have_count(2)
    look("resultat-etablissements")

    window.get_by_role("link", name="Élèves non placés", exact=True).click()
    window.get_by_role("link", name="Le plafond du partenaire est atteint").click()
    expect(window.get_by_text("OVHcloud, 3e (1 offre à portée)").first).to_be_visible()
    look("resultat-non-places")

    window.get_by_role("link", name="Synthèse").click()
    window.get_by_role("link", name="Publier ce tour").click()
    look("publication")
    window.get_by_role("button", name="Publier le tour 1").click()
    expect(window.get_by_text("Publié", exact=True)).to_be_visible()
    expect(window.get_by_text("par Compte de coordination").first).to_be_visible()

    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        assert session.exec(select(AllocationRound.status)).one() == RoundStatus.PUBLISHED
        assert len(session.exec(select(Placement).where(Placement.published)).all()) == 66  # type: ignore[arg-type]

    window.get_by_role("link", name="Conventions").click()
    look("conventions")
    window.get_by_role("link", name="OVHcloud").click()
    expect(window.get_by_role("row", name=re.compile("OVHcloud, 3e 30 40 30"))).to_be_visible()
    look("convention")


def test_a_running_round_is_followed_and_cancelled_from_its_page(
    window: Page, sign_in: Callable[[str], None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """Without a worker the page waits, says where the round stands, and cancelling ends it."""
    sign_in(country.email_coordinator)
    window.get_by_role("button", name="Lancer un autre tour").click()
    expect(window.get_by_text("En attente")).to_be_visible()
    look("tour-en-attente")
    window.get_by_role("button", name="Annuler ce tour").click()
    expect(window.get_by_text("Ce tour a été annulé")).to_be_visible()
    look("tour-annule")


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> str:
    """The walk with a worker starts from an empty country, the other from a computed round."""
    return "small" if "worker" in request.fixturenames else "computed"
