"""Pupils who stay together and pupils who take two hosts: from what the school writes to what is published."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from service.domain.bridge import freeze
from service.domain.campaigns import get_campaign
from service.domain.class_results import PupilResult, pupils_of_class
from service.domain.confirmations import Voice, refuse
from service.domain.decisions import find_gaps, read_claim
from service.domain.findings import changes_wanted, is_explained
from service.domain.fix_subjects import fix_of, subject_of
from service.domain.offers import OfferDraft, publish_offer
from service.domain.placements import round_summary
from service.domain.publication import publish_round
from service.domain.recording import reopen_dossier
from service.domain.requests import (
    PupilDraft,
    RequestDraft,
    create_request,
    edit_request,
    read_draft,
    submit_request,
)
from service.domain.round_tables import export_rows
from service.domain.rounds import get_round, launch_round
from service.domain.snapshot import PlacedAlready, PupilAsking
from service.domain.together import gather_groups, pseudonyms_of, shared_wishes
from service.errors import Conflict, Refusals
from service.jobs.attempts import Outcome, run_round
from service.persistence.columns import utc_now
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import (
    ClassGroup,
    Confirmation,
    HigherWish,
    Opening,
    PlacementRequest,
    Pupil,
    RoundDossier,
    UnplacedPupil,
)
from service.vocabulary import Level, RefusalReason, RoundStatus, SchoolType, Side
from solver.files import instance_document, result_document
from solver.judge.plain.verify import verify_documents
from solver.solve import solve
from tests.promises.round_scenes import quick_workshop
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, JUNE, LYON, make_campaign, make_school, make_site

FIRST_WEEK, SECOND_WEEK = "2027-W24", "2027-W25"


@dataclass(frozen=True)
class Scene:
    """Two classes of seconde that have asked, and the places around them."""

    campaign_id: int
    trio: int
    shared: int


def make_scene(session: Session) -> Scene:
    """Three friends and a loner, a small site and one large enough for three; two pupils who take two hosts."""
    school, campaign = make_school(session), make_campaign(session)
    trio = tuple(
        PupilDraft(display_name=name, wishes=("numerique",), together=group)
        for name, group in (("Aya", "Les trois"), ("Ben", "Les trois"), ("Chloé", "Les trois"), ("Dan", ""))
    )
    asked = RequestDraft(class_name="2de 1", level=Level.SECONDE_GT, pupils=trio, period_ids=(JUNE,), reach_km=50)
    pair = asked.model_copy(
        update={"class_name": "2de 2", "pupils": (), "size": 2, "wishes": ("sante",), "two_hosts": True}
    )
    requests = [create_request(session, campaign, school, one, ACTOR) for one in (asked, pair)]
    for one in requests:
        submit_request(session, one, ACTOR, TODAY)
    for sector, seats in (
        ("numerique", {JUNE: 1}),
        ("industrie", {JUNE: 3}),
        ("sante", {FIRST_WEEK: 1}),
        ("sante", {SECOND_WEEK: 1}),
    ):
        site = make_site(session, LYON, name=f"Site {sector} {next(iter(seats))}")
        draft = OfferDraft(level=Level.SECONDE_GT, sector=sector, seats=seats)
        publish_offer(session, site, draft, TODAY, ACTOR)
    return Scene(row_id(campaign), requests[0].class_id, requests[1].class_id)


def compute(engine: Engine, campaign_id: int) -> int:
    """A round of the campaign, computed by the real job."""
    with session_scope(engine) as session:
        round_id = row_id(launch_round(session, campaign_id, ACTOR))
    assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    return round_id


@pytest.fixture
def scene(conventions_engine: Engine) -> Scene:
    with session_scope(conventions_engine) as session:
        return make_scene(session)


@pytest.fixture
def published(conventions_engine: Engine, scene: Scene) -> int:
    round_id = compute(conventions_engine, scene.campaign_id)
    with session_scope(conventions_engine) as session:
        publish_round(session, round_id, ACTOR, TODAY)
    return round_id


def results(session: Session, scene: Scene, class_id: int) -> dict[str, PupilResult]:
    campaign, group = get_campaign(session, scene.campaign_id), session.get_one(ClassGroup, class_id)
    return {one.display_name: one for one in pupils_of_class(session, campaign, group)}


def test_three_pupils_go_together(conventions_engine: Engine, scene: Scene, published: int) -> None:
    """The three go to the one site that has three seats, though each alone would rather have the other."""
    with session_scope(conventions_engine, write=False) as session:
        found = results(session, scene, scene.trio)
    hosts = {name: [hosting.site_name for hosting in one.hostings] for name, one in found.items()}
    assert hosts == {
        **{name: [f"Site industrie {JUNE}"] for name in ("Aya", "Ben", "Chloé")},
        "Dan": [f"Site numerique {JUNE}"],
    }
    assert {one.hostings[0].rank for name, one in found.items() if name != "Dan"} == {2}
    assert {(one.together, one.ranked) for name, one in found.items() if name != "Dan"} == {("Les trois", 1)}


def test_a_round_with_groups_is_explained(conventions_engine: Engine, scene: Scene, published: int) -> None:
    """Why the three are not in their first wish, and what would place who has no two weeks, is told as of any round."""
    with session_scope(conventions_engine, write=False) as session:
        found = get_round(session, published)
        assert is_explained(found)
        assert found.figures["groups_held"]
        told = session.exec(select(Pupil.display_name, HigherWish.reason).join(HigherWish).order_by(col(Pupil.id)))
        assert [tuple(row) for row in told] == [(name, "all_seats_taken") for name in ("Aya", "Ben", "Chloé")]
        wanted = changes_wanted(session, found)
        left = session.exec(select(UnplacedPupil.fixes).where(UnplacedPupil.round_id == published)).one()
    assert [subject_of(fix_of(one.kind, one.subject)) for one in wanted] == [one.subject for one in wanted]
    assert [(one["kind"], one["period"]) for one in left] == [("seat", JUNE)]
    assert subject_of(fix_of("seat", "7 2027-W05 × 3")) == "7 2027-W05 × 3"
    assert fix_of("seat", "7 2027-W05 × 3") == {"kind": "seat", "offer": "7", "period": "2027-W05", "more": 3}


def test_a_pupil_with_two_hosts_has_two_weeks(conventions_engine: Engine, scene: Scene, published: int) -> None:
    """One pupil gets both weeks, each at its host; the other, whom one week alone would not do, gets nothing."""
    with session_scope(conventions_engine, write=False) as session:
        found = results(session, scene, scene.shared)
        placed = next(one for one in found.values() if one.hostings)
        left = next(one for one in found.values() if not one.hostings)
        summary = round_summary(session, get_round(session, published))
        exported = export_rows(session, get_round(session, published), "affectations").rows
    assert [hosting.site_name for hosting in placed.hostings] == [
        f"Site sante {FIRST_WEEK}",
        f"Site sante {SECOND_WEEK}",
    ]
    assert placed.hostings[0].ends_on < placed.hostings[1].starts_on
    assert left.refusal is not None
    assert (summary.share.pupils, summary.share.placed, summary.hostings) == (6, 5, 6)
    assert len(exported) == 6


def test_the_round_is_published_with_its_gap(conventions_engine: Engine, scene: Scene, published: int) -> None:
    """Not called optimal, counted by pupils and not by places; both judges are silent on the bytes kept, one of its
    rules, the other of its bounds."""
    with session_scope(conventions_engine, write=False) as session:
        found = get_round(session, published)
        assert (found.status, found.solver_status) == (RoundStatus.PUBLISHED, "FEASIBLE")
        assert (found.pupils, found.placed) == (6, 5)
        assert found.baseline["placed"] <= found.placed
        kept = session.get_one(RoundDossier, published)
        dossier = reopen_dossier(session, published)
        names = {one for row in dossier.decision.placed for one in pseudonyms_of(row.group)}
        assert names <= set(session.exec(select(Pupil.pseudonym)))
        assert kept.certificate_gz is not None
        assert found.proved_at is not None
        claim = read_claim(gzip.decompress(kept.instance_gz), gzip.decompress(kept.result_gz or b""))
        assert find_gaps(claim, gzip.decompress(kept.certificate_gz)) == []


def test_a_group_torn_apart_is_refused(conventions_engine: Engine, scene: Scene) -> None:
    """Sabotage: the same result with the group's pupils counted one by one is not let pass by the verifier."""
    with session_scope(conventions_engine, write=False) as session:
        instance = freeze(session, get_campaign(session, scene.campaign_id), TODAY)
    document, result = instance_document(instance), result_document(solve(instance))
    assert verify_documents(document, result) == []
    whole = next(row for row in result["assignments"] if row["count"] == 3)
    whole["count"] = 2
    assert any(fault.startswith("whole") for fault in verify_documents(document, result))


def test_a_second_round_takes_nothing_back(conventions_engine: Engine, scene: Scene, published: int) -> None:
    """Placed again at the same places: the three, and both weeks of the other."""
    again = compute(conventions_engine, scene.campaign_id)
    with session_scope(conventions_engine) as session:
        before, after = (
            {(row.pseudonym, row.offer_id, row.period_id) for row in reopen_dossier(session, one).decision.placed}
            for one in (published, again)
        )
        assert after == before
        publish_round(session, again, ACTOR, TODAY)


def test_half_of_two_weeks_is_asked_again(conventions_engine: Engine, scene: Scene, published: int) -> None:
    """One week falls through: the pupil asks for both again, never at that host; the weeks go to who can use both."""
    with session_scope(conventions_engine) as session:
        [opening] = session.exec(select(Opening).where(Opening.period_id == SECOND_WEEK))
        lost = session.exec(select(Confirmation).where(Confirmation.opening_id == opening.id)).one()
        pupil, offer_id = session.get_one(Pupil, lost.pupil_id).pseudonym, opening.offer_id
        school_id = session.get_one(ClassGroup, scene.shared).school_id
        voice = Voice(Side.SCHOOL, school_id=school_id)
        refuse(session, voice, row_id(lost), RefusalReason.TOO_FAR, ACTOR, utc_now())
        instance = freeze(session, get_campaign(session, scene.campaign_id), TODAY)
    assert [row.period for row in instance.announced] == [FIRST_WEEK]
    assert (pupil, str(offer_id)) in instance.banned
    again = compute(conventions_engine, scene.campaign_id)
    with session_scope(conventions_engine) as session:
        decision = reopen_dossier(session, again).decision
        assert pupil not in {row.pseudonym for row in decision.placed}
        assert [one.pseudonym for one in decision.left] == [pupil]
        publish_round(session, again, ACTOR, TODAY)


@pytest.mark.parametrize("change", ["another member", "no more two hosts"])
def test_what_changed_since_is_not_published(conventions_engine: Engine, scene: Scene, change: str) -> None:
    """A group of as many pupils but not the same, or a consent taken back, stops the publication."""
    round_id = compute(conventions_engine, scene.campaign_id)
    class_id = scene.trio if change == "another member" else scene.shared
    with session_scope(conventions_engine) as session:
        request = session.exec(select(PlacementRequest).where(PlacementRequest.class_id == class_id)).one()
        draft = read_draft(session, request)
        if change == "another member":
            *_, chloe, dan = draft.pupils
            swapped = (
                *draft.pupils[:2],
                chloe.model_copy(update={"together": ""}),
                dan.model_copy(update={"together": "Les trois"}),
            )
            draft = draft.model_copy(update={"pupils": swapped})
        else:
            draft = draft.model_copy(update={"two_hosts": False})
        edit_request(session, request, draft, ACTOR)
    with session_scope(conventions_engine) as session, pytest.raises(Conflict, match="La demande de l’établissement"):
        publish_round(session, round_id, ACTOR, TODAY)


def test_what_a_school_may_not_ask(session: Session) -> None:
    """A group of one, a group of thirty-one, two hosts for a collège's week: each is said at its field."""
    school, campaign = make_school(session, kind=SchoolType.COLLEGE), make_campaign(session)
    crowd = tuple(PupilDraft(display_name=f"P{number}", together="Tous") for number in range(31))
    draft = RequestDraft(
        class_name="3e A",
        level=Level.TROISIEME,
        pupils=(*crowd, PupilDraft(display_name="Zoé", together="Seule")),
        period_ids=("2027-W05",),
        two_hosts=True,
    )
    with pytest.raises(Refusals) as refused:
        create_request(session, campaign, school, draft, ACTOR)
    said = [(one.code, one.field) for one in refused.value.refusals]
    assert said == [("group_size", "pupils"), ("group_size", "pupils"), ("two_hosts_not_of_level", "two_hosts")]
    crowded, lonely, _ = (one.message for one in refused.value.refusals)
    assert "réunit 31 élèves" in crowded
    assert "ne réunit qu’un élève" in lonely


def test_what_is_asked_is_read_back(session: Session, scene: Scene) -> None:
    """The form of a request shows its groups and its consent again, and an edit that changes nothing keeps them."""
    for class_id in (scene.trio, scene.shared):
        request = session.exec(select(PlacementRequest).where(PlacementRequest.class_id == class_id)).one()
        draft = read_draft(session, request)
        edit_request(session, request, draft, ACTOR)
        assert read_draft(session, request) == draft
    groups = session.exec(select(Pupil.together).where(Pupil.class_id == scene.trio).order_by(col(Pupil.id)))
    assert list(groups) == ["Les trois"] * 3 + [""]


def asking(name: str, together: str = "", wishes: tuple[str, ...] = ()) -> PupilAsking:
    return PupilAsking(1, name, "0690026D", "2de_gt", frozenset({JUNE}), wishes, 30, frozenset(), together, False)


def test_wishes_are_shared() -> None:
    """The sum of the ranks decides, then the name; who ranks nothing has no say; a list of all alike stays as it is."""
    assert shared_wishes([("b", "a"), ("b", "a")]) == ("b", "a")
    assert shared_wishes([("a", "b"), ("c", "a")]) == ("a", "c", "b")
    assert shared_wishes([("b",), ("a",), ()]) == ("a", "b")
    assert shared_wishes([(), ()]) == ()


def test_every_pupil_is_in_one_group() -> None:
    """Two namesakes of groups in one class are one group, its identifier says who is in it, whatever the order."""
    pupils = [asking("P3", "x"), asking("P1"), asking("P2", "x")]
    for order in (pupils, pupils[::-1]):
        assert sorted(one.id for one in gather_groups(order, [])) == ["P1", "P2+P3"]
    assert pseudonyms_of("P2+P3") == ("P2", "P3")


def test_pupils_whom_a_round_has_parted_are_no_longer_together() -> None:
    """Two of three were sent elsewhere before they were grouped: they keep their place, and the pin is theirs."""
    pupils = [asking(name, "x") for name in ("P1", "P2", "P3")]
    placed = [PlacedAlready("P1", 7, JUNE), PlacedAlready("P2", 7, JUNE)]
    assert {one.id: one.held for one in gather_groups(pupils, placed)} == {"P1+P2": ((7, JUNE),), "P3": ()}
