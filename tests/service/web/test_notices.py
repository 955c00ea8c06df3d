"""What leaves by mail by itself: digests of a published round, reminders of a deadline; in numbers, and once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from service.domain.digests import read_mailboxes
from service.jobs.worker import remind
from service.persistence.engine import session_scope
from service.persistence.tables import Campaign, OutboxLine, PlacementRequest, Pupil, School
from service.vocabulary import RequestStatus
from tests.service.web.filled_country import CANARY
from tests.service.web.small_country import SmallCountry


@pytest.fixture
def stage() -> str:
    return "published"


def lines(app: Flask, cause: str = "") -> list[OutboxLine]:
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        query = select(OutboxLine).where(col(OutboxLine.cause).startswith(cause)).order_by(col(OutboxLine.id))
        return list(session.exec(query))


def test_a_publication_tells_each_school_and_each_partner(app: Flask, country: SmallCountry) -> None:
    """One digest per space and person, in numbers, with the way to the page; nobody else is written to."""
    digests = {line.recipient: line for line in lines(app, "round:")}
    assert set(digests) == {
        country.email_school_a,
        country.email_school_b,
        country.email_partner_a,
        country.email_partner_b,
    }
    school = digests[country.email_school_a]
    assert school.subject == "Collège des Tilleuls\u00a0: 18 élèves placés sur 18"
    assert "Classe 1\u00a0: 18 sur 18" in school.body
    assert f"/etablissements/{country.school_a}/" in school.body
    partner = digests[country.email_partner_a]
    assert "18 élèves attendus" in partner.subject
    assert "Site commerce, du 1er au 5 février 2027\u00a0: 18 élèves" in partner.body
    assert f"/partenaires/{country.partner_a}/" in partner.body


def test_no_message_names_a_pupil(app: Flask, database: Session) -> None:
    """Neither the name a school gave nor the pseudonym others know is in any message."""
    pseudonyms = database.exec(select(Pupil.pseudonym)).all()
    assert pseudonyms
    for line in lines(app):
        said = line.subject + line.body + line.html
        assert CANARY not in said
        assert not [one for one in pseudonyms if one in said]


def test_a_school_without_people_is_told_at_its_own_mailbox(app: Flask, country: SmallCountry) -> None:
    """The official address reads when nobody acts for the school, and only then."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        for school in session.exec(select(School)):
            school.official_email = f"ce.{school.uai.lower()}@academie.example"
            session.add(school)
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        mailboxes = read_mailboxes(session)
        known = {school.uai: mailboxes.schools[school.id or 0] for school in session.exec(select(School))}
    assert known["0590003H"] == ["ce.0590003h@academie.example"]
    assert known[country.school_a] == [country.email_school_a]


def reminded(app: Flask, day: date) -> int:
    """How many messages about the campaign's own deadline the day adds; conventions have theirs."""
    before = len(lines(app, "reminder:"))
    remind(app.extensions["sequence_engine"], day)
    return len(lines(app, "reminder:")) - before


@pytest.fixture
def deadline(app: Flask) -> date:
    """Of the campaign, whose school A has gone back to a draft."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        request = session.exec(select(PlacementRequest).order_by(col(PlacementRequest.id).desc())).first()
        assert request is not None
        request.status = RequestStatus.DRAFT
        session.add(request)
        return session.exec(select(Campaign)).one().closes_on


def test_reminders_go_to_the_late_once_per_stage(app: Flask, country: SmallCountry, deadline: date) -> None:
    """Nothing eight days before; a week before, one message to each late space, however often the job runs; then two
    days before; nothing after."""
    assert reminded(app, deadline - timedelta(days=8)) == 0
    assert reminded(app, deadline - timedelta(days=7)) == 1
    assert reminded(app, deadline - timedelta(days=7)) == 0
    assert reminded(app, deadline - timedelta(days=4)) == 0
    assert reminded(app, deadline - timedelta(days=1)) == 1
    assert reminded(app, deadline) == 0
    assert reminded(app, deadline + timedelta(days=1)) == 0
    sent = lines(app, "reminder:")
    assert [line.recipient for line in sent] == [country.email_school_b] * 2
    assert "1 demande est encore en brouillon" in sent[0].body


def test_a_day_missed_is_made_up(app: Flask, deadline: date) -> None:
    """A worker that was away on the day reminds when it is back."""
    assert reminded(app, deadline - timedelta(days=5)) == 1


@pytest.mark.parametrize("stage", ["open"])
def test_silent_partners_and_schools_are_reminded(app: Flask, country: SmallCountry) -> None:
    """Nobody has asked for or published anything: everybody with an account is told what is missing."""
    engine = app.extensions["sequence_engine"]
    with session_scope(engine, write=False) as session:
        day = session.exec(select(Campaign)).one().closes_on
    assert reminded(app, day) == 7
    said = {line.recipient: line.body for line in lines(app, "reminder:")}
    assert "n’a encore envoyé aucune demande" in said[country.email_school_a]
    assert "n’a encore publié aucune place" in said[country.email_partner_b]
