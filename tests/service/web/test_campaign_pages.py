"""A campaign's rules, its preparation and its publication by two people, as a coordinator uses them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.domain.accounts import create_user, grant
from service.domain.campaigns import aims_in_order
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, AuditEntry, Campaign, Offer
from service.vocabulary import CampaignStatus, Role, RoundStatus
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import PASSWORD, SmallCountry

RULES, PREPARATION = "/coordination/campagnes/1/regles", "/coordination/campagnes/1/preparation"
OFFICIAL = ("equity", "commitments", "stability", "wishes", "distance")
OTHER = "seconde@sequence.example"


@pytest.fixture
def stage() -> str:
    return "computed"


@pytest.fixture
def coordinator(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_coordinator)


def typed(version: int, order: tuple[str, ...] = OFFICIAL, **changes: str) -> dict[str, str]:
    """The form as a browser sends it."""
    rules = {
        "version": str(version),
        "closes_on": "2027-01-20",
        "territory_rule": "department",
        "default_reach_km": "40",
    }
    return rules | {f"aim_{place}": aim for place, aim in enumerate(order, start=1)} | changes


def test_rules_are_changed_for_the_rounds_to_come(coordinator: Browser, database: Session) -> None:
    """Dates, territory, distance and the order of the aims: shown, changed, shown again, and in the audit trail."""
    before = database.exec(select(Campaign)).one()
    tiers = list(database.exec(select(AllocationRound)).one().tiers)
    order = ("wishes", "equity", "commitments", "stability", "distance")
    wanted = typed(before.version, order, reserve_rep="20", added_reach_km="5")
    assert "100 % ensemble" in text_of(coordinator.post(RULES, wanted | {"reserve_rural": "81"}))
    assert coordinator.post(RULES, wanted).status_code == 303
    database.rollback()
    after = database.exec(select(Campaign)).one()
    assert (after.territory_rule, after.default_reach_km, after.closes_on.isoformat()) == (
        "department",
        40,
        "2027-01-20",
    )
    assert (after.reserves, after.added_reach_km) == ({"rep": 20}, 5)
    method = text_of(coordinator.get("/comment-une-decision-est-prise"))
    assert "réservée d’abord : éducation prioritaire (REP) 20 %" in method
    assert "ajoute 5 km à la distance" in method
    assert aims_in_order(after)[:3] == ("placed", "reserves", "wishes")
    assert database.exec(select(AllocationRound)).one().tiers == tiers
    entry = database.exec(select(AuditEntry).where(AuditEntry.action == "change_campaign")).one()
    assert entry.detail["default_reach_km"] == ["30", "40"]
    page = coordinator.get(RULES).text
    assert '<option selected value="wishes">' in page[page.index('id="aim_1"') : page.index('id="aim_2"')]
    assert "un rappel le 13/01/2027, puis le 18/01/2027" in text_of(coordinator.get(RULES))


def test_an_order_that_repeats_an_aim_is_refused(coordinator: Browser, database: Session) -> None:
    """Nothing is written, and what was typed is still there."""
    version = database.exec(select(Campaign)).one().version
    answer = coordinator.post(RULES, typed(version, ("wishes", "wishes", "equity", "stability", "distance")))
    assert answer.status_code == 422
    assert "L’ordre des critères contient chacun d’eux une seule fois." in text_of(answer)
    assert 'value="40"' in answer.text
    database.rollback()
    assert database.exec(select(Campaign)).one().default_reach_km == 30


def test_nobody_writes_over_another_s_rules(coordinator: Browser, database: Session) -> None:
    """The second of two edits of the same page is told so, and changes nothing."""
    version = database.exec(select(Campaign)).one().version
    assert coordinator.post(RULES, typed(version)).status_code == 303
    late = coordinator.post(RULES, typed(version, default_reach_km="55"))
    assert late.status_code == 409
    assert "modifiée par quelqu’un d’autre" in text_of(late)
    database.rollback()
    assert database.exec(select(Campaign)).one().default_reach_km == 40


def test_ceilings_and_reserves_are_told(coordinator: Browser) -> None:
    """OVHcloud's own ceiling of thirty is a line; nobody reserves a seat here."""
    said = text_of(coordinator.get(RULES))
    assert "OVHcloud, 3e" in said
    assert "Aucune offre publiée ne réserve de places à une catégorie d’établissements." in said


def second_person(app: Flask) -> Browser:
    with session_scope(app.extensions["sequence_engine"]) as session:
        grant(session, create_user(session, OTHER, "Dominique", PASSWORD, "test"), Role.NATIONAL_COORDINATOR, "test")
        session.exec(select(Campaign)).one().two_people = True
    browser = Browser(app.test_client())
    browser.sign_in(OTHER)
    return browser


def test_two_people_publish(app: Flask, coordinator: Browser, database: Session) -> None:
    """Without an agreement, or with one's own, publication is refused; with another's it goes through."""
    other = second_person(app)
    publish, agree = "/coordination/tours/1/publication", "/coordination/tours/1/accord"
    assert "une personne donne son accord, une autre publie" in text_of(coordinator.get(publish))
    alone = coordinator.post(publish)
    assert alone.status_code >= 400
    assert coordinator.post(agree, token_from=publish).status_code == 303
    assert coordinator.post(publish).status_code >= 400
    assert "une autre personne doit publier" in text_of(coordinator.get(publish))
    assert other.post(agree, token_from=publish).status_code == 409
    assert database.exec(select(AllocationRound)).one().status is RoundStatus.COMPUTED
    assert "Accord donné le" in text_of(other.get(publish))
    assert other.post(publish).status_code == 303
    database.rollback()
    assert database.exec(select(AllocationRound)).one().status is RoundStatus.PUBLISHED


def test_a_campaign_is_closed(coordinator: Browser, database: Session) -> None:
    """No more launch; what there is stays readable."""
    close = "/coordination/campagnes/1/cloture"
    assert coordinator.post(close, token_from=RULES).headers["Location"].endswith("/regles#cloture")
    assert database.exec(select(Campaign)).one().status is CampaignStatus.OPEN
    database.rollback()
    assert coordinator.post(close, {"confirm": "1"}, token_from=RULES).status_code == 303
    assert "close" in text_of(coordinator.get("/coordination/campagnes/1"))
    refused = coordinator.post("/coordination/campagnes/1/tours", token_from=RULES)
    assert "Cette campagne n’est pas ouverte" in text_of(refused)
    assert len(database.exec(select(AllocationRound)).all()) == 1


def listed(coordinator: Browser, key: str) -> list[list[str]]:
    body = coordinator.get(f"{PREPARATION}/{key}.csv").get_data().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body, newline=""), delimiter=";", strict=True))[1:]


def test_what_is_missing_before_a_round(app: Flask, coordinator: Browser, country: SmallCountry) -> None:
    """Schools that have asked nothing, partners that have published nothing, rows that look wrong: each on its list."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        for offer in session.exec(select(Offer)):
            if offer.convention_id is None and offer.sector == "commerce":
                offer.status = "withdrawn"  # type: ignore[assignment]
    assert listed(coordinator, "etablissements") == []
    silent = [row[0] for row in listed(coordinator, "partenaires")]
    assert "Ateliers du Rhône" in silent
    assert "Verreries de Garonne" not in silent
    found = {(row[0], row[1]) for row in listed(coordinator, "anomalies")}
    assert ("Classe dont aucun élève n’a de vœu", "Collège des Causses (0480004U)") in found
    assert ("Élèves d’un niveau sans aucune place publiée dans leur département", "48") in found
    said = text_of(coordinator.get(f"{PREPARATION}?liste=partenaires&q=rhone"))
    assert "Ateliers du Rhône 1 0" in said
    assert "Verreries" not in said
    assert f"Anomalies dans les données ({len(listed(coordinator, 'anomalies'))})" in said


def test_a_file_is_in_the_audit_trail(coordinator: Browser, database: Session) -> None:
    """Both formats; another list or another format does not exist."""
    for kind in ("csv", "xlsx"):
        assert coordinator.get(f"{PREPARATION}/partenaires.{kind}").status_code == 200
    assert coordinator.get(f"{PREPARATION}/autre.csv").status_code == 404
    assert coordinator.get(f"{PREPARATION}/partenaires.pdf").status_code == 404
    taken = database.exec(select(AuditEntry).where(AuditEntry.action == "export_preparation")).all()
    assert [one.detail["kind"] for one in taken] == ["csv", "xlsx"]
