"""Reminders of a campaign's deadline: a week before, then two days before, once to each person, never to who is done.

Responsible for who is late and how it is said. Whenever and however often the job runs, the outbox keeps each reminder
single. Refuses to know when it is called.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import func, select, true
from sqlmodel import Session, col

from service.domain.addresses import partner_address, school_address
from service.domain.campaigns import campaigns_in_force, own_campaign
from service.domain.dates import french_day
from service.domain.digests import Mailboxes, read_mailboxes
from service.domain.letters import Letter
from service.domain.outbox import queue_letters
from service.domain.perimeters import area_of, within
from service.domain.schools import LEVELS_OF_SCHOOL
from service.domain.texts import plural
from service.persistence.bulk import fetch
from service.persistence.tables import (
    Campaign,
    ClassGroup,
    Offer,
    Partner,
    PlacementRequest,
    School,
    Site,
)
from service.vocabulary import CampaignStatus, OfferStatus, RequestStatus

STAGES = (2, 7)
"""Days before the deadline: the first that covers what is left is the reminder of the day."""
_SENT = (RequestStatus.SUBMITTED, RequestStatus.FROZEN)


def queue_reminders(session: Session, today: date) -> int:
    """Queues what is due today for every open campaign. Returns how many messages are new."""
    campaigns = session.scalars(select(Campaign).where(col(Campaign.status) == CampaignStatus.OPEN)).all()
    return sum(_remind(session, campaign, today) for campaign in campaigns)


def _remind(session: Session, campaign: Campaign, today: date) -> int:
    left = (campaign.closes_on - today).days
    stage = next((one for one in STAGES if 0 <= left <= one), None)
    if stage is None:
        return 0
    mailboxes = read_mailboxes(session)
    cause = f"reminder:{campaign.id}/{campaign.closes_on.isoformat()}/{stage}"
    late = _late_schools(session, campaign, mailboxes) | _silent_partners(session, campaign, mailboxes)
    return queue_letters(
        session,
        {(f"{cause}/{scope}", email): letter for scope, (emails, letter) in late.items() for email in emails},
    )


_Late = dict[str, tuple[list[str], Letter]]


def _late_schools(session: Session, campaign: Campaign, mailboxes: Mailboxes) -> _Late:
    """Schools with drafts, or with nothing at all."""
    rows = fetch(
        session,
        select(col(ClassGroup.school_id), col(PlacementRequest.status), func.count())
        .join(ClassGroup, col(ClassGroup.id) == col(PlacementRequest.class_id))
        .where(col(PlacementRequest.campaign_id) == campaign.id)
        .group_by(col(ClassGroup.school_id), col(PlacementRequest.status)),
    )
    counts: dict[int, dict[RequestStatus, int]] = defaultdict(dict)
    for school_id, status, count in rows:
        counts[school_id][RequestStatus(status)] = count
    late: _Late = {}
    known = select(
        col(School.id), col(School.uai), col(School.name), col(School.department_code), col(School.kind)
    ).where(col(School.id).in_(mailboxes.schools))
    running = campaigns_in_force(session)
    for school_id, uai, name, department, kind in fetch(session, known):
        if own_campaign(session, running, department, LEVELS_OF_SCHOOL[kind]) is not campaign:
            continue
        drafts = counts[school_id].get(RequestStatus.DRAFT, 0)
        if drafts or not any(counts[school_id].get(one) for one in _SENT):
            late[f"school:{school_id}"] = mailboxes.schools[school_id], _school_letter(campaign, uai, name, drafts)
    return late


def _school_letter(campaign: Campaign, uai: str, name: str, drafts: int) -> Letter:
    until = french_day(campaign.closes_on)
    if drafts:
        said = (
            f"{name}\u00a0: {plural(drafts, 'demande est', 'demandes sont')} encore en brouillon. "
            "Une demande en brouillon ne participe pas au tour."
        )
    else:
        said = f"{name} n’a encore envoyé aucune demande."
    return Letter(
        f"Avant le {until}\u00a0: les demandes de {name}",
        [f"La campagne «\u00a0{campaign.name}\u00a0» reçoit les demandes jusqu’au {until} inclus.", said],
        action="Compléter et envoyer les demandes",
        path=school_address(uai),
    )


def _silent_partners(session: Session, campaign: Campaign, mailboxes: Mailboxes) -> _Late:
    """Partners whose people have an account and no published place this year."""
    published = (
        select(col(Site.partner_id))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .where(col(Offer.status) == OfferStatus.PUBLISHED, col(Offer.school_year) == campaign.school_year)
    )
    area = area_of(session, campaign.territory)
    there = select(col(Site.partner_id)).where(within(col(Site.department_code), area))
    silent = select(col(Partner.id), col(Partner.name)).where(
        col(Partner.id).in_(mailboxes.partners),
        col(Partner.id).not_in(published),
        true() if area is None else col(Partner.id).in_(there),
    )
    until = french_day(campaign.closes_on)
    return {
        f"partner:{partner_id}": (
            mailboxes.partners[partner_id],
            Letter(
                f"Avant le {until}\u00a0: les places de {name}",
                [
                    f"La campagne «\u00a0{campaign.name}\u00a0» reçoit les places d’accueil jusqu’au {until} inclus.",
                    f"{name} n’a encore publié aucune place pour l’année {campaign.school_year}.",
                ],
                action="Publier des places",
                path=partner_address(partner_id),
            ),
        )
        for partner_id, name in fetch(session, silent)
    }
