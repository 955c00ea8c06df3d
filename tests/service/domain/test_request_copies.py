"""Last year's requests taken up in one click: the same classes, the weeks that match, nobody's name and no wish."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session, select

from service.domain.calendar import make_periods
from service.domain.request_copies import copy_last_years, last_years
from service.domain.requests import PupilDraft, RequestDraft, create_request, read_draft, withdraw_request
from service.errors import ServiceError
from service.persistence.tables import Campaign, Pupil, School
from service.vocabulary import CampaignStatus, Level, RequestStatus, SchoolType
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, make_campaign, make_school

LAST_YEAR = "2025-2026"


def last_campaign(session: Session) -> Campaign:
    make_periods(session, LAST_YEAR)
    campaign = Campaign(
        name="Campagne passée",
        school_year=LAST_YEAR,
        levels=[level.value for level in Level],
        status=CampaignStatus.OPEN,
        closes_on=date(2026, 1, 31),
    )
    session.add(campaign)
    session.flush()
    return campaign


def asked(session: Session, school: School, campaign: Campaign, name: str, level: Level, *weeks: str) -> None:
    draft = RequestDraft(
        class_name=name,
        level=level,
        pupils=(PupilDraft(display_name="Zoé A.", wishes=("sante",)), PupilDraft(display_name="Yanis B.")),
        period_ids=weeks,
        reach_km=17,
        departments=("69", "01"),
        two_hosts=level is Level.SECONDE_GT,
    )
    create_request(session, campaign, school, draft, ACTOR)


def test_a_class_is_taken_up(session: Session) -> None:
    """Same name, number, distance and départements; the week of 26 January 2026 becomes that of 25 January 2027."""
    school, before = make_school(session, kind=SchoolType.COLLEGE), last_campaign(session)
    asked(session, school, before, "3e A", Level.TROISIEME, "2026-W05")
    [copy] = copy_last_years(session, make_campaign(session), school, ACTOR, TODAY)
    draft = read_draft(session, copy)
    assert copy.status is RequestStatus.DRAFT
    assert (draft.class_name, draft.size, draft.period_ids, draft.reach_km) == ("3e A", 2, ("2027-W04",), 17)
    assert draft.departments == ("01", "69")
    assert [(one.display_name, one.wishes) for one in draft.pupils] == [("Élève 1", ()), ("Élève 2", ())]


def test_a_week_that_has_become_holidays_gives_way_to_the_next(session: Session) -> None:
    """Lyon's week of 20 April 2026 would be that of 19 April 2027, in the holidays: the next one is asked for."""
    school, before = make_school(session, kind=SchoolType.COLLEGE), last_campaign(session)
    asked(session, school, before, "3e A", Level.TROISIEME, "2026-W06")
    asked(session, school, before, "3e B", Level.TROISIEME, "2026-W17")
    copies = copy_last_years(session, make_campaign(session), school, ACTOR, TODAY)
    assert [read_draft(session, one).period_ids for one in copies] == [("2027-W05",), ("2027-W17",)]


def test_the_fortnight_of_june_moves_with_the_calendar(session: Session) -> None:
    """In seconde the only fortnight of the year is taken, with the consent to two hosts."""
    school, before = make_school(session), last_campaign(session)
    asked(session, school, before, "2de 1", Level.SECONDE_GT, "2026-W25-2")
    [copy] = copy_last_years(session, make_campaign(session), school, ACTOR, TODAY)
    assert read_draft(session, copy).period_ids == ("2027-W24-2",)
    assert copy.two_hosts


def test_what_is_there_already_is_not_copied(session: Session) -> None:
    """A class of that name, a request withdrawn, another school's: none is proposed, and copying twice adds nothing."""
    school, other, before = make_school(session), make_school(session, "0750655E"), last_campaign(session)
    asked(session, school, before, "2de 1", Level.SECONDE_GT, "2026-W25-2")
    asked(session, other, before, "2de 7", Level.SECONDE_GT, "2026-W25-2")
    campaign = make_campaign(session)
    assert [one.class_name for one in last_years(session, campaign, school)] == ["2de 1"]
    [copy] = copy_last_years(session, campaign, school, ACTOR, TODAY)
    assert last_years(session, campaign, school) == []
    with pytest.raises(ServiceError, match="2025-2026"):
        copy_last_years(session, campaign, school, ACTOR, TODAY)
    withdraw_request(session, copy, ACTOR)
    assert last_years(session, campaign, school) == []
    assert len(session.exec(select(Pupil).where(Pupil.class_id == copy.class_id)).all()) == 2


def test_only_what_the_campaign_is_about(session: Session) -> None:
    """A campaign of seconde alone proposes nothing of a collège."""
    school, before = make_school(session, kind=SchoolType.COLLEGE), last_campaign(session)
    asked(session, school, before, "3e A", Level.TROISIEME, "2026-W05")
    assert last_years(session, make_campaign(session, levels=(Level.SECONDE_GT,)), school) == []
