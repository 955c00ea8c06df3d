"""Hours of a week of presence: each limit of the rules, at its edge and one minute past it, for each level's ages."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from service.domain.working_time import (
    Judgement,
    WorkDay,
    hours_hint,
    judge_hours,
    limits_of,
    read_day,
)
from service.errors import ServiceError
from service.persistence.tables import WorkingTimeRule
from service.vocabulary import Level
from tests.service.conftest import TODAY

SIX_HOURS, SEVEN_HOURS = "9h-12h, 13h30-16h30", "9h-12h, 13h-17h"


def week(text: str, days: int = 5, **other: str) -> list[WorkDay]:
    """The same hours from Monday on, but on the days named (`d2` is Tuesday)."""
    texts = dict.fromkeys(range(1, days + 1), text) | {int(key[1:]): value for key, value in other.items()}
    read = [read_day(hours, number) for number, hours in sorted(texts.items())]
    return [one for one in read if one is not None]


def judge(session: Session, level: Level, days: list[WorkDay]) -> Judgement:
    return judge_hours(days, limits_of(session, level, TODAY))


TABLE: dict[str, tuple[list[WorkDay], str, str]] = {
    # name: the week, words of the refusal ("" when let through), words of the warning
    "30 hours in five days": (week(SIX_HOURS), "", ""),
    "30 hours and one minute": (week(SIX_HOURS, d1="9h-12h, 13h30-16h31"), "", "30 h au plus"),
    "35 hours": (week(SEVEN_HOURS), "", "moins de 15 ans en règle générale"),
    "35 hours and one minute": (week(SEVEN_HOURS, d1="8h59-12h, 13h-17h"), "7 h 01 de présence, 7 h au plus", ""),
    "36 hours in six short days": (week(SIX_HOURS, days=6), "36 h de présence, 35 h au plus", ""),
    "seven hours a day": (week(SIX_HOURS, d3=SEVEN_HOURS, d4="9h-12h, 13h-16h", d5="9h-12h, 14h-16h"), "", ""),
    "from six in the morning": (week(SIX_HOURS, d1="6h-10h, 11h-13h"), "", ""),
    "before six": (week(SIX_HOURS, d1="5h59-9h59, 11h-13h"), "va de 6 h à 20 h", ""),
    "until eight in the evening": (week(SIX_HOURS, d5="13h-16h, 17h-20h"), "", ""),
    "past eight": (week(SIX_HOURS, d5="13h-16h, 17h-20h01"), "va de 6 h à 20 h", ""),
    "four hours twenty-nine without a pause": (week(SIX_HOURS, d1="9h-13h29"), "", ""),
    "four hours thirty without a pause": (week(SIX_HOURS, d1="9h-13h30"), "pause d’au moins 30 minutes", ""),
    "a pause of thirty minutes": (week(SIX_HOURS, d1="9h-12h, 12h30-15h30"), "", ""),
    "a pause of twenty-nine": (week(SIX_HOURS, d1="9h-12h, 12h29-15h29"), "pause d’au moins 30 minutes", ""),
    "four hours thirty in a row": (week(SIX_HOURS, d1="9h-13h30, 14h-15h30"), "", ""),
    "four hours thirty-one in a row": (week(SIX_HOURS, d1="9h-13h31, 14h-15h29"), "plus de 4 h 30", ""),
    "fourteen hours of night": (week(SIX_HOURS, d1="15h-18h, 19h-20h", d2="10h-13h, 14h-16h"), "", ""),
    "a minute less of night": (week(SIX_HOURS, d1="15h-18h, 19h-20h", d2="9h59-13h, 14h-16h"), "14 h de repos", ""),
    "Monday to Saturday": (week("9h-12h, 14h-16h", days=6), "2 jours de repos de suite", ""),
    "Tuesday to Saturday": (week("9h-12h, 14h-16h", days=6, d1=""), "", ""),
    "four days": (week(SIX_HOURS, days=4), "", ""),
    "three days": (week(SIX_HOURS, days=3), "au moins 4 jours", ""),
}


@pytest.mark.parametrize("what", TABLE)
def test_each_limit_at_its_edge(session: Session, what: str) -> None:
    """On the limit nothing is refused; a minute past it the refusal names the day or the week and the age."""
    days, refused, warned = TABLE[what]
    found = judge(session, Level.TROISIEME, days)
    said = " ".join(found.refused).replace("\u00a0", " ")
    assert (refused in said) if refused else found.refused == ()
    noted = " ".join(found.warned).replace("\u00a0", " ")
    assert (warned in noted) if warned else found.warned == () or bool(refused)


def test_the_evening_of_older_pupils(session: Session) -> None:
    """Pupils of sixteen may stay until ten and rest twelve hours: alone, not in a level that also has younger ones."""
    days = week(SIX_HOURS, d1="16h-19h, 20h-22h", d2="10h-12h, 14h-17h")
    limits = limits_of(session, Level.SECONDE_GT, TODAY)
    older = type(limits)(limits.level, limits.bands[-1:], limits.presence_days)
    assert judge_hours(days, older).refused == ()
    assert len(judge_hours(days, limits).refused) == 2


def test_levels_have_their_own_ages(session: Session) -> None:
    """A 3e has no pupil of sixteen, a seconde has; both have some under fifteen."""
    bands = {level: [one["key"] for one in limits_of(session, level, TODAY).bands] for level in Level}
    assert bands[Level.TROISIEME] == ["under_15", "age_15"]
    assert bands[Level.SECONDE_GT] == ["under_15", "age_15", "age_16_17"]
    said = hours_hint(limits_of(session, Level.TROISIEME, TODAY)).replace("\u00a0", " ")
    assert "7 h par jour au plus, entre 6 h et 20 h, 30 minutes de pause dès 4 h 30, 30 h par semaine" in said


def test_a_new_rule_from_a_date(session: Session) -> None:
    """A change of law is a new row: days before it keep the old limit."""
    old = session.exec(select(WorkingTimeRule).where(WorkingTimeRule.band == "under_15")).one()
    change = TODAY.replace(year=2027)
    old.valid_to = change.replace(day=change.day - 1)
    document = {**old.document, "hours_per_day": 6}
    session.add_all([old, WorkingTimeRule(band="under_15", valid_from=change, document=document)])
    session.flush()
    days = week(SEVEN_HOURS)
    assert judge_hours(days, limits_of(session, Level.TROISIEME, TODAY)).refused == ()
    assert len(judge_hours(days, limits_of(session, Level.TROISIEME, change)).refused) == 5


READ = {
    "9h-12h, 13h30-16h30": ((540, 720), (810, 990)),
    "9:00-12:00 ; 13:30-16:30": ((540, 720), (810, 990)),
    "9 h – 12 h et 13 h 30 – 16 h 30": ((540, 720), (810, 990)),
    "09.00 à 12.00": ((540, 720),),
    "8-12": ((480, 720),),
}


@pytest.mark.parametrize("text", READ)
def test_hours_as_people_write_them(text: str) -> None:
    """One or two stretches, with h, a colon or a dot; what is shown reads back the same."""
    day = read_day(text, 1)
    assert day is not None
    assert day.stretches == READ[text]
    assert read_day(day.text, 1) == day


@pytest.mark.parametrize(
    "text", ["matin", "9h", "12h-9h", "9h-12h, 11h-14h", "9h-10h, 11h-12h, 13h-14h", "9h-25h", "9h-24h30", "9h60-12h"]
)
def test_what_is_no_hours_is_said(text: str) -> None:
    """The refusal repeats what was typed, names the day and gives an example."""
    with pytest.raises(ServiceError, match="Mardi") as refusal:
        read_day(text, 2)
    assert text in refusal.value.message
    assert "9h-12h, 13h30-16h30" in refusal.value.message
