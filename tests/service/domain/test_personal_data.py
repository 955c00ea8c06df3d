"""A person's own data on both engines: gathered, corrected, erased at their request or when their time is over."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlmodel import Session, select

from service.domain.accounts import create_user, grant
from service.domain.forgetting import FORGOTTEN_NAME
from service.domain.identifiers import uai_letter
from service.domain.personal_data import (
    account_lines,
    erase_account,
    erase_pupil,
    get_pupil_of,
    pupil_lines,
    rename_account,
)
from service.domain.retention import purge
from service.domain.year_end import pass_to_next_year, year_end
from service.errors import Conflict, NotFound
from service.persistence.tables import AllocationRound, AuditEntry, Campaign, Placement, Preference, UnplacedPupil, User
from service.vocabulary import REASON_LABELS, CampaignStatus, Role
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, make_field, make_school

LATER = date(2028, 8, 1)


def account(session: Session, email: str = "secretariat@college.example") -> User:
    return create_user(session, email, "Claude Moreau", "une longue phrase", ACTOR)


def test_everything_about_a_pupil_is_gathered_for_their_school(session: Session) -> None:
    """Name, class, wishes and placement, for that school; another school learns nothing."""
    field = make_field(session)
    pupil, group = get_pupil_of(session, field.school, field.pupils[0].id or 0)
    said = pupil_lines(session, field.school, pupil, group)
    assert ("Élève", "Nom", pupil.display_name) in said
    assert {part for part, _, _ in said} == {"Élève", "Vœu", "Affectation"}
    round_id = session.exec(select(Placement.round_id).where(Placement.pupil_id == pupil.id)).one()
    session.add(UnplacedPupil(round_id=round_id, pupil_id=pupil.id or 0, reason="periods_not_open"))
    session.get_one(AllocationRound, round_id).number = 7
    said = pupil_lines(session, field.school, pupil, group)
    without = [(what, how) for part, what, how in said if part == "Sans place"]
    assert without == [("Tour 7", REASON_LABELS["periods_not_open"])]
    with pytest.raises(NotFound):
        get_pupil_of(session, make_school(session, "0750652" + uai_letter("0750652")), pupil.id or 0)


def test_a_pupil_is_not_erased_before_the_stay_is_over(session: Session) -> None:
    """A host expects someone: refused before, done after; nothing is left but the pseudonym."""
    field = make_field(session)
    pupil = field.pupils[0]
    with pytest.raises(Conflict) as refused:
        erase_pupil(session, pupil, TODAY, ACTOR)
    assert refused.value.code == "stay_ahead"
    erase_pupil(session, pupil, date(2027, 7, 1), ACTOR)
    session.refresh(pupil)
    assert (pupil.display_name, pupil.needs, bool(pupil.pseudonym)) == ("", [], True)
    assert session.exec(select(Preference).where(Preference.pupil_id == pupil.id)).all() == []
    assert session.exec(select(Preference)).all() != [], "the others keep their wishes"


def test_an_account_reads_corrects_and_erases_itself(session: Session) -> None:
    """The only person of a school is asked to invite another one first; then name, address and rights are gone."""
    field = make_field(session)
    user = account(session)
    grant(session, user, Role.SCHOOL_COORDINATOR, ACTOR, school_id=field.school.id)
    assert ("Compte", "Adresse électronique", user.email) in account_lines(session, user)
    rename_account(session, user, "Claude Moreau-Petit")
    assert ("Compte", "Nom", "Claude Moreau-Petit") in account_lines(session, user)
    with pytest.raises(Conflict) as alone:
        erase_account(session, user)
    assert alone.value.code == "last_person"
    other = account(session, "autre@college.example")
    grant(session, other, Role.SCHOOL_COORDINATOR, ACTOR, school_id=field.school.id)
    erase_account(session, user)
    assert (user.name, user.active, user.password) == (FORGOTTEN_NAME, False, "")
    assert "secretariat@college.example" not in str(session.exec(select(User)).all())
    assert [line for line in account_lines(session, user) if line[0] == "Droit"] == []


def test_the_purge_forgets_by_date_on_both_engines(session: Session) -> None:
    """A year after the school year the pupils are pseudonyms; an account that acted lately stays, an old one goes."""
    field = make_field(session)
    old, busy = account(session), account(session, "actif@college.example")
    for user in (old, busy):
        user.created_at = datetime(2026, 1, 1, tzinfo=UTC)
    session.add(AuditEntry(at=datetime(2028, 6, 1, tzinfo=UTC), actor=f"user:{busy.id}", action="x", subject="y"))
    session.add_all([old, busy])
    session.flush()
    assert "pupil" not in purge(session, date(2028, 7, 31))
    assert purge(session, LATER)["pupil"] == len(field.pupils)
    session.expire_all()
    assert {pupil.display_name for pupil in field.pupils} == {""}
    assert (old.name, busy.name) == (FORGOTTEN_NAME, "Claude Moreau")


def test_a_school_year_passes_to_the_next(session: Session) -> None:
    """Periods of the new year are made, open campaigns of the one that is over are closed, twice is once."""
    make_field(session)
    assert year_end(session, TODAY).over == ()
    after = pass_to_next_year(session, TODAY, ACTOR)
    assert (after.following, after.periods > 30, after.over) == ("2027-2028", True, ())
    assert session.exec(select(Campaign.status)).one() is CampaignStatus.OPEN, "its year is not over"
    summer = date(2027, 8, 2)
    assert year_end(session, summer).over == ("Campagne",)
