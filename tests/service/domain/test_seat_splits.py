"""One total of seats shared out over the weeks of a host, without ever losing or making a seat."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.domain.calendar import PeriodChoice
from service.domain.seat_splits import equal_parts, following, share_out
from service.errors import ServiceError
from service.persistence.tables import Period
from service.vocabulary import PeriodKind

JANUARY = date(2027, 1, 4)


def choice(week: int, length: int = 1, why: str = "") -> PeriodChoice:
    start = JANUARY + timedelta(weeks=week)
    weeks = [f"w{week + offset}" for offset in range(length)]
    period = Period(
        id=f"{week}-{length}",
        kind=PeriodKind.WEEK if length == 1 else PeriodKind.BLOCK,
        school_year="2026-2027",
        starts_on=start,
        ends_on=start + timedelta(weeks=length, days=-3),
        weeks=weeks,
    )
    return PeriodChoice(period, period.id, not why, why)


WEEKS = [
    choice(0),
    choice(1),
    choice(2, why="Vacances"),
    choice(3),
    choice(4),
    choice(0, 2),
    choice(1, 2),
    choice(3, 2),
]


def test_twelve_seats_over_four_weeks_skip_the_holidays() -> None:
    """Three a week, the closed week passed over."""
    assert share_out("12", 4, "0-1", WEEKS) == {"0-1": 3, "1-1": 3, "3-1": 3, "4-1": 3}


def test_what_does_not_fall_even_goes_to_the_first_weeks() -> None:
    """Every total is kept whole, and no part differs from another by more than one seat."""
    for total in range(1, 40):
        for count in range(1, total + 1):
            parts = equal_parts(total, count)
            assert (sum(parts), len(parts)) == (total, count)
            assert max(parts) - min(parts) <= 1
            assert parts == sorted(parts, reverse=True)


def test_parts_are_taken_as_written() -> None:
    """«4, 0, 2» leaves the second week out; the count may be left empty."""
    assert share_out("4, 0, 2", None, "1-1", WEEKS) == {"1-1": 4, "4-1": 2}
    assert share_out("4; 2", 2, "3-1", WEEKS) == {"3-1": 4, "4-1": 2}


def test_longer_periods_follow_each_other_without_overlap() -> None:
    """Blocks of two weeks: the one that starts in the middle of the first is passed over."""
    assert following("0-2", WEEKS) == ["0-2", "3-2"]


@pytest.mark.parametrize(
    ("text", "count", "first", "code"),
    [
        ("", 4, "0-1", "split_unreadable"),
        ("douze", 4, "0-1", "split_unreadable"),
        ("-3", 4, "0-1", "split_unreadable"),
        ("12", None, "0-1", "split_count_missing"),
        ("12", 0, "0-1", "split_count_missing"),
        ("3", 4, "0-1", "fewer_seats_than_periods"),
        ("12", 4, "1-1", "too_many_periods"),
        ("4, 4", 3, "0-1", "parts_contradict_count"),
        ("12", 2, "2-1", "period_missing"),
        ("12", 2, "", "period_missing"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(text: str, count: int | None, first: str, code: str) -> None:
    """Each refusal has its own code, and its sentence says the way out."""
    with pytest.raises(ServiceError) as refused:
        share_out(text, count, first, WEEKS)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")
