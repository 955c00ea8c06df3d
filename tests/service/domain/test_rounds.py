"""Each step of a round's life is one guarded update: what it lets through, what it leaves alone, what it says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from service.domain import rounds
from service.domain.rounds import Beat
from service.errors import Conflict, NotFound
from service.persistence.bulk import fetch
from service.persistence.clock import InstantIn
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound
from service.vocabulary import ACTIVE_ROUNDS, ROUND_TRANSITIONS, RoundStatus
from tests.promises.round_scenes import audited, expire, launched, read_round


def claim(engine: Engine, round_id: int, lease_s: float = 600) -> int | None:
    with session_scope(engine) as session:
        return rounds.claim(session, round_id, lease_s)


def beat(engine: Engine, round_id: int, token: int) -> Beat:
    with session_scope(engine) as session:
        return rounds.heartbeat(session, round_id, token, 600, "prove", 0.5)


def test_claimed_once(engine: Engine, seed: int) -> None:
    """A queued round is claimed by the first who asks; the next ones get nothing until its lease is over."""
    round_id = launched(engine, seed)
    assert claim(engine, round_id) == 1
    assert claim(engine, round_id) is None
    expire(engine, round_id)
    assert claim(engine, round_id) == 2
    assert read_round(engine, round_id).attempt == 2


def test_the_lease_is_of_the_databases_clock(engine: Engine, seed: int) -> None:
    """A lease ends so many seconds after the database's own now, whatever the worker's clock says."""
    round_id = launched(engine, seed)
    with session_scope(engine) as session:
        [(before,)] = fetch(session, select(InstantIn()))
        rounds.claim(session, round_id, 90.0)
        [(after,)] = fetch(session, select(InstantIn(90.0)))
        lease = session.get_one(AllocationRound, round_id).lease_until
    assert lease is not None
    assert before.replace(tzinfo=UTC) + timedelta(seconds=90) - timedelta(milliseconds=1) <= lease
    assert lease <= after.replace(tzinfo=UTC)


def test_a_lease_of_no_length_is_over(engine: Engine, seed: int) -> None:
    """A lease compared with the database's clock at once is already over: both instants are written alike."""
    round_id = launched(engine, seed)
    assert claim(engine, round_id, lease_s=0) == 1
    assert claim(engine, round_id, lease_s=0) == 2


def test_heartbeats(engine: Engine, seed: int) -> None:
    """The holder's beat is kept and tells the phase; another's, or a late one, is told to stop."""
    round_id = launched(engine, seed)
    token = claim(engine, round_id) or 0
    assert beat(engine, round_id, token) is Beat.KEPT
    found = read_round(engine, round_id)
    assert (found.phase, found.progress) == ("prove", 0.5)
    assert beat(engine, round_id, token + 1) is Beat.LOST
    with session_scope(engine) as session:
        rounds.cancel_round(session, round_id, "user:1")
    assert beat(engine, round_id, token) is Beat.CANCELLED


def test_three_attempts(engine: Engine, seed: int) -> None:
    """Two failures leave another attempt, the third ends the round with its reason; nobody claims it again."""
    round_id = launched(engine, seed)
    for attempt in range(1, rounds.ATTEMPTS + 1):
        token = claim(engine, round_id) or 0
        with session_scope(engine) as session:
            assert rounds.fail_attempt(session, round_id, token, "Panne.") is (attempt < rounds.ATTEMPTS)
    found = read_round(engine, round_id)
    assert found.status == RoundStatus.FAILED
    assert found.failure.endswith("Dernier motif\u00a0: Panne.")
    assert found.finished_at is not None
    assert claim(engine, round_id) is None


def test_a_refusal_no_attempt_changes(engine: Engine, seed: int) -> None:
    """What the service refuses ends the round at its first attempt, with those words alone; nobody claims it again."""
    round_id = launched(engine, seed)
    token = claim(engine, round_id) or 0
    with session_scope(engine) as session:
        assert not rounds.fail_round(session, round_id, token, "Levez-le, puis relancez.")
        assert audited(session, "round_failed") == 1
    found = read_round(engine, round_id)
    assert (found.status, found.attempt, found.failure) == (RoundStatus.FAILED, 1, "Levez-le, puis relancez.")
    assert claim(engine, round_id) is None


def test_the_third_dead_worker(engine: Engine, seed: int) -> None:
    """A round whose third worker died in silence is ended by the sweep, with its reason, and never queued again."""
    round_id = launched(engine, seed)
    for _ in range(rounds.ATTEMPTS):
        claim(engine, round_id)
        expire(engine, round_id)
    with session_scope(engine) as session:
        assert rounds.sweep(session) == []
        assert audited(session, "round_failed") == 1
    found = read_round(engine, round_id)
    assert found.status == RoundStatus.FAILED
    assert rounds.DEAD_WORKER in found.failure


def test_a_cancelled_round_whose_worker_died(engine: Engine, seed: int) -> None:
    """Cancelled, and its worker dead before it could obey: the sweep ends it as cancelled."""
    round_id = launched(engine, seed)
    claim(engine, round_id)
    with session_scope(engine) as session:
        rounds.cancel_round(session, round_id, "user:1")
    expire(engine, round_id)
    assert claim(engine, round_id) is None
    with session_scope(engine) as session:
        assert rounds.sweep(session) == []
    assert read_round(engine, round_id).status == RoundStatus.CANCELLED


def test_cancelling_a_queued_round(engine: Engine, seed: int) -> None:
    """A queued round is cancelled at once; cancelling it again says that it is over."""
    round_id = launched(engine, seed)
    with session_scope(engine) as session:
        rounds.cancel_round(session, round_id, "user:1")
        assert audited(session, "cancel_round") == 1
    assert read_round(engine, round_id).status == RoundStatus.CANCELLED
    assert claim(engine, round_id) is None
    with pytest.raises(Conflict, match="déjà terminé"), session_scope(engine) as session:
        rounds.cancel_round(session, round_id, "user:1")


def test_a_refusal_names_each_property_once(engine: Engine, seed: int) -> None:
    """A refused round says the first line of each property in defect."""
    round_id = launched(engine, seed)
    token = claim(engine, round_id) or 0
    with session_scope(engine) as session:
        rounds.refuse_round(session, round_id, token, ["seats: a", "seats: b", "level: c"])
    found = read_round(engine, round_id)
    assert found.status == RoundStatus.REFUSED
    assert "En défaut\u00a0: seats: a\u00a0; level: c. " in found.failure


Ending = Callable[[Session, int, int], object]
ENDINGS: dict[str, Ending] = {
    "refused": lambda session, round_id, token: rounds.refuse_round(session, round_id, token, ["seats: a"]),
    "failed": lambda session, round_id, token: rounds.fail_attempt(session, round_id, token, "Panne."),
    "failed at once": lambda session, round_id, token: rounds.fail_round(session, round_id, token, "Panne."),
    "handed back": rounds.hand_back,
    "cancelled": rounds.end_cancelled,
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("status", [status for status in RoundStatus if status is not RoundStatus.RUNNING])
def test_nothing_ends_what_is_not_held(sqlite_engine: Engine, seed: int, status: RoundStatus, ending: Ending) -> None:
    """A worker's last word changes nothing when the round is not running, or is another's."""
    round_id = launched(sqlite_engine, seed)
    token = claim(sqlite_engine, round_id) or 0
    before = read_round(sqlite_engine, round_id).model_dump()
    with session_scope(sqlite_engine) as session:
        ending(session, round_id, token + 1)
    assert read_round(sqlite_engine, round_id).model_dump() == before
    with session_scope(sqlite_engine) as session:
        found = session.get_one(AllocationRound, round_id)
        found.status = status
        session.add(found)
    before = read_round(sqlite_engine, round_id).model_dump()
    with session_scope(sqlite_engine) as session:
        ending(session, round_id, token)
    assert read_round(sqlite_engine, round_id).model_dump() == before


def test_transitions_are_those_of_the_vocabulary() -> None:
    """Only an active round may still change, but for a computed one that is published."""
    for status, following in ROUND_TRANSITIONS.items():
        assert bool(following) == (status in ACTIVE_ROUNDS or status is RoundStatus.COMPUTED)


def test_an_unknown_round(sqlite_engine: Engine) -> None:
    """A round that does not exist is not found."""
    with session_scope(sqlite_engine) as session, pytest.raises(NotFound):
        rounds.get_round(session, 404)


def test_names_of_actors(sqlite_engine: Engine, seed: int) -> None:
    """People are named, machines are described, and an account that is gone stays an account."""
    launched(sqlite_engine, seed)
    with session_scope(sqlite_engine) as session:
        names = [rounds.name_of(session, actor) for actor in ("user:1", "cli", "worker", "user:99")]
    assert names == ["Camille Exemple", "la ligne de commande", "le service", "user:99"]


def test_instants_are_stored_alike(sqlite_engine: Engine, seed: int) -> None:
    """An instant of the database's clock is stored with as many characters as one of the service's."""
    round_id = launched(sqlite_engine, seed)
    claim(sqlite_engine, round_id)
    with session_scope(sqlite_engine) as session:
        found = session.get_one(AllocationRound, round_id)
        columns = select(col(AllocationRound.lease_until), col(AllocationRound.launched_at))
        raw = session.connection().exec_driver_sql(str(columns)).one()
    assert len(raw[0]) == len(raw[1])
    assert isinstance(found.lease_until, datetime)
