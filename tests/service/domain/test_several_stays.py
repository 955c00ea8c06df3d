"""Several stays of the same pupils in a year: a class of prépa métiers, from what it asks to what is published."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from service.domain.bridge import freeze
from service.domain.campaigns import get_campaign
from service.domain.class_results import get_class, pupils_of_class
from service.domain.explanations import explain_to_family
from service.domain.offers import OfferDraft, publish_offer
from service.domain.publication import publish_round
from service.domain.pupil_states import standings
from service.domain.requests import RequestDraft, create_request, edit_request, read_draft, submit_request
from service.errors import ServiceError
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Confirmation, PlacementRequest, Pupil, School
from service.vocabulary import Level, SchoolType
from tests.service.conftest import TODAY
from tests.service.domain.test_together import compute
from tests.service.small_field import ACTOR, LYON, make_campaign, make_school, make_site

WINTER, SPRING = "2027-W04", "2027-W11-2"
PREPA = Level.TROISIEME_PREPA_METIERS


@dataclass(frozen=True)
class Scene:
    campaign_id: int
    school_id: int
    class_id: int
    published: int


def draft(**changes: object) -> RequestDraft:
    asked = {"class_name": "3e PM", "level": PREPA, "size": 2, "period_ids": (WINTER, SPRING), "reach_km": 50}
    return RequestDraft.model_validate(asked | {"every_period": True} | changes)


@pytest.fixture
def scene(sqlite_conventions_engine: Engine) -> Scene:
    """Two pupils, a week in winter and a fortnight in spring for each; three places in winter and one in spring."""
    with session_scope(sqlite_conventions_engine) as session:
        school = make_school(session, "0690001B", SchoolType.COLLEGE)
        campaign = make_campaign(session)
        request = create_request(session, campaign, school, draft(), ACTOR)
        submit_request(session, request, ACTOR, TODAY)
        for period, seats in ((WINTER, 3), (SPRING, 1)):
            site = make_site(session, LYON, name=f"Site {period}")
            offer = OfferDraft(level=PREPA, sector="numerique", seats={period: seats})
            publish_offer(session, site, offer, TODAY, ACTOR)
        ids = row_id(campaign), row_id(school), request.class_id
    round_id = compute(sqlite_conventions_engine, ids[0])
    with session_scope(sqlite_conventions_engine) as session:
        publish_round(session, round_id, ACTOR, TODAY)
    return Scene(*ids, round_id)


def test_each_pupil_has_every_stay_or_none(sqlite_conventions_engine: Engine, scene: Scene) -> None:
    """One pupil goes in winter and in spring; the other, without a place in spring, has none in winter."""
    with session_scope(sqlite_conventions_engine) as session:
        school, campaign = session.get_one(School, scene.school_id), get_campaign(session, scene.campaign_id)
        found = pupils_of_class(session, campaign, get_class(session, scene.class_id, school))
        placed = next(one for one in found if one.hostings)
        left = next(one for one in found if not one.hostings)
        assert [one.site_name for one in placed.hostings] == [f"Site {WINTER}", f"Site {SPRING}"]
        assert placed.hostings[0].ends_on < placed.hostings[1].starts_on
        assert left.refusal is not None
        rows = {one.pupil_id: len(one.stays) for one in standings(session, campaign, school)}
        assert sorted(rows.values()) == [0, 2]
        told = explain_to_family(session, session.get_one(Pupil, left.id))
        assert [one.id for one in told.asked.periods] == [WINTER, SPRING]
        stays = session.exec(select(Confirmation.pupil_id)).all()
        assert list(stays) == [placed.id, placed.id], "each stay is confirmed, and has its agreement, apart"
        again = freeze(session, campaign, TODAY)
        assert sorted((pin.group, pin.period) for pin in again.pins) == [
            (placed.pseudonym, WINTER),
            (placed.pseudonym, SPRING),
        ]


def test_the_next_round_may_ask_for_less(sqlite_conventions_engine: Engine) -> None:
    """What the class asks is read back as it was written, and may become «one of these periods» again."""
    with session_scope(sqlite_conventions_engine) as session:
        school, campaign = make_school(session, "0690001B", SchoolType.COLLEGE), make_campaign(session)
        request = create_request(session, campaign, school, draft(), ACTOR)
        submit_request(session, request, ACTOR, TODAY)
        first = freeze(session, campaign, TODAY)
        assert {(group.periods, len(first.bundles_of[group.id][0])) for group in first.groups} == {(frozenset(), 2)}
        kept = read_draft(session, request)
        assert kept.every_period
        edit_request(session, request, kept.model_copy(update={"every_period": False}), ACTOR)
        second = freeze(session, campaign, TODAY)
        assert second.bundles == ()
        assert {group.periods for group in second.groups} == {frozenset({WINTER, SPRING})}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"period_ids": (WINTER,)}, "number_of_stays"),
        ({"period_ids": ("2027-W02", "2027-W03", WINTER, "2027-W05", SPRING)}, "number_of_stays"),
        ({"period_ids": ("2027-W11", SPRING)}, "stays_overlap"),
        ({"level": Level.TROISIEME, "period_ids": (WINTER, "2027-W05")}, "several_stays_not_of_level"),
    ],
)
def test_stays_that_cannot_be_are_refused(
    sqlite_conventions_engine: Engine, changes: dict[str, object], code: str
) -> None:
    """One period alone, five, two that overlap, a level with one sequence: each says what to do."""
    with session_scope(sqlite_conventions_engine) as session:
        school, campaign = make_school(session, "0690001B", SchoolType.COLLEGE), make_campaign(session)
        with pytest.raises(ServiceError) as refused:
            create_request(session, campaign, school, draft(**changes), ACTOR)
        assert refused.value.code == code
        assert session.exec(select(col(PlacementRequest.id))).all() == []
