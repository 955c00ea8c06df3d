"""Schools: entered with a right UAI, all of a batch or none."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from service.domain.schools import SchoolCorrection, SchoolDraft, add_schools, correct_school, get_school
from service.errors import Conflict, NotFound, Refusals
from service.persistence.tables import School
from service.vocabulary import CampaignStatus, SchoolType
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, LILLE, LYON, make_field

TILLEULS = SchoolDraft(uai="0690026d", name="Lycée des Tilleuls", kind=SchoolType.LYCEE, insee="69383")


def test_a_school_is_placed_in_its_commune(session: Session) -> None:
    """An arrondissement of Lyon is Lyon; the position is the commune's; the UAI is in capitals."""
    [school] = add_schools(session, [TILLEULS], ACTOR)
    assert (school.uai, school.insee, school.department_code) == ("0690026D", LYON, "69")
    assert 45 < school.latitude < 46
    assert get_school(session, "0690026d") is school


def test_refused_schools(session: Session) -> None:
    """Wrong UAI, no name, unknown commune: all said together, nothing stored."""
    wrong = SchoolDraft(uai="0690026E", name="", kind=SchoolType.LYCEE, insee="00000")
    with pytest.raises(Refusals) as refusal:
        add_schools(session, [TILLEULS, wrong], ACTOR)
    assert [one.code for one in refusal.value.refusals] == ["uai_invalid", "text_missing", "commune_unknown"]
    assert "appellent la lettre D" in refusal.value.message
    assert session.exec(select(School)).all() == []


def test_a_school_keeps_its_departement_while_its_pupils_have_places(session: Session) -> None:
    """Another one would leave the next round without an answer; once the campaign is over it is corrected."""
    field = make_field(session)
    school = field.school
    moved = SchoolCorrection(name=school.name, insee=LILLE)
    with pytest.raises(Refusals, match="Lille est dans un autre département"):
        correct_school(session, school, moved, TODAY, ACTOR, school.version)
    with pytest.raises(Refusals) as unknown:
        correct_school(session, school, SchoolCorrection(name="", insee="00000"), TODAY, ACTOR, school.version)
    assert [one.code for one in unknown.value.refusals] == ["text_missing", "commune_unknown"]
    field.campaign.status = CampaignStatus.CLOSED
    session.add(field.campaign)
    correct_school(session, school, moved, TODAY, ACTOR, school.version)
    assert school.department_code == "59"


def test_a_uai_is_one_school(session: Session) -> None:
    """Twice in one batch, or again later: refused, and the batch leaves nothing."""
    with pytest.raises(Conflict, match="0690026D est déjà enregistré"):
        add_schools(session, [TILLEULS, TILLEULS], ACTOR)
    assert session.exec(select(School)).all() == []
    add_schools(session, [TILLEULS], ACTOR)
    with pytest.raises(Conflict):
        add_schools(session, [TILLEULS], ACTOR)
    with pytest.raises(NotFound):
        get_school(session, "0750655E")
