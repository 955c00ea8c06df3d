"""From one school year to the next: the periods of the new one, and the campaigns of the one that is over.

Responsible for that passage alone: each school copies its requests and each partner renews its offers by their own
hand, and what must go is erased by `retention`, at its own dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, func, select

from service.domain.audit import record
from service.domain.calendar import make_periods
from service.domain.school_years import school_year_of
from service.persistence.tables import Campaign, Period
from service.vocabulary import CampaignStatus


@dataclass(frozen=True, slots=True)
class YearEnd:
    """Where the passage stands. `over` are the open campaigns of a school year that has ended."""

    current: str
    following: str
    periods: int
    over: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        return self.periods > 0 and not self.over


def year_end(session: Session, today: date) -> YearEnd:
    current = school_year_of(today)
    following = f"{current[5:]}-{int(current[5:]) + 1}"
    made = session.exec(select(func.count()).select_from(Period).where(Period.school_year == following)).one()
    return YearEnd(current, following, made, tuple(one.name for one in _over(session, current)))


def _over(session: Session, current: str) -> list[Campaign]:
    query = select(Campaign).where(Campaign.status == CampaignStatus.OPEN, Campaign.school_year < current)
    return list(session.exec(query.order_by(col(Campaign.id))))


def pass_to_next_year(session: Session, today: date, actor: str) -> YearEnd:
    """Makes the periods of the following year and closes the campaigns that are over; doing it twice is doing it once.

    Raises:
        ServiceError: `calendar_unknown` when the holidays of that year are not known.
    """
    before = year_end(session, today)
    make_periods(session, before.following)
    for campaign in _over(session, before.current):
        campaign.status = CampaignStatus.CLOSED
        session.add(campaign)
    session.flush()
    record(session, actor, "pass_to_next_year", f"school_year:{before.following}", closed=len(before.over))
    return year_end(session, today)
