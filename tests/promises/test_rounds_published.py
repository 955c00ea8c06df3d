"""«Un tour est publié en entier ou pas du tout», and never into a seat that somebody else has taken."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from service.domain import publication, rounds
from service.domain.publication import publish_round
from service.errors import Conflict
from service.jobs.attempts import run_round
from service.persistence.engine import session_scope
from service.persistence.tables import Campaign
from service.vocabulary import RoundStatus
from tests.promises.processes import kill, start
from tests.promises.round_scenes import (
    TODAY,
    checksum,
    engine_at,
    frozen,
    launched,
    quick_workshop,
    read_round,
    right_answer,
    url_of,
)
from tests.promises.round_scenes import child_that_answers as answers

SIZE = {"schools": 3, "pupils": 60, "sites": 24}
STAGES = (
    "_take",
    "_verified",
    "_check_rows",
    "_release_seats",
    "_take_seats",
    "_refuse_changes",
    "_publish_placements",
    "_freeze_requests",
    "_move_pointer",
    "queue_digests",
    "record",
)
"""Every stage of a publication, in order; a process is killed, or commits, just after one of them."""


@pytest.fixture
def computed(engine: Engine, seed: int, tmp_path: Any) -> int:
    """A computed round that places some pupils, ready to be published."""
    return compute(engine, seed, tmp_path)


def compute(engine: Engine, seed: int, folder: Any) -> int:
    for attempt in range(20):
        round_id = launched(engine, seed + 1000 * attempt, **SIZE)
        run_round(
            quick_workshop(engine, command=answers(folder / "answer", right_answer(engine, round_id)[1])), round_id
        )
        if read_round(engine, round_id).placed > 2:
            return round_id
    pytest.fail("no seed gives a round that places somebody")


def publish(engine: Engine, round_id: int) -> None:
    with session_scope(engine) as session:
        publish_round(session, round_id, "user:1", TODAY)


def rows(engine: Engine, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with session_scope(engine, write=False) as session:
        return [tuple(row) for row in session.connection().execute(text(sql), values).all()]


def write(engine: Engine, sql: str, **values: Any) -> None:
    with session_scope(engine) as session:
        session.connection().execute(text(sql), values)


def check_whole(engine: Engine, round_id: int) -> None:
    """The pointer, the seats used, the placements shown and the requests frozen all tell of this one round."""
    found = read_round(engine, round_id)
    assert found.status == RoundStatus.PUBLISHED
    with session_scope(engine, write=False) as session:
        assert session.get_one(Campaign, found.campaign_id).published_round_id == round_id
    assert rows(engine, "SELECT sum(used) FROM opening") == [(found.placed,)]
    assert rows(engine, "SELECT count(*) FROM placement WHERE published AND round_id = :r", r=round_id) == [
        (found.placed,)
    ]
    uneven = (
        "SELECT id FROM opening WHERE used <> "
        "(SELECT count(*) FROM placement WHERE published AND opening_id = opening.id)"
    )
    assert rows(engine, uneven) == []
    statuses = "SELECT DISTINCT status FROM placementrequest WHERE campaign_id = :c"
    assert rows(engine, statuses, c=found.campaign_id) == [("frozen",)]
    told = "SELECT count(*) FROM outboxline WHERE cause LIKE :c"
    assert rows(engine, told, c=f"round:{round_id}/school:%") == [(SIZE["schools"],)]


def die_after(url: str, round_id: int, stage: str) -> None:
    """Publishes, and is killed just after one stage: nothing of ours runs any more."""
    step: Callable[..., Any] = getattr(publication, stage)

    def fatal(*values: Any, **named: Any) -> None:
        step(*values, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(publication, stage, fatal)
    publish(engine_at(url), round_id)


def commit_by_stage(url: str, round_id: int, stage: str) -> None:
    """The same with a publication that commits after each stage."""
    for name in STAGES[: STAGES.index(stage)]:
        setattr(publication, name, committing(getattr(publication, name)))
    die_after(url, round_id, stage)


def committing(step: Callable[..., Any]) -> Callable[..., Any]:
    def stage(session: Session, *values: Any, **named: Any) -> Any:
        done = step(session, *values, **named)
        session.commit()
        return done

    return stage if step is not publication._refuse_changes else step


def ends_killed(target: Callable[..., None], *values: Any) -> None:
    process = start(target, *values)
    process.join(120)
    assert process.exitcode == -signal.SIGKILL


def test_killed_after_each_stage(engine: Engine, computed: int) -> None:
    """kill -9 just after any stage of a publication leaves all as before; then the round can be published, whole."""
    before = checksum(engine)
    for stage in STAGES:
        ends_killed(die_after, url_of(engine), computed, stage)
        assert checksum(engine) == before, stage
    publish(engine, computed)
    check_whole(engine, computed)


def test_sabotage_commit_per_stage(sqlite_engine: Engine, seed: int, tmp_path: Any) -> None:
    """Sabotage: with a commit per stage, the same kill leaves a half-written publication."""
    computed = compute(sqlite_engine, seed, tmp_path)
    before = checksum(sqlite_engine)
    ends_killed(commit_by_stage, url_of(sqlite_engine), computed, "_move_pointer")
    assert checksum(sqlite_engine) != before
    with pytest.raises(AssertionError):
        check_whole(sqlite_engine, computed)


def tell_after_commit(url: str, round_id: int) -> None:
    """Publishes, and dies before it writes the messages, in a transaction of their own."""
    publication.queue_digests = lambda *_: 0
    publish(engine_at(url), round_id)
    os.kill(os.getpid(), signal.SIGKILL)


def test_sabotage_outbox_after_commit(sqlite_engine: Engine, seed: int, tmp_path: Any) -> None:
    """Sabotage: messages written after the COMMIT of their cause are lost by a kill between the two."""
    computed = compute(sqlite_engine, seed, tmp_path)
    ends_killed(tell_after_commit, url_of(sqlite_engine), computed)
    assert read_round(sqlite_engine, computed).status == RoundStatus.PUBLISHED
    with pytest.raises(AssertionError):
        check_whole(sqlite_engine, computed)


def test_killed_at_any_instant(engine: Engine, computed: int, seed: int, full: bool) -> None:
    """kill -9 at random instants: the round everybody reads is the old one or the new one, whole."""
    chance, before = random.Random(seed), checksum(engine)
    for _ in range(50 if full else 4):
        process = start(publish_at, url_of(engine), computed)
        time.sleep(chance.uniform(0.0, 0.4))
        if process.is_alive():
            kill(process)
        if read_round(engine, computed).status == RoundStatus.PUBLISHED:
            break
        assert checksum(engine) == before
    else:
        publish(engine, computed)
    check_whole(engine, computed)


def publish_at(url: str, round_id: int) -> None:
    publish(engine_at(url), round_id)


def test_published_once(engine: Engine, computed: int) -> None:
    """A second publication of the same round is refused, names who published it, and takes no seat again."""
    publish(engine, computed)
    before = checksum(engine)
    with pytest.raises(Conflict, match="déjà été publié par Camille Exemple"):
        publish(engine, computed)
    assert checksum(engine) == before
    check_whole(engine, computed)


def first_slot(engine: Engine, round_id: int) -> tuple[int, str, int]:
    """An opening the round fills: its key, its site's name, how many pupils it is sent."""
    sql = (
        "SELECT opening.id, site.name, count(*) FROM placement JOIN opening ON opening.id = placement.opening_id "
        "JOIN offer ON offer.id = opening.offer_id JOIN site ON site.id = offer.site_id "
        "WHERE round_id = :r GROUP BY opening.id, site.name ORDER BY opening.id"
    )
    key, name, count = rows(engine, sql, r=round_id)[0]
    return key, name, count


CAPACITY_LOWERED = "UPDATE opening SET capacity = :sent - 1 WHERE id = :slot"
SEATS_TAKEN = "UPDATE opening SET used = capacity - :sent + 1 WHERE id = :slot"
OFFER_WITHDRAWN = (
    "UPDATE offer SET status = 'withdrawn' WHERE id = (SELECT offer_id FROM opening WHERE id = :slot) AND :sent > 0"
)


@pytest.mark.parametrize(
    "meanwhile", [CAPACITY_LOWERED, SEATS_TAKEN, OFFER_WITHDRAWN], ids=["lowered", "taken", "gone"]
)
def test_a_seat_lost_since_the_computation(engine: Engine, computed: int, meanwhile: str) -> None:
    """Seats lowered, taken or withdrawn since the computation: refused, the slot named, nothing written."""
    slot, name, sent = first_slot(engine, computed)
    write(engine, meanwhile, slot=slot, sent=sent)
    before = checksum(engine)
    with pytest.raises(Conflict) as refusal:
        publish(engine, computed)
    assert refusal.value.code == "seats_taken"
    assert f"Site «\u00a0{name}\u00a0»" in refusal.value.message
    assert "lancez un nouveau tour" in refusal.value.message
    assert checksum(engine) == before


def test_sabotage_without_the_condition(sqlite_engine: Engine, seed: int, tmp_path: Any, monkeypatch: Any) -> None:
    """Sabotage: a seat counter moved without its condition is stopped by the database alone, and no slot is named."""
    computed = compute(sqlite_engine, seed, tmp_path)
    slot, _, sent = first_slot(sqlite_engine, computed)
    write(sqlite_engine, CAPACITY_LOWERED, slot=slot, sent=sent)
    monkeypatch.setattr(publication, "_still_fits", lambda wanted: wanted.c.pupils > 0)
    with pytest.raises(Exception, match="opening_never_oversold"):
        publish(sqlite_engine, computed)


REQUEST_CHANGED = "UPDATE placementrequest SET reach_km = reach_km + 1 WHERE campaign_id = :c"
REQUEST_WITHDRAWN = "UPDATE placementrequest SET status = 'withdrawn' WHERE campaign_id = :c"
SITE_MOVED = "UPDATE site SET latitude = latitude + 0.01 WHERE :c > 0"


@pytest.mark.parametrize(
    ("meanwhile", "named"),
    [(REQUEST_CHANGED, "La demande de l’établissement"), (REQUEST_WITHDRAWN, "La demande"), (SITE_MOVED, "L’offre n°")],
    ids=["changed", "withdrawn", "moved"],
)
def test_facts_changed_since_the_computation(engine: Engine, computed: int, meanwhile: str, named: str) -> None:
    """A request or a site that changed since the computation: refused, what changed is named, nothing written."""
    write(engine, meanwhile, c=read_round(engine, computed).campaign_id)
    before = checksum(engine)
    with pytest.raises(Conflict) as refusal:
        publish(engine, computed)
    assert refusal.value.code == "data_changed"
    assert named in refusal.value.message
    assert checksum(engine) == before


def test_only_a_computed_round(engine: Engine, seed: int) -> None:
    """A round that is queued, running or over without a result cannot be published."""
    round_id = launched(engine, seed)
    for status in (RoundStatus.QUEUED, RoundStatus.RUNNING, RoundStatus.FAILED, RoundStatus.REFUSED):
        write(engine, "UPDATE allocationround SET status = :s WHERE id = :r", s=status.value, r=round_id)
        with pytest.raises(Conflict) as refusal:
            publish(engine, round_id)
        assert refusal.value.code == "round_not_computed"


def test_a_later_round_takes_nothing_back(engine: Engine, computed: int, tmp_path: Any) -> None:
    """A second round keeps every pupil already placed where they are, and its publication counts each seat once."""
    publish(engine, computed)
    where = "SELECT pupil_id, opening_id FROM placement WHERE round_id = :r ORDER BY pupil_id"
    placed = rows(engine, where, r=computed)
    write(engine, "UPDATE opening SET capacity = capacity + 2 WHERE id > :zero", zero=0)
    with session_scope(engine) as session:
        later = rounds.launch_round(session, read_round(engine, computed).campaign_id, "user:1").id or 0
    assert len(frozen(engine, later).pins) == len(placed)
    answer = answers(tmp_path / "second", right_answer(engine, later)[1])
    run_round(quick_workshop(engine, command=answer), later)
    publish(engine, later)
    assert set(placed) <= set(rows(engine, where, r=later))
    assert read_round(engine, later).pupils == read_round(engine, computed).pupils
    check_whole(engine, later)
