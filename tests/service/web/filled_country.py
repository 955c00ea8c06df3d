"""A small country with something to decide: requests, places under two conventions and outside, one computed round.

Built through the real operations, computed by the real job in its own process. What must come out is known: OVHcloud's
ceiling of 30 is reached in Roubaix, Mende has nothing within reach, Paris has fewer seats than pupils.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlmodel import Session, select

from service.config import Settings
from service.domain.activities import ActivityDraft, announce_activity
from service.domain.activity_requests import ask_to_come
from service.domain.campaigns import get_campaign, open_campaign
from service.domain.conventions import get_convention, import_conventions
from service.domain.offer_rules import OfferDraft
from service.domain.offers import publish_offer
from service.domain.publication import publish_round
from service.domain.request_rules import PupilDraft, RequestDraft
from service.domain.requests import create_request, submit_request
from service.domain.rounds import launch_round
from service.domain.schools import SchoolDraft, add_schools
from service.domain.sites import SiteDraft, add_site
from service.jobs.inline import run_now
from service.persistence.engine import make_engine, session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Partner, School, User
from service.vocabulary import ActivityKind, Audience, Level, Priority, SchoolType
from tests.service.web.small_country import ACTOR, SCHOOL_YEAR, SmallCountry

TODAY = date(2026, 11, 23)
WEEK, FORTNIGHT = "2027-W05", "2027-W24-2"
CANARY = "Canari"
"""The first name of every pupil: it must never leave the school's own pages."""
CEILING_3E = 30
"""OVHcloud's own, as its fixture declares it."""


@dataclass(frozen=True)
class Filled:
    campaign_id: int
    round_id: int


def fill(path: Path, country: SmallCountry, *, publish: bool) -> Filled:
    """Adds conventions, places, requests and one computed round to the small country of that file."""
    settings = Settings(database_url=f"sqlite:///{path}", today=TODAY)
    engine = make_engine(settings)
    with session_scope(engine) as session:
        campaign_id = _prepare(session, country)
        coordinator = session.exec(select(User).where(User.email == country.email_coordinator)).one()
        actor = f"user:{coordinator.id}"
        round_id = row_id(launch_round(session, campaign_id, actor))
    run_now(settings, round_id)
    if publish:
        with session_scope(engine) as session:
            publish_round(session, round_id, actor, TODAY)
    engine.dispose()
    return Filled(campaign_id, round_id)


def _prepare(session: Session, country: SmallCountry) -> int:
    import_conventions(session, TODAY, with_sample_events=True)
    campaign = open_campaign(
        session,
        "Campagne 2026-2027",
        SCHOOL_YEAR,
        [level.value for level in Level],
        date(2026, 12, 31),
        actor=ACTOR,
        today=TODAY,
    )
    add_places(session, country)
    add_requests(session, country, row_id(campaign))
    add_activities(session, country)
    return row_id(campaign)


def add_places(session: Session, country: SmallCountry) -> None:
    ovhcloud, serce = (get_convention(session, key).partner_id for key in ("ovhcloud", "serce"))
    third, second = Level.TROISIEME, Level.SECONDE_GT
    for partner, commune, level, sector, seats, convention in (
        (ovhcloud, "59512", third, "numerique", 40, "ovhcloud"),
        (serce, "75056", second, "energie", 6, "serce"),
        (country.partner_a, "69123", third, "commerce", 20, None),
        (country.partner_b, "75056", second, "industrie", 12, None),
    ):
        draft = SiteDraft(name=f"Site {sector}", insee=commune, member="Électricité Martin" if partner == serce else "")
        site, _ = add_site(session, partner, draft, ACTOR)
        week = WEEK if level is third else FORTNIGHT
        offer = OfferDraft(level=level, sector=sector, seats={week: seats}, convention_key=convention)
        publish_offer(session, site, offer, TODAY, ACTOR)


def add_requests(session: Session, country: SmallCountry, campaign_id: int) -> None:
    add_schools(
        session,
        [
            SchoolDraft(
                uai="0590003H",
                name="Collège des Peupliers",
                kind=SchoolType.COLLEGE,
                insee="59512",
                priority=Priority.REP,
            ),
            SchoolDraft(
                uai="0480004U",
                name="Collège des Causses",
                kind=SchoolType.COLLEGE,
                insee="48095",
                priority=Priority.RURAL,
            ),
        ],
        ACTOR,
    )
    campaign = get_campaign(session, campaign_id)
    for uai, level, size, wishes in (
        ("0590003H", Level.TROISIEME, 34, ("numerique", "commerce")),
        ("0480004U", Level.TROISIEME, 9, ()),
        (country.school_a, Level.TROISIEME, 18, ("sante", "commerce")),
        (country.school_b, Level.SECONDE_GT, 25, ("energie", "industrie")),
    ):
        school = session.exec(select(School).where(School.uai == uai)).one()
        week = WEEK if level is Level.TROISIEME else FORTNIGHT
        pupils = tuple(PupilDraft(display_name=f"{CANARY} {number}", wishes=wishes) for number in range(size))
        draft = RequestDraft(class_name="Classe 1", level=level, pupils=pupils, period_ids=(week,), reach_km=30)
        submit_request(session, create_request(session, campaign, school, draft, ACTOR), ACTOR, TODAY)


def add_activities(session: Session, country: SmallCountry) -> None:
    """A visit that school A asked for, and a talk nobody has asked yet."""
    partner = session.get_one(Partner, country.partner_a)
    school = session.exec(select(School).where(School.uai == country.school_a)).one()
    visit, _ = (
        announce_activity(
            session,
            partner,
            ActivityDraft(
                kind=kind,
                title=title,
                happens_on=date(2026, 12, 3),
                department_code="69",
                audience=(Audience.QUATRIEME, Audience.TROISIEME),
                room=30,
                staff=4,
            ),
            TODAY,
            ACTOR,
        )
        for kind, title in (
            (ActivityKind.COMPANY_VISIT, "Une journée aux ateliers"),
            (ActivityKind.CLASS_TALK, "Le métier d’ajusteuse"),
        )
    )
    ask_to_come(session, school, row_id(visit), 12, "", TODAY, ACTOR)
