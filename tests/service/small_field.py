"""A few rows every test of the field starts from, made by the operations themselves: nothing is written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from service.domain.accounts import create_user
from service.domain.offers import OfferDraft, SiteDraft, add_site, publish_offer
from service.domain.requests import RequestDraft, create_request
from service.domain.schools import SchoolDraft, add_schools
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    Convention,
    Offer,
    Opening,
    Partner,
    Placement,
    PlacementRequest,
    Pupil,
    School,
    Site,
)
from service.vocabulary import CampaignStatus, Level, RoundStatus, SchoolType
from tests.service.conftest import SCHOOL_YEAR, TODAY

JUNE = "2027-W24-2"
LYON, PARIS, LILLE, CLERMONT, TOULOUSE = "69123", "75056", "59350", "63113", "31555"
ACTOR = "test"


def make_school(
    session: Session, uai: str = "0690026D", kind: SchoolType = SchoolType.LYCEE, insee: str = LYON
) -> School:
    draft = SchoolDraft(uai=uai, name="Lycée des Tilleuls", kind=kind, insee=insee)
    return add_schools(session, [draft], ACTOR)[0]


def make_campaign(session: Session, name: str = "Campagne", levels: tuple[str, ...] = tuple(Level)) -> Campaign:
    campaign = Campaign(
        name=name,
        school_year=SCHOOL_YEAR,
        levels=list(levels),
        status=CampaignStatus.OPEN,
        closes_on=date(2027, 1, 31),
    )
    session.add(campaign)
    session.flush()
    return campaign


def partner_of(session: Session, key: str) -> int:
    return session.exec(select(Convention.partner_id).where(Convention.key == key)).one()


def make_site(session: Session, insee: str = LYON, key: str = "ovhcloud", name: str = "Site") -> Site:
    return add_site(session, partner_of(session, key), SiteDraft(name=name, insee=insee), ACTOR)[0]


def make_offer(session: Session, site: Site, seats: int = 5, key: str | None = "ovhcloud") -> Offer:
    draft = OfferDraft(level=Level.SECONDE_GT, sector="numerique", seats={JUNE: seats}, convention_key=key)
    return publish_offer(session, site, draft, TODAY, ACTOR)


def seconde_draft(name: str = "2de 1", size: int = 3) -> RequestDraft:
    return RequestDraft(class_name=name, level=Level.SECONDE_GT, size=size, period_ids=(JUNE,), wishes=("numerique",))


@dataclass(frozen=True)
class Field:
    """A class that asks, a site that offers, a round that has published one placement."""

    school: School
    campaign: Campaign
    request: PlacementRequest
    pupils: list[Pupil]
    offer: Offer
    opening: Opening
    round: AllocationRound
    placement: Placement


def make_field(session: Session) -> Field:
    school, campaign = make_school(session), make_campaign(session)
    request = create_request(session, campaign, school, seconde_draft(), ACTOR)
    offer = make_offer(session, make_site(session))
    opening = session.exec(select(Opening).where(Opening.offer_id == offer.id)).one()
    pupils = list(session.exec(select(Pupil).where(Pupil.class_id == request.class_id).order_by(col(Pupil.id))))
    round_ = AllocationRound(
        campaign_id=campaign.id or 0, number=1, launched_by=ACTOR, status=RoundStatus.PUBLISHED, pupils=3, placed=1
    )
    session.add(round_)
    session.flush()
    placement = publish_placement(session, round_, pupils[0], opening)
    campaign.published_round_id = round_.id
    session.add(campaign)
    create_user(session, "camille@college.example", "Camille", "une longue phrase", ACTOR)
    session.flush()
    return Field(school, campaign, request, pupils, offer, opening, round_, placement)


def publish_placement(session: Session, round_: AllocationRound, pupil: Pupil, opening: Opening) -> Placement:
    """A pupil sent to an opening by a published round, and its seat taken."""
    placement = Placement(
        round_id=round_.id or 0,
        pupil_id=pupil.id or 0,
        opening_id=opening.id or 0,
        period_id=opening.period_id,
        rank=1,
        trip_m=1000,
        published=True,
    )
    opening.used += 1
    session.add_all([placement, opening])
    session.flush()
    return placement


def independent_partner(session: Session) -> Partner:
    partner = Partner(name="Atelier du Pont", kind="independent")  # type: ignore[arg-type]
    session.add(partner)
    session.flush()
    return partner
