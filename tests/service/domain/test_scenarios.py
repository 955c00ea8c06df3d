"""Trying without changing: a scenario is computed like a round, compared with it, kept by name, and never published."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, text

from service.domain.bridge import freeze
from service.domain.campaigns import get_campaign
from service.domain.publication import publish_round
from service.domain.scenario_acts import Applied, apply_scenario
from service.domain.scenarios import NEW_OFFER, Differs, Tried, launch_scenario, named_moves, read_difference
from service.errors import Conflict, ServiceError
from service.jobs.attempts import Outcome, run_round
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import RoundDossier
from service.vocabulary import RoundKind, RoundStatus
from solver.files import instance_from_document
from solver.instance import Instance
from solver.params import Tier
from tests.promises.round_scenes import TODAY, checksum, launched, quick_workshop, read_round

ACTOR = "user:1"


def read(engine: Engine, sql: str, **values: object) -> list[tuple[Any, ...]]:
    with session_scope(engine, write=False) as session:
        return [tuple(row) for row in session.connection().execute(text(sql), values).all()]


@pytest.fixture
def base(engine: Engine) -> int:
    """A published round with pupils left without a place: fixed rows, the same on both engines."""
    round_id = launched(engine, 20261122, schools=4, pupils=80, sites=20)
    assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    with session_scope(engine) as session:
        publish_round(session, round_id, ACTOR, TODAY)
    return round_id


def tried(engine: Engine, base: int, name: str, what: Tried) -> int:
    with session_scope(engine) as session:
        round_id = row_id(launch_scenario(session, read_round(engine, base).campaign_id, name, what, ACTOR))
    assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    return round_id


def instance_of(engine: Engine, round_id: int) -> Instance:
    with session_scope(engine, write=False) as session:
        kept = session.get_one(RoundDossier, round_id)
        return instance_from_document(json.loads(gzip.decompress(kept.instance_gz)))


def result_of(engine: Engine, round_id: int) -> dict[str, tuple[str, str]]:
    """The place of each pupil, read in the kept documents."""
    with session_scope(engine, write=False) as session:
        kept = session.get_one(RoundDossier, round_id)
    rows = json.loads(gzip.decompress(kept.result_gz or b""))["assignments"]
    return {row["group"]: (row["offer"], row["period"]) for row in rows}


def difference_of(engine: Engine, round_id: int) -> Differs:
    with session_scope(engine, write=False) as session:
        return read_difference(session, round_id)


def partner_and_level(engine: Engine) -> tuple[int, str]:
    rows = read(
        engine,
        "SELECT partner_id, level FROM offer JOIN site ON site.id = site_id GROUP BY partner_id, level "
        "ORDER BY count(*) DESC, level LIMIT 1",
    )
    return rows[0][0], rows[0][1]


def test_a_scenario_touches_nothing_of_the_round(engine: Engine, base: int) -> None:
    """Placements, seats, the pointer and the published bytes are what they were; the scenario has its own documents."""
    untouched = (
        "SELECT * FROM placement ORDER BY id",
        "SELECT * FROM unplacedpupil ORDER BY id",
        "SELECT * FROM opening ORDER BY id",
        "SELECT * FROM campaign ORDER BY id",
    )
    before = [read(engine, sql) for sql in untouched]
    kept = instance_of(engine, base), result_of(engine, base)
    round_id = tried(engine, base, "Plus loin", Tried(add_km=40))
    found = read_round(engine, round_id)
    assert (found.kind, found.status, found.base_round_id) == (RoundKind.SCENARIO, RoundStatus.COMPUTED, base)
    assert before == [read(engine, sql) for sql in untouched]
    assert kept == (instance_of(engine, base), result_of(engine, base))
    with pytest.raises(Conflict) as refused, session_scope(engine) as session:
        publish_round(session, round_id, ACTOR, TODAY)
    assert refused.value.code == "round_is_scenario"
    assert read_round(engine, round_id).status is RoundStatus.COMPUTED


def test_what_differs_is_a_recount_of_the_two_results(engine: Engine, base: int) -> None:
    """Who gains, loses and moves, by school and by département, recounted from the documents kept for both."""
    round_id = tried(engine, base, "Plus loin", Tried(add_km=40))
    before, after, told = result_of(engine, base), result_of(engine, round_id), difference_of(engine, round_id)
    changed = sorted(pupil for pupil in before | after if before.get(pupil) != after.get(pupil))
    assert [(pupil, before.get(pupil), after.get(pupil)) for pupil in changed] == sorted(
        told.moves, key=lambda one: one[0]
    )
    kinds = Counter("gained" if pupil not in before else "lost" if pupil not in after else "moved" for pupil in changed)
    assert dict(told.totals) == {kind: kinds[kind] for kind in ("gained", "lost", "moved")}
    assert kinds["gained"] - kinds["lost"] == len(after) - len(before) >= 0
    instance = instance_of(engine, base)
    home = {group.id: group.school for group in instance.groups}
    for row in told.schools:
        assert row.before == sum(home[pupil] == row.name for pupil in before)
        assert row.after == sum(home[pupil] == row.name for pupil in after)
    with session_scope(engine, write=False) as session:
        named = named_moves(session, told.moves[:20])
    assert [one.pseudonym for one in named] == [pupil for pupil, _, _ in told.moves[:20]]
    assert all(bool(one.before) == (move[1] is not None) for one, move in zip(named, told.moves, strict=False))


def test_more_seats_are_those_asked_for(engine: Engine, base: int) -> None:
    """Shared out among the partner's openings of the département, or one new offer where it has none."""
    partner, level = partner_and_level(engine)
    old = instance_of(engine, base)
    theirs = {str(row[0]) for row in read(engine, "SELECT id FROM offer WHERE level = :l", l=level)}
    there = sorted({old.offer[one].department for one in theirs & old.offer.keys()})
    for department, known in ((there[0], True), ("75", False)):
        what = Tried(partner, department, level, 7)
        new = instance_of(engine, tried(engine, base, f"Sept de plus, {department}", what))
        seats = [sum(sum(offer.seats.values()) for offer in one.offers) for one in (old, new)]
        assert seats[1] - seats[0] == 7
        assert (NEW_OFFER in new.offer) is not known
        more = [one for one in new.offers if one.id not in old.offer or one.seats != old.offer[one.id].seats]
        assert {(one.department, *one.levels) for one in more} == {(department, level)}


def test_a_reserve_and_an_order_are_those_asked_for(engine: Engine, base: int) -> None:
    """One seat in five belongs first to the category, and the criterion chosen comes right after the placed pupils.

    Applied, they are rules: the next round starts from the very terms that were tried. It is done once.
    """
    what = Tried(add_km=10, reserve_percent=20, reserve_priority="rep", first_aim="distance")
    scenario = tried(engine, base, "Réserve et distance", what)
    new = instance_of(engine, scenario)
    for offer in new.offers:
        assert offer.reserved.get("rep", 0) == max(offer.seats.values()) // 5
    assert new.params.tiers[:4] == (Tier.PLACED, Tier.RESERVES, Tier.DISTANCE, Tier.LONGEST)
    assert sorted(new.params.tiers) == sorted(instance_of(engine, base).params.tiers)
    with session_scope(engine) as session:
        campaign = get_campaign(session, read_round(engine, base).campaign_id)
        assert apply_scenario(session, scenario, campaign.version, ACTOR, TODAY) == Applied(rules=True, asked=())
    with session_scope(engine, write=False) as session:
        campaign = get_campaign(session, campaign.id or 0)
        assert (campaign.added_reach_km, campaign.reserves, campaign.tiers[0]) == (10, {"rep": 20}, "distance")
        next_one = freeze(session, campaign, TODAY)
    assert {group.id: group.reach_m for group in next_one.groups} == {group.id: group.reach_m for group in new.groups}
    assert {offer.id: offer.reserved for offer in next_one.offers} == {offer.id: offer.reserved for offer in new.offers}
    assert next_one.params.tiers[:4] == new.params.tiers[:4]
    with pytest.raises(Conflict) as refused, session_scope(engine) as session:
        apply_scenario(session, scenario, campaign.version, ACTOR, TODAY)
    assert refused.value.code == "scenario_applied"


def test_what_means_nothing_is_refused(engine: Engine, base: int) -> None:
    """No name, no change, a name taken, seats nowhere or of nobody, absurd numbers: nothing is launched."""
    partner, level = partner_and_level(engine)
    tried(engine, base, "Plus loin", Tried(add_km=5))
    before = checksum(engine)
    for name, what, code in (
        (" ", Tried(add_km=5), "text_missing"),
        ("Rien", Tried(), "scenario_empty"),
        ("Plus loin", Tried(add_km=10), "scenario_name_taken"),
        ("A", Tried(partner, "", level, 5), "scenario_where"),
        ("A", Tried(partner, "31", "cm2", 5), "scenario_where"),
        ("A", Tried(partner, "31", level, 0), "scenario_seats"),
        ("A", Tried(None, "31", level, 5), "scenario_partner"),
        ("A", Tried(999_999, "31", level, 5), "scenario_partner"),
        ("A", Tried(add_km=301), "scenario_reach"),
        ("A", Tried(reserve_percent=20), "scenario_reserve"),
        ("A", Tried(reserve_percent=101, reserve_priority="rep"), "scenario_reserve"),
        ("A", Tried(first_aim="beauty"), "scenario_aim"),
    ):
        with pytest.raises(ServiceError) as refused, session_scope(engine) as session:
            launch_scenario(session, read_round(engine, base).campaign_id, name, what, ACTOR)
        assert refused.value.code == code
    assert checksum(engine) == before
