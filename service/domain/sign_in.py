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
from sqlmodel import Session, col, update

from service.domain.accounts import find_user_by_email
from service.domain.audit import record
from service.errors import ServiceError
from service.persistence.tables import User

ATTEMPTS = 10
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


def begin_attempt(session: Session, email: str, now: datetime) -> Attempt:
    """Count one attempt. Commit it before calling `matches`."""
    user = find_user_by_email(session, email)
    if user is None or not user.active:
        return Attempt(None, NOBODY_HASH)
    if user.locked_until is not None and user.locked_until <= now:
        user.failed_attempts, user.locked_until = 0, None
    if user.locked_until is not None:
        return Attempt(None, NOBODY_HASH)
    user.failed_attempts += 1
    if user.failed_attempts >= ATTEMPTS:
        user.locked_until = now + LOCK
        record(session, f"user:{user.id}", "sign_in_locked", f"user:{user.id}")
    session.add(user)
    session.flush()
    return Attempt(user.id, user.password)


def matches(attempt: Attempt, password: str) -> bool:
    """One hash, whatever the account. Slow on purpose: call it outside any transaction."""
    try:
        HASHER.verify(attempt.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return attempt.user_id is not None


def complete_attempt(session: Session, attempt: Attempt) -> User:
    """Forget the failed attempts of the person whose password matched."""
    user = session.get(User, attempt.user_id)
    if user is None or not user.active:
        raise refusal()
    session.exec(update(User).where(col(User.id) == user.id).values(failed_attempts=0, locked_until=None))
    record(session, f"user:{user.id}", "sign_in", f"user:{user.id}")
    return user


def refusal() -> ServiceError:
    return ServiceError("wrong_credentials", REFUSAL, "email")
