"""From a published round to validated minutes for the five conventions, by the pages, the messages and their links."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlmodel import Session, select

from service.domain.accounts import create_user, grant
from service.domain.confirmations import Voice, confirm
from service.domain.conventions import get_convention
from service.domain.letters import SITE
from service.persistence.engine import session_scope
from service.persistence.tables import (
    OutboxLine,
    Partner,
    RealisedFigure,
    ReportedHosting,
    School,
    SteeringMeeting,
)
from service.vocabulary import BodyKind, MinutesStatus, Role, Side
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.small_country import ACTOR, PASSWORD, SmallCountry, email_of

BrowserFor = Callable[[str], Browser]
KEYS = ("jobirl", "medef_occitanie", "microsoft_france", "ovhcloud", "serce")
EXPERT = "expert@comite.example"
JUNE = datetime(2027, 6, 28, 9, 0, tzinfo=UTC)
COMMITTEE = datetime(2027, 7, 5, 12, 0, tzinfo=UTC)
END = datetime(2027, 7, 31, 12, 0, tzinfo=UTC)
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


@pytest.mark.usefixtures("july")
def test_from_a_published_round_to_validated_minutes(
    browser_for: BrowserFor, country: SmallCountry, database: Session, clock: Clock
) -> None:
    """Each step by its page; each person enters by the link of their own message; the files are read back."""
    coordinator = browser_for(country.email_coordinator)
    assert "Ouvrir la remontée 2026-2027" in text_of(coordinator.get("/coordination/remontee"))
    assert coordinator.post("/coordination/remontee").status_code == 303
    said = text_of(coordinator.get("/coordination/remontee"))
    assert "0 chiffre confirmé sur 14" in said
    assert "non chiffré" in said

    for key in KEYS:
        partner = browser_for(email_of(key))
        address = links_to(database, email_of(key))[0]
        page = text_of(partner.get(address))
        assert "Chiffres réalisés 2026-2027" in page
        if "Tout est exact" in page:
            assert partner.post(address).status_code == 303
        database.rollback()
        left = database.exec(
            select(RealisedFigure).where(RealisedFigure.convention_key == key, RealisedFigure.declared == None)  # noqa: E711
        ).all()
        for figure in left:
            sent = partner.post(f"{address}/{figure.id}", {"value": "2", "note": ""}, token_from=address)
            assert sent.status_code == 303
    database.rollback()
    figures = {one.commitment_code: one for one in database.exec(select(RealisedFigure))}
    assert len(figures) == 14
    assert {one.declared is None for one in figures.values()} == {False}
    assert (figures["OVH-2"].counted, figures["OVH-2"].declared) == (30, 30)
    assert figures["MED-2"].declared == 2, "what nobody counts is said by the partner"

    school = browser_for("lille@college.example")
    address = links_to(database, "lille@college.example")[0]
    assert "30" in text_of(school.get(address))
    assert school.post(address).status_code == 303
    assert "confirmé" in text_of(school.get(address))

    assert (
        coordinator.post("/coordination/remontee/echantillon", token_from="/coordination/remontee").status_code == 303
    )
    clock.instant = COMMITTEE
    coordinator, expert = browser_for(country.email_coordinator), browser_for(EXPERT)
    assert coordinator.post("/coordination/remontee/definitif", token_from="/coordination/remontee").status_code == 303
    assert "Chiffres définitifs" in text_of(coordinator.get("/coordination/remontee"))
    assert coordinator.get("/coordination/remontee.xlsx").get_data().startswith(b"PK")

    assert coordinator.post("/comite").status_code == 303
    database.rollback()
    meetings = {one.kind: one for one in database.exec(select(SteeringMeeting))}
    assert set(meetings) == {BodyKind.NATIONAL_COMMITTEE, BodyKind.FOLLOW_UP_GROUP, BodyKind.YEARLY_MEETING}
    assert "Comité de pilotage national 2026-2027" in text_of(expert.get("/comite"))
    assert "Groupe de suivi" not in text_of(expert.get("/comite"))
    for kind, when in (
        (BodyKind.NATIONAL_COMMITTEE, COMMITTEE),
        (BodyKind.FOLLOW_UP_GROUP, END),
        (BodyKind.YEARLY_MEETING, END),
    ):
        clock.instant = when
        validate(browser_for, database, country, meetings[kind].id or 0)
    database.rollback()
    assert {one.status for one in database.exec(select(SteeringMeeting))} == {MinutesStatus.VALIDATED}

    body = browser_for(EXPERT).get(f"/comite/{meetings[BodyKind.NATIONAL_COMMITTEE].id}/compte-rendu.pdf").get_data()
    read = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())
    for word in ("OVHcloud", "SERCE", "Microsoft", "Poursuivre", "Chiffres définitifs", "non chiffré"):
        assert word in read
    assert "JobIRL" not in read, "each text has its own meeting"


def validate(browser_for: BrowserFor, database: Session, country: SmallCountry, meeting_id: int) -> None:
    """The coordinator writes and proposes; everyone present validates from their message."""
    coordinator, address = browser_for(country.email_coordinator), f"/comite/{meeting_id}"
    page = coordinator.get(address).get_data(as_text=True)
    everyone = re.findall(r'name="present"[^>]*value="(\d+)"', page)
    assert len(everyone) >= 2
    written = {"place": "Visioconférence", "decisions": "Poursuivre", "present": everyone}
    assert coordinator.post(address, written).status_code == 303
    assert coordinator.post(f"{address}/proposition", token_from=address).status_code == 303
    database.rollback()
    asked = database.exec(select(OutboxLine.recipient).where(OutboxLine.cause == f"minutes:{meeting_id}")).all()
    assert len(asked) == len(everyone)
    for email in asked:
        member = browser_for(email)
        assert links_to(database, email)[0] == address
        assert "lisez-le, puis validez-le" in text_of(member.get(address))
        assert member.post(f"{address}/validation", token_from=address).status_code == 303
    assert "compte rendu : validé" in text_of(coordinator.get(address))


@pytest.mark.usefixtures("july")
def test_a_correction_and_a_stay_outside_the_service(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """A number that differs asks for its reason; a stay declared beside is confirmed by its school, or is a gap."""
    assert browser_for(country.email_coordinator).post("/coordination/remontee").status_code == 303
    partner = browser_for(email_of("ovhcloud"))
    address = links_to(database, email_of("ovhcloud"))[0]
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
    foreign = links_to(database, email_of("serce"))[0]
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
