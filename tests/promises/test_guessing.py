"""Guessing a password leads nowhere: few checks per account and per network address, whoever asks and wherever from.

The sabotages are counters kept in the memory of each web process, an address believed from whoever writes it, and a
hash spared for accounts that do not exist.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Engine

from service.config import networks_of
from service.domain import sign_in
from service.domain.accounts import create_user
from service.persistence.engine import session_scope
from service.persistence.tables import User
from service.web.proxies import address_behind
from tests.promises.processes import start
from tests.promises.round_scenes import engine_at

EMAIL, PASSWORD = "cible@college.example", "une phrase de passe pour les essais"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BeginAttempt = Callable[[Engine, str, str, datetime], sign_in.Attempt]


def add_accounts(engine: Engine, count: int) -> list[str]:
    """The first account is made as any other; the next ones share its hash, which is slow on purpose."""
    emails = [EMAIL, *(f"compte{number}@college.example" for number in range(1, count))]
    with session_scope(engine) as session:
        first = create_user(session, EMAIL, "Compte", PASSWORD, "test")
        session.add_all(
            User(email=one, name="Compte", password=first.password, fs_uniquifier=one) for one in emails[1:]
        )
    return emails


def begin(engine: Engine, email: str, address: str, now: datetime) -> sign_in.Attempt:
    with session_scope(engine) as session:
        return sign_in.begin_attempt(session, email, address, now)


def real_checks(engine: Engine, tries: list[tuple[str, str]], begin_attempt: BeginAttempt = begin) -> Counter[str]:
    """How many tries of one window are compared with a real password, by account."""
    attempts = [(email, begin_attempt(engine, email, address, NOON)) for email, address in tries]
    return Counter(email for email, attempt in attempts if attempt.user_id is not None)


@pytest.mark.parametrize("addresses", [1, 100])
def test_one_account_many_guesses(engine: Engine, full: bool, addresses: int) -> None:
    """A thousand guesses in one window, from one address or from a hundred: at most ten checks; ten more after it."""
    add_accounts(engine, 1)
    tries = [(EMAIL, f"203.0.113.{number % addresses}") for number in range(1000 if full else 100)]
    assert real_checks(engine, tries)[EMAIL] == sign_in.ATTEMPTS
    later = begin(engine, EMAIL, "198.51.100.1", NOON + sign_in.LOCK + timedelta(seconds=1))
    assert later.user_id is not None


def test_one_password_many_accounts(sqlite_engine: Engine, full: bool) -> None:
    """One password tried on every account from one address: it stops long before the end, and closes no account."""
    emails = add_accounts(sqlite_engine, 120 if full else 50)
    checks = real_checks(sqlite_engine, [(email, "203.0.113.7") for email in emails])
    assert checks.total() == sign_in.ADDRESS_ATTEMPTS
    assert begin(sqlite_engine, emails[-1], "198.51.100.1", NOON).user_id is not None


def guess(url: str, count: int) -> None:
    """A web process of its own."""
    engine = engine_at(url)
    for _ in range(count):
        begin(engine, EMAIL, "203.0.113.7", NOON)


def test_simultaneous_guesses_are_all_counted(engine: Engine) -> None:
    """Four processes guess at once: after their twenty tries the account is closed, and not one was missed."""
    add_accounts(engine, 1)
    url = engine.url.render_as_string(hide_password=False)
    processes = [start(guess, url, 5) for _ in range(4)]
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    with session_scope(engine) as session:
        address = "sign_in/address:203.0.113.7"
        assert sign_in.count_attempt(session, address, 1000, sign_in.LOCK, NOON) == 21


def test_counters_in_memory_are_seen(sqlite_engine: Engine) -> None:
    """Sabotage: two web processes that each count in their own memory give twice the checks."""
    add_accounts(sqlite_engine, 1)
    memories = itertools.cycle([Counter[str](), Counter[str]()])

    def begin_in_memory(engine: Engine, email: str, address: str, now: datetime) -> sign_in.Attempt:
        memory = next(memories)
        memory[email] += 1
        with session_scope(engine, write=False) as session:
            user = sign_in.find_user_by_email(session, email)
        allowed = user is not None and memory[email] <= sign_in.ATTEMPTS
        return sign_in.Attempt(user.id if user and allowed else None, sign_in.NOBODY_HASH)

    tries = [(EMAIL, "203.0.113.7")] * 100
    assert real_checks(sqlite_engine, tries, begin_in_memory)[EMAIL] == 2 * sign_in.ATTEMPTS


def test_unknown_accounts_cost_the_same(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known, unknown, closed or throttled: one hash each; a hash spared for the unknown is seen."""
    add_accounts(sqlite_engine, 1)
    emails = [EMAIL] * 15 + ["inconnu@college.example"] * 5 + ["mal écrit"] * 5
    assert hashes_of(sqlite_engine, emails, sign_in.matches, monkeypatch) == [1] * len(emails)

    def spare(attempt: sign_in.Attempt, password: str) -> bool:
        return attempt.user_id is not None and sign_in.matches(attempt, password)

    assert 0 in hashes_of(sqlite_engine, emails, spare, monkeypatch)


def hashes_of(
    engine: Engine, emails: list[str], matches: Callable[[sign_in.Attempt, str], bool], patch: pytest.MonkeyPatch
) -> list[int]:
    """How many hashes each try costs."""
    counted: list[int] = []

    class Counting:
        def verify(self, _hash: str, _password: str) -> bool:
            counted[-1] += 1
            raise sign_in.VerificationError

    with patch.context() as context:
        context.setattr(sign_in, "HASHER", Counting())
        for number, email in enumerate(emails):
            attempt = begin(engine, email, f"198.51.100.{number}", NOON)
            counted.append(0)
            assert not matches(attempt, "essai")
    return counted


OURS = networks_of("10.0.0.0/8,2001:db8::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
        ("10.1.2.3", "198.51.100.9", "198.51.100.9"),
        ("10.1.2.3", "1.2.3.4, 198.51.100.9", "198.51.100.9"),
        ("10.1.2.3", "1.2.3.4, 198.51.100.9, 10.9.9.9", "198.51.100.9"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "n'importe quoi", "10.1.2.3"),
        ("2001:db8::1", "2001:db9:1:2:3:4:5:6", "2001:db9:1:2::/64"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("", "198.51.100.9", ""),
    ],
)
def test_only_our_proxies_say_where_a_request_comes_from(peer: str, forwarded: str, expected: str) -> None:
    """What a proxy of ours wrote last is believed; what the asker wrote before it is not."""
    assert address_behind(peer, forwarded, OURS) == expected


def test_a_forged_address_changes_nothing(sqlite_engine: Engine, seed: int) -> None:
    """Another X-Forwarded-For at each try is still one address; believing it, as a sabotage, lets every try through."""
    random = Random(seed)
    emails = add_accounts(sqlite_engine, 45)
    forged = [f"{random.randrange(1, 223)}.0.{number}.1" for number in range(45)]
    behind = [address_behind("203.0.113.7", one, OURS) for one in forged]
    assert real_checks(sqlite_engine, list(zip(emails, behind, strict=True))).total() == sign_in.ADDRESS_ATTEMPTS
    believed = list(zip(emails, forged, strict=True))
    assert real_checks(sqlite_engine, believed).total() == 45
