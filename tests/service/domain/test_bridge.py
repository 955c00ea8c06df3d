"""What a round starts from: rows become an instance that says exactly what they say."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine, event, text
from sqlmodel import Session

from service.domain import rounds
from service.domain.bridge import freeze, frozen_bytes
from service.domain.campaigns import get_campaign
from service.persistence.engine import session_scope
from service.persistence.tables import Campaign
from solver.instance import Instance
from solver.params import OFFICIAL_TIERS, TerritoryRule, Tier
from tests.promises.campaign_rows import fill_campaign
from tests.promises.round_scenes import TODAY, frozen, launched


def freeze_new(engine: Engine, seed: int, **size: int) -> Instance:
    return frozen(engine, launched(engine, seed, **size))


def change(engine: Engine, sql: str, **values: object) -> None:
    with session_scope(engine) as session:
        session.connection().execute(text(sql), values)


def count(session: Session, sql: str) -> int:
    return int(session.connection().execute(text(sql)).scalar_one())


def test_everything_asked_and_offered_is_there(engine: Engine, seed: int) -> None:
    """Each pupil of a request sent is one group, each seat of a published offer is a seat, each line is a line."""
    instance = freeze_new(engine, seed)
    with session_scope(engine, write=False) as session:
        assert len(instance.groups) == count(session, "SELECT count(*) FROM pupil")
        assert {group.count for group in instance.groups} == {1}
        wishes = sum(len(group.wishes) for group in instance.groups)
        assert wishes == count(session, "SELECT count(*) FROM preference")
        seats = sum(sum(offer.seats.values()) for offer in instance.offers)
        assert seats == count(session, "SELECT sum(capacity) FROM opening")
        assert len(instance.lines) == count(session, "SELECT count(*) FROM quotaline")
        under = count(session, "SELECT count(*) FROM offer WHERE convention_id IS NOT NULL")
        assert len([offer for offer in instance.offers if offer.line]) == under
    assert instance.params.tiers == OFFICIAL_TIERS
    assert {offer.admits for offer in instance.offers if offer.line} <= {frozenset({"31", "81", "32"})}


def test_the_same_rows_give_the_same_bytes(engine: Engine, seed: int) -> None:
    """Freezing twice gives the same document, so the same draw: nothing depends on the order rows come in."""
    round_id = launched(engine, seed)
    assert frozen_bytes(frozen(engine, round_id)) == frozen_bytes(frozen(engine, round_id))


def test_drafts_and_withdrawn_requests_are_left_out(engine: Engine, seed: int) -> None:
    """Only requests that were sent count: a draft and a withdrawn one bring no pupil."""
    round_id = launched(engine, seed, schools=3, pupils=9)
    change(engine, "UPDATE placementrequest SET status = 'draft' WHERE id = (SELECT min(id) FROM placementrequest)")
    change(engine, "UPDATE placementrequest SET status = 'withdrawn' WHERE id = (SELECT max(id) FROM placementrequest)")
    instance = frozen(engine, round_id)
    assert len(instance.groups) == 3
    assert len(instance.schools) == 1


def test_offers_not_published_are_left_out(engine: Engine, seed: int) -> None:
    """A draft offer, a withdrawn one and one of another school year bring no seat."""
    round_id = launched(engine, seed)
    before = {offer.id for offer in frozen(engine, round_id).offers}
    gone = sorted(before, key=int)[:3]
    change(engine, "UPDATE offer SET status = 'draft' WHERE id = :key", key=int(gone[0]))
    change(engine, "UPDATE offer SET status = 'withdrawn' WHERE id = :key", key=int(gone[1]))
    change(engine, "UPDATE offer SET school_year = '2025-2026' WHERE id = :key", key=int(gone[2]))
    assert {offer.id for offer in frozen(engine, round_id).offers} == before - set(gone)


def test_a_week_that_has_begun_receives_nobody_new(engine: Engine, seed: int) -> None:
    """Seats of a week that starts today or before are not given, those of the next week are."""
    round_id = launched(engine, seed)
    weeks = {period for offer in frozen(engine, round_id).offers for period in offer.seats}
    assert weeks == {"2027-W05", "2027-W06", "2027-W07"}
    with session_scope(engine, write=False) as session:
        campaign = get_campaign(session, rounds.get_round(session, round_id).campaign_id)
        monday = freeze(session, campaign, date(2027, 2, 8))
        sunday = freeze(session, campaign, date(2027, 2, 7))
    assert {period for offer in monday.offers for period in offer.seats} == {"2027-W07"}
    assert {period for offer in sunday.offers for period in offer.seats} == {"2027-W06", "2027-W07"}
    assert monday.groups == sunday.groups


def test_a_convention_no_longer_in_force_receives_nobody(engine: Engine, seed: int) -> None:
    """Under a lapsed or undated convention no seat counts, and its lines are not in the round."""
    round_id = launched(engine, seed)
    for sql in (
        "UPDATE convention SET signed_on = NULL",
        "UPDATE convention SET signed_on = '2020-01-01', term_years = 3",
    ):
        change(engine, sql)
        instance = frozen(engine, round_id)
        assert instance.lines == ()
        assert all(offer.line is None and offer.admits is None for offer in instance.offers)


def test_seats_and_ceilings_used_by_another_campaign(engine: Engine, seed: int) -> None:
    """Seats that another campaign has used are gone, and count under the lines of their convention."""
    round_id = launched(engine, seed, sites=30)
    before = frozen(engine, round_id)
    offer = next(offer for offer in before.offers if offer.line is not None)
    period, seats = next(iter(offer.seats.items()))
    taken = "UPDATE opening SET used = 1 WHERE offer_id = :offer AND period_id = :period"
    change(engine, taken, offer=int(offer.id), period=period)
    change(engine, "UPDATE quotaline SET ceiling = 7")
    after = frozen(engine, round_id)
    assert after.offer[offer.id].seats.get(period, 0) == seats - 1 if offer.id in after.offer else seats == 1
    assert {line.id: line.ceiling for line in after.lines} == {
        line.id: 6 if line.id == offer.line else 7 for line in after.lines
    }
    assert offer.line is not None
    assert after.line[offer.line].commitment == 1


def test_the_narrowest_line_counts(engine: Engine, seed: int) -> None:
    """An offer counts under the narrowest line that covers its level and its département, and under the wider ones."""
    round_id = launched(engine, seed)
    change(engine, "UPDATE offer SET commitment_id = NULL")
    with session_scope(engine) as session:
        wide = count(session, "SELECT max(id) FROM quotaline") + 1
        session.connection().execute(
            text(
                "INSERT INTO quotaline (id, convention_id, level, label, ceiling, ceiling_source, commitment) "
                "SELECT :id, min(convention_id), 'secondary', 'toutes', 9, '', NULL FROM quotaline"
            ),
            {"id": wide},
        )
        session.connection().execute(text("UPDATE quotaline SET parent_id = :id WHERE id <> :id"), {"id": wide})
    instance = frozen(engine, round_id)
    for offer in instance.offers:
        if offer.line is not None:
            narrow = instance.line[offer.line]
            assert narrow.level in offer.levels
            assert instance.ancestry(offer.line) == (narrow.id, str(wide))


def test_the_campaigns_rules_are_frozen(engine: Engine, seed: int) -> None:
    """The order of the aims and the territory rule chosen for the campaign are those of its rounds.

    What was not an aim when the order was chosen follows the aim that it follows by default.
    """
    with session_scope(engine) as session:
        campaign_id = fill_campaign(session, seed % 90_000)
        campaign = session.get_one(Campaign, campaign_id)
        campaign.tiers, campaign.territory_rule = ["wishes", "equity", "distance", "commitments"], "department"
        rounds.launch_round(session, campaign_id, "cli")
        params = freeze(session, get_campaign(session, campaign_id), TODAY).params
    assert params.tiers == (
        Tier.PLACED,
        Tier.RESERVES,
        Tier.WISHES,
        Tier.EQUITY,
        Tier.DISTANCE,
        Tier.LONGEST,
        Tier.COMMITMENTS,
        Tier.STABILITY,
        Tier.DRAW,
    )
    assert params.territory_rule is TerritoryRule.DEPARTMENT


def test_a_handful_of_queries_whatever_the_size(sqlite_engine: Engine, seed: int) -> None:
    """Freezing takes as many statements for two hundred pupils as for ten."""
    counts = []
    for pupils in (10, 200):
        round_id = launched(sqlite_engine, seed + pupils, schools=2, pupils=pupils, sites=pupils // 2)
        statements: list[str] = []
        listen = lambda *values: statements.append(values[2])  # noqa: B023, E731
        event.listen(sqlite_engine, "before_cursor_execute", listen)
        frozen(sqlite_engine, round_id)
        event.remove(sqlite_engine, "before_cursor_execute", listen)
        counts.append(len(statements))
    # The second campaign's own convention is looked at too: five statements more, however many offers it has.
    assert counts[1] - counts[0] <= 5
    assert counts[1] < 35
