"""Links that open something once, without an account: issued for a message, read without effect, used in one statement.

A token is 256 random bits; the database keeps its SHA-256 alone, so that a stolen copy opens nothing. Refuses to know
what a link opens: its purpose and its subject say it to whoever asked.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from service.errors import ServiceError
from service.persistence.bulk import in_parts, insert_rows
from service.persistence.tables import PersonalLink
from service.vocabulary import LinkPurpose

LIFETIMES: Mapping[LinkPurpose, timedelta] = {
    LinkPurpose.ACCESS: timedelta(hours=1),
    LinkPurpose.INVITATION: timedelta(days=14),
    LinkPurpose.OFFER: timedelta(days=30),
    LinkPurpose.CONFIRMATION: timedelta(days=30),
    LinkPurpose.SIGNATURE: timedelta(days=60),
    LinkPurpose.EXPLANATION: timedelta(days=30),
    LinkPurpose.PRESENCE: timedelta(days=30),
    LinkPurpose.FIGURES: timedelta(days=30),
}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
UNKNOWN = (
    "Ce lien n’est pas l’un des nôtres\u00a0: il a peut-être été coupé par votre messagerie, ou remplacé par un plus "
    "récent. Ouvrez le dernier message reçu, ou recopiez son adresse en entier."
)
USED = "Ce lien a déjà servi\u00a0: ce qu’il permettait est fait, et il ne sert qu’une fois."
EXPIRED = "Ce lien n’est plus valable\u00a0: sa date est passée. Demandez-en un nouveau."


class LinkRefused(ServiceError):
    """A link that opens nothing (any more). Nobody else learns from it: only its holder knows the token."""

    def __init__(self, message: str) -> None:
        super().__init__("link_refused", message)


def issue_link(session: Session, purpose: LinkPurpose, subject: str, recipient: str, now: datetime) -> str:
    """The token of a new link: it goes into one message, and nowhere else."""
    token = secrets.token_urlsafe(32)
    session.add(
        PersonalLink(
            token_sha256=token_digest(token),
            purpose=purpose,
            subject=subject,
            recipient=recipient,
            created_at=now,
            expires_at=now + LIFETIMES[purpose],
        )
    )
    session.flush()
    return token


def issue_links(session: Session, purpose: LinkPurpose, wanted: Sequence[tuple[str, str]], now: datetime) -> list[str]:
    """`issue_link` for many, each a subject and a recipient: their tokens, in one statement."""
    tokens = [secrets.token_urlsafe(32) for _ in wanted]
    made = {"purpose": purpose, "created_at": now, "expires_at": now + LIFETIMES[purpose], "used_at": None}
    rows = [
        {"token_sha256": token_digest(token), "subject": subject, "recipient": recipient, **made}
        for token, (subject, recipient) in zip(tokens, wanted, strict=True)
    ]
    insert_rows(session, PersonalLink, rows)
    return tokens


def token_digest(token: str) -> str:
    """What may be stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_link(session: Session, token: str, purpose: LinkPurpose, now: datetime) -> PersonalLink:
    """What the link opens. Reading has no effect: mail programs follow links before people do.

    Raises:
        LinkRefused: forged, of another purpose, used or out of date.
    """
    link = None
    if _TOKEN.fullmatch(token):
        link = session.exec(select(PersonalLink).where(PersonalLink.token_sha256 == token_digest(token))).first()
    if link is None or link.purpose is not purpose:
        raise LinkRefused(UNKNOWN)
    if link.used_at is not None:
        raise LinkRefused(USED)
    if link.expires_at <= now:
        raise LinkRefused(EXPIRED)
    return link


def use_link(session: Session, link: PersonalLink, now: datetime) -> None:
    """Spends the link, in the transaction of what it does: of two simultaneous uses one alone goes through.

    Raises:
        LinkRefused: it was spent or went out of date meanwhile.
    """
    unspent = (col(PersonalLink.id) == link.id, col(PersonalLink.used_at).is_(None), col(PersonalLink.expires_at) > now)
    if session.exec(update(PersonalLink).where(*unspent).values(used_at=now)).rowcount != 1:
        raise LinkRefused(USED)


def void_links(session: Session, purpose: LinkPurpose, subjects: str | Sequence[str], now: datetime) -> None:
    """Those sent so far for a subject open nothing any more (a newer one is sent, or what they offered is gone)."""
    every = [subjects] if isinstance(subjects, str) else subjects
    for some in in_parts(every):
        pending = (
            col(PersonalLink.purpose) == purpose,
            col(PersonalLink.subject).in_(some),
            col(PersonalLink.used_at).is_(None),
            col(PersonalLink.expires_at) > now,
        )
        session.exec(update(PersonalLink).where(*pending).values(expires_at=now))
