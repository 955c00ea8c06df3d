"""What a site answers by mail about its places: they stand, there are more or fewer, they are withdrawn.

Responsible for the message and for spending its link with what the answer does: one answer per message. The offer's own
operations decide what may change. Refuses to know an account: whoever holds the link answers for the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from service.domain.addresses import offer_answer_address
from service.domain.audit import record
from service.domain.letters import Letter
from service.domain.linked_letters import NO_ACCOUNT
from service.domain.links import LinkRefused, issue_link, read_link, token_digest, use_link, void_links
from service.domain.offer_views import OfferRow, offers_of_partner
from service.domain.offers import change_seats, withdraw_offer
from service.domain.outbox import queue_letters
from service.domain.shortfalls import announce_shortfall
from service.domain.texts import plural
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Offer, Partner, PersonalLink, Site
from service.vocabulary import LEVEL_LABELS, LinkPurpose, OfferStatus

GONE = "Cette offre est retirée\u00a0: il n’y a plus rien à confirmer. Publiez-en une autre si des places se rouvrent."


@dataclass(frozen=True, slots=True)
class Asked:
    """How many sites were written to, and how many offers have nobody to ask."""

    messages: int
    without_address: int


def ask_to_confirm(session: Session, partner: Partner, actor: str, now: datetime) -> Asked:
    """One message per published and unconfirmed offer whose site has an address; its former links are void."""
    waiting = [
        row
        for row in offers_of_partner(session, row_id(partner))
        if row.status is OfferStatus.PUBLISHED and row.confirmed_at is None and row.capacity
    ]
    contacts = {
        row_id(site): site.contact_email for site in session.exec(select(Site).where(Site.partner_id == partner.id))
    }
    letters = {}
    for row in waiting:
        email = contacts[row.site_id]
        if not email:
            continue
        subject = _subject(row.offer_id)
        void_links(session, LinkPurpose.OFFER, subject, now)
        token = issue_link(session, LinkPurpose.OFFER, subject, email, now)
        letters[f"{subject}/{token_digest(token)[:16]}", email] = _letter(partner, row, token)
    queue_letters(session, letters)
    record(session, actor, "ask_to_confirm", f"partner:{partner.id}", messages=len(letters))
    return Asked(len(letters), len(waiting) - len(letters))


def _subject(offer_id: int) -> str:
    return f"offer:{offer_id}"


def _letter(partner: Partner, row: OfferRow, token: str) -> Letter:
    return Letter(
        f"{row.site_name}\u00a0: vos places sont-elles toujours ouvertes\u00a0?",
        [
            f"{partner.name} a publié des places pour le site «\u00a0{row.site_name}\u00a0», à {row.commune}.",
            f"Niveau {LEVEL_LABELS[row.level]}, secteur {row.sector_label}.",
        ],
        lines=[
            f"{one.label_fr}\u00a0: {plural(one.capacity, 'place')}"
            + (f", dont {plural(one.used, 'élève déjà affecté', 'élèves déjà affectés')}" if one.used else "")
            for one in row.openings
            if one.capacity
        ],
        action="Confirmer, changer ou retirer ces places",
        path=offer_answer_address(token),
        closing=[NO_ACCOUNT],
    )


@dataclass(frozen=True, slots=True)
class Question:
    """What the page of a link shows: the offer as it is now."""

    link: PersonalLink
    offer: Offer
    partner: Partner
    row: OfferRow


def read_question(session: Session, token: str, now: datetime) -> Question:
    """Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, or the offer is withdrawn.
    """
    link = read_link(session, token, LinkPurpose.OFFER, now)
    offer = session.get_one(Offer, int(link.subject.partition(":")[2]))
    if offer.status is not OfferStatus.PUBLISHED:
        raise LinkRefused(GONE)
    partner = session.get_one(Partner, session.get_one(Site, offer.site_id).partner_id)
    row = next(one for one in offers_of_partner(session, row_id(partner)) if one.offer_id == offer.id)
    return Question(link, offer, partner, row)


def _actor(link: PersonalLink) -> str:
    return f"link:{link.id}"


def confirm_by_link(session: Session, question: Question, version: int, now: datetime) -> None:
    """The places stand as they are.

    Raises:
        Conflict: someone has changed the offer since the page was read; the link is not spent.
    """
    use_link(session, question.link, now)
    take_version(session, question.offer, version)
    question.offer.confirmed_at = now
    session.add(question.offer)
    record(session, _actor(question.link), "confirm_offer", _subject(row_id(question.offer)))


def change_by_link(session: Session, question: Question, seats: Mapping[str, int], version: int, now: datetime) -> None:
    """Other numbers of seats, which are confirmed at the same time.

    Raises:
        Refusals: fewer seats than pupils already placed.
        Conflict: someone has changed the offer since the page was read; the link is not spent.
    """
    use_link(session, question.link, now)
    change_seats(session, question.offer, seats, _actor(question.link), version)
    question.offer.confirmed_at = now
    session.add(question.offer)


def withdraw_by_link(session: Session, question: Question, version: int, now: datetime, why: str = "") -> None:
    """The site receives nobody any more; the pupils already sent there wait for a repair.

    Raises:
        ServiceError: pupils are already placed there, and no reason is given.
        Conflict: someone has changed the offer since the page was read; the link is not spent.
    """
    use_link(session, question.link, now)
    if question.row.used:
        nobody = {one.period_id: 0 for one in question.row.openings}
        announce_shortfall(session, question.offer, nobody, why, _actor(question.link), version)
    else:
        withdraw_offer(session, question.offer, _actor(question.link), version)
