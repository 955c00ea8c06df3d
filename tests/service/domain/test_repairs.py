"""A host withdraws after the publication: its pupils find another place, nobody moves for nothing, all by one round."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import select

from service.domain.bridge import freeze
from service.domain.campaigns import get_campaign
from service.domain.moves import count_moves, moves_between
from service.domain.offers import change_seats
from service.domain.publication import publish_round
from service.domain.repairs import launch_next_round, launch_repair
from service.domain.shortfalls import announce_shortfall, concerned_pupils, shortfalls
from service.errors import Conflict, ServiceError
from service.jobs.attempts import Outcome, run_round
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import AuditEntry, Campaign, Offer, RoundDossier
from service.vocabulary import OfferStatus, RoundKind, RoundStatus
from solver.changes import Seats, Withdraw
from solver.files import instance_from_document, result_from_document
from solver.repair import repair_instance
from tests.promises.round_scenes import TODAY, launched, quick_workshop, read_round

ACTOR = "user:1"
WHY = "Fermeture du site pour travaux"


def read(engine: Engine, sql: str, **values: object) -> list[tuple[Any, ...]]:
    with session_scope(engine, write=False) as session:
        return [tuple(row) for row in session.connection().execute(text(sql), values).all()]


def publish(engine: Engine, round_id: int) -> None:
    with session_scope(engine) as session:
        publish_round(session, round_id, ACTOR, TODAY)


@pytest.fixture
def published(engine: Engine) -> int:
    """A published round that has sent pupils to several offers: fixed rows, the same on both engines."""
    round_id = launched(engine, 20261122, schools=4, pupils=60, sites=30)
    assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    publish(engine, round_id)
    return round_id


def most_filled(engine: Engine) -> int:
    """The offer that receives most pupils."""
    filled = "SELECT offer_id FROM opening GROUP BY offer_id ORDER BY sum(used) DESC, offer_id LIMIT 1"
    return int(read(engine, filled)[0][0])


def keep(engine: Engine, offer_id: int, fewer: int | None = None) -> int:
    """The offer receives so many fewer in each of its filled periods, or nobody at all. Returns how many have to go."""
    rows = read(engine, "SELECT period_id, used FROM opening WHERE offer_id = :o", o=offer_id)
    keeps = {period: 0 if fewer is None else max(0, used - fewer) for period, used in rows if used or fewer is None}
    with session_scope(engine) as session:
        return announce_shortfall(session, session.get_one(Offer, offer_id), keeps, WHY, ACTOR)


def repaired(engine: Engine, published: int) -> int:
    """Launches and computes a repair."""
    with session_scope(engine) as session:
        round_id = row_id(launch_repair(session, read_round(engine, published).campaign_id, ACTOR))
    assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    return round_id


def test_what_a_withdrawal_says(engine: Engine, published: int) -> None:
    """The offer is closed, its pupils keep their seats, coordinators are told, and the reason is in the audit trail."""
    offer_id = most_filled(engine)
    before = read(engine, "SELECT used FROM opening WHERE offer_id = :o AND used > 0", o=offer_id)
    assert keep(engine, offer_id) == sum(used for (used,) in before)
    assert read(engine, "SELECT used, capacity, keeps FROM opening WHERE offer_id = :o AND used > 0", o=offer_id) == [
        (used, used, 0) for (used,) in before
    ]
    with session_scope(engine, write=False) as session:
        campaign = session.get_one(Campaign, read_round(engine, published).campaign_id)
        assert session.get_one(Offer, offer_id).status is OfferStatus.WITHDRAWN
        assert sum(one.missing for one in shortfalls(session, campaign)) == sum(used for (used,) in before)
        assert {one.offer_id for one in concerned_pupils(session, campaign)} == {offer_id}
        assert len(concerned_pupils(session, campaign)) == sum(used for (used,) in before)
        said = [one.detail for one in session.exec(select(AuditEntry).where(AuditEntry.action == "announce_shortfall"))]
    assert [one["why"] for one in said] == [WHY]


def test_only_fewer_can_be_announced(engine: Engine, published: int) -> None:
    """More seats than there are, a number below zero, no reason, or nobody too many: nothing is written."""
    offer_id = most_filled(engine)
    period, used, capacity = read(
        engine, "SELECT period_id, used, capacity FROM opening WHERE offer_id = :o AND used > 0", o=offer_id
    )[0]
    for keeps, why, code in (
        ({period: capacity + 1}, WHY, "keeps_out_of_bounds"),
        ({period: -1}, WHY, "keeps_out_of_bounds"),
        ({"2027-W30": 0}, WHY, "keeps_out_of_bounds"),
        ({period: used}, WHY, "nobody_too_many"),
        ({period: 0}, "  ", "text_missing"),
    ):
        with pytest.raises(ServiceError) as refused, session_scope(engine) as session:
            announce_shortfall(session, session.get_one(Offer, offer_id), keeps, why, ACTOR)
        assert refused.value.code == code
    assert read(engine, "SELECT count(*) FROM opening WHERE keeps IS NOT NULL") == [(0,)]
    assert read(engine, "SELECT count(*) FROM outboxline WHERE cause LIKE 'shortfall:%'") == [(0,)]
    assert read_round(engine, published).status is RoundStatus.PUBLISHED


@pytest.mark.parametrize("fewer", [None, 1])
def test_the_instance_is_the_one_of_a_repair(engine: Engine, published: int, fewer: int | None) -> None:
    """What is frozen is, to the last field, what the solver calls the repair of the published round."""
    offer_id = most_filled(engine)
    keep(engine, offer_id, fewer)
    with session_scope(engine, write=False) as session:
        campaign = get_campaign(session, read_round(engine, published).campaign_id)
        frozen = freeze(session, campaign, TODAY, published)
        kept = session.get_one(RoundDossier, published)
        instance = instance_from_document(json.loads(gzip.decompress(kept.instance_gz)))
        result = result_from_document(json.loads(gzip.decompress(kept.result_gz or b"")))
    left = read(engine, "SELECT period_id, keeps FROM opening WHERE offer_id = :o AND keeps IS NOT NULL", o=offer_id)
    changes = [Withdraw(str(offer_id))] if fewer is None else [Seats(str(offer_id), *row) for row in left]
    expected = repair_instance(instance, result, changes)
    closed = expected.offer[str(offer_id)]
    # a period where nobody was sent is closed too, and is not in the instance at all
    assert {period: seats for period, seats in closed.seats.items() if seats} == {
        period: seats for period, seats in frozen.offer[str(offer_id)].seats.items() if seats
    }
    assert (frozen.announced, frozen.pins, frozen.groups, frozen.lines, frozen.params) == (
        expected.announced,
        expected.pins,
        expected.groups,
        expected.lines,
        expected.params,
    )
    assert [one for one in frozen.offers if one.id != closed.id] == [
        one for one in expected.offers if one.id != closed.id
    ]


@pytest.mark.parametrize("fewer", [None, 1])
def test_a_repair_from_the_withdrawal_to_the_notices(engine: Engine, published: int, fewer: int | None) -> None:
    """Nobody is left where the host withdrew; seats, pointer and mail tell of the repair and of those who move only."""
    offer_id = most_filled(engine)
    missing = keep(engine, offer_id, fewer)
    campaign_id = read_round(engine, published).campaign_id
    with pytest.raises(Conflict) as refused, session_scope(engine) as session:
        launch_next_round(session, campaign_id, ACTOR)
    assert refused.value.code == "repair_first"
    round_id = repaired(engine, published)
    found = read_round(engine, round_id)
    assert (found.kind, found.base_round_id) == (RoundKind.REPAIR, published)
    with session_scope(engine, write=False) as session:
        moves = moves_between(session, published, round_id)
    from_there = [one for one in moves if one.before is not None and one.before.offer_id == offer_id]
    assert len(from_there) >= missing
    with session_scope(engine, write=False) as session:
        counts = count_moves(session, published, round_id)
    assert counts == {kind: sum(one.kind == kind for one in moves) for kind in counts}
    assert sum(counts.values()) == len(moves)
    stability = next(tier["value"] for tier in found.tiers if tier["tier"] == "stability")
    assert sum(one.before is not None for one in moves) == stability
    publish(engine, round_id)
    check_repaired(engine, round_id, offer_id)
    told = {
        cause for (cause,) in read(engine, "SELECT cause FROM outboxline WHERE cause LIKE :c", c=f"round:{round_id}/%")
    }
    concerned = {f"round:{round_id}/school:{one.school_id}" for one in moves}
    assert {cause for cause in told if "/school:" in cause} <= concerned


def check_repaired(engine: Engine, round_id: int, offer_id: int) -> None:
    with session_scope(engine, write=False) as session:
        campaign = session.get_one(Campaign, read_round(engine, round_id).campaign_id)
        assert campaign.published_round_id == round_id
        assert shortfalls(session, campaign) == []
    assert read(engine, "SELECT count(*) FROM opening WHERE keeps IS NOT NULL") == [(0,)]
    uneven = (
        "SELECT id FROM opening WHERE used <> "
        "(SELECT count(*) FROM placement WHERE published AND opening_id = opening.id)"
    )
    assert read(engine, uneven) == []
    over = "SELECT used FROM opening WHERE offer_id = :o AND used > capacity"
    assert read(engine, over, o=offer_id) == []


def test_a_repair_needs_a_published_round(engine: Engine) -> None:
    """Before any publication there is nothing to repair."""
    round_id = launched(engine, 20261122, schools=1, pupils=5, sites=2)
    with pytest.raises(Conflict) as refused, session_scope(engine) as session:
        launch_repair(session, read_round(engine, round_id).campaign_id, ACTOR)
    assert refused.value.code == "nothing_published"


def test_seats_given_back_owe_nothing(engine: Engine, published: int) -> None:
    """A host that changes its mind before the repair: its seats are whole again, and nobody has to leave."""
    offer_id = most_filled(engine)
    keep(engine, offer_id, 1)
    seats = dict(read(engine, "SELECT period_id, capacity FROM opening WHERE offer_id = :o", o=offer_id))
    with session_scope(engine) as session:
        change_seats(session, session.get_one(Offer, offer_id), seats, ACTOR)
    assert read(engine, "SELECT count(*) FROM opening WHERE keeps IS NOT NULL") == [(0,)]
    assert read_round(engine, published).status is RoundStatus.PUBLISHED
