"""Is this person who they say? Counts the attempts in the database, so that guessing leads nowhere.

An attempt is counted and committed before the password is looked at: a hundred simultaneous guesses still get ten
checks. Whoever asks, known or not, locked or not, costs exactly one hash and hears the same words. It does not know
what a browser is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session

from service.domain.accounts import find_user_by_email
from service.domain.attempts import count_attempt, forget_attempts, take_back_attempt
from service.domain.audit import record
from service.errors import ServiceError
from service.persistence.tables import User

ATTEMPTS = 10
"""Password checks of one account in a window."""
ADDRESS_ATTEMPTS = 30
"""Checks asked from one network address in a window, whatever the accounts: a school shares one."""
LOCK = timedelta(minutes=15)
HASHER = PasswordHasher()
NOBODY_HASH = HASHER.hash("nobody has this password")
REFUSAL = (
    "Adresse électronique ou mot de passe incorrect. Vérifiez les deux\u00a0; après dix essais manqués, un compte "
    "reste fermé quinze minutes."
)


@dataclass(frozen=True)
class Attempt:
    """What to compare the password with: the account's hash, or a stand-in that never matches."""

    user_id: int | None
    password_hash: str


def _account(email: str) -> str:
    return f"sign_in/account:{email.strip().lower()}"


def _address(address: str) -> str:
    return f"sign_in/address:{address}"


def begin_attempt(session: Session, email: str, address: str, now: datetime) -> Attempt:
    """Count one attempt of the account and of the network address. Commit it before calling `matches`."""
    if count_attempt(session, _address(address), ADDRESS_ATTEMPTS, LOCK, now) > ADDRESS_ATTEMPTS:
        # Not counted for the account: nobody closes another's account by insisting.
        return Attempt(None, NOBODY_HASH)
    user = find_user_by_email(session, email)
    tries = count_attempt(session, _account(email if user is None else user.email), ATTEMPTS, LOCK, now)
    if tries == ATTEMPTS and user is not None:
        record(session, f"user:{user.id}", "sign_in_locked", f"user:{user.id}")
    if user is None or not user.active or tries > ATTEMPTS:
        return Attempt(None, NOBODY_HASH)
    return Attempt(user.id, user.password)


def matches(attempt: Attempt, password: str) -> bool:
    """One hash, whatever the account. Slow on purpose: call it outside any transaction."""
    try:
        HASHER.verify(attempt.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return attempt.user_id is not None


def complete_attempt(session: Session, attempt: Attempt, address: str) -> User:
    """Forget the failed attempts of the person whose password matched, and that this one came from that address."""
    user = session.get(User, attempt.user_id)
    if user is None or not user.active:
        raise refusal()
    reopen_account(session, user)
    take_back_attempt(session, _address(address))
    record(session, f"user:{user.id}", "sign_in", f"user:{user.id}")
    return user


def reopen_account(session: Session, user: User) -> None:
    """Whoever proved to be the owner is not kept out by those who guessed."""
    forget_attempts(session, _account(user.email))


def refusal() -> ServiceError:
    return ServiceError("wrong_credentials", REFUSAL, "email")
