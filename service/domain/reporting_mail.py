"""Mail of the July campaign: its opening, then reminders to whoever has not answered, once each.

Responsible for who still owes an answer and for the words; each message has a link of its own, that needs no account.
Refuses to know when it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

from sqlmodel import Session, col, select

from service.domain.addresses import figures_link_address
from service.domain.convention_deadlines import current_conventions
from service.domain.dates import french_day
from service.domain.digests import read_mailboxes
from service.domain.figure_links import subject_of
from service.domain.invitations import invited_to_partners
from service.domain.letters import Letter
from service.domain.linked_letters import NO_ACCOUNT, LinkedLetter, queue_linked
from service.domain.reporting import latest_reporting, refresh_counts, state_of
from service.domain.texts import plural
from service.persistence.rows import row_id
from service.persistence.tables import Partner, RealisedFigure, ReportedHosting, ReportingCampaign, School
from service.vocabulary import LinkPurpose, ReportingState

STAGES = (2, 7, 14)
"""Days before the window closes: the first that covers what is left is the reminder of the day."""


def queue_reporting_mail(session: Session, today: date, now: datetime) -> int:
    """Refreshes what is counted, and writes to whoever has not answered. Returns how many messages are new."""
    campaign = latest_reporting(session)
    if campaign is None or state_of(campaign, today) is not ReportingState.OPEN:
        return 0
    refresh_counts(session, campaign)
    left = (campaign.closes_on - today).days
    stage = next((str(days) for days in STAGES if left <= days), "opening")
    cause = f"reporting:{campaign.school_year}/{stage}"
    due = [*_to_partners(session, campaign, cause), *_to_schools(session, campaign, cause)]
    return queue_linked(session, LinkPurpose.FIGURES, due, now)


def _to_partners(session: Session, campaign: ReportingCampaign, cause: str) -> Iterator[LinkedLetter]:
    """The people who act for a partner; when nobody does yet, those who are invited to."""
    waiting = session.exec(
        select(RealisedFigure.convention_key).where(
            RealisedFigure.campaign_id == campaign.id, col(RealisedFigure.confirmed_at).is_(None)
        )
    ).all()
    mailboxes, invited = read_mailboxes(session).partners, invited_to_partners(session)
    for convention, partner in current_conventions(session):
        key, count = row_id(partner), waiting.count(convention.key)
        if not count:
            continue
        write = partial(_partner_letter, partner, campaign, count)
        for email in mailboxes.get(key) or invited.get(key, []):
            yield LinkedLetter(f"{cause}/partner:{key}/{convention.key}", email, subject_of(partner), write)


def _partner_letter(partner: Partner, campaign: ReportingCampaign, count: int, token: str) -> Letter:
    return Letter(
        f"{partner.name}\u00a0: chiffres réalisés {campaign.school_year}, avant le {french_day(campaign.closes_on)}",
        [
            f"{plural(count, 'chiffre attend', 'chiffres attendent')} votre confirmation. Ce que le service "
            "connaît est déjà rempli\u00a0: un clic suffit lorsque c’est exact.",
            "Les accueils faits en dehors du service s’ajoutent depuis votre espace, avec un compte.",
        ],
        action="Confirmer les chiffres",
        path=figures_link_address(token),
        closing=[NO_ACCOUNT],
    )


def _to_schools(session: Session, campaign: ReportingCampaign, cause: str) -> Iterator[LinkedLetter]:
    query = (
        select(School)
        .join(ReportedHosting, col(ReportedHosting.school_id) == col(School.id))
        .join(RealisedFigure, col(RealisedFigure.id) == col(ReportedHosting.figure_id))
        .where(RealisedFigure.campaign_id == campaign.id, col(ReportedHosting.school_at).is_(None))
        .distinct()
    )
    mailboxes = read_mailboxes(session).schools
    for school in session.exec(query).all():
        write = partial(_school_letter, school, campaign)
        for email in mailboxes.get(row_id(school), []):
            yield LinkedLetter(f"{cause}/school:{school.id}", email, subject_of(school), write)


def _school_letter(school: School, campaign: ReportingCampaign, token: str) -> Letter:
    return Letter(
        f"{school.name}\u00a0: accueils de l’année {campaign.school_year} à confirmer",
        [
            f"Dites avant le {french_day(campaign.closes_on)} si le nombre d’élèves accueillis par chaque "
            "partenaire est exact\u00a0: un clic suffit.",
        ],
        action="Confirmer les nombres",
        path=figures_link_address(token),
        closing=[NO_ACCOUNT],
    )
