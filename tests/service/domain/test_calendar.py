"""School years, periods and closed weeks: what is greyed is what is refused."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from service.domain.calendar import (
    check_periods,
    forget_calendars,
    holiday_of,
    make_periods,
    period_choices,
    school_year_of,
    seconde_fortnight,
)
from service.domain.school_years import college_window, iso_week
from service.errors import Refusals, ServiceError
from service.persistence.engine import session_scope
from service.persistence.tables import CalendarEntry, Department, Period
from service.vocabulary import Level, PeriodKind
from tests.service.conftest import SCHOOL_YEAR

RHONE, NORD, PARIS, CORSE, REUNION, BAS_RHIN = "69", "59", "75", "2A", "974", "67"
JUNE = "2027-W24-2"


def _closed(session: Session, department: str) -> set[str]:
    choices = period_choices(session, Level.TROISIEME, SCHOOL_YEAR, department)
    return {one.period.id for one in choices if not one.open}


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 9, 1), "2026-2027"),
        (date(2026, 8, 1), "2026-2027"),
        (date(2027, 7, 5), "2026-2027"),
        (date(2027, 7, 31), "2026-2027"),
        (date(2027, 8, 1), "2027-2028"),
    ],
)
def test_the_school_year_does_not_turn_in_the_reporting_season(day: date, year: str) -> None:
    """The July committee still speaks of the year that ends."""
    assert school_year_of(day) == year


@pytest.mark.parametrize(
    ("year", "first", "last"),
    [(2024, 17, 28), (2025, 16, 27), (2026, 15, 26), (2027, 14, 25), (2028, 19, 30)],
)
def test_the_fortnight_of_june(year: int, first: int, last: int) -> None:
    """Monday eleven days before the last Friday of June."""
    assert seconde_fortnight(year) == (date(year, 6, first), date(year, 6, last))


def test_the_window_of_the_college() -> None:
    """First Monday on or after 1 September, last Friday on or before 1 June."""
    assert college_window(2026) == (date(2026, 9, 7), date(2027, 5, 28))
    assert college_window(2027) == (date(2027, 9, 6), date(2028, 5, 26))


def test_week_53_of_2026(reference_engine: Engine) -> None:
    """The week of 28 December 2026 is 2026-W53, five days of it in 2026 and 2027, and the next is 2027-W01."""
    assert [iso_week(date(2026, 12, 28)), iso_week(date(2027, 1, 3)), iso_week(date(2027, 1, 4))] == [
        "2026-W53",
        "2026-W53",
        "2027-W01",
    ]
    with session_scope(reference_engine, write=False) as session:
        week = session.get_one(Period, "2026-W53")
        assert (week.starts_on, week.ends_on) == (date(2026, 12, 28), date(2027, 1, 1))
        block = session.get_one(Period, "2026-W52-3")
        assert block.weeks == ["2026-W52", "2026-W53", "2027-W01"]
        with pytest.raises(Refusals, match="La semaine du 28 décembre 2026 est en vacances scolaires"):
            check_periods(session, Level.TROISIEME, SCHOOL_YEAR, RHONE, ["2026-W53"])


def test_periods_cover_the_windows_once(reference_engine: Engine) -> None:
    """Weeks without a hole from September to May, blocks of two to four, a fortnight and its weeks; twice is once."""
    with session_scope(reference_engine) as session:
        periods = list(session.exec(select(Period)))
        weeks = sorted((one for one in periods if one.kind is PeriodKind.WEEK), key=lambda one: one.starts_on)
        june = [one.id for one in weeks if one.id in ("2027-W24", "2027-W25")]
        assert june == ["2027-W24", "2027-W25"]
        weeks = [one for one in weeks if one.id not in june]
        assert len(weeks) == 38
        assert {(b.starts_on - a.starts_on).days for a, b in pairwise(weeks)} == {7}
        assert {len(one.weeks) for one in periods if one.kind is PeriodKind.BLOCK} == {2, 3, 4}
        assert [one.id for one in periods if one.kind is PeriodKind.FORTNIGHT] == [JUNE]
        assert len(make_periods(session, SCHOOL_YEAR)) == len(periods)


def test_a_year_whose_holidays_are_unknown_is_refused(reference_engine: Engine) -> None:
    """The packages end in August 2028: no period is invented beyond."""
    with session_scope(reference_engine) as session:
        assert make_periods(session, "2027-2028")
        with pytest.raises(ServiceError, match="2028-2029 n’est pas connu"):
            make_periods(session, "2028-2029")


@pytest.mark.parametrize(
    ("department", "winter"),
    [(RHONE, {"2027-W07", "2027-W08"}), (NORD, {"2027-W08", "2027-W09"}), (PARIS, {"2027-W06", "2027-W07"})],
)
def test_the_three_zones_close_their_own_weeks(reference_engine: Engine, department: str, winter: set[str]) -> None:
    """Winter holidays move with the zone; autumn and Christmas are the same for all."""
    common = {"2026-W43", "2026-W44", "2026-W52", "2026-W53"}
    with session_scope(reference_engine, write=False) as session:
        closed = _closed(session, department)
    assert {one for one in closed if one < "2027-W12"} == common | winter


def test_corsica_and_overseas_follow_their_own_lines(reference_engine: Engine) -> None:
    """Their académies set their own calendar: it comes from the store's lines alone."""
    with session_scope(reference_engine, write=False) as session:
        assert {"2027-W08", "2027-W09"} <= _closed(session, CORSE)
        assert {"2026-W42", "2027-W01", "2027-W03"} <= _closed(session, REUNION)
        assert "2027-W07" not in _closed(session, REUNION)
        with pytest.raises(Refusals, match="pour l’académie de La Réunion"):
            check_periods(session, Level.TROISIEME, SCHOOL_YEAR, REUNION, ["2027-W02"])


def test_a_corrected_line_changes_the_answer(reference_engine: Engine) -> None:
    """A line typed in for one département closes a week there and nowhere else."""
    with session_scope(reference_engine) as session:
        assert "2027-W03" not in _closed(session, RHONE)
        session.add(
            CalendarEntry(
                territory_type="department",
                territory=RHONE,
                starts_on=date(2027, 1, 18),
                ends_on=date(2027, 1, 20),
                kind="school_holiday",
                label="Fermeture",
                source="test",
            )
        )
        forget_calendars(session)
        assert "2027-W03" in _closed(session, RHONE)
        assert "2027-W03" not in _closed(session, NORD)
        assert holiday_of(session, RHONE, date(2027, 1, 19)) == "Fermeture"


def test_two_days_off_leave_a_week_open(reference_engine: Engine) -> None:
    """Ascension and its bridge take two days of five: the week of 3 May 2027 stays open."""
    with session_scope(reference_engine, write=False) as session:
        assert holiday_of(session, NORD, date(2027, 5, 6))
        assert "2027-W18" not in _closed(session, NORD)


def test_days_off_of_one_territory(reference_engine: Engine) -> None:
    """26 December is a holiday in Alsace and not in Paris; 14 July is one everywhere."""
    with session_scope(reference_engine, write=False) as session:
        assert holiday_of(session, BAS_RHIN, date(2027, 3, 26))
        assert not holiday_of(session, PARIS, date(2027, 3, 26))
        assert not holiday_of(session, PARIS, date(2027, 1, 12))
        for department in session.exec(select(Department.code)):
            assert holiday_of(session, department, date(2027, 5, 1)), department


def test_a_seconde_request_outside_june_is_refused(reference_engine: Engine) -> None:
    """The refusal gives the only possible dates."""
    with session_scope(reference_engine, write=False) as session:
        with pytest.raises(Refusals, match="la séquence se fait du 14 au 25 juin 2027") as refusal:
            check_periods(session, Level.SECONDE_GT, SCHOOL_YEAR, RHONE, ["2027-W05"])
        assert (refusal.value.code, refusal.value.field) == ("period_not_of_level", "periods")
        [only] = period_choices(session, Level.SECONDE_GT, SCHOOL_YEAR, RHONE)
        assert (only.period.id, only.label_fr, only.open) == (JUNE, "Du 14 au 25 juin 2027", True)


def test_a_week_inside_holidays_is_refused(reference_engine: Engine) -> None:
    """Zone and week are named, and what to do."""
    message = "La semaine du 15 février 2027 est en vacances scolaires pour la zone A. Choisissez une autre semaine."
    with session_scope(reference_engine, write=False) as session, pytest.raises(Refusals) as refusal:
        check_periods(session, Level.TROISIEME, SCHOOL_YEAR, RHONE, ["2027-W07", "2027-W10"])
    assert [one.message for one in refusal.value.refusals] == [message]


def test_every_wrong_period_is_named(reference_engine: Engine) -> None:
    """A form that names three wrong periods gets three sentences, not one at a time."""
    with session_scope(reference_engine, write=False) as session, pytest.raises(Refusals) as refusal:
        check_periods(
            session, Level.TROISIEME, SCHOOL_YEAR, RHONE, ["2027-W07", JUNE, "2027-W99", "2027-W05-2", "2027-W05"]
        )
    assert len(refusal.value.refusals) == 4


def test_a_block_is_closed_by_any_of_its_weeks(reference_engine: Engine) -> None:
    """Two weeks of which one is in holidays are no block of school weeks; a week alone is allowed."""
    with session_scope(reference_engine, write=False) as session:
        level = Level.TROISIEME_PREPA_METIERS
        assert check_periods(session, level, SCHOOL_YEAR, RHONE, ["2027-W02-4", "2027-W05"])
        with pytest.raises(Refusals, match="15 février 2027"):
            check_periods(session, level, SCHOOL_YEAR, RHONE, ["2027-W06-2"])
        with pytest.raises(Refusals, match="ne convient pas"):
            check_periods(session, level, SCHOOL_YEAR, RHONE, [JUNE])


def test_no_period_at_all_is_refused(reference_engine: Engine) -> None:
    """The refusal says which weeks there are."""
    with (
        session_scope(reference_engine, write=False) as session,
        pytest.raises(Refusals, match="Choisissez au moins une période"),
    ):
        check_periods(session, Level.TROISIEME, SCHOOL_YEAR, RHONE, [])


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("department", [RHONE, PARIS, REUNION])
def test_what_is_greyed_is_what_is_refused(reference_engine: Engine, level: Level, department: str) -> None:
    """The form and the check never disagree, period by period."""
    with session_scope(reference_engine, write=False) as session:
        for choice in period_choices(session, level, SCHOOL_YEAR, department):
            try:
                check_periods(session, level, SCHOOL_YEAR, department, [choice.period.id])
                refused = ""
            except Refusals as refusal:
                refused = refusal.message
            assert bool(refused) is not choice.open
            assert choice.why_closed in refused
