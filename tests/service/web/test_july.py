"""The July campaign and its meetings by their pages: figures confirmed, corrected, declared beside; who reads what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.domain.accounts import create_user, grant
from service.domain.confirmations import Voice, confirm
from service.domain.conventions import get_convention
from service.domain.letters import SITE
from service.persistence.engine import session_scope
from service.persistence.tables import (
    AuditEntry,
    OutboxLine,
    Partner,
    RealisedFigure,
    ReportedHosting,
    School,
    SteeringMeeting,
)
from service.vocabulary import BodyKind, Role, Side
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.small_country import ACTOR, PASSWORD, SmallCountry, email_of

BrowserFor = Callable[[str], Browser]
KEYS = ("jobirl", "medef_occitanie", "microsoft_france", "ovhcloud", "serce")
EXPERT = "expert@comite.example"
JUNE = datetime(2027, 6, 28, 9, 0, tzinfo=UTC)
COMMITTEE = datetime(2027, 7, 5, 12, 0, tzinfo=UTC)
LILLE = "0590003H"


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture
def july(app: Flask, clock: Clock) -> None:
    """An account for each of the five partners and for an expert; every announced stay confirmed by both sides."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        for key in KEYS:
            user = create_user(session, email_of(key), f"Compte de {key}", PASSWORD, ACTOR)
            grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=get_convention(session, key).partner_id)
        grant(session, create_user(session, EXPERT, "Experte invitée", PASSWORD, ACTOR), Role.COMMITTEE_MEMBER, ACTOR)
        lille = session.exec(select(School).where(School.uai == LILLE)).one()
        user = create_user(session, "lille@college.example", "Secrétariat de Lille", PASSWORD, ACTOR)
        grant(session, user, Role.SCHOOL_COORDINATOR, ACTOR, school_id=lille.id)
        for school in session.exec(select(School)).all():
            confirm(session, Voice(Side.SCHOOL, school_id=school.id), None, ACTOR, clock())
        for partner in session.exec(select(Partner)).all():
            confirm(session, Voice(Side.HOST, partner_id=partner.id), None, ACTOR, clock())
    clock.instant = JUNE


def links_to(database: Session, recipient: str) -> list[str]:
    """Where the messages of a person lead, newest first."""
    lines = database.exec(select(OutboxLine).where(OutboxLine.recipient == recipient)).all()
    return [path for one in reversed(lines) for path in re.findall(re.escape(SITE) + r"(/[^\s\"<]+)", one.body)]


def figures_page(database: Session, key: str) -> str:
    return f"/partenaires/{get_convention(database, key).partner_id}/chiffres"


@pytest.mark.usefixtures("july")
def test_figures_are_confirmed_by_link_without_an_account(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """A gap without its reason spends nothing; an answer spends the link, a colleague's too when nothing is left."""
    assert browser_for(country.email_coordinator).post("/coordination/remontee").status_code == 303
    visitor, [link] = browser_for(""), links_to(database, email_of("ovhcloud"))[:1]
    page = visitor.get(link).get_data(as_text=True)
    box = re.search(r'name="value-(\d+)"[^>]*OVH-2"', page)
    assert box is not None
    for typed, said in (({}, "au moins un nombre"), ({f"value-{box[1]}": "31"}, "OVH-2 : Le motif de l’écart"),
                        ({f"value-{box[1]}": "beaucoup"}, "OVH-2 : Indiquez un nombre")):  # fmt: skip
        refused = visitor.post(link, typed)
        assert (refused.status_code, said in text_of(refused)) == (422, True), text_of(refused)
    gap = {f"value-{box[1]}": "31", f"note-{box[1]}": "Un élève de plus, venu en mars"}
    assert "3 chiffres restent à dire" in text_of(visitor.post(link, gap))
    assert visitor.get(link).status_code == 410
    page = figures_page(database, "ovhcloud")
    assert "venu en mars" in text_of(browser_for(email_of("ovhcloud")).get(page))
    [link] = links_to(database, "lille@college.example")[:1]
    school = browser_for("lille@college.example")
    assert school.post(f"/etablissements/{LILLE}/chiffres").status_code == 303
    late = visitor.get(link)
    assert (late.status_code, "déjà leur réponse" in text_of(late)) == (410, True)
    assert visitor.get(f"/chiffres/{'A' * 43}").status_code == 410
    database.rollback()
    acts = database.exec(select(AuditEntry.actor).where(AuditEntry.action == "declare_figure")).all()
    assert [actor.partition(":")[0] for actor in acts] == ["link"]


@pytest.mark.usefixtures("july")
def test_a_correction_and_a_stay_outside_the_service(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """A number that differs asks for its reason; a stay declared beside is confirmed by its school, or is a gap."""
    assert browser_for(country.email_coordinator).post("/coordination/remontee").status_code == 303
    partner = browser_for(email_of("ovhcloud"))
    address = figures_page(database, "ovhcloud")
    figure = database.exec(select(RealisedFigure).where(RealisedFigure.commitment_code == "OVH-2")).one()
    partner.post(f"{address}/{figure.id}", {"value": "31", "note": ""}, token_from=address)
    assert "Le motif de l’écart manque" in text_of(partner.get(address))
    partner.post(f"{address}/{figure.id}", {"value": "beaucoup", "note": "x"}, token_from=address)
    assert "Indiquez un nombre" in text_of(partner.get(address))
    partner.post(f"{address}/{figure.id}/hors-service", {"uai": country.school_a, "pupils": "3"}, token_from=address)
    assert "L’accueil est déclaré" in text_of(partner.get(address))
    school = browser_for(country.email_school_a)
    own = f"/etablissements/{country.school_a}/chiffres"
    assert "OVHcloud" in text_of(school.get(own))
    database.rollback()
    hosting = database.exec(select(ReportedHosting).where(ReportedHosting.off_platform == 3)).one()
    assert school.post(own, {"line": str(hosting.id), "count": "1"}).status_code == 303
    assert "écart signalé" in text_of(school.get(own))
    assert "1 établissement dit autre chose" in text_of(partner.get(address))
    assert partner.post(f"{address}/999999", {"value": "1"}, token_from=address).status_code == 404
    other = browser_for(email_of("serce"))
    foreign = figures_page(database, "serce")
    assert other.post(f"{foreign}/{figure.id}", {"value": "1"}, token_from=foreign).status_code == 404


@pytest.mark.usefixtures("july")
def test_meetings_are_read_by_those_they_call(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """A partner reads its own meeting and no other's; only the State proposes; nothing to confirm before June."""
    coordinator = browser_for(country.email_coordinator)
    assert "Aucune réunion" in text_of(coordinator.get("/comite"))
    assert coordinator.post("/comite").status_code == 303
    group = database.exec(select(SteeringMeeting).where(SteeringMeeting.kind == BodyKind.FOLLOW_UP_GROUP)).one()
    assert browser_for(email_of("jobirl")).get(f"/comite/{group.id}").status_code == 200
    for stranger in (email_of("serce"), EXPERT):
        assert browser_for(stranger).get(f"/comite/{group.id}").status_code == 404
    assert browser_for(country.email_school_a).get("/comite").status_code == 404
    early = coordinator.post(f"/comite/{group.id}/proposition", token_from=f"/comite/{group.id}")
    assert "se propose ensuite" in text_of(early)
    assert "Rien à confirmer" in text_of(browser_for(email_of("serce")).get(f"/partenaires/{serce(database)}/chiffres"))


def serce(database: Session) -> int:
    return get_convention(database, "serce").partner_id
