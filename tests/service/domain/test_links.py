"""Links that act once: read without effect, spent with what they do, refused in words when they are no longer good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from service.domain import links
from service.domain.links import LinkRefused, issue_link, read_link, use_link, void_links
from service.persistence.engine import session_scope
from service.persistence.tables import PersonalLink
from service.vocabulary import LinkPurpose
from tests.promises.processes import start
from tests.promises.round_scenes import engine_at, url_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OFFER = LinkPurpose.OFFER


def issued(engine: Engine) -> str:
    with session_scope(engine) as session:
        return issue_link(session, OFFER, "offer:7", "x@y.example", NOW)


def spend(session: Session, token: str) -> None:
    use_link(session, read_link(session, token, OFFER, NOW), NOW)


def test_a_link_is_read_as_often_as_wanted_and_spent_once(engine: Engine) -> None:
    """Reading changes nothing; the second use is refused and says that the first one worked."""
    token = issued(engine)
    for _ in range(3):
        with session_scope(engine, write=False) as session:
            assert read_link(session, token, OFFER, NOW).subject == "offer:7"
    with session_scope(engine) as session:
        spend(session, token)
    with pytest.raises(LinkRefused, match="déjà servi"), session_scope(engine) as session:
        spend(session, token)


def spend_and_fail(engine: Engine, token: str) -> None:
    with session_scope(engine) as session:
        spend(session, token)
        raise ZeroDivisionError


def test_what_is_rolled_back_leaves_the_link_whole(engine: Engine) -> None:
    """The link is spent with what it does, or not at all."""
    token = issued(engine)
    with pytest.raises(ZeroDivisionError):
        spend_and_fail(engine, token)
    with session_scope(engine) as session:
        spend(session, token)


def test_a_link_ends(engine: Engine) -> None:
    """After its date, or once a newer one is sent, it opens nothing and says so."""
    token = issued(engine)
    with session_scope(engine) as session:
        late = NOW + links.LIFETIMES[OFFER]
        with pytest.raises(LinkRefused, match="date est passée"):
            read_link(session, token, OFFER, late)
        void_links(session, OFFER, "offer:7", NOW + timedelta(days=1))
        with pytest.raises(LinkRefused, match="date est passée"):
            read_link(session, token, OFFER, NOW + timedelta(days=1))


@pytest.mark.parametrize("change", ["another letter", "cut", "longer", "empty", "of another purpose", "not a token"])
def test_a_forged_link_is_refused(sqlite_engine: Engine, change: str) -> None:
    """Guessed, cut by a mail program, or used for something else: the same refusal."""
    token = issued(sqlite_engine)
    purpose = LinkPurpose.INVITATION if change == "of another purpose" else OFFER
    forged = {
        "another letter": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "cut": token[:-1],
        "longer": token + "A",
        "empty": "",
        "not a token": "é" * 43,
    }.get(change, token)
    with session_scope(sqlite_engine, write=False) as session, pytest.raises(LinkRefused, match="pas l’un des nôtres"):
        read_link(session, forged, purpose, NOW)


def test_the_database_holds_no_token(sqlite_engine: Engine) -> None:
    """A copy of the database opens nothing: it has the hash alone, and no two tokens are alike."""
    tokens = {issued(sqlite_engine) for _ in range(50)}
    assert len(tokens) == 50
    with session_scope(sqlite_engine, write=False) as session:
        stored = " ".join(str(row.model_dump()) for row in session.exec(select(PersonalLink)))
    assert not [one for one in tokens if one in stored]


def spend_elsewhere(url: str, token: str) -> None:
    with session_scope(engine_at(url)) as session:
        spend(session, token)


def test_of_simultaneous_uses_one_goes_through(engine: Engine) -> None:
    """Four browsers press the button at the same instant: one alone acts."""
    token = issued(engine)
    processes = [start(spend_elsewhere, url_of(engine), token) for _ in range(4)]
    for process in processes:
        process.join(120)
    assert sorted(process.exitcode or 0 for process in processes) == [0, 1, 1, 1]
