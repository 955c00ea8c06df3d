"""From a partner's form to a published round: groups, reserved seats, hours, drafts, copies and renewals on screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.config import Settings
from service.domain.campaigns import find_open_campaign
from service.domain.publication import publish_round
from service.domain.request_rules import PupilDraft, RequestDraft
from service.domain.requests import create_request, submit_request
from service.domain.rounds import launch_round
from service.domain.schools import SchoolDraft, add_schools
from service.jobs.inline import run_now
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Offer, Opening, School, User
from service.vocabulary import Level, OfferStatus, Priority, SchoolType
from tests.service.web.conftest import Browser, text_of
from tests.service.web.filled_country import TODAY, WEEK
from tests.service.web.small_country import ACTOR, SmallCountry
from tests.service.web.test_partner_pages import Host, host  # noqa: F401  (the partner's browser)

BrowserFor = Callable[..., Browser]
FIVE_DAYS = {f"hours-{day}": "9h-12h, 13h30-16h30" for day in range(1, 6)}


@pytest.fixture
def stage() -> str:
    return "open"


def form(**changes: Any) -> dict[str, Any]:
    return {"sector": "industrie", f"seats-{WEEK}": "2", "convention_key": "", **FIVE_DAYS} | changes


def enter(host: Host, **changes: Any) -> str:  # noqa: F811
    """The address of a new offer's page."""
    answer = host.browser.post(f"{host.add_site()}/3e", form(**changes))
    assert answer.status_code == 303, text_of(answer)
    return str(answer.location)


def ask(session: Session, uai: str, size: int) -> None:
    campaign = find_open_campaign(session)
    assert campaign is not None
    school = session.exec(select(School).where(School.uai == uai)).one()
    pupils = tuple(PupilDraft(display_name=f"Élève {number}") for number in range(size))
    draft = RequestDraft(class_name="3e 1", level=Level.TROISIEME, pupils=pupils, period_ids=(WEEK,), reach_km=30)
    submit_request(session, create_request(session, campaign, school, draft, ACTOR), ACTOR, TODAY)


def run_a_round(app: Flask, country: SmallCountry, add: Callable[[Session], None]) -> None:
    """Requests are sent, a round is computed by the real job, then published."""
    url = app.extensions["sequence_settings"].database_url
    engine = app.extensions["sequence_engine"]
    with session_scope(engine) as session:
        add(session)
        campaign = find_open_campaign(session)
        assert campaign is not None
        coordinator = session.exec(select(User).where(User.email == country.email_coordinator)).one()
        round_id = row_id(launch_round(session, row_id(campaign), f"user:{coordinator.id}"))
    run_now(Settings(database_url=url, today=TODAY), round_id)
    with session_scope(engine) as session:
        publish_round(session, round_id, f"user:{coordinator.id}", TODAY)


@pytest.mark.parametrize(("reserved", "expected"), [("2", 2), ("", 1)])
def test_reserved_seats_reach_the_round(
    host: Host,  # noqa: F811
    app: Flask,
    country: SmallCountry,
    reserved: str,
    expected: int,
) -> None:
    """Two seats, two schools of equal weight with two pupils each: shared, unless both are kept for one category."""
    address = enter(host, **{"reserved-qpv": reserved})

    def two_schools(session: Session) -> None:
        for uai, priority in (("0690007H", Priority.QPV), ("0690008J", Priority.REP)):
            draft = SchoolDraft(
                uai=uai, name=f"Collège {uai}", kind=SchoolType.COLLEGE, insee="69123", priority=priority
            )
            add_schools(session, [draft], ACTOR)
            ask(session, uai, 2)

    run_a_round(app, country, two_schools)
    page = text_of(host.browser.get(address))
    assert "2 sur 2" in page or "0 place libre sur 2" in page
    if reserved:
        assert "Quartier prioritaire (QPV) : 2 places dans chaque période, 2 élèves affectés" in page
    placed = text_of(host.browser.get(f"{host.base}/eleves-attendus"))
    assert placed.count("Collège 0690007H") >= (expected > 0)
    assert ("Collège 0690008J" in placed) == (expected == 1)


def test_a_group_too_small_does_not_come(host: Host, app: Flask, country: SmallCountry) -> None:  # noqa: F811
    """Groups of three at least: two pupils stay without a place, and their school reads why."""
    enter(host, **{f"seats-{WEEK}": "6", "min_group": "3"})
    run_a_round(app, country, lambda session: ask(session, country.school_a, 2))
    assert "Aucun élève n’est encore affecté" in text_of(host.browser.get(f"{host.base}/"))


def test_hours_are_read_and_judged_beside_the_field(host: Host, database: Session) -> None:  # noqa: F811
    """A day too long is refused with what was typed kept; 35 hours pass with a word; the page shows the week."""
    site = host.add_site()
    new = host.browser.get(f"{site}/3e")
    assert "7 h par jour au plus, entre 6 h et 20 h" in text_of(new)
    refused = host.browser.post(f"{site}/3e", form(**{"hours-2": "8h-12h, 13h-18h", "hours-3": "toujours"}))
    assert refused.status_code == 422
    assert "Mercredi : « toujours » ne se lit pas" in text_of(refused)
    refused = host.browser.post(f"{site}/3e", form(**{"hours-2": "8h-12h, 13h-18h"}))
    assert "Mardi : 9 h de présence, 7 h au plus pour un élève de moins de 15 ans" in text_of(refused)
    assert 'value="8h-12h, 13h-18h"' in refused.get_data(as_text=True)
    assert database.exec(select(Offer)).first() is None
    long_week = {f"hours-{day}": "9h-12h, 13h-17h" for day in range(1, 6)}
    page = text_of(host.browser.get(host.browser.post(f"{site}/3e", form(**long_week)).location))
    assert "Lundi : 9 h – 12 h, 13 h – 17 h" in page
    assert "30 h au plus pour un élève de moins de 15 ans en règle générale" in page


def test_a_draft_from_form_to_publication(host: Host, database: Session) -> None:  # noqa: F811
    """Kept, listed among the drafts, corrected, published, put back, given up."""
    address = enter(host, then="draft", **{"reserved-rep": "1"})
    assert "n’est vu de personne" in text_of(host.browser.get(address))
    assert "Atelier de la Soie" in text_of(host.browser.get(f"{host.base}/offres?etat=draft"))
    edited = host.browser.post(f"{address}/modifier", form(title="Accueil", version="1", **{f"seats-{WEEK}": "5"}))
    assert edited.status_code == 303, text_of(edited)
    stale = host.browser.post(f"{address}/publication", {"version": "1"}, token_from=address)
    assert "Quelqu’un d’autre a modifié" in text_of(host.browser.get(stale.location))
    host.browser.post(f"{address}/publication", {"version": "2"}, token_from=address)
    offer = database.exec(select(Offer)).one()
    assert (offer.status, offer.title) == (OfferStatus.PUBLISHED, "Accueil")
    assert database.exec(select(Opening.capacity)).one() == 5
    host.browser.post(f"{address}/brouillon", {"version": "3"}, token_from=address)
    host.browser.post(f"{address}/retrait", token_from=address)
    assert "Retirée" in text_of(host.browser.get(address))


@pytest.mark.parametrize(("action", "year"), [("copie", "2026-2027"), ("renouvellement", "2027-2028")])
def test_copied_or_renewed_as_a_draft(host: Host, database: Session, action: str, year: str) -> None:  # noqa: F811
    """The draft opens filled in, and saying yes to it publishes a second offer."""
    address = enter(host, **{"reserved-rep": "1", "title": "Atelier"})
    made = host.browser.post(f"{address}/{action}", token_from=address)
    page = host.browser.get(made.location)
    assert f"Un brouillon est prêt pour l’année {year}" in text_of(page)
    assert 'value="Atelier"' in page.get_data(as_text=True)
    draft = database.exec(select(Offer).where(Offer.status == OfferStatus.DRAFT)).one()
    assert draft.school_year == year
    sent = host.browser.post(f"{host.base}/offres/{draft.id}/publication", {"version": "1"}, token_from=address)
    assert "L’offre est publiée" in text_of(host.browser.get(sent.location))


def test_anothers_offer_cannot_be_touched(host: Host, browser_for: BrowserFor, country: SmallCountry) -> None:  # noqa: F811
    """Each action on someone else's offer answers as for one that does not exist."""
    number = enter(host).rpartition("/")[2]
    other = browser_for(country.email_partner_b)
    base = f"/partenaires/{country.partner_b}/offres/{number}"
    assert other.get(f"{base}/modifier").status_code == 404
    for action in ("modifier", "publication", "brouillon", "copie", "renouvellement"):
        answer = other.post(
            f"{base}/{action}", form(version="1"), token_from=f"/partenaires/{country.partner_b}/personnes"
        )
        assert answer.status_code == 404
