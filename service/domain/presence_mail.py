"""The message that asks what came of the stays of a period: the day after its end, and once more a week later.

Responsible for who is asked, only those who have said nothing, and in numbers: schools and partners on their page, each
site that has an address by a link that needs no account. Refuses to know when it is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.domain.addresses import partner_presence_address, presence_link_address, school_presence_address
from service.domain.confirmations import Voice
from service.domain.dates import french_span
from service.domain.digests import read_mailboxes
from service.domain.letters import Letter
from service.domain.linked_letters import NO_ACCOUNT, LinkedLetter, queue_linked
from service.domain.links import LinkRefused, read_link
from service.domain.outbox import queue_letters
from service.domain.presence import is_unsaid, may_speak, to_say
from service.domain.stay_lists import count_stays
from service.domain.texts import plural
from service.persistence.bulk import fetch
from service.persistence.tables import (
    ClassGroup,
    Confirmation,
    Offer,
    Opening,
    Partner,
    Period,
    PersonalLink,
    Pupil,
    School,
    Site,
)
from service.vocabulary import ConfirmationState, LinkPurpose, Side

ASKED_AFTER = (1, 8)
"""Days after the last one."""
_CONFIRMED = col(Confirmation.state) == ConfirmationState.CONFIRMED


def ask_what_was_held(session: Session, today: date, now: datetime) -> int:
    """Queues what is due today. Returns how many messages are new."""
    mailboxes = read_mailboxes(session)
    letters: dict[tuple[str, str], Letter] = {}
    linked: list[LinkedLetter] = []
    for days in ASKED_AFTER:
        ended_on = today - timedelta(days=days)
        for side, key, name, where, first, count in _unsaid(session, ended_on):
            emails = (mailboxes.schools if side is Side.SCHOOL else mailboxes.partners).get(key, [])
            cause = f"presence:{ended_on.isoformat()}/{first.isoformat()}/{days}/{side}:{key}"
            letters |= {(cause, email): _letter(name, count, first, ended_on, where) for email in emails}
        linked += _to_sites(session, ended_on, days)
    return queue_letters(session, letters) + queue_linked(session, LinkPurpose.PRESENCE, linked, now)


_Asked = tuple[Side, int, str, str, date, int]


def _unsaid(session: Session, ended_on: date) -> list[_Asked]:
    """(side, key, name, address, first day, stays) of those who have something to say of what ended that day."""
    schools = fetch(
        session,
        select(col(School.id), col(School.name), col(School.uai), col(Period.starts_on), func.count())
        .select_from(Confirmation)
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(_CONFIRMED, is_unsaid(Side.SCHOOL), col(Period.ends_on) == ended_on)
        .group_by(col(School.id), col(School.name), col(School.uai), col(Period.starts_on))
        .order_by(col(School.id), col(Period.starts_on)),
    )
    hosts = _by_host(session, ended_on, col(Partner.id), col(Partner.name))
    return [
        *((Side.SCHOOL, key, name, school_presence_address(uai), first, n) for key, name, uai, first, n in schools),
        *((Side.HOST, key, name, partner_presence_address(key), first, n) for key, name, first, n in hosts),
    ]


def _by_host(session: Session, ended_on: date, *which: Any) -> Sequence[Any]:
    """(what `which` selects, first day, stays) of the hosts that have something to say of what ended that day."""
    return fetch(
        session,
        select(*which, col(Period.starts_on), func.count())
        .select_from(Confirmation)
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .where(
            _CONFIRMED,
            is_unsaid(Side.HOST),
            may_speak(session, Voice(Side.HOST)),
            col(Period.ends_on) == ended_on,
        )
        .group_by(*which, col(Period.starts_on))
        .order_by(which[0], col(Period.starts_on)),
    )


def _to_sites(session: Session, ended_on: date, days: int) -> Iterator[LinkedLetter]:
    """One message per site that has an address."""
    for site_id, name, email, first, count in _by_host(
        session, ended_on, col(Site.id), col(Site.name), col(Site.contact_email)
    ):
        if email:
            cause = f"presence:{ended_on.isoformat()}/{first.isoformat()}/{days}/site:{site_id}"
            yield LinkedLetter(cause, email, f"site:{site_id}", partial(_site_letter, name, count, first, ended_on))


def site_of_presence_link(session: Session, token: str, today: date, now: datetime) -> tuple[PersonalLink, Site]:
    """The site a link speaks for. Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, or all was said meanwhile.
    """
    link = read_link(session, token, LinkPurpose.PRESENCE, now)
    site = session.get_one(Site, int(link.subject.partition(":")[2]))
    voice = Voice(Side.HOST, site_id=site.id)
    if not count_stays(session, voice, to_say(session, voice, today)):
        raise LinkRefused("Tout est déjà dit des stages de ce site\u00a0: il ne reste rien à répondre.")
    return link, site


def _site_letter(site: str, count: int, first: date, last: date, token: str) -> Letter:
    return _letter(site, count, first, last, presence_link_address(token), closing=[NO_ACCOUNT])


def _letter(name: str, count: int, first: date, last: date, where: str, closing: Sequence[str] = ()) -> Letter:
    span = french_span(first, last)
    ended = plural(count, "stage est terminé", "stages sont terminés")
    return Letter(
        f"{name}\u00a0: les stages {span} ont-ils eu lieu\u00a0?",
        [
            f"{ended}, {span}. Dites en un clic ce qu’il en a été\u00a0: les chiffres de la convention en viennent, et "
            "personne n’aura à les recopier en juillet.",
        ],
        action="Dire ce qui a eu lieu",
        path=where,
        closing=closing,
    )
