"""Five conventions, each with a site that has a mailbox and a class to receive: what the year's journey starts from.

Nothing is confirmed, signed or counted here: one round is computed by the real job, and its publication is left to the
journey.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from service.config import Settings
from service.domain.accounts import create_user, find_user_by_email, grant
from service.domain.campaigns import get_campaign
from service.domain.conventions import get_convention, record_event
from service.domain.offer_rules import OfferDraft
from service.domain.offers import publish_offer
from service.domain.request_rules import PupilDraft, RequestDraft
from service.domain.requests import create_request, submit_request
from service.domain.rounds import launch_round
from service.domain.schools import SchoolDraft, add_schools
from service.domain.sites import SiteDraft, add_site
from service.jobs.inline import run_now
from service.persistence.engine import make_engine, session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Campaign
from service.vocabulary import ConventionEventKind, Level, Role, SchoolType
from tests.service.web.small_country import ACTOR, PASSWORD, email_of

TODAY = date(2026, 11, 23)
WEEK, FORTNIGHT = "2027-W05", "2027-W24-2"
CANARY = "Canari"
"""The first name of every pupil."""
PUPILS = 2
"""In each class."""
EXPERT = "expert@comite.example"


@dataclass(frozen=True)
class Host:
    """One convention's own corner of the country: the site that receives, the school that sends."""

    key: str
    uai: str
    insee: str
    level: Level
    sector: str
    member: str = ""

    @property
    def period(self) -> str:
        return WEEK if self.level is Level.TROISIEME else FORTNIGHT

    @property
    def site_email(self) -> str:
        return f"site-{self.key}@hote.example"

    @property
    def school_email(self) -> str:
        return f"secretariat-{self.key}@academie.example"

    @property
    def head_email(self) -> str:
        """The school's own mailbox, where its head signs."""
        return f"direction-{self.key}@academie.example"


HOSTS = (
    Host("ovhcloud", "0590003H", "59512", Level.TROISIEME, "numerique"),
    Host("microsoft_france", "0690005F", "69123", Level.TROISIEME, "numerique"),
    Host("serce", "0750006Z", "75056", Level.SECONDE_GT, "energie", "Électricité Martin"),
    Host("jobirl", "0330007D", "33063", Level.TROISIEME, "commerce", "Librairie du Port"),
    Host("medef_occitanie", "0310008R", "31555", Level.TROISIEME, "industrie", "Mécanique Garonne"),
)
GATED = ("ovhcloud", "microsoft_france", "serce")
"""Those whose article 7 asks for an opinion and an addendum."""


def prepare(database_url: str) -> int:
    """Fills the open campaign of that database and computes its round. Returns the round's key."""
    settings = Settings(database_url=database_url, today=TODAY)
    engine = make_engine(settings)
    with session_scope(engine) as session:
        _open_what_is_closed(session)
        campaign = get_campaign(session, row_id(session.exec(select(Campaign)).one()))
        for host in HOSTS:
            _one_host(session, host)
            _one_school(session, host, campaign)
        expert = create_user(session, EXPERT, "Experte invitée", PASSWORD, ACTOR)
        grant(session, expert, Role.COMMITTEE_MEMBER, ACTOR)
    with session_scope(engine) as session:
        round_id = row_id(launch_round(session, row_id(campaign), ACTOR))
    run_now(settings, round_id)
    engine.dispose()
    return round_id


def _open_what_is_closed(session: Session) -> None:
    """JobIRL's term was over: renewed. The three article 7 are satisfied."""
    lapsed = get_convention(session, "jobirl")
    record_event(session, lapsed, ConventionEventKind.RENEWAL, date(2024, 4, 1), "Acte reçu.", actor=ACTOR, years=5)
    for key in GATED:
        convention = get_convention(session, key)
        for kind in (ConventionEventKind.MINISTRY_OPINION, ConventionEventKind.DATA_PROTECTION_ADDENDUM):
            record_event(session, convention, kind, TODAY, "Courrier reçu.", actor=ACTOR)


def _one_host(session: Session, host: Host) -> None:
    partner_id = get_convention(session, host.key).partner_id
    site_draft = SiteDraft(name=f"Site {host.key}", insee=host.insee, contact_email=host.site_email, member=host.member)
    site, _ = add_site(session, partner_id, site_draft, ACTOR)
    offer = OfferDraft(level=host.level, sector=host.sector, seats={host.period: 3}, convention_key=host.key)
    publish_offer(session, site, offer, TODAY, ACTOR)
    email = email_of(host.key)
    if find_user_by_email(session, email) is None:
        user = create_user(session, email, f"Compte de {host.key}", PASSWORD, ACTOR)
        grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=partner_id)


def _one_school(session: Session, host: Host, campaign: Campaign) -> None:
    kind = SchoolType.COLLEGE if host.level is Level.TROISIEME else SchoolType.LYCEE
    draft = SchoolDraft(
        uai=host.uai,
        name=f"Établissement de {host.key}",
        kind=kind,
        insee=host.insee,
        head_of_school="Claude Rivière",
        official_email=host.head_email,
    )
    [school] = add_schools(session, [draft], ACTOR)
    user = create_user(session, host.school_email, f"Secrétariat de {host.key}", PASSWORD, ACTOR)
    grant(session, user, Role.SCHOOL_COORDINATOR, ACTOR, school_id=school.id)
    pupils = tuple(PupilDraft(display_name=f"{CANARY} {n} {host.key}", wishes=()) for n in range(PUPILS))
    request = RequestDraft(
        class_name="Classe 1", level=host.level, pupils=pupils, period_ids=(host.period,), reach_km=30
    )
    submit_request(session, create_request(session, campaign, school, request, ACTOR), ACTOR, TODAY)
