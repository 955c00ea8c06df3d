"""What people are told by mail when a round is published: one digest per school and per partner, in numbers.

Responsible for the words and for who receives them: the people who act there, or else the school's own mailbox. Names
no pupil, not even by a pseudonym: a mailbox is shared and forwarded; who it is about is read on the site.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, literal, select, union_all
from sqlmodel import Session, col

from service.domain.addresses import partner_address, school_address
from service.domain.dates import french_span
from service.domain.letters import MENTION, Letter
from service.domain.outbox import queue_letters
from service.domain.partner_parts import WHOLE
from service.domain.texts import plural
from service.persistence.bulk import fetch
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    ClassGroup,
    Membership,
    Offer,
    Opening,
    Partner,
    Period,
    Placement,
    Pupil,
    School,
    Site,
    UnplacedPupil,
    User,
)

_LINES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """Who reads for each school and each partner, by key."""

    schools: dict[int, list[str]]
    partners: dict[int, list[str]]


def read_mailboxes(session: Session) -> Mailboxes:
    """Active people by space; a school without anybody has its own mailbox, when it is known."""
    schools: dict[int, list[str]] = defaultdict(list)
    partners: dict[int, list[str]] = defaultdict(list)
    people = (
        select(col(Membership.school_id), col(Membership.partner_id), col(User.email))
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(User.active).is_(True), WHOLE.memberships)
        .order_by(col(User.email))
    )
    for school_id, partner_id, email in fetch(session, people):
        if school_id is not None:
            schools[school_id].append(email)
        elif partner_id is not None:
            partners[partner_id].append(email)
    official = select(col(School.id), col(School.official_email)).where(col(School.official_email) != "")
    for school_id, email in fetch(session, official):
        if school_id not in schools:
            schools[school_id].append(email)
    return Mailboxes(dict(schools), dict(partners))


def queue_digests(session: Session, published: AllocationRound, campaign: Campaign) -> int:
    """Queues the digests of a round, in the transaction that publishes it. Returns how many messages."""
    mailboxes = read_mailboxes(session)
    letters = {
        (f"round:{published.id}/{scope}", email): letter
        for scope, emails, letter in (
            *_school_digests(session, published, campaign, mailboxes),
            *_partner_digests(session, published, campaign, mailboxes),
        )
        for email in emails
    }
    return queue_letters(session, letters)


def _school_digests(
    session: Session, published: AllocationRound, campaign: Campaign, mailboxes: Mailboxes
) -> Iterable[tuple[str, list[str], Letter]]:
    answered = union_all(
        select(col(Placement.pupil_id), literal(1).label("placed")).where(col(Placement.round_id) == published.id),
        select(col(UnplacedPupil.pupil_id), literal(0)).where(col(UnplacedPupil.round_id) == published.id),
    ).subquery()
    per_pupil = (
        select(answered.c.pupil_id, func.max(answered.c.placed).label("placed"))
        .group_by(answered.c.pupil_id)
        .subquery()
    )
    rows = fetch(
        session,
        select(
            col(School.id),
            col(School.uai),
            col(School.name),
            col(ClassGroup.name),
            func.sum(per_pupil.c.placed),
            func.count(),
        )
        .join(ClassGroup, col(ClassGroup.school_id) == col(School.id))
        .join(Pupil, col(Pupil.class_id) == col(ClassGroup.id))
        .join(per_pupil, per_pupil.c.pupil_id == col(Pupil.id))
        .group_by(col(School.id), col(ClassGroup.id), col(ClassGroup.name))
        .order_by(col(School.id), col(ClassGroup.name), col(ClassGroup.id)),
    )
    by_school: dict[int, list[tuple[str, str, str, int, int]]] = defaultdict(list)
    for school_id, *rest in rows:
        by_school[school_id].append(tuple(rest))
    for school_id, classes in by_school.items():
        if school_id in mailboxes.schools:
            uai, name = classes[0][:2]
            letter = _school_letter(campaign, uai, name, [(group, placed, of) for _, _, group, placed, of in classes])
            yield f"school:{school_id}", mailboxes.schools[school_id], letter


def _school_letter(campaign: Campaign, uai: str, name: str, classes: list[tuple[str, int, int]]) -> Letter:
    placed, pupils = sum(one[1] for one in classes), sum(one[2] for one in classes)
    return Letter(
        f"{name}\u00a0: {plural(placed, 'élève placé', 'élèves placés')} sur {pupils}",
        [
            f"Un tour de la campagne «\u00a0{campaign.name}\u00a0» est publié.",
            f"{name}\u00a0: {plural(placed, 'élève placé', 'élèves placés')} sur {pupils}.",
        ],
        lines=shortened([f"{group}\u00a0: {one} sur {of}" for group, one, of in classes], "classe"),
        action="Voir chaque élève, et la raison de chaque absence de placement",
        path=school_address(uai),
        closing=[MENTION],
    )


def _partner_digests(
    session: Session, published: AllocationRound, campaign: Campaign, mailboxes: Mailboxes
) -> Iterable[tuple[str, list[str], Letter]]:
    rows = fetch(
        session,
        select(
            col(Partner.id),
            col(Partner.name),
            col(Site.name),
            col(Period.starts_on),
            col(Period.ends_on),
            func.count(col(Placement.id)),
        )
        .join(Site, col(Site.partner_id) == col(Partner.id))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Placement, col(Placement.opening_id) == col(Opening.id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(col(Placement.round_id) == published.id)
        .group_by(col(Partner.id), col(Site.id), col(Site.name), col(Period.id), col(Period.starts_on))
        .order_by(col(Partner.id), col(Period.starts_on), col(Period.ends_on), col(Site.name), col(Site.id)),
    )
    by_partner: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for partner_id, name, site, starts_on, ends_on, count in rows:
        by_partner[partner_id].append((name, f"{site}, {french_span(starts_on, ends_on)}", count))
    for partner_id, expected in by_partner.items():
        if partner_id in mailboxes.partners:
            letter = _partner_letter(campaign, partner_id, expected)
            yield f"partner:{partner_id}", mailboxes.partners[partner_id], letter


def _partner_letter(campaign: Campaign, partner_id: int, expected: list[tuple[str, str, int]]) -> Letter:
    name, pupils = expected[0][0], sum(count for _, _, count in expected)
    coming = plural(pupils, "élève attendu", "élèves attendus")
    return Letter(
        f"{name}\u00a0: {coming}",
        [f"Un tour de la campagne «\u00a0{campaign.name}\u00a0» est publié. {name}\u00a0: {coming}."],
        lines=shortened([f"{where}\u00a0: {plural(count, 'élève')}" for _, where, count in expected], "ligne"),
        action="Voir qui vient, où et quand",
        path=partner_address(partner_id),
        closing=[MENTION],
    )


def shortened(lines: list[str], what: str) -> list[str]:
    """A digest is read in a glance: the rest is on the site."""
    left = len(lines) - _LINES_SHOWN
    if left <= 0:
        return lines
    return [*lines[:_LINES_SHOWN], f"et {plural(left, what)} de plus, sur le site"]
