"""Trying on screen: one form, before and after side by side, who gains and who moves, and nothing published changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.config import Settings
from service.domain.accounts import grant
from service.jobs.inline import run_now
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, OutboxLine, Placement, Site, User
from service.vocabulary import Role
from tests.service.web.conftest import Browser, text_of
from tests.service.web.filled_country import CANARY, TODAY
from tests.service.web.small_country import ACTOR, SmallCountry

PAGE = "/coordination/campagnes/1/essais"


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture
def coordinator(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_coordinator)


@pytest.fixture
def host(database: Session) -> int:
    """The partner of the energy site in Paris, where places are short."""
    return database.exec(select(col(Site.partner_id)).where(Site.name == "Site energie")).one()


def compute(app: Flask, round_id: int) -> None:
    engine = app.extensions["sequence_engine"]
    run_now(Settings(database_url=engine.url.render_as_string(hide_password=False), today=TODAY), round_id)


def test_more_places_in_paris(
    app: Flask, coordinator: Browser, host: int, database: Session, country: SmallCountry
) -> None:
    """Five places more than the six published: five pupils more, before and after, in the list and in the export.

    Applied, nothing opens: the partner's people are asked for them, once.
    """
    before = len(database.exec(select(Placement)).all())
    where = {"partner_id": str(host), "department": "75", "level": "2de_gt"}
    wanted = {"name": "Cinq de plus à Paris", **where, "seats": "5"}
    answer = coordinator.post(PAGE, wanted)
    assert answer.status_code == 303
    assert "Essai 2" in text_of(coordinator.get("/coordination/tours/2"))
    assert "Un calcul est en cours" in text_of(coordinator.get(PAGE))
    compute(app, 2)
    assert coordinator.get("/coordination/tours/2").headers["Location"] == "/coordination/essais/2"
    said = text_of(coordinator.get("/coordination/essais/2"))
    assert f"{before + 5} élèves placés au lieu de {before}" in said
    assert "5 places de plus chez SERCE, Paris (75), 2de générale et technologique" in said
    assert "reçoivent une place 5 perdent leur place 0" in said
    assert "Lycée des Acacias" in said
    assert CANARY not in said
    content = coordinator.get("/coordination/essais/2/changements.csv").get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline=""), delimiter=";", strict=True))
    assert sum(not row["Avant"] for row in rows) == 5
    assert all(row["Élève"] in said for row in rows)
    assert coordinator.get("/coordination/essais/2/changements.xlsx").status_code == 200
    assert coordinator.get("/coordination/essais/2/changements.pdf").status_code == 404
    assert "ses responsables reçoivent la demande par courrier" in said
    act = "/coordination/essais/2/application"
    assert coordinator.post(act, token_from=PAGE).headers["Location"].endswith("#appliquer")
    database.rollback()
    assert not database.exec(select(OutboxLine).where(col(OutboxLine.cause).startswith("scenario:"))).all()
    assert "Personne n’a de compte chez SERCE" in text_of(coordinator.post(act, {"confirm": "1"}, token_from=PAGE))
    with session_scope(app.extensions["sequence_engine"]) as session:
        someone = session.exec(select(User).where(User.email == country.email_partner_b)).one()
        grant(session, someone, Role.PARTNER_MANAGER, ACTOR, partner_id=host)
    for status in (303, 409):
        assert coordinator.post(act, {"confirm": "1", "version": "0"}, token_from=PAGE).status_code == status
    database.rollback()
    (asked,) = database.exec(select(OutboxLine).where(col(OutboxLine.cause).startswith("scenario:"))).all()
    assert "5 places de plus, Paris" in asked.subject
    assert "5 élèves de plus en recevraient une" in asked.body
    assert "Appliqué le" in text_of(coordinator.get("/coordination/essais/2"))
    compared = f"{PAGE}/comparaison?essai=2&essai="
    assert coordinator.get(f"{compared}9").headers["Location"] == PAGE
    coordinator.post(PAGE, {"name": "Dix kilomètres de plus", "add_km": "10"})
    compute(app, 3)
    both = text_of(coordinator.get(f"{compared}3"))
    assert "Mesure Tour 1 Cinq de plus à Paris Dix kilomètres de plus" in both
    three = database_count(app, "SELECT placed FROM allocationround ORDER BY id")
    assert f"Élèves placés {three[0]} {three[1]} {three[2]} " in both
    listing = text_of(coordinator.get(PAGE))
    assert "Cinq de plus à Paris" in listing
    database.rollback()
    assert len(database.exec(select(Placement)).all()) == before
    assert coordinator.post("/coordination/tours/2/publication", token_from=PAGE).status_code == 409
    for path in ("etablissements", "non-places", "changements"):
        assert coordinator.get(f"/coordination/tours/2/{path}").status_code == 404


def database_count(app: Flask, sql: str) -> list[int]:
    with app.extensions["sequence_engine"].connect() as connection:
        return list(connection.execute(text(sql)).scalars())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "Vide"}, "Changez au moins une chose"),
        ({"name": "", "add_km": "5"}, "Donnez un nom à l’essai."),
        ({"name": "Loin", "add_km": "beaucoup"}, "n’est pas un nombre entier"),
        ({"name": "Loin", "add_km": "999"}, "La distance change de 300 km au plus."),
        ({"name": "Réserve", "reserve_percent": "20"}, "Choisissez une catégorie d’établissements"),
        ({"name": "Places", "seats": "5"}, "Choisissez le département et le niveau"),
    ],
)
def test_a_refused_scenario_keeps_every_value(
    coordinator: Browser, database: Session, fields: dict[str, str], message: str
) -> None:
    """The message is on the page with what was typed, and no round is launched."""
    page = coordinator.post(PAGE, fields)
    assert page.status_code == 422
    assert message in text_of(page)
    assert f'value="{fields["name"]}"' in page.get_data(as_text=True)
    assert len(database.exec(select(AllocationRound)).all()) == 1
