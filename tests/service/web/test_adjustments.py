"""Adjusting on screen: a pupil's possible places, a decision with its reason, the round that takes it in, who moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from service.config import Settings
from service.jobs.inline import run_now
from service.persistence.tables import Adjustment, AuditEntry, Offer, Opening, Placement, Pupil, UnplacedPupil
from tests.service.web.conftest import Browser, text_of
from tests.service.web.filled_country import CANARY, TODAY
from tests.service.web.small_country import SmallCountry

PAGE = "/coordination/campagnes/1/ajustements"
WHY = "Le site ne peut pas recevoir cet élève"


@pytest.fixture
def stage() -> str:
    return "computed"


@pytest.fixture
def coordinator(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_coordinator)


@pytest.fixture
def pupil(database: Session) -> str:
    """A pupil sent to Paris by the computed round."""
    query = select(col(Pupil.pseudonym)).join(Placement, col(Placement.pupil_id) == col(Pupil.id))
    return database.exec(query.where(Placement.period_id == "2027-W24-2").order_by(col(Pupil.pseudonym))).all()[0]


def offer_of(database: Session, pupil: str) -> tuple[int, str]:
    query = (
        select(col(Opening.offer_id), col(Opening.period_id))
        .join(Placement, col(Placement.opening_id) == col(Opening.id))
        .join(Pupil, col(Pupil.id) == col(Placement.pupil_id))
    )
    offer_id, period_id = database.exec(query.where(Pupil.pseudonym == pupil)).one()
    return offer_id, period_id


def test_a_pupil_s_possible_places(coordinator: Browser, pupil: str, database: Session) -> None:
    """Where the last round sends the pupil, and the places of the level; a link leads there from the lists."""
    said = text_of(coordinator.get(f"{PAGE}?eleve={pupil}"))
    offer, _ = offer_of(database, pupil)
    assert f"offre n° {offer}" in said
    assert "Lycée des Acacias" in said
    assert "Site energie" in said
    assert CANARY not in said
    left = database.exec(
        select(col(Pupil.pseudonym)).join(UnplacedPupil, col(UnplacedPupil.pupil_id) == col(Pupil.id))
    ).first()
    listing = coordinator.get("/coordination/tours/1/non-places").get_data(as_text=True)
    assert f'href="{PAGE}?eleve={left}"' in listing
    unknown = coordinator.get(f"{PAGE}?eleve=personne")
    assert "Aucun élève de la campagne n’a le pseudonyme" in text_of(unknown)


def test_a_decision_is_made_taken_in_and_lifted(
    app: Flask, coordinator: Browser, pupil: str, database: Session
) -> None:
    """Forbidden with its reason, computed again, the pupil is the one who moves; then it is lifted."""
    offer, period = offer_of(database, pupil)
    address = f"{PAGE}?eleve={pupil}"
    for data, message in (
        ({"kind": "ban", "place": f"{offer}/{period}", "why": ""}, "Donnez le motif en une phrase"),
        ({"kind": "ban", "place": "", "why": WHY}, "Choisissez une offre dans la liste"),
        ({"kind": "ban", "place": "99999/2027-W05", "why": WHY}, "Aucune offre publiée"),
    ):
        refused = coordinator.post(PAGE, {"pupil": pupil, **data}, token_from=address)
        assert refused.status_code == 422
        assert message in text_of(refused)
    wanted = {"pupil": pupil, "kind": "ban", "place": f"{offer}/{period}", "why": WHY}
    assert coordinator.post(PAGE, wanted, token_from=address).status_code == 303
    assert "1 décision compte" in text_of(coordinator.get(PAGE))
    assert WHY in text_of(coordinator.get(PAGE))
    assert coordinator.post(PAGE, wanted, token_from=address).status_code in (409, 422)
    launched = coordinator.post("/coordination/campagnes/1/recalculs", token_from=PAGE)
    assert launched.status_code == 303
    engine = app.extensions["sequence_engine"]
    run_now(Settings(database_url=engine.url.render_as_string(hide_password=False), today=TODAY), 2)
    assert pupil in text_of(coordinator.get("/coordination/tours/2/changements"))
    assert coordinator.post("/coordination/ajustements/1/levee", token_from=PAGE).status_code == 303
    assert "0 décision compte" in text_of(coordinator.get(PAGE))
    assert coordinator.post("/coordination/ajustements/1/levee", token_from=PAGE).status_code == 409


def test_an_offer_is_excluded_by_its_number(coordinator: Browser, database: Session) -> None:
    """Its number and the reason are enough; what is no number is refused at the field."""
    offer = database.exec(select(col(Offer.id)).order_by(col(Offer.id))).all()[0]
    refused = coordinator.post(PAGE, {"kind": "exclude", "offer": "la première", "why": WHY}, token_from=PAGE)
    assert refused.status_code == 422
    wanted = {"kind": "exclude", "offer": str(offer), "why": WHY}
    assert coordinator.post(PAGE, wanted, token_from=PAGE).status_code == 303
    database.rollback()
    made = database.exec(select(Adjustment)).one()
    assert (made.offer_id, made.pupil_id, made.why) == (offer, None, WHY)
    assert database.exec(select(AuditEntry).where(AuditEntry.action == "adjust")).one().detail["offer"] == offer
