"""After a publication, in a real browser with the real worker: try, a host withdraws, repair, decide for a pupil."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlmodel import select

from service.persistence.engine import session_scope
from service.persistence.tables import Campaign
from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser
SOLVE_WITHIN_MS = 120_000


@pytest.fixture
def stage() -> str:
    return "published"


def test_a_coordinator_tries_then_repairs_then_decides(
    window: Page,
    sign_in: Callable[[str], None],
    look: Callable[[str], None],
    app: Flask,
    country: SmallCountry,
    worker: subprocess.Popen[bytes],
) -> None:
    """Each step is reached from the campaign's board; only the repair published changes what everybody reads."""
    assert worker.poll() is None
    sign_in(country.email_coordinator)
    window.get_by_role("link", name="Essais").click()
    look("essais")
    window.get_by_label("Nom de l’essai").fill("Cinq places de plus à Paris")
    window.get_by_label("Partenaire").select_option(label="SERCE")
    window.get_by_label("Département").select_option("75")
    window.get_by_label("Niveau").select_option("2de_gt")
    window.get_by_label("Places de plus").fill("5")
    window.get_by_role("button", name="Calculer cet essai").click()
    expect(window.get_by_text("71 élèves placés au lieu de 66")).to_be_visible(timeout=SOLVE_WITHIN_MS)
    look("essai")

    window.goto("/coordination")
    window.get_by_role("link", name="Désistements et réparations").click()
    window.get_by_label("Site ou partenaire").fill("rhône")
    window.get_by_role("button", name="Chercher").click()
    window.get_by_role("link", name="Site commerce, 3e").click()
    window.get_by_role("spinbutton").fill("15")
    window.get_by_label("Motif").fill("Travaux dans l’atelier")
    look("desistement")
    window.get_by_role("button", name="Annoncer ce désistement").click()
    expect(window.get_by_text("3 élèves à replacer")).to_be_visible()
    window.get_by_role("link", name="Voir et réparer").click()
    look("desistements")
    window.get_by_role("button", name="Lancer une réparation").click()
    expect(window.get_by_text("Personne d’autre ne bouge.")).to_be_visible(timeout=SOLVE_WITHIN_MS)
    look("reparation")
    window.get_by_role("link", name="Voir qui, d’où et vers où").click()
    look("reparation-changements")
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        assert session.exec(select(Campaign.published_round_id)).one() == 1
    window.get_by_role("link", name="Publier ce tour").click()
    look("reparation-publication")
    window.get_by_role("button", name="Publier la réparation 3").click()
    expect(window.get_by_text("Publié", exact=True)).to_be_visible()
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        assert session.exec(select(Campaign.published_round_id)).one() == 3

    window.get_by_role("link", name="Élèves non placés", exact=True).click()
    window.get_by_role("main").get_by_role("row").nth(-1).get_by_role("link").first.click()
    look("ajustements")
