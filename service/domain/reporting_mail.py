"""Mail of the July campaign: its opening, then reminders to whoever has not answered, once each.

Responsible for who still owes an answer and for the words. Refuses to know when it is called.
"""

from __future__ import annotations

from datetime import date

from sqlmodel import Session, col, select

from service.domain.addresses import partner_figures_address, school_figures_address
from service.domain.convention_deadlines import current_conventions
from service.domain.dates import french_day
from service.domain.digests import read_mailboxes
from service.domain.letters import Letter
from service.domain.outbox import queue_letters
from service.domain.reporting import latest_reporting, refresh_counts, state_of
from service.domain.texts import plural
from service.persistence.rows import row_id
from service.persistence.tables import RealisedFigure, ReportedHosting, ReportingCampaign, School
from service.vocabulary import ReportingState

STAGES = (2, 7, 14)
"""Days before the window closes: the first that covers what is left is the reminder of the day."""


def queue_reporting_mail(session: Session, today: date) -> int:
    """Refreshes what is counted, and writes to whoever has not answered. Returns how many messages are new."""
    campaign = latest_reporting(session)
    if campaign is None or state_of(campaign, today) is not ReportingState.OPEN:
        return 0
    refresh_counts(session, campaign)
    left = (campaign.closes_on - today).days
    stage = next((str(days) for days in STAGES if left <= days), "opening")
    letters = {**_to_partners(session, campaign), **_to_schools(session, campaign)}
    cause = f"reporting:{campaign.school_year}/{stage}"
    return queue_letters(session, {(f"{cause}/{scope}", email): one for (scope, email), one in letters.items()})


_Letters = dict[tuple[str, str], Letter]


def _to_partners(session: Session, campaign: ReportingCampaign) -> _Letters:
    waiting = session.exec(
        select(RealisedFigure.convention_key).where(
            RealisedFigure.campaign_id == campaign.id, col(RealisedFigure.confirmed_at).is_(None)
        )
    ).all()
    mailboxes, letters = read_mailboxes(session).partners, _Letters()
    for convention, partner in current_conventions(session):
        count = waiting.count(convention.key)
        if count:
            letter = Letter(
                f"{partner.name}\u00a0: chiffres réalisés {campaign.school_year}, avant le "
                f"{french_day(campaign.closes_on)}",
                [
                    f"{plural(count, 'chiffre attend', 'chiffres attendent')} votre confirmation. Ce que le service "
                    "connaît est déjà rempli\u00a0: un clic suffit lorsque c’est exact.",
                    "Ajoutez-y les accueils faits en dehors du service.",
                ],
                action="Confirmer les chiffres",
                path=partner_figures_address(row_id(partner)),
            )
            key = f"partner:{partner.id}/{convention.key}"
            letters |= {(key, email): letter for email in mailboxes.get(row_id(partner), [])}
    return letters


def _to_schools(session: Session, campaign: ReportingCampaign) -> _Letters:
    query = (
        select(School)
        .join(ReportedHosting, col(ReportedHosting.school_id) == col(School.id))
        .join(RealisedFigure, col(RealisedFigure.id) == col(ReportedHosting.figure_id))
        .where(RealisedFigure.campaign_id == campaign.id, col(ReportedHosting.school_at).is_(None))
        .distinct()
    )
    mailboxes, letters = read_mailboxes(session).schools, _Letters()
    for school in session.exec(query).all():
        letter = Letter(
            f"{school.name}\u00a0: accueils de l’année {campaign.school_year} à confirmer",
            [
                f"Dites avant le {french_day(campaign.closes_on)} si le nombre d’élèves accueillis par chaque "
                "partenaire est exact\u00a0: un clic suffit.",
            ],
            action="Confirmer les nombres",
            path=school_figures_address(school.uai),
        )
        letters |= {(f"school:{school.id}", email): letter for email in mailboxes.get(row_id(school), [])}
    return letters
