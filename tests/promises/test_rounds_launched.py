"""«Deux lancements simultanés donnent un seul tour.»: the index decides, and the others are told who was first."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from service.domain import rounds
from service.domain.campaigns import PARIS, open_campaign
from service.errors import Conflict, ServiceError
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import AllocationRound, User
from service.vocabulary import CampaignStatus, Level, RoundStatus
from tests.promises.processes import clean_processes
from tests.promises.round_scenes import engine_at, rounds_of_campaign, url_of

COMPETITORS = 8


def add_campaigns(engine: Engine, count: int) -> list[int]:
    with session_scope(engine) as session:
        for index in range(COMPETITORS):
            session.add(
                User(email=f"c{index}@sequence.example", name=f"C {index}", password="", fs_uniquifier=f"{index}")
            )
        return [
            row_id(
                open_campaign(session, f"Campagne {n}", "2026-2027", [Level.TROISIEME], date(9999, 1, 8), actor="test")
            )
            for n in range(count)
        ]


def compete(url: str, campaigns: list[int], person: int, together: Any, told: Any) -> None:
    """One competitor: launches each campaign at the same instant as the others, and says what came of it."""
    engine = engine_at(url)
    with engine.connect():
        pass
    for campaign_id in campaigns:
        together.wait()
        try:
            with session_scope(engine) as session:
                rounds.launch_round(session, campaign_id, f"user:{person}")
            told.put((campaign_id, "launched", ""))
        except Conflict as refusal:
            told.put((campaign_id, refusal.code, refusal.message))
    engine.dispose()


def race(engine: Engine, campaigns: list[int]) -> list[tuple[int, str, str]]:
    processes = clean_processes()
    together, told = processes.Barrier(COMPETITORS), processes.Queue()
    runners = [
        processes.Process(target=compete, args=(url_of(engine), campaigns, person, together, told), daemon=True)
        for person in range(1, COMPETITORS + 1)
    ]
    for runner in runners:
        runner.start()
    said = [told.get(timeout=120) for _ in range(COMPETITORS * len(campaigns))]
    for runner in runners:
        runner.join()
    return said


def test_simultaneous_launches(engine: Engine, full: bool) -> None:
    """Eight people launch the same campaigns at the same instants: one round each, seven refusals that name one."""
    campaigns = add_campaigns(engine, 100 if full else 6)
    said = race(engine, campaigns)
    with session_scope(engine, write=False) as session:
        assert [rounds_of_campaign(session, campaign_id) for campaign_id in campaigns] == [1] * len(campaigns)
        for campaign_id in campaigns:
            active = rounds.find_active_round(session, campaign_id)
            assert active is not None
            refusals = [(code, message) for key, code, message in said if key == campaign_id and code != "launched"]
            assert {code for code, _ in refusals} == {"round_already_active"}
            assert len(refusals) == COMPETITORS - 1
            name = rounds.name_of(session, active.launched_by)
            assert all(f"par {name}." in message for _, message in refusals)


def test_sabotage_without_the_index(engine: Engine) -> None:
    """Sabotage: without its index, whoever comes second gets a round of their own; the count above would see it.

    One after the other on purpose: at the very same instant the round's number would stop some of them.
    """
    with engine.connect() as connection:
        connection.execute(text("DROP INDEX one_active_round_per_campaign"))
        connection.commit()
    [campaign_id] = add_campaigns(engine, 1)
    for person in ("user:1", "user:2"):
        with session_scope(engine) as session:
            rounds.launch_round(session, campaign_id, person)
    with session_scope(engine, write=False) as session:
        assert rounds_of_campaign(session, campaign_id) == 2


def test_a_second_launch_is_told_who_and_when(engine: Engine) -> None:
    """The refusal says who launched the round under way, when in mainland France, and what to do."""
    [campaign_id] = add_campaigns(engine, 1)
    with session_scope(engine) as session:
        first = rounds.launch_round(session, campaign_id, "user:3")
    with pytest.raises(Conflict) as refusal, session_scope(engine) as session:
        rounds.launch_round(session, campaign_id, "user:5")
    when = first.launched_at.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M")
    assert f"lancé le {when} par C 2. Attendez sa fin ou annulez-le." in refusal.value.message


@pytest.mark.parametrize("ended", [status for status in RoundStatus if status not in rounds.ACTIVE_ROUNDS])
def test_a_second_round_after_the_first_ends(engine: Engine, ended: RoundStatus) -> None:
    """Once a round has ended, however it ended, another one may be launched, and both remain numbered."""
    [campaign_id] = add_campaigns(engine, 1)
    with session_scope(engine) as session:
        first = rounds.launch_round(session, campaign_id, "user:1")
        first.status = ended
        session.add(first)
    with session_scope(engine) as session:
        assert rounds.launch_round(session, campaign_id, "user:1").number == 2
        assert [one.number for one in rounds.rounds_of(session, campaign_id)] == [2, 1]


def test_another_campaign_is_not_concerned(engine: Engine) -> None:
    """A round under way in one campaign keeps nobody from launching one in another, on both engines."""
    one, other = add_campaigns(engine, 2)
    with session_scope(engine) as session:
        rounds.launch_round(session, one, "user:1")
        rounds.launch_round(session, other, "user:1")
        assert rounds.find_active_round(session, other) is not None


def close(session: Session, campaign_id: int) -> None:
    campaign = rounds.get_campaign(session, campaign_id)
    campaign.status = CampaignStatus.CLOSED
    session.add(campaign)


def test_a_closed_campaign_has_no_round(sqlite_engine: Engine) -> None:
    """Launching a round of a closed campaign is refused and leaves no round."""
    [campaign_id] = add_campaigns(sqlite_engine, 1)
    with session_scope(sqlite_engine) as session:
        close(session, campaign_id)
    with pytest.raises(ServiceError, match="n’est pas ouverte"), session_scope(sqlite_engine) as session:
        rounds.launch_round(session, campaign_id, "user:1")
    with session_scope(sqlite_engine, write=False) as session:
        assert not rounds.rounds_of(session, campaign_id)
        assert session.get(AllocationRound, 1) is None
