"""A coordinator decides beside the rules: the next round does as told, the others stay as still as can be."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import select

from service.domain import rounds
from service.domain.adjustments import Wanted, adjust, lift, list_adjustments
from service.domain.bridge import freeze
from service.domain.campaigns import get_campaign
from service.domain.moves import moves_between
from service.domain.publication import publish_round
from service.domain.repairs import launch_adjusted
from service.errors import Conflict, ServiceError
from service.jobs.attempts import Outcome, run_round
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Adjustment, AuditEntry
from service.vocabulary import AdjustmentKind, RoundKind, RoundStatus
from tests.promises.round_scenes import TODAY, launched, quick_workshop, read_round

ACTOR, WHY = "user:1", "Demande écrite de la famille"
PIN, BAN, EXCLUDE = AdjustmentKind.PIN, AdjustmentKind.BAN, AdjustmentKind.EXCLUDE


def read(engine: Engine, sql: str, **values: object) -> list[tuple[Any, ...]]:
    with session_scope(engine, write=False) as session:
        return [tuple(row) for row in session.connection().execute(text(sql), values).all()]


def computed_round(engine: Engine, round_id: int) -> int:
    assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    return round_id


@pytest.fixture
def computed(engine: Engine) -> int:
    """A computed round that has sent pupils to several offers: fixed rows, the same on both engines."""
    return computed_round(engine, launched(engine, 20261122, schools=4, pupils=60, sites=30))


def decide(engine: Engine, round_id: int, wanted: Wanted) -> int:
    with session_scope(engine) as session:
        campaign = get_campaign(session, read_round(engine, round_id).campaign_id)
        return row_id(adjust(session, campaign, wanted, ACTOR))


def again(engine: Engine, round_id: int) -> int:
    """Launches and computes the last round with the adjustments."""
    with session_scope(engine) as session:
        launched_id = row_id(launch_adjusted(session, read_round(engine, round_id).campaign_id, ACTOR))
    return computed_round(engine, launched_id)


def places(engine: Engine, round_id: int) -> dict[str, tuple[int, str]]:
    sql = (
        "SELECT pseudonym, offer_id, placement.period_id FROM placement JOIN pupil ON pupil.id = pupil_id "
        "JOIN opening ON opening.id = opening_id WHERE round_id = :r ORDER BY pseudonym"
    )
    return {pupil: (offer, period) for pupil, offer, period in read(engine, sql, r=round_id)}


def other_place(engine: Engine, round_id: int) -> tuple[str, int, str]:
    """A placed pupil, and another place where every rule lets that pupil go."""
    with session_scope(engine, write=False) as session:
        instance = freeze(session, get_campaign(session, read_round(engine, round_id).campaign_id), TODAY)
    from_here = places(engine, round_id)
    for pupil, (offer, _) in from_here.items():
        group = instance.group[pupil]
        for one in instance.offers:
            shared = sorted(group.periods & set(one.seats))
            alike = {instance.offer[str(there[0])].id for name, there in from_here.items() if name != pupil}
            near = one.id in alike and instance.school[group.school].department == one.department
            if near and group.level in one.levels and shared and int(one.id) != offer and not group.needs - one.serves:
                return pupil, int(one.id), shared[0]
    raise AssertionError("the fixed rows have such a pupil")


def test_a_forbidden_offer_and_an_excluded_one(engine: Engine, computed: int) -> None:
    """The pupil is elsewhere, the excluded offer receives nobody, and no more pupils move than those who must."""
    before = places(engine, computed)
    pupil, (offer, _) = next(iter(before.items()))
    shut = next(place[0] for place in before.values() if place[0] != offer)
    decide(engine, computed, Wanted(BAN, offer, pupil, why=WHY))
    decide(engine, computed, Wanted(EXCLUDE, shut, why=WHY))
    after_id = again(engine, computed)
    after, found = places(engine, after_id), read_round(engine, after_id)
    assert (found.kind, found.base_round_id) == (RoundKind.ROUND, computed)
    assert after.get(pupil, (0, ""))[0] != offer
    assert shut not in {place[0] for place in after.values()}
    with session_scope(engine, write=False) as session:
        moves = moves_between(session, computed, after_id)
    stability = next(tier["value"] for tier in found.tiers if tier["tier"] == "stability")
    assert sum(one.before is not None for one in moves) == stability
    assert {one.pseudonym for one in moves} == {name for name in before | after if before.get(name) != after.get(name)}


def test_a_pupil_is_sent_where_decided(engine: Engine, computed: int) -> None:
    """The decision holds whatever it costs, before the publication and, by a repair, after it."""
    pupil, offer, period = other_place(engine, computed)
    key = decide(engine, computed, Wanted(PIN, offer, pupil, period, WHY))
    second = again(engine, computed)
    assert places(engine, second)[pupil] == (offer, period)
    with session_scope(engine) as session:
        publish_round(session, second, ACTOR, TODAY)
        lift(session, key, ACTOR)
    banned = decide(engine, computed, Wanted(BAN, offer, pupil, why=WHY))
    third = again(engine, computed)
    assert read_round(engine, third).kind is RoundKind.REPAIR
    assert places(engine, third).get(pupil, (0, ""))[0] != offer
    with session_scope(engine) as session:
        publish_round(session, third, ACTOR, TODAY)
    uneven = (
        "SELECT id FROM opening WHERE used <> "
        "(SELECT count(*) FROM placement WHERE published AND opening_id = opening.id)"
    )
    assert read(engine, uneven) == []
    assert banned > key


def refusal(engine: Engine, round_id: int) -> str:
    """What a publication answers, and that it changed nothing."""
    with pytest.raises(Conflict) as said, session_scope(engine) as session:
        publish_round(session, round_id, ACTOR, TODAY)
    assert read_round(engine, round_id).status is RoundStatus.COMPUTED
    assert read(engine, "SELECT id FROM placement WHERE published AND round_id = :r", r=round_id) == []
    return said.value.message


def test_what_is_decided_after_the_computation_refuses_its_publication(engine: Engine, computed: int) -> None:
    """A pin, a ban, an offer left out: each is named; lifted, the round is published, and so for those who come later.

    An offer left out keeps the pupils published there: only newcomers are refused.
    """
    pupil, offer, period = other_place(engine, computed)
    taken = places(engine, computed)
    for wanted, named in (
        (Wanted(PIN, offer, pupil, period, WHY), f"L’élève {pupil} a désormais une place publiée ou imposée."),
        (Wanted(BAN, taken[pupil][0], pupil, why=WHY), f"L’élève {pupil} ne peut plus aller sur l’offre n°"),
        (Wanted(EXCLUDE, taken[pupil][0], why=WHY), f"{taken[pupil][0]} a été écartée par un ajustement."),
    ):
        key = decide(engine, computed, wanted)
        assert named in refusal(engine, computed)
        with session_scope(engine) as session:
            lift(session, key, ACTOR)
    (held, when), _ = Counter(taken.values()).most_common(1)[0]
    first = published(engine, relaunched(engine, computed, seats=1, offer=held, period=when))
    second = relaunched(engine, first, seats=60, offer=held, period=when)
    stay = {name for name, place in places(engine, first).items() if place == (held, when)}
    assert stay < {name for name, place in places(engine, second).items() if place == (held, when)}
    decide(engine, second, Wanted(EXCLUDE, held, why=WHY))
    assert f"{held} a été écartée par un ajustement." in refusal(engine, second)


def relaunched(engine: Engine, round_id: int, *, seats: int, offer: int, period: str) -> int:
    """Another round of the campaign, once the offer has that many seats."""
    with session_scope(engine) as session:
        changed = text("UPDATE opening SET capacity = :seats WHERE offer_id = :offer AND period_id = :period")
        session.connection().execute(changed, {"seats": seats, "offer": offer, "period": period})
        another = row_id(rounds.launch_round(session, read_round(engine, round_id).campaign_id, ACTOR))
    return computed_round(engine, another)


def published(engine: Engine, round_id: int) -> int:
    with session_scope(engine) as session:
        publish_round(session, round_id, ACTOR, TODAY)
    return round_id


def test_what_contradicts_or_means_nothing_is_refused(engine: Engine, computed: int) -> None:
    """Twice the same, the contrary, no reason, an unknown pupil or offer, another level, a closed period."""
    pupil, offer, period = other_place(engine, computed)
    decide(engine, computed, Wanted(PIN, offer, pupil, period, WHY))
    other_level = read(
        engine,
        "SELECT min(id) FROM offer WHERE level <> (SELECT level FROM offer WHERE id = :o)",
        o=offer,
    )[0][0]
    for wanted, code in (
        (Wanted(PIN, offer, pupil, period, WHY), "adjustment_contradicted"),
        (Wanted(BAN, offer, pupil, why=WHY), "adjustment_contradicted"),
        (Wanted(EXCLUDE, offer, why=WHY), "adjustment_contradicted"),
        (Wanted(BAN, other_level, pupil, why=" "), "text_missing"),
        (Wanted(BAN, offer, "personne", why=WHY), "pupil_unknown"),
        (Wanted(EXCLUDE, 999_999, why=WHY), "offer_unknown"),
        (Wanted(PIN, other_level, pupil, period, WHY), "offer_level"),
        (Wanted(PIN, offer, pupil, "2027-W30", WHY), "period_closed"),
    ):
        with pytest.raises(ServiceError) as refused:
            decide(engine, computed, wanted)
        assert refused.value.code == code
    assert len(read(engine, "SELECT id FROM adjustment")) == 1


def test_a_decision_that_no_longer_holds_ends_the_round_with_its_reason(engine: Engine, computed: int) -> None:
    """The offer is withdrawn after the decision: the round fails at once, which no second attempt would change, and
    names the pupil, the offer and the way out."""
    pupil, offer, period = other_place(engine, computed)
    decide(engine, computed, Wanted(PIN, offer, pupil, period, WHY))
    with session_scope(engine) as session:
        session.connection().execute(text("UPDATE opening SET capacity = 0 WHERE offer_id = :o"), {"o": offer})
        round_id = row_id(launch_adjusted(session, read_round(engine, computed).campaign_id, ACTOR))
    assert run_round(quick_workshop(engine), round_id) is Outcome.FAILED
    found = read_round(engine, round_id)
    assert (found.status, found.attempt) == (RoundStatus.FAILED, 1)
    assert found.failure.endswith("Levez-le, puis relancez.")
    assert f"envoie l’élève {pupil} sur l’offre n°\u00a0{offer} ne peut pas tenir" in found.failure


def test_a_lifted_decision_stays_readable(engine: Engine, computed: int) -> None:
    """It no longer counts, who made and who lifted it is kept, and it is lifted once."""
    pupil, (offer, _) = next(iter(places(engine, computed).items()))
    key = decide(engine, computed, Wanted(BAN, offer, pupil, why=WHY))
    with session_scope(engine) as session:
        lift(session, key, "user:2")
    with pytest.raises(Conflict), session_scope(engine) as session:
        lift(session, key, "user:2")
    with session_scope(engine, write=False) as session:
        campaign = get_campaign(session, read_round(engine, computed).campaign_id)
        [row] = list_adjustments(session, campaign)
        assert (row.row.why, row.row.made_by, row.row.lifted_by, row.pseudonym) == (WHY, ACTOR, "user:2", pupil)
        assert freeze(session, campaign, TODAY).bans == ()
        told = session.exec(select(AuditEntry.action).where(AuditEntry.subject == f"campaign:{campaign.id}")).all()
        assert {"adjust", "lift_adjustment"} <= set(told)
        assert len(session.exec(select(Adjustment)).all()) == 1
