"""A host withdraws after the publication, on screen: announced, repaired, read pupil by pupil, published, told."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from sqlmodel import Session, col, select
from werkzeug.test import TestResponse

from service.config import Settings
from service.jobs.inline import run_now
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, Campaign, Offer, Opening, OutboxLine, Site
from tests.service.web.conftest import Browser, text_of
from tests.service.web.filled_country import CANARY, TODAY
from tests.service.web.small_country import SmallCountry

WEEK = "2027-W05"
BOARD = "/coordination/campagnes/1"


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture
def coordinator(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_coordinator)


def form_of(partner_id: int, offer_id: int) -> str:
    return f"/partenaires/{partner_id}/offres/{offer_id}/desistement"


@pytest.fixture
def offer_id(database: Session, country: SmallCountry) -> int:
    """The offer of partner A, where all the pupils of school A are sent."""
    return database.exec(
        select(col(Offer.id)).join(Site, col(Site.id) == Offer.site_id).where(Site.partner_id == country.partner_a)
    ).one()


def announce(browser: Browser, address: str, kept: str, why: str = "Travaux dans l’atelier") -> TestResponse:
    page = browser.get(address).get_data(as_text=True)
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert version is not None
    return browser.post(address, {"version": version[1], f"seats-{WEEK}": kept, "why": why})


def used(app: Flask, offer_id: int) -> tuple[int, int, int | None]:
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        opening = session.exec(select(Opening).where(Opening.offer_id == offer_id)).one()
        return opening.used, opening.capacity, opening.keeps


def test_the_partner_announces_and_the_coordination_sees(
    app: Flask, browser_for: Callable[[str], Browser], country: SmallCountry, coordinator: Browser, offer_id: int
) -> None:
    """The form refuses what means nothing, then the pupils to place again are on the coordinator's board and page."""
    partner, address = browser_for(country.email_partner_a), form_of(country.partner_a, offer_id)
    assert "Se désister" in text_of(partner.get(f"/partenaires/{country.partner_a}/offres/{offer_id}"))
    for kept, why, message in (
        ("10", "", "Donnez le motif en une phrase"),
        ("18", "Travaux", "Tous les élèves affectés gardent leur place"),
        ("21", "Travaux", "On n’annonce ici que des places en moins"),
        ("dix", "Travaux", "n’est pas un nombre de places"),
    ):
        page = announce(partner, address, kept, why)
        assert page.status_code == 422
        assert message in text_of(page)
    answer = announce(partner, address, "15")
    assert answer.status_code == 303
    said = text_of(partner.get(f"/partenaires/{country.partner_a}/offres/{offer_id}"))
    assert "la coordination replace 3 élèves" in said
    assert "3 élèves à replacer" in text_of(coordinator.get("/coordination"))
    said = text_of(coordinator.get(f"{BOARD}/desistements"))
    assert "Site commerce Ateliers du Rhône, 69 3e" in said
    assert "18 15 3" in said
    assert said.count("Collège des Tilleuls") == 18
    assert CANARY not in said
    assert coordinator.post(f"{BOARD}/tours", token_from=f"{BOARD}/desistements").status_code == 409


def test_the_repair_moves_the_pupils_and_nobody_else(
    app: Flask, country: SmallCountry, coordinator: Browser, offer_id: int
) -> None:
    """Announced by the coordination, computed by the real job, read, published; only those concerned are written to."""
    found = text_of(coordinator.get(f"{BOARD}/desistements?q=rhone"))
    assert "18 élèves affectés" in found
    answer = announce(coordinator, f"/coordination/offres/{offer_id}/desistement", "15")
    assert answer.status_code == 303
    launched = coordinator.post(f"{BOARD}/reparations", token_from=f"{BOARD}/desistements")
    assert launched.status_code == 303
    engine = app.extensions["sequence_engine"]
    run_now(Settings(database_url=engine.url.render_as_string(hide_password=False), today=TODAY), 2)
    said = text_of(coordinator.get("/coordination/tours/2"))
    assert "Réparation 2" in said
    # nothing else is within reach of these pupils: the three lose their place, and it is said before any publication
    assert "Par rapport à tour 1 : 3 élèves n’ont plus de place. Personne d’autre ne bouge." in said
    moves = changes_of(coordinator)
    assert Counter((row["Établissement"], row["Changement"]) for row in moves) == {
        ("Collège des Tilleuls", "perd sa place"): 3
    }
    assert used(app, offer_id) == (18, 18, 15)
    assert "3 élèves n’ont plus de place" in text_of(coordinator.get("/coordination/tours/2/publication"))
    assert coordinator.post("/coordination/tours/2/publication").status_code == 303
    assert used(app, offer_id) == (15, 15, None)
    with session_scope(engine, write=False) as session:
        assert session.exec(select(Campaign.published_round_id)).one() == 2
        told = session.exec(select(OutboxLine).where(col(OutboxLine.cause).like("round:2/%"))).all()
    assert {line.recipient for line in told} == {country.email_school_a, country.email_partner_a}
    assert all(CANARY not in line.body for line in told)
    assert "Aucun accueil publié n’est défaillant" in text_of(coordinator.get(f"{BOARD}/desistements"))


def changes_of(coordinator: Browser) -> list[dict[str, str]]:
    """The exported moves, each of which is on the page."""
    content = coordinator.get("/coordination/tours/2/exports/changements.csv").get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline=""), delimiter=";", strict=True))
    said = text_of(coordinator.get("/coordination/tours/2/changements"))
    assert said.count("perd sa place") >= len(rows)
    for row in rows:
        assert row["Élève"] in said
    gained = text_of(coordinator.get("/coordination/tours/2/changements?sens=gained"))
    assert "Aucun élève dont la place change" in gained
    return rows


def test_the_first_round_has_nothing_to_be_compared_with(coordinator: Browser, database: Session) -> None:
    """Before a second round, the page of changes says why it is empty."""
    assert len(database.exec(select(AllocationRound)).all()) == 1
    assert "Rien à comparer" in text_of(coordinator.get("/coordination/tours/1/changements"))


def test_an_offer_nobody_was_sent_to_has_no_such_form(
    browser_for: Callable[[str], Browser], country: SmallCountry, coordinator: Browser
) -> None:
    """Partner B receives nobody: it withdraws the offer itself, there is nothing to repair."""
    assert coordinator.get("/coordination/offres/99/desistement").status_code == 404
    assert browser_for(country.email_partner_b).get(form_of(country.partner_b, 1)).status_code == 404
