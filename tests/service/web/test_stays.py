"""A school and a host confirm or refuse what a round announced, on their page or from a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event
from sqlmodel import Session, col, select

from service.domain.accounts import create_user, grant
from service.domain.confirmation_asks import remind_to_confirm
from service.persistence.engine import session_scope
from service.persistence.tables import AuditEntry, Confirmation, Offer, Opening, OutboxLine, Placement, Site
from service.vocabulary import ConfirmationState, RefusalReason, Role
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.filled_country import CANARY
from tests.service.web.small_country import ACTOR, PASSWORD, SmallCountry, email_of

BrowserFor = Callable[..., Browser]
CONTACT = "accueil@site.example"


@pytest.fixture
def stage() -> str:
    return "published"


def states(app: Flask) -> dict[ConfirmationState, int]:
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        found = session.exec(select(Confirmation.state)).all()
    return {state: found.count(state) for state in set(found)}


def first_stay(app: Flask, partner_id: int) -> int:
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        return (
            session.exec(
                select(col(Confirmation.id))
                .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
                .join(Offer, col(Offer.id) == col(Opening.offer_id))
                .join(Site, col(Site.id) == col(Offer.site_id))
                .where(Site.partner_id == partner_id)
                .order_by(col(Confirmation.id))
            ).all()[0]
            or 0
        )


def partner_under_gate(app: Flask) -> tuple[int, str]:
    """OVHcloud, whose opinion and addendum are not recorded, and an account for it."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        partner_id = session.exec(select(Site.partner_id).where(Site.name == "Site numerique")).one()
        user = create_user(session, email_of("ovhcloud"), "Compte d’OVHcloud", PASSWORD, ACTOR)
        grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=partner_id)
    return partner_id, email_of("ovhcloud")


def test_both_sides_confirm_on_their_page(app: Flask, browser_for: BrowserFor, country: SmallCountry) -> None:
    """The school sees names and confirms all; the host sees the school, refuses one, confirms the others."""
    school = browser_for(country.email_school_a)
    address = f"/etablissements/{country.school_a}/stages"
    page = text_of(school.get(address))
    assert f"{CANARY} 0" in page
    waiting = int(re.search(r"(\d+) stages attendent votre réponse", page)[1])  # type: ignore[index]
    answer = school.post(address, {"all": "confirm"})
    assert f"{waiting} stages confirmés" in text_of(school.get(answer.location))
    host = browser_for(country.email_partner_a)
    address = f"/partenaires/{country.partner_a}/stages"
    page = text_of(host.get(address))
    assert "Collège des Tilleuls" in page
    assert CANARY not in page
    refused = first_stay(app, country.partner_a)
    host.post(address, {f"answer-{refused}": RefusalReason.PLACE_GONE})
    answer = host.post(address, {"all": "confirm"})
    page = text_of(host.get(answer.location))
    assert f"{waiting - 1} stages confirmés sur {waiting - 1}" in page
    assert "par la structure d’accueil : la place n’existe plus" in page
    assert states(app)[ConfirmationState.CONFIRMED] == waiting - 1
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        published = session.exec(select(Placement).where(col(Placement.published))).all()
        used = sum(session.exec(select(Opening.used)).all())
    assert len(published) == used


def test_a_host_under_a_closed_gate_reads_numbers_only(app: Flask, browser_for: BrowserFor) -> None:
    """Without the opinion and the addendum of article 7, the page has places and dates, no school and no pupil."""
    partner_id, email = partner_under_gate(app)
    address = f"/partenaires/{partner_id}/stages"
    browser = browser_for(email)
    page = text_of(browser.get(address))
    assert "article 7" in page
    assert "nombre seulement" in page
    assert "Peupliers" not in page
    assert CANARY not in page
    assert "30 stages confirmés" in text_of(browser.get(browser.post(address, {"all": "confirm"}).location))


def test_a_site_answers_from_its_message(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """The reminder's link opens without an account, shows no pupil, serves once; the audit says which link."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        site = session.exec(select(Site).where(Site.partner_id == country.partner_a)).one()
        site.contact_email = CONTACT
        session.add(site)
        last = max(session.exec(select(Confirmation.answer_by)).all())
        assert remind_to_confirm(session, last - timedelta(days=7), clock.instant) > 0
        body = session.exec(select(OutboxLine.body).where(OutboxLine.recipient == CONTACT)).one()
    link = re.search(r"https://site\.invalid(/confirmation/\S+)", body)
    assert link is not None
    visitor = browser_for()
    page = text_of(visitor.get(link[1]))
    assert "Collège des Tilleuls" in page
    assert CANARY not in page
    empty = visitor.post(link[1], {})
    assert (empty.status_code, "au moins un stage" in text_of(empty)) == (422, True)
    assert "stages confirmés" in text_of(visitor.post(link[1], {"all": "confirm"}))
    assert visitor.get(link[1]).status_code == 410
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        actors = session.exec(select(AuditEntry.actor).where(AuditEntry.action == "confirm_placements")).all()
    assert [actor.partition(":")[0] for actor in actors] == ["link"]


def test_an_answer_that_came_too_late_is_told(app: Flask, browser_for: BrowserFor, country: SmallCountry) -> None:
    """A placement refused by the school meanwhile cannot be refused again: the page says to read the list again."""
    stay = first_stay(app, country.partner_a)
    address = f"/etablissements/{country.school_a}/stages"
    browser_for(country.email_school_a).post(address, {f"answer-{stay}": RefusalReason.TOO_FAR})
    address = f"/partenaires/{country.partner_a}/stages"
    answer = browser_for(country.email_partner_a).post(address, {f"answer-{stay}": RefusalReason.PLACE_GONE})
    assert answer.status_code == 409
    assert "relisez la liste" in text_of(answer)


def test_the_page_asks_the_database_as_often_for_one_line_as_for_fifty(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """The number of statements does not grow with the number of stays."""
    browser = browser_for(country.email_school_a)
    statements: list[str] = []
    event.listen(
        app.extensions["sequence_engine"],
        "before_cursor_execute",
        lambda _c, _k, statement, *_rest: statements.append(statement),
    )

    def asked() -> int:
        statements.clear()
        assert browser.get(f"/etablissements/{country.school_a}/stages").status_code == 200
        return len(statements)

    many = asked()
    with session_scope(app.extensions["sequence_engine"]) as session:
        for one in session.exec(select(Confirmation).order_by(col(Confirmation.id))).all()[1:]:
            session.delete(one)
    assert asked() == many
    assert len(database.exec(select(Confirmation)).all()) == 1
