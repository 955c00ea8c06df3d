"""A confirmed stay outside any convention, and its agreement at each step: what the tests of agreements start from."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from service.domain.agreement_parts import HostPart, complete_by_host
from service.domain.agreement_preparation import Prepared, prepare_agreements
from service.domain.agreements import validate_by_school
from service.domain.confirmation_asks import ask_both_sides
from service.domain.confirmations import Voice, confirm
from service.jobs.scribe import write_waiting
from service.persistence.engine import session_scope
from service.persistence.tables import Agreement, Offer, Opening, School, Site
from service.vocabulary import Side
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, Field, make_field, publish_placement

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
WEEK = ["9h-12h, 13h30-16h30"] * 5 + [""]
PART = HostPart(
    signatory_name="Dominique Perrin",
    signatory_function="directrice",
    tutor_name="Sacha Leroy",
    tutor_function="atelier",
    tutor_email="sacha@atelier.example",
    activities="Suivre un objet, de la commande à la livraison.",
    hours=WEEK,
)


def confirmed_field(session: Session, pupils: int = 1) -> Field:
    """Stays that both sides have confirmed, at a host whose gate lets personal data through."""
    field = make_field(session)
    field.offer.convention_id = field.offer.commitment_id = None
    field.school.head_of_school, field.school.board_authorised_on = "Claude Rivière", date(2026, 9, 22)
    session.add_all([field.offer, field.school])
    for pupil in field.pupils[1:pupils]:
        publish_placement(session, field.round, pupil, field.opening)
    ask_both_sides(session, field.round, TODAY, NOW)
    confirm(session, Voice(Side.SCHOOL, school_id=field.school.id), None, ACTOR, NOW)
    confirm(session, Voice(Side.HOST, site_id=field.offer.site_id), None, ACTOR, NOW)
    return field


def validated(session: Session, pupils: int = 1, *, collective: bool = False) -> list[Agreement]:
    """Agreements ready for their document."""
    field = confirmed_field(session, pupils)
    count = 1 if collective else pupils
    assert prepare_agreements(session, field.school, collective, ACTOR, TODAY) == Prepared(count, 0)
    partner_id = session.get_one(Site, session.get_one(Offer, field.opening.offer_id).site_id).partner_id
    complete_by_host(session, partner_id, field.opening.id or 0, PART, ACTOR)
    assert validate_by_school(session, field.school, None, ACTOR) == count
    return agreements(session)


def agreements(session: Session) -> list[Agreement]:
    session.expire_all()
    return list(session.exec(select(Agreement).order_by(col(Agreement.id))))


def written(engine: Engine, pupils: int = 1, *, collective: bool = False) -> list[int]:
    """Agreements whose document the real scribe has written, by key."""
    with session_scope(engine) as session:
        ids = [one.id or 0 for one in validated(session, pupils, collective=collective)]
    assert write_waiting(engine) == len(ids)
    return ids


def school_of(session: Session) -> School:
    return session.exec(select(School)).one()


def opening_of(session: Session) -> Opening:
    return session.exec(select(Opening).where(Opening.used > 0)).one()
