"""The départements a class accepts: which it may name, what it may not, and what a round then knows of them."""

from __future__ import annotations

from sqlmodel import Session, select

from service.domain.accepted_departments import department_choices, department_names
from service.domain.adjustment_choices import read_pupil_file
from service.domain.bridge import freeze, frozen_bytes
from service.domain.bridge_pupils import freeze_pupils, let_stand
from service.domain.fix_subjects import fix_of, subject_of
from service.domain.reaches import Where, reach_today
from service.domain.requests import create_request, edit_request, read_draft, submit_request
from service.domain.snapshot import PlacedAlready, PupilAsking
from service.persistence.tables import Campaign, PlacementRequest, Pupil, School
from service.vocabulary import FIX_LABELS, RULE_LABELS, Level
from service.web.reason_words import reason_sentence
from solver.fix import FixKind
from solver.geography import position
from solver.instance import Offer, Period
from solver.instance import School as SolverSchool
from solver.pins import broken_rule
from solver.rules import Rule
from solver.solve import solve
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, JUNE, make_campaign, make_offer, make_school, make_site, seconde_draft

ISERE = frozenset({"38"})


def asking(session: Session, *departments: str) -> tuple[Campaign, School, PlacementRequest]:
    """A class of Lyon that accepts these départements."""
    campaign, school = make_campaign(session), make_school(session)
    draft = seconde_draft().model_copy(update={"departments": departments})
    return campaign, school, create_request(session, campaign, school, draft, ACTOR)


def test_the_school_s_own_departement_comes_first(session: Session) -> None:
    """Its own, its neighbours, then the others of its académie; none where the campaign sends nobody."""
    campaign, school = make_campaign(session), make_school(session)
    choices = department_choices(session, campaign, school)
    assert [(one.code, one.name, one.near) for one in choices[:2]] == [
        ("69", "Rhône (69)", True),
        ("01", "Ain (01)", True),
    ]
    assert [one.near for one in choices] == sorted((one.near for one in choices), reverse=True)
    assert "75" not in {one.code for one in choices}
    campaign.territory = "department:69"
    assert [one.code for one in department_choices(session, campaign, school)] == ["69"]
    kept = department_choices(session, campaign, school, ["01"])
    assert [one.code for one in kept] == ["69", "01"], "what was ticked before can still be unticked"


def test_what_is_asked_is_what_a_round_knows(session: Session) -> None:
    """Pupils go only there; a class that says nothing leaves no trace in the frozen bytes; a change is taken in."""
    campaign, _, request = asking(session, "69", "38", "38")
    assert request.departments == ["38", "69"]
    submit_request(session, request, ACTOR, TODAY)
    assert {one.departments for one in freeze(session, campaign, TODAY).groups} == {frozenset({"38", "69"})}
    draft = read_draft(session, request)
    assert draft.departments == ("38", "69")
    pupil = session.exec(select(Pupil)).all()[0]
    assert read_pupil_file(session, campaign, pupil).departments == ["Isère (38)", "Rhône (69)"]
    edit_request(session, request, draft.model_copy(update={"departments": ()}), ACTOR)
    instance = freeze(session, campaign, TODAY)
    assert {one.departments for one in instance.groups} == {frozenset()}
    assert b'"departments":["' not in frozen_bytes(instance)


def test_a_place_next_door_is_out_of_reach(session: Session) -> None:
    """The only site is in the Rhône, the class accepts the Isère: no place, and the reason says so."""
    campaign, school, request = asking(session, "38")
    make_offer(session, make_site(session))
    submit_request(session, request, ACTOR, TODAY)
    reach = reach_today(session, campaign, school, Level.SECONDE_GT, [JUNE], Where(30, ["38"]), TODAY)
    assert (reach.asked.sites, reach.left_out, reach.departments) == (0, 1, ())
    free = reach_today(session, campaign, school, Level.SECONDE_GT, [JUNE], Where(30), TODAY)
    assert (free.asked.sites, free.left_out, free.departments) == (1, 0, (("Rhône", "69", 1),))
    instance = freeze(session, campaign, TODAY)
    assert broken_rule(instance, instance.groups[0], instance.offers[0], JUNE) is Rule.DEPARTMENTS
    [left, *_] = solve(instance).unplaced
    said = reason_sentence(left.reason, left.facts, {})
    assert "1\u00a0offre à cette distance est dans des départements que la demande n’accepte pas." in said


def test_every_rule_and_change_has_its_words(session: Session) -> None:
    """A coordinator reads why a place cannot be given, and which change would give it, whatever the kind."""
    assert RULE_LABELS[Rule.DEPARTMENTS]
    assert {*FIX_LABELS} == {*FixKind}
    fix = {"kind": "department", "offer": "12"}
    assert fix_of("department", subject_of(fix)) == fix
    assert department_names(session, ["69", "2A", "01"]) == ["Ain (01)", "Corse-du-Sud (2A)", "Rhône (69)"]


def test_a_place_given_stands_in_another_departement() -> None:
    """A host found to be across the border after a pupil was sent there keeps the pupil; nobody else may go there."""
    weeks, here = [Period(JUNE, ("2027-W24", "2027-W25"))], position(45.7, 4.8)
    pupils = [
        PupilAsking(1, name, "0690026D", "2de_gt", frozenset({JUNE}), (), 30, frozenset(), "", False, False, ISERE)
        for name in ("placed", "waiting")
    ]
    frozen = freeze_pupils(pupils, weeks, [PlacedAlready("placed", 7, JUNE)], [])
    host = Offer("7", "69", here, "numerique", frozenset({"2de_gt"}), {JUNE: 5})
    groups = let_stand(frozen, ["placed"], [SolverSchool("0690026D", "69", here)], [host])
    assert {group.id: group.departments for group in groups} == {"placed": ISERE | {"69"}, "waiting": ISERE}
