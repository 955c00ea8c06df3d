"""A whole campaign of an invented académie of 58,000 pupils of seconde, with the real worker: prepared, computed,
tried, adjusted, published, repaired after a host's withdrawal; and how long other pages take to answer meanwhile
(printed with `-s`, never judged).

SEQUENCE_ACADEMY_PUPILS takes another size.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, func, select

from service.app import create_app
from service.config import Settings
from service.domain.accounts import create_user, grant
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, Campaign, Offer, Opening, Placement, Pupil, Site
from service.vocabulary import Role
from tests.benchmarks.academy import ACTOR
from tests.benchmarks.round_trip import fill
from tests.service.web.conftest import Clock
from tests.service.web.small_country import PASSWORD

pytestmark = pytest.mark.browser
PUPILS, SEED = int(os.environ.get("SEQUENCE_ACADEMY_PUPILS", "58000")), 2027
EMAIL = "coordination@sequence.example"
WITHIN_MS = 1_800_000
MEANWHILE = ("/", "/coordination", "/coordination/campagnes/1", "/conventions/serce", "/coordination/journal")
"""Pages of people who have nothing to do with the round."""


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """The service over the académie, with its coordinator."""
    application = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'academy.db'}"), clock=clock)
    engine = application.extensions["sequence_engine"]
    fill(engine, PUPILS, SEED)
    with session_scope(engine) as session:
        grant(
            session, create_user(session, EMAIL, "Camille Exemple", PASSWORD, ACTOR), Role.NATIONAL_COORDINATOR, ACTOR
        )
    yield application
    engine.dispose()


def wait_for(window: Page, sign: Locator, what: str) -> None:
    """Reads other pages, as other people do, until the page on screen shows the sign."""
    started, slowest = perf_counter(), dict.fromkeys(MEANWHILE, 0.0)
    while not sign.is_visible() and perf_counter() - started < WITHIN_MS / 1000:
        for address in MEANWHILE:
            asked = perf_counter()
            assert window.request.get(address).ok
            slowest[address] = max(slowest[address], perf_counter() - asked)
        window.wait_for_timeout(500)
    expect(sign).to_be_visible()
    told = ", ".join(f"{address} {seconds:.2f} s" for address, seconds in slowest.items())
    print(f"\n{what}: {perf_counter() - started:.0f} s; slowest answers meanwhile: {told}")


def publish(window: Page) -> None:
    window.get_by_role("link", name="Publier ce tour").click()
    window.get_by_role("button", name=re.compile(r"^Publier (le tour|la réparation) \d+$")).click()
    expect(window.get_by_text("Publié", exact=True)).to_be_visible(timeout=WITHIN_MS)


def placed_at(app: Flask) -> dict[str, str]:
    """The site that receives each pupil placed by the latest round."""
    query = (
        select(Pupil.pseudonym, Site.name)
        .join(Placement, col(Placement.pupil_id) == col(Pupil.id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(Placement.round_id == select(func.max(Placement.round_id)).scalar_subquery())
        .order_by(col(Placement.id))
    )
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        return dict(session.exec(query).all())


def test_a_campaign_of_an_academy(
    window: Page,
    sign_in: Callable[[str], None],
    look: Callable[[str], None],
    app: Flask,
    worker: subprocess.Popen[bytes],
) -> None:
    """Prepare, launch, try, pin a pupil, compute again, publish, lose a host, repair: the site answers all along."""
    assert worker.poll() is None
    window.set_default_timeout(120_000)
    window.set_default_navigation_timeout(120_000)
    sign_in(EMAIL)
    window.get_by_role("link", name="Ce qui manque avant un tour").click()
    look("academie-preparation")

    window.goto("/coordination/campagnes/1")
    window.get_by_role("button", name="Lancer un tour").click()
    look("academie-calcul")
    wait_for(window, window.get_by_role("link", name="Publier ce tour"), "round")
    look("academie-tour")

    window.goto("/coordination/campagnes/1")
    window.get_by_role("link", name="Essais").click()
    window.get_by_label("Nom de l’essai").fill("Cent places de plus en Haute-Garonne")
    window.get_by_label("Partenaire").select_option(label="SERCE")
    window.get_by_label("Département").select_option("31")
    window.get_by_label("Niveau").select_option("2de_gt")
    window.get_by_label("Places de plus").fill("100")
    window.get_by_role("button", name="Calculer cet essai").click()
    wait_for(window, window.get_by_text("élèves placés au lieu de").first, "what-if")
    look("academie-essai")

    pupil = next(iter(placed_at(app)))
    window.goto(f"/coordination/campagnes/1/ajustements?eleve={pupil}")
    window.locator("input[name=place]").first.check()
    window.get_by_label("Motif").fill("Une convention particulière l’engage")
    look("academie-ajustement")
    window.get_by_role("button", name="Enregistrer la décision").click()
    window.get_by_role("button", name="Recalculer en bougeant le moins possible").click()
    wait_for(window, window.get_by_role("link", name="Publier ce tour"), "adjusted round")
    publish(window)
    look("academie-publie")

    sites = placed_at(app)
    site = next(name for name in sites.values() if name != sites[pupil])
    window.goto("/coordination/campagnes/1")
    window.get_by_role("link", name="Désistements et réparations").click()
    window.get_by_label("Site ou partenaire").fill(site)
    window.get_by_role("button", name="Chercher").click()
    window.get_by_role("link", name=re.compile(rf"^{re.escape(site)}\b")).first.click()
    window.get_by_role("spinbutton").first.fill("0")
    window.get_by_label("Motif").fill("Travaux dans l’atelier")
    window.get_by_role("button", name="Annoncer ce désistement").click()
    window.get_by_role("link", name="Voir et réparer").click()
    look("academie-desistement")
    window.get_by_role("button", name="Lancer une réparation").click()
    wait_for(window, window.get_by_role("link", name="Publier ce tour"), "repair")
    look("academie-reparation")
    publish(window)
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        last = select(AllocationRound.id).order_by(col(AllocationRound.id).desc())
        assert session.exec(select(Campaign.published_round_id)).one() == session.exec(last).first()
