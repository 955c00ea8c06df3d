"""Asking both sides to confirm: rows and messages when a round is published, reminders, the end of the delay.

Responsible for who is asked, once per stay however many rounds publish it again, and until when. Refuses to know what
an answer does: that is `confirmations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select, update
from sqlmodel import Session, col

from service.domain.addresses import (
    confirmation_address,
    partner_stays_address,
    school_stays_address,
)
from service.domain.agreement_rows import end_with_stays
from service.domain.confirmations import LIVE, Voice, count_silent
from service.domain.dates import french_day
from service.domain.digests import read_mailboxes
from service.domain.letters import MENTION, Letter
from service.domain.linked_letters import NO_ACCOUNT, LinkedLetter, queue_linked
from service.domain.links import LinkRefused, read_link
from service.domain.outbox import queue_letters
from service.domain.texts import plural
from service.persistence.bulk import fetch, insert_missing
from service.persistence.tables import (
    AllocationRound,
    ClassGroup,
    Confirmation,
    Offer,
    Opening,
    Partner,
    Period,
    PersonalLink,
    Placement,
    Pupil,
    School,
    Site,
)
from service.vocabulary import ConfirmationState, LinkPurpose, Side

DELAY = timedelta(days=14)
"""A setting, not a law: long enough for a school's week of holidays."""
REMIND_BEFORE = (2, 7)
"""Days before the end: the first that covers what is left is the reminder of the day."""


def ask_both_sides(session: Session, published: AllocationRound, today: date, now: datetime) -> int:
    """One row per stay the round publishes, in its transaction; those asked before keep their answers.

    A stay the round no longer publishes is replaced. Returns how many stays are new; their sites are written to.
    """
    _replace_moved(session, published, now)
    rows = fetch(
        session,
        select(col(Placement.pupil_id), col(Placement.opening_id), col(Period.starts_on))
        .join(Period, col(Period.id) == col(Placement.period_id))
        .where(col(Placement.round_id) == published.id, col(Placement.published)),
    )
    new = insert_missing(
        session,
        Confirmation,
        [
            {
                "pupil_id": pupil_id,
                "opening_id": opening_id,
                "state": ConfirmationState.ASKED,
                "asked_at": now,
                "answer_by": answer_by(today, starts_on),
                "school_by": "",
                "host_by": "",
            }
            for pupil_id, opening_id, starts_on in rows
        ],
        ("pupil_id", "opening_id"),
    )
    _write_to_new_sites(session, published, now)
    return new


def answer_by(today: date, starts_on: date) -> date:
    """Two weeks, or the eve of the first day when that comes first."""
    return max(today, min(today + DELAY, starts_on - timedelta(days=1)))


def _replace_moved(session: Session, published: AllocationRound, now: datetime) -> None:
    """Stays of the campaign's pupils follow what is published: those that are no more end, those that are back live."""
    stays = exists().where(
        col(Placement.pupil_id) == col(Confirmation.pupil_id),
        col(Placement.opening_id) == col(Confirmation.opening_id),
        col(Placement.published),
    )
    rounds = select(col(AllocationRound.id)).where(col(AllocationRound.campaign_id) == published.campaign_id)
    ours = exists().where(
        col(Placement.pupil_id) == col(Confirmation.pupil_id),
        col(Placement.opening_id) == col(Confirmation.opening_id),
        col(Placement.round_id).in_(rounds),
    )
    unread = {"synchronize_session": False}
    session.exec(
        update(Confirmation)
        .where(ours, ~stays, col(Confirmation.state).in_(LIVE))
        .values(state=ConfirmationState.REPLACED, ended_at=now)
        .execution_options(**unread)
    )
    end_with_stays(session, now)
    both = and_(col(Confirmation.school_at).is_not(None), col(Confirmation.host_at).is_not(None))
    alive = case((both, ConfirmationState.CONFIRMED.value), else_=ConfirmationState.ASKED.value)
    session.exec(
        update(Confirmation)
        .where(ours, stays, col(Confirmation.state) == ConfirmationState.REPLACED)
        .values(state=alive, ended_at=None)
        .execution_options(**unread)
    )


def _write_to_new_sites(session: Session, published: AllocationRound, now: datetime) -> int:
    return _write(session, f"round:{published.id}", col(Confirmation.asked_at) == now, now)


def _write(session: Session, cause: str, which: ColumnElement[bool], now: datetime) -> int:
    """One message per silent site that has an address, with a link of its own; its former links are void.

    A site already written to for that cause is left alone. Returns how many messages are new.
    """
    due = [
        LinkedLetter(
            f"{cause}/site:{site_id}/{first.isoformat()}",
            email,
            f"site:{site_id}",
            partial(_site_letter, name, partner, waiting, first),
        )
        for site_id, name, email, partner, waiting, first in _silent_sites(session, which)
    ]
    return queue_linked(session, LinkPurpose.CONFIRMATION, due, now)


def _silent_sites(session: Session, which: ColumnElement[bool]) -> Sequence[Any]:
    return fetch(
        session,
        select(
            col(Site.id),
            col(Site.name),
            col(Site.contact_email),
            col(Partner.name),
            func.count(),
            func.min(col(Confirmation.answer_by)),
        )
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Confirmation, col(Confirmation.opening_id) == col(Opening.id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .where(Voice(Side.HOST).is_silent(), which, col(Site.contact_email) != "")
        .group_by(col(Site.id), col(Site.name), col(Site.contact_email), col(Partner.name))
        .order_by(col(Site.id)),
    )


def _site_letter(site: str, partner: str, waiting: int, first: date, token: str) -> Letter:
    coming = plural(waiting, "élève", "élèves")
    return Letter(
        f"{site}\u00a0: {plural(waiting, 'stage', 'stages')} à confirmer avant le {french_day(first)}",
        [
            f"{coming} {'est affecté' if waiting < 2 else 'sont affectés'} au site «\u00a0{site}\u00a0», "
            f"dont les places sont publiées par {partner}.",
            f"Dites pour chacun si vous le recevez. Sans réponse le {french_day(first)}, la place est rendue.",
        ],
        action="Confirmer ou refuser",
        path=confirmation_address(token),
        closing=[NO_ACCOUNT, MENTION],
    )


def site_of_link(session: Session, token: str, now: datetime) -> tuple[PersonalLink, Site]:
    """The site a link answers for. Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, or nothing is left to confirm.
    """
    link = read_link(session, token, LinkPurpose.CONFIRMATION, now)
    site = session.get_one(Site, int(link.subject.partition(":")[2]))
    if not count_silent(session, Voice(Side.HOST, site_id=site.id)):
        raise LinkRefused("Tous les stages de ce site ont déjà leur réponse\u00a0: il ne reste rien à confirmer.")
    return link, site


def remind_to_confirm(session: Session, today: date, now: datetime) -> int:
    """A week then two days before the end, once each: schools, partners and sites that have not answered."""
    return sum(_remind(session, today, now, stage) for stage in REMIND_BEFORE)


def _remind(session: Session, today: date, now: datetime, stage: int) -> int:
    shorter = max((one for one in REMIND_BEFORE if one < stage), default=-1)
    first, last = today + timedelta(days=shorter + 1), today + timedelta(days=stage)
    due = col(Confirmation.answer_by).between(first, last)
    mailboxes = read_mailboxes(session)
    letters: dict[tuple[str, str], Letter] = {}
    for scope, emails, letter in (
        *_late_schools(session, mailboxes.schools, due),
        *_late_partners(session, mailboxes.partners, due),
    ):
        letters |= {(f"confirm/{stage}/{scope}", email): letter for email in emails}
    return queue_letters(session, letters) + _write(session, f"confirm/{stage}", due, now)


_Late = list[tuple[str, list[str], Letter]]


def _late_schools(session: Session, mailboxes: Mapping[int, list[str]], due: ColumnElement[bool]) -> _Late:
    rows = fetch(
        session,
        select(col(School.id), col(School.uai), col(School.name), col(Confirmation.answer_by), func.count())
        .join(ClassGroup, col(ClassGroup.school_id) == col(School.id))
        .join(Pupil, col(Pupil.class_id) == col(ClassGroup.id))
        .join(Confirmation, col(Confirmation.pupil_id) == col(Pupil.id))
        .where(Voice(Side.SCHOOL).is_silent(), due)
        .group_by(col(School.id), col(Confirmation.answer_by))
        .order_by(col(School.id), col(Confirmation.answer_by)),
    )
    return [
        (f"school:{school_id}/{day.isoformat()}", mailboxes[school_id], _late_letter(name, count, day, address))
        for school_id, uai, name, day, count in rows
        if school_id in mailboxes
        for address in [school_stays_address(uai)]
    ]


def _late_partners(session: Session, mailboxes: Mapping[int, list[str]], due: ColumnElement[bool]) -> _Late:
    rows = fetch(
        session,
        select(col(Partner.id), col(Partner.name), col(Confirmation.answer_by), func.count())
        .join(Site, col(Site.partner_id) == col(Partner.id))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Confirmation, col(Confirmation.opening_id) == col(Opening.id))
        .where(Voice(Side.HOST).is_silent(), due)
        .group_by(col(Partner.id), col(Partner.name), col(Confirmation.answer_by))
        .order_by(col(Partner.id), col(Confirmation.answer_by)),
    )
    return [
        (f"partner:{partner_id}/{day.isoformat()}", mailboxes[partner_id], _late_letter(name, count, day, address))
        for partner_id, name, day, count in rows
        if partner_id in mailboxes
        for address in [partner_stays_address(partner_id)]
    ]


def _late_letter(name: str, count: int, day: date, address: str) -> Letter:
    stays = plural(count, "stage attend", "stages attendent")
    return Letter(
        f"{name}\u00a0: {plural(count, 'stage')} à confirmer avant le {french_day(day)}",
        [
            f"{stays} votre réponse. Sans elle, {'sa place est rendue' if count < 2 else 'leurs places sont rendues'} "
            f"après le {french_day(day)} et {'l’élève attend' if count < 2 else 'les élèves attendent'} un autre tour.",
        ],
        action="Confirmer ou refuser",
        path=address,
        closing=[MENTION],
    )
