"""Inviting someone to act for a school, a partner, a territory: a message with a link, then an account or a right more.

Responsible for invitations from their first sending to their acceptance. The address is proven by the link: whoever
opens it reads that mailbox. Refuses to know how a person signs in afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from service.domain.accounts import create_user, find_user_by_email, grant, normalise_email
from service.domain.addresses import invitation_address
from service.domain.attempts import count_attempt
from service.domain.audit import record
from service.domain.dates import short_date
from service.domain.letters import Letter
from service.domain.links import LIFETIMES, LinkRefused, issue_link, read_link, use_link, void_links
from service.domain.outbox import queue_letter
from service.domain.partner_parts import WHOLE, PartnerPart, part_of_key
from service.domain.people import Scope, people_of, scope_of_part
from service.domain.perimeters import KINDS, NATION, read_geography
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.bulk import insert_missing
from service.persistence.rows import row_id
from service.persistence.tables import Invitation, Partner, PersonalLink, School, User
from service.vocabulary import COORDINATORS, LinkPurpose, Role

SENDINGS_PER_HOUR = 60
"""By one person: enough for a federation's morning, too few for a nuisance."""


def invite(
    session: Session, scope: Scope, email: str, actor: str, now: datetime, most: int = SENDINGS_PER_HOUR
) -> Invitation:
    """Queues the message; an address already invited there gets a new link, the former one is void.

    `most` is how many messages that person may send in an hour.

    Raises:
        ServiceError: `email_invalid`, `already_there`, `too_many_invitations`.
    """
    address = normalise_email(email)
    if any(one.email == address for one in people_of(session, scope)):
        raise ServiceError("already_there", f"{address} a déjà accès à cet espace.", "email")
    row = {
        "email": address,
        "scope": scope.key,
        "role": scope.role,
        "school_id": scope.school_id,
        "partner_id": scope.partner_id,
        "invited_by": actor,
    }
    insert_missing(session, Invitation, [row], ("email", "scope"))
    found = select(Invitation).where(Invitation.email == address, Invitation.scope == scope.key)
    invitation = session.exec(found.with_for_update()).one()
    invitation.school_year = scope.school_year
    return _send(session, scope, invitation, actor, now, most)


def send_again(
    session: Session, scope: Scope, invitation_id: int, actor: str, now: datetime, most: int = SENDINGS_PER_HOUR
) -> Invitation:
    """The same invitation with a new link; the former one is void."""
    return _send(session, scope, _pending(session, scope, invitation_id), actor, now, most)


def withdraw_invitation(session: Session, scope: Scope, invitation_id: int, actor: str, now: datetime) -> Invitation:
    """Its link opens nothing any more."""
    invitation = _pending(session, scope, invitation_id)
    invitation.withdrawn_at = now
    session.add(invitation)
    void_links(session, LinkPurpose.INVITATION, _subject(invitation), now)
    record(session, actor, "withdraw_invitation", _subject(invitation), scope=scope.key)
    return invitation


def invited_to_partners(session: Session) -> dict[int, list[str]]:
    """Addresses invited to act for a whole partner, and that have not answered yet, by partner."""
    found: dict[int, list[str]] = {}
    query = select(Invitation).where(col(Invitation.partner_id).is_not(None), *_WAITING)
    for one in session.exec(query.order_by(col(Invitation.email))):
        if one.scope == f"partner:{one.partner_id}":
            found.setdefault(one.partner_id or 0, []).append(one.email)
    return found


def pending_invitations(session: Session, scope: Scope) -> list[Invitation]:
    """Sent and neither accepted nor withdrawn, the latest first."""
    query = select(Invitation).where(Invitation.scope == scope.key, *_WAITING)
    return list(session.exec(query.order_by(col(Invitation.sent_at).desc(), col(Invitation.id))))


_WAITING = (col(Invitation.accepted_at).is_(None), col(Invitation.withdrawn_at).is_(None))


def _pending(session: Session, scope: Scope, invitation_id: int) -> Invitation:
    query = select(Invitation).where(Invitation.id == invitation_id, Invitation.scope == scope.key, *_WAITING)
    invitation = session.exec(query.with_for_update()).first()
    if invitation is None:
        raise NotFound
    return invitation


def _subject(invitation: Invitation) -> str:
    return f"invitation:{invitation.id}"


def _send(session: Session, scope: Scope, invitation: Invitation, actor: str, now: datetime, most: int) -> Invitation:
    if count_attempt(session, f"invite/{actor}", most, timedelta(hours=1), now) > most:
        raise Conflict(
            "too_many_invitations",
            f"Vous avez envoyé {most} invitations en une heure. Reprenez un peu plus tard.",
        )
    invitation.invited_by, invitation.sent_at = actor, now
    invitation.sendings += 1
    invitation.accepted_at = invitation.withdrawn_at = None
    session.add(invitation)
    void_links(session, LinkPurpose.INVITATION, _subject(invitation), now)
    token = issue_link(session, LinkPurpose.INVITATION, _subject(invitation), invitation.email, now)
    letter = _letter(scope, token, now)
    queue_letter(session, f"{_subject(invitation)}/{invitation.sendings}", invitation.email, letter)
    record(session, actor, "invite", _subject(invitation), scope=scope.key, sending=invitation.sendings)
    return invitation


def _letter(scope: Scope, token: str, now: datetime) -> Letter:
    until = short_date((now + LIFETIMES[LinkPurpose.INVITATION]).date())
    return Letter(
        f"Votre accès à Séquence pour {scope.name}",
        [
            f"Vous êtes invité à {_doing(scope)} «\u00a0{scope.name}\u00a0» sur Séquence, le service qui affecte "
            "les élèves dans leurs séquences d’observation.",
        ],
        action="Accepter l’invitation",
        path=invitation_address(token),
        closing=[f"Ce lien est personnel, sert une seule fois et reste valable jusqu’au {until}."],
    )


def _doing(scope: Scope) -> str:
    if scope.role in COORDINATORS:
        return "coordonner le territoire"
    return f"agir au nom {'de l’établissement' if scope.role is Role.SCHOOL_COORDINATOR else 'du partenaire'}"


def read_invitation(session: Session, token: str, now: datetime) -> tuple[PersonalLink, Invitation, str]:
    """The link, the invitation, and the name of the space it opens. Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, or the invitation was withdrawn.
    """
    link = read_link(session, token, LinkPurpose.INVITATION, now)
    invitation = session.get_one(Invitation, int(link.subject.partition(":")[2]))
    if invitation.withdrawn_at is not None:
        raise LinkRefused("Cette invitation a été retirée. Adressez-vous à la personne qui vous l’a envoyée.")
    if invitation.role in COORDINATORS:
        return link, invitation, read_geography(session).name(_territory(invitation))
    space: School | Partner = (
        session.get_one(School, invitation.school_id)
        if invitation.school_id is not None
        else session.get_one(Partner, invitation.partner_id)
    )
    return link, invitation, _space_name(session, space, _part(invitation))


def _territory(invitation: Invitation) -> str:
    return NATION if invitation.role not in KINDS else invitation.scope


def _part(invitation: Invitation) -> PartnerPart:
    return WHOLE if invitation.role in COORDINATORS else part_of_key(invitation.scope.partition("/")[2])


def _space_name(session: Session, space: School | Partner, part: PartnerPart) -> str:
    return scope_of_part(session, space, part).name if isinstance(space, Partner) else space.name


def accept_invitation(session: Session, token: str, name: str, password: str, now: datetime) -> tuple[User, bool]:
    """Gives the right to the account of that address, made with `name` and `password` when there is none.

    Returns the person, and whether the account is new.

    Raises:
        LinkRefused: the link is no longer good.
        ServiceError: `text_missing`, `password_weak`, for a new account; `account_closed`.
    """
    link, invitation, _ = read_invitation(session, token, now)
    use_link(session, link, now)
    user = find_user_by_email(session, invitation.email)
    is_new = user is None
    if user is None:
        user = create_user(session, invitation.email, name, password, f"invitation:{invitation.id}")
    elif not user.active:
        raise ServiceError("account_closed", "Ce compte est fermé. Adressez-vous à la coordination.")
    grant(
        session,
        user,
        invitation.role,
        f"user:{row_id(user)}",
        school_id=invitation.school_id,
        partner_id=invitation.partner_id,
        part=_part(invitation),
        territory=_territory(invitation),
        school_year=invitation.school_year,
    )
    session.exec(update(Invitation).where(col(Invitation.id) == invitation.id).values(accepted_at=now))
    return user, is_new
