"""What came of the stays, in one click by the school or by the host, and their differences shown to both."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import update
from sqlmodel import Session, col, select

from service.domain.presence_mail import ask_what_was_held
from service.persistence.engine import session_scope
from service.persistence.tables import (
    ClassGroup,
    Confirmation,
    Offer,
    Opening,
    OutboxLine,
    Presence,
    Pupil,
    School,
    Site,
)
from service.vocabulary import ConfirmationState, Outcome
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.filled_country import CANARY
from tests.service.web.small_country import SmallCountry
from tests.service.web.test_stays import partner_under_gate

BrowserFor = Callable[..., Browser]


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture(autouse=True)
def the_week_has_come(app: Flask, clock: Clock) -> None:
    """Every stay is confirmed, and it is the Friday of the week of 3e."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        said = {"state": ConfirmationState.CONFIRMED, "school_at": clock.instant, "host_at": clock.instant}
        session.connection().execute(update(Confirmation).values(**said))
    clock.instant = datetime(2027, 2, 5, 16, 0, tzinfo=UTC)


def stay_at(app: Flask, partner_id: int) -> int:
    query = (
        select(Confirmation.id)
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(Site.partner_id == partner_id)
        .order_by(col(Confirmation.id))
    )
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        return session.exec(query).first() or 0


def test_an_absence_then_one_click_for_the_others(app: Flask, browser_for: BrowserFor, country: SmallCountry) -> None:
    """The school notes one absence and presses once; the host says otherwise of that one; both read the difference."""
    stay = stay_at(app, country.partner_a)
    address = f"/etablissements/{country.school_a}/presences"
    school = browser_for(country.email_school_a)
    assert f"{CANARY} 0" in text_of(school.get(address))
    school.post(address, {f"outcome-{stay}": "no_show:illness"})
    page = text_of(school.get(school.post(address, {"all": "held"}).location))
    assert "17 réponses enregistrées" in page
    assert "maladie ou accident" in page
    theirs = f"/partenaires/{country.partner_a}/presences"
    host = browser_for(country.email_partner_a)
    page = text_of(host.get(host.post(theirs, {f"outcome-{stay}": "held:"}).location))
    assert CANARY not in page
    assert page.count("Réponses différentes") == 1
    assert text_of(school.get(address)).count("Réponses différentes") == 1


def test_a_site_says_it_from_its_message(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """Without an account: an absence and the rest in one go, once; a host behind the gate is not even asked."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        for site in session.exec(select(Site)):
            site.contact_email = f"site-{site.id}@hote.example"
        session.flush()
        mine = session.exec(select(Site.contact_email).where(Site.partner_id == country.partner_a)).one()
        ask_what_was_held(session, date(2027, 2, 6), clock.instant)
        cause = col(OutboxLine.cause).startswith("presence:")
        written = dict(session.exec(select(OutboxLine.recipient, OutboxLine.body).where(cause)).all())
    assert [one for one in written if "@hote.example" in one] == [mine], "the other site of that week is behind a gate"
    link = re.search(r"https://site\.invalid(/presence/\S+)", written[mine])
    assert link is not None
    visitor = browser_for()
    page = text_of(visitor.get(link[1]))
    assert "Collège des Tilleuls" in page
    assert CANARY not in page
    assert visitor.post(link[1], {}).status_code == 422
    stay = stay_at(app, country.partner_a)
    assert "18 réponses enregistrées" in text_of(
        visitor.post(link[1], {f"outcome-{stay}": "no_show:illness", "all": "held"})
    )
    assert visitor.get(link[1]).status_code == 410
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        said = session.exec(select(Presence.outcome)).all()
    assert {one: said.count(one) for one in set(said)} == {Outcome.NO_SHOW: 1, Outcome.HELD: 17}


def test_before_the_first_day_there_is_nothing_to_say(
    browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """An empty page says when it will be of use."""
    clock.instant = datetime(2027, 1, 29, 16, 0, tzinfo=UTC)
    page = text_of(browser_for(country.email_school_a).get(f"/etablissements/{country.school_a}/presences"))
    assert "Aucun stage n’a encore commencé" in page


def test_a_host_behind_the_gate_reads_and_says_nothing_of_a_pupil(app: Flask, browser_for: BrowserFor) -> None:
    """Lines and dates only; a hand-made answer is refused."""
    partner_id, email = partner_under_gate(app)
    address, host = f"/partenaires/{partner_id}/presences", browser_for(email)
    page = text_of(host.get(address))
    assert "l’établissement répond" in page
    assert "Peupliers" not in page
    assert host.post(address, {f"outcome-{stay_at(app, partner_id)}": "held:"}).status_code == 409


@pytest.mark.parametrize("text", ["held:illness", "no_show:", "laziness", "no_show:laziness"])
def test_what_is_not_in_the_list_is_refused(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, text: str
) -> None:
    """A forged choice changes nothing and says so."""
    address = f"/etablissements/{country.school_a}/presences"
    stay = stay_at(app, country.partner_a)
    answer = browser_for(country.email_school_a).post(address, {f"outcome-{stay}": text})
    assert answer.status_code == 400
    assert "Choisissez dans la liste" in text_of(answer)


def test_the_coordination_counts_school_by_school(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """To confirm, without a sequel, held or still to say: the rows' own numbers, the most awaited first, no name."""
    school, stays = browser_for(country.email_school_a), stays_of_school(database, country.school_a)
    school.post(f"/etablissements/{country.school_a}/presences", {f"outcome-{stays[0]}": "no_show:illness"})
    school.post(f"/etablissements/{country.school_a}/presences", {f"outcome-{stays[1]}": "held:"})
    with session_scope(app.extensions["sequence_engine"]) as session:
        for stay, state in zip(stays[2:5], ("asked", "expired", "replaced"), strict=True):
            session.connection().execute(update(Confirmation).where(col(Confirmation.id) == stay).values(state=state))
    page = browser_for(country.email_coordinator).get("/coordination/stages?q=" + country.school_a)
    row = re.search(rf"{country.school_a}, \d+</span></th>(.*?)</tr>", page.get_data(as_text=True), re.DOTALL)
    assert row is not None
    said = dict(re.findall(r'data-label="([^"]+)">(\d+)<', row[1]))
    left = len(stays) - 3
    assert said == {
        "À confirmer": "1",
        "Confirmés": str(left),
        "Sans suite": "1",
        "Conventions signées": "0",
        "Présences à dire": str(left - 2),
        "Réalisés": "1",
    }
    assert CANARY not in page.get_data(as_text=True)
    whole = browser_for(country.email_coordinator).get("/coordination/stages").get_data(as_text=True)
    table = whole[whole.index('id="etablissements"') :]
    asked, unsaid = (
        [int(one) for one in re.findall(rf'data-label="{label}">(\d+)<', table)]
        for label in ("À confirmer", "Présences à dire")
    )
    awaited = [sum(both) for both in zip(asked, unsaid, strict=True)]
    assert awaited == sorted(awaited, reverse=True)
    assert len(set(awaited)) > 1


def stays_of_school(database: Session, uai: str) -> list[int]:
    return [
        key or 0
        for key in database.exec(
            select(Confirmation.id)
            .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
            .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
            .join(School, col(School.id) == col(ClassGroup.school_id))
            .where(School.uai == uai)
            .order_by(col(Confirmation.id))
        )
    ]
