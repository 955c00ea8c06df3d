"""A whole campaign of an invented académie of 58,000 pupils of seconde, with the real worker: prepared, computed,
tried, adjusted, published; and how long other pages take to answer meanwhile (printed with `-s`, never
judged).

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
from sqlmodel import col, select

from service.app import create_app
from service.config import Settings
from service.domain.accounts import create_user, grant
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, Campaign, Placement, Pupil
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
    window.get_by_role("button", name=re.compile(r"^Publier le tour \d+$")).click()
    expect(window.get_by_text("Publié", exact=True)).to_be_visible(timeout=WITHIN_MS)


def first_placed(app: Flask) -> str:
    """A pupil whom the round has placed."""
    query = (
        select(Pupil.pseudonym).join(Placement, col(Placement.pupil_id) == col(Pupil.id)).order_by(col(Placement.id))
    )
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        return session.exec(query).all()[0]


def test_a_campaign_of_an_academy(
    window: Page,
    sign_in: Callable[[str], None],
    look: Callable[[str], None],
    app: Flask,
    worker: subprocess.Popen[bytes],
) -> None:
    """Prepare, launch, try, pin a pupil, compute again, publish: and the site answers all along."""
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

    pupil = first_placed(app)
    window.goto(f"/coordination/campagnes/1/ajustements?eleve={pupil}")
    window.locator("input[name=place]").first.check()
    window.get_by_label("Motif").fill("Une convention particulière l’engage")
    look("academie-ajustement")
    window.get_by_role("button", name="Enregistrer la décision").click()
    window.get_by_role("button", name="Recalculer en bougeant le moins possible").click()
    wait_for(window, window.get_by_role("link", name="Publier ce tour"), "adjusted round")
    publish(window)
    look("academie-publie")
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        last = select(AllocationRound.id).order_by(col(AllocationRound.id).desc())
        assert session.exec(select(Campaign.published_round_id)).one() == session.exec(last).first()
