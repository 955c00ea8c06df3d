"""The published small country some days later, so that a crawl reaches the pages that a quiet site does not link to.

Everything is done by the service's own operations; nothing is solved nor typeset.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from service.domain.agreement_parts import complete_by_host
from service.domain.agreement_preparation import prepare_agreements
from service.domain.campaigns import get_campaign
from service.domain.confirmations import Voice, confirm
from service.domain.explanations import give_to_family
from service.domain.links import issue_link
from service.domain.reporting import open_reporting
from service.domain.request_rules import PupilDraft, RequestDraft
from service.domain.requests import create_request
from service.domain.steering import plan_meetings
from service.persistence.rows import row_id
from service.persistence.tables import (
    Agreement,
    Campaign,
    Confirmation,
    Offer,
    Opening,
    Partner,
    Pupil,
    School,
    Site,
    User,
)
from service.vocabulary import Level, LinkPurpose, Side
from tests.service.agreement_field import PART
from tests.service.web.filled_country import CANARY, TODAY, WEEK
from tests.service.web.small_country import ACTOR, SCHOOL_YEAR, SmallCountry

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)


def live(session: Session, country: SmallCountry) -> list[str]:
    """Answers, agreements at two steps, a draft, meetings, July's window. Returns addresses that links of mail open."""
    school = session.exec(select(School).where(School.uai == country.school_a)).one()
    partner = session.get_one(Partner, country.partner_a)
    confirm(session, Voice(Side.SCHOOL, school_id=school.id), None, ACTOR, NOW)
    stays = session.exec(
        select(Confirmation.id, Confirmation.pupil_id)
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(Site.partner_id == partner.id)
        .order_by(col(Confirmation.id))
    ).all()
    voice = Voice(Side.HOST, partner_id=partner.id)
    confirm(session, voice, [stays[0][0] or 0, stays[1][0] or 0], ACTOR, NOW)
    prepare_agreements(session, school, False, ACTOR, TODAY)
    opening = session.exec(select(Agreement.opening_id)).all()[0]
    complete_by_host(session, row_id(partner), opening, PART, ACTOR)
    confirm(session, voice, [stays[2][0] or 0], ACTOR, NOW)
    prepare_agreements(session, school, False, ACTOR, TODAY)
    campaign = get_campaign(session, row_id(session.exec(select(Campaign)).one()))
    draft = RequestDraft(
        class_name="3e brouillon",
        level=Level.TROISIEME,
        pupils=(PupilDraft(display_name=f"{CANARY} 100"),),
        period_ids=(WEEK,),
        reach_km=30,
    )
    create_request(session, campaign, school, draft, ACTOR)
    plan_meetings(session, SCHOOL_YEAR, TODAY, ACTOR)
    open_reporting(session, SCHOOL_YEAR, TODAY, ACTOR)
    return _mailed(session, country, partner, stays[0][1])


def _mailed(session: Session, country: SmallCountry, partner: Partner, pupil_id: int) -> list[str]:
    offer, site = session.exec(select(Offer.id, Site.id).join(Site).where(Site.partner_id == partner.id)).all()[0]
    user = session.exec(select(User.id).where(User.email == country.email_school_a)).one()
    links = (
        ("reponse", LinkPurpose.OFFER, f"offer:{offer}"),
        ("confirmation", LinkPurpose.CONFIRMATION, f"site:{site}"),
        ("acces", LinkPurpose.ACCESS, f"user:{user}"),
    )
    explanation = give_to_family(session, session.get_one(Pupil, pupil_id), ACTOR, NOW)
    return [
        f"/explication/{explanation}",
        *(f"/{path}/{issue_link(session, purpose, subject, 'a@b.example', NOW)}" for path, purpose, subject in links),
    ]
