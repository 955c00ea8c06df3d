"""Finding one's way back in: a link by mail that opens the account once, to choose a password or simply to enter.

Responsible for answering the same whether the account exists or not. Refuses to know how a session is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.accounts import find_user_by_email, set_password
from service.domain.addresses import access_address
from service.domain.attempts import count_attempt
from service.domain.audit import record
from service.domain.letters import Letter
from service.domain.links import LinkRefused, issue_link, read_link, token_digest, use_link, void_links
from service.domain.outbox import queue_letter
from service.domain.sign_in import reopen_account
from service.persistence.rows import row_id
from service.persistence.tables import PersonalLink, User
from service.vocabulary import LinkPurpose

WINDOW = timedelta(hours=1)
PER_ACCOUNT, PER_ADDRESS = 3, 30
"""Messages asked for in an hour: of one account, and from one network address."""


def ask_for_access(session: Session, email: str, address: str, now: datetime) -> None:
    """Queues the message if that person has an account and has not just been sent several. Says nothing either way."""
    if count_attempt(session, f"access/address:{address}", PER_ADDRESS, WINDOW, now) > PER_ADDRESS:
        return
    user = find_user_by_email(session, email)
    account = email.strip().lower() if user is None else user.email
    too_many = count_attempt(session, f"access/account:{account}", PER_ACCOUNT, WINDOW, now) > PER_ACCOUNT
    if user is None or not user.active or too_many:
        return
    subject = f"user:{row_id(user)}"
    void_links(session, LinkPurpose.ACCESS, subject, now)
    token = issue_link(session, LinkPurpose.ACCESS, subject, user.email, now)
    queue_letter(session, f"access:{token_digest(token)}", user.email, _letter(token))
    record(session, "visitor", "ask_for_access", subject)


def _letter(token: str) -> Letter:
    return Letter(
        "Retrouver l’accès à Séquence",
        ["Vous avez demandé à retrouver l’accès à votre compte."],
        action="Entrer ou choisir un nouveau mot de passe",
        path=access_address(token),
        closing=["Ce lien est personnel, sert une seule fois et reste valable une heure."],
    )


def read_access(session: Session, token: str, now: datetime) -> tuple[PersonalLink, User]:
    """The link and its account. Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, or the account is closed.
    """
    link = read_link(session, token, LinkPurpose.ACCESS, now)
    user = session.get_one(User, int(link.subject.partition(":")[2]))
    if not user.active:
        raise LinkRefused("Ce compte est fermé. Adressez-vous à la coordination.")
    return link, user


def use_access(session: Session, token: str, password: str | None, now: datetime) -> User:
    """Spends the link. With a `password`, it becomes the account's and every open session ends.

    Raises:
        LinkRefused: the link is no longer good.
        ServiceError: `password_weak`; the link is not spent.
    """
    link, user = read_access(session, token, now)
    use_link(session, link, now)
    if password is not None:
        set_password(session, user, password, f"user:{row_id(user)}")
    reopen_account(session, user)
    record(session, f"user:{row_id(user)}", "sign_in_by_link", f"user:{row_id(user)}")
    return user
