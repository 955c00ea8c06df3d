"""The demonstration some weeks later, so that every page has something to show: answers, agreements, a trial, July.

Everything is done by the service's own operations, as people would. Measures nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from service.config import Settings
from service.domain.accounts import create_sample_accounts, create_user, grant
from service.domain.agreement_parts import HostPart, complete_by_host
from service.domain.agreement_preparation import prepare_agreements
from service.domain.agreements import validate_by_school
from service.domain.confirmations import Voice, confirm
from service.domain.conventions import get_convention
from service.domain.explanations import give_to_family
from service.domain.reporting import open_reporting
from service.domain.scenarios import Tried, launch_scenario
from service.jobs.inline import run_now
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import (
    Agreement,
    Campaign,
    ClassGroup,
    Confirmation,
    Offer,
    Opening,
    Partner,
    Pupil,
    School,
    Site,
    User,
)
from service.vocabulary import AgreementState, Role, Side

ACTOR = "bench"
COMMITTEE, FEDERATION = "comite@sequence.example", "federation@partenaire.example"
PART = HostPart(
    signatory_name="Dominique Perrin",
    signatory_function="directrice",
    tutor_name="Sacha Leroy",
    tutor_function="atelier",
    tutor_email="sacha@atelier.example",
    activities="Suivre un objet, de la commande à la livraison.",
    hours=["9h-12h, 13h30-16h30"] * 5 + [""],
)


@dataclass(frozen=True, slots=True)
class Life:
    """`accounts` maps the name of a role to the address and the password of who holds it."""

    accounts: dict[str, tuple[str, str]]
    explanation: str
    """The token of one family's link."""


def live(settings: Settings, engine: Engine, today: date) -> Life:
    """Answers on three sites of four, agreements at every step, one trial computed, July's window open."""
    now = datetime.now(UTC)
    with session_scope(engine) as session:
        school = session.get_one(School, _fullest(session))
        school.head_of_school, school.board_authorised_on = "Claude Rivière", date(2026, 9, 22)
        session.add(school)
        _answer(session, school, now)
        _agree(session, school, today)
        if session.exec(select(func.count()).select_from(User).where(User.email == COMMITTEE)).one() == 0:
            open_reporting(session, "2026-2027", today, ACTOR)
        accounts = _accounts(session, school)
        pupil = session.exec(_pupils_of(school).where(col(Confirmation.id).is_not(None))).first()
        assert pupil is not None
        token = give_to_family(session, pupil, ACTOR, now)
    _try(settings, engine)
    return Life(accounts, token)


def _fullest(session: Session) -> int:
    """The school with the most stays."""
    query = (
        select(ClassGroup.school_id)
        .join(Pupil, col(Pupil.class_id) == col(ClassGroup.id))
        .join(Confirmation, col(Confirmation.pupil_id) == col(Pupil.id))
        .group_by(col(ClassGroup.school_id))
        .order_by(func.count().desc(), col(ClassGroup.school_id))
    )
    found = session.exec(query).first()
    assert found is not None
    return found


def _pupils_of(school: School) -> SelectOfScalar[Pupil]:
    return (
        select(Pupil)
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .outerjoin(Confirmation, col(Confirmation.pupil_id) == col(Pupil.id))
        .where(col(ClassGroup.school_id) == school.id)
        .order_by(col(Pupil.id))
    )


def _answer(session: Session, school: School, now: datetime) -> None:
    sites = session.exec(
        select(Offer.site_id)
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Confirmation, col(Confirmation.opening_id) == col(Opening.id))
        .distinct()
        .order_by(col(Offer.site_id))
    ).all()
    for number, site_id in enumerate(sites):
        if number % 4:
            confirm(session, Voice(Side.HOST, site_id=site_id), None, ACTOR, now)
    for school_id in session.exec(select(School.id).order_by(col(School.id))).all():
        confirm(session, Voice(Side.SCHOOL, school_id=school_id), None, ACTOR, now)


def _agree(session: Session, school: School, today: date) -> None:
    prepare_agreements(session, school, False, ACTOR, today)
    openings = session.exec(
        select(Agreement.opening_id, Site.partner_id)
        .join(Opening, col(Opening.id) == col(Agreement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(Agreement.school_id == school.id, Agreement.state == AgreementState.DRAFT)
        .distinct()
        .order_by(col(Agreement.opening_id))
    ).all()
    for number, (opening_id, partner_id) in enumerate(openings):
        if number % 3:
            complete_by_host(session, partner_id, opening_id, PART, ACTOR)
    done = session.exec(select(Agreement.id).where(Agreement.state == AgreementState.HOST_COMPLETED)).all()
    validate_by_school(session, school, [one or 0 for one in done[::2]], ACTOR)


def _accounts(session: Session, school: School) -> dict[str, tuple[str, str]]:
    accounts = {one.role.value: (one.email, one.password) for one in create_sample_accounts(session, school)}
    password = "une phrase de passe pour mesurer"
    known = set(session.exec(select(User.email)).all())
    if COMMITTEE not in known:
        grant(session, create_user(session, COMMITTEE, "Comité", password, ACTOR), Role.COMMITTEE_MEMBER, ACTOR)
    if FEDERATION not in known:
        partner = session.get_one(Partner, get_convention(session, "serce").partner_id)
        user = create_user(session, FEDERATION, "Fédération", password, ACTOR)
        grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=partner.id)
    return accounts | {"committee_member": (COMMITTEE, password), "federation": (FEDERATION, password)}


def _try(settings: Settings, engine: Engine) -> None:
    with session_scope(engine) as session:
        campaign = session.exec(select(Campaign).order_by(col(Campaign.id))).one()
        name = f"Cinq kilomètres de plus, {datetime.now(UTC):%H:%M:%S}"
        key = row_id(launch_scenario(session, row_id(campaign), name, Tried(add_km=5), ACTOR))
    run_now(settings, key)
