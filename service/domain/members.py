"""A federation's member companies: who was invited, who answered, who has published, and reminding those who have not.

Where a member stands is computed from rights, invitations and published places, never typed. Refuses to know the terms
of a convention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from service.domain.addresses import partner_address
from service.domain.audit import record
from service.domain.gathering import gathered
from service.domain.invitations import invite, pending_invitations, send_again
from service.domain.letters import Letter
from service.domain.outbox import queue_letters
from service.domain.partner_parts import member_key
from service.domain.people import people_of, scope_of_part
from service.domain.place_counts import published
from service.domain.sites import members_by_name
from service.domain.texts import search_form
from service.errors import ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Invitation, Membership, Offer, Opening, Partner, PartnerMember, Site, User

MOST_AT_ONCE = 500
SENDINGS_PER_HOUR = 2_000
"""By one person of a federation: its members can all be invited, then reminded, in a morning."""
_SEPARATOR = re.compile(r"[;\t]")


class MemberState(StrEnum):
    PUBLISHED = "published"
    JOINED = "joined"
    """Somebody has an account and no place is published."""
    INVITED = "invited"
    UNREACHED = "unreached"
    """Nobody was invited yet."""


MEMBER_STATE_LABELS = {
    MemberState.PUBLISHED: "A publié",
    MemberState.JOINED: "Inscrit, sans place publiée",
    MemberState.INVITED: "Invité, sans réponse",
    MemberState.UNREACHED: "Pas encore invité",
}
SILENT = frozenset({MemberState.JOINED, MemberState.INVITED})


@dataclass(frozen=True, slots=True)
class MemberRow:
    member_id: int
    name: str
    state: MemberState
    people: int
    sites: int
    seats: int
    used: int
    last_sent: datetime | None
    """When the invitation that still waits was last sent."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many silent members were written to, and how many have just been (not twice a day)."""

    members: int
    messages: int


def members_of(session: Session, partner: Partner, school_year: str) -> list[MemberRow]:
    """Every member by name, in five queries whatever their number."""
    partner_id = row_id(partner)
    people = _counts(
        session,
        select(col(Membership.member_id), func.count())
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.partner_id) == partner_id, col(User.active).is_(True))
        .group_by(col(Membership.member_id)),
    )
    sites = _counts(
        session,
        select(col(Site.member_id), func.count())
        .where(col(Site.partner_id) == partner_id)
        .group_by(col(Site.member_id)),
    )
    waiting = (
        select(col(Invitation.scope), func.max(col(Invitation.sent_at)))
        .where(
            col(Invitation.partner_id) == partner_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
        .group_by(col(Invitation.scope))
    )
    invited = dict(session.execute(waiting).all())
    seats = _seats(session, partner_id, school_year)
    rows = session.scalars(
        select(PartnerMember).where(col(PartnerMember.partner_id) == partner_id).order_by(col(PartnerMember.name))
    )
    return [_row(partner_id, one, people, invited, sites, seats) for one in rows]


def _counts(session: Session, query: Select[int | None, int]) -> dict[int | None, int]:
    return dict(session.execute(query).all())


def _row(
    partner_id: int,
    member: PartnerMember,
    people: dict[int | None, int],
    invited: dict[str, datetime],
    sites: dict[int | None, int],
    seats: dict[int | None, tuple[int, int]],
) -> MemberRow:
    key = row_id(member)
    offered, used = seats.get(key, (0, 0))
    sent = invited.get(f"partner:{partner_id}/{member_key(member).key}")
    if offered:
        state = MemberState.PUBLISHED
    elif people.get(key):
        state = MemberState.JOINED
    else:
        state = MemberState.INVITED if sent is not None else MemberState.UNREACHED
    return MemberRow(key, member.name, state, people.get(key, 0), sites.get(key, 0), offered, used, sent)


def _seats(session: Session, partner_id: int, school_year: str) -> dict[int | None, tuple[int, int]]:
    query = (
        select(col(Site.member_id), func.sum(col(Opening.capacity)), func.sum(col(Opening.used)))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .where(published(partner_id, school_year))
        .group_by(col(Site.member_id))
    )
    return {member: (int(capacity), int(used)) for member, capacity, used in session.execute(query)}


def read_member_lines(text: str) -> list[tuple[str, str]]:
    """(company, address) of each line «Électricité Martin ; rh@martin.example»; blank lines do not count.

    Raises:
        Refusals: each line that has not both, or that repeats a company; too many lines.
    """
    found: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    with gathered() as faults:
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            name, _, email = (one.strip() for one in _split(line))
            if not name or not email:
                message = (
                    f"Ligne {number}\u00a0: écrivez l’entreprise, un point-virgule, puis son adresse électronique."
                )
                faults.add("member_line", message, "lines")
            elif search_form(name) in seen:
                message = (
                    f"Ligne {number}\u00a0: «\u00a0{name[:60]}\u00a0» est déjà à la ligne {seen[search_form(name)]}."
                )
                faults.add("member_twice", message, "lines")
            seen.setdefault(search_form(name), number)
            found.append((name, email))
        if not 1 <= len(found) <= MOST_AT_ONCE:
            message = f"Donnez de 1 à {MOST_AT_ONCE} lignes\u00a0; il y en a {len(found)}."
            faults.add("member_lines", message, "lines")
    return found


def _split(line: str) -> tuple[str, str, str]:
    parts = _SEPARATOR.split(line, maxsplit=1)
    return parts[0], ";", parts[1] if len(parts) > 1 else ""


def invite_members(
    session: Session, partner: Partner, lines: Sequence[tuple[str, str]], actor: str, now: datetime
) -> int:
    """Enters the companies that are new and invites an address for each. All of them or none.

    Raises:
        Refusals: each line whose address is wrong, or already acts for that company.
    """
    members = members_by_name(session, row_id(partner), {name for name, _ in lines})
    with gathered() as faults:
        for name, email in lines:
            scope = scope_of_part(session, partner, member_key(members[name]))
            try:
                invite(session, scope, email, actor, now, SENDINGS_PER_HOUR)
            except ServiceError as refusal:
                faults.add(refusal.code, f"{name[:60]}\u00a0: {refusal.message}", "lines")
    return len(lines)


def remind_silent(session: Session, partner: Partner, school_year: str, actor: str, now: datetime) -> Reminded:
    """Invitations without answer leave again with a new link; those who joined are told that nothing is published.

    Nobody is written to twice on the same day.
    """
    silent = [one for one in members_of(session, partner, school_year) if one.state in SILENT]
    letters: dict[tuple[str, str], Letter] = {}
    sent = 0
    for row in silent:
        member = session.get_one(PartnerMember, row.member_id)
        scope = scope_of_part(session, partner, member_key(member))
        if row.state is MemberState.JOINED:
            cause = f"member:{row.member_id}/silent/{now.date().isoformat()}"
            letters |= {(cause, one.email): _letter(partner, row) for one in people_of(session, scope)}
            continue
        for invitation in pending_invitations(session, scope):
            if invitation.sent_at.date() < now.date():
                send_again(session, scope, row_id(invitation), actor, now, SENDINGS_PER_HOUR)
                sent += 1
    sent += queue_letters(session, letters)
    record(session, actor, "remind_silent_members", f"partner:{partner.id}", messages=sent)
    return Reminded(len(silent), sent)


def _letter(partner: Partner, row: MemberRow) -> Letter:
    return Letter(
        f"{row.name}\u00a0: vos places d’accueil, avec {partner.name}",
        [
            f"{partner.name} compte sur {row.name} pour accueillir des élèves en séquence d’observation.",
            "Aucune place n’est encore publiée. Quelques minutes suffisent\u00a0: un site, un niveau, des semaines.",
        ],
        action="Publier des places",
        path=partner_address(row_id(partner)),
    )
