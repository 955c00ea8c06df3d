"""How far the stays of a school year have come, school by school, for those who coordinate a territory.

Responsible for counts alone: nothing here says who a pupil is, nor which host said what. What counts as held is
`presence`'s to say, and what is signed `agreement_rows`'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import Session, col

from service.domain.agreement_rows import stays_by_state
from service.domain.perimeters import Area, Geography, within
from service.domain.presence import has_begun, is_unsaid, stays_held
from service.persistence.bulk import fetch
from service.persistence.tables import ClassGroup, Confirmation, Offer, Opening, Pupil, School
from service.vocabulary import AgreementState, ConfirmationState, Side


@dataclass(frozen=True, slots=True)
class StayCounts:
    """Stays in each state; those confirmed are also counted once signed, once held, and while their school owes a word
    on what came of them."""

    asked: int = 0
    confirmed: int = 0
    ended: int = 0
    signed: int = 0
    held: int = 0
    unsaid: int = 0

    @property
    def waiting(self) -> int:
        return self.asked + self.unsaid


@dataclass(frozen=True, slots=True)
class SchoolStays:
    uai: str
    name: str
    department_code: str
    counts: StayCounts


@dataclass(frozen=True, slots=True)
class TerritoryStays:
    """An académie and, right after it, its départements; `department_code` is empty for the académie."""

    name: str
    department_code: str
    counts: StayCounts


def stays_by_school(session: Session, school_year: str, area: Area, today: date) -> list[SchoolStays]:
    """Every school of the area that has a stay, in one query: those that somebody waits for first."""
    state = col(Confirmation.state)
    begun_and_unsaid = and_(has_begun(today), is_unsaid(Side.SCHOOL))
    signed = col(Confirmation.id).in_(stays_by_state(AgreementState.SIGNED, AgreementState.CLOSED))
    rows = fetch(
        session,
        select(
            col(School.uai),
            col(School.name),
            col(School.department_code),
            _how_many(state == ConfirmationState.ASKED),
            _how_many(state == ConfirmationState.CONFIRMED),
            _how_many(state.in_((ConfirmationState.REFUSED, ConfirmationState.EXPIRED))),
            _how_many(signed),
            _how_many(col(Confirmation.id).in_(stays_held())),
            _how_many(begun_and_unsaid),
        )
        .join(ClassGroup, col(ClassGroup.school_id) == col(School.id))
        .join(Pupil, col(Pupil.class_id) == col(ClassGroup.id))
        .join(Confirmation, col(Confirmation.pupil_id) == col(Pupil.id))
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .where(
            col(Offer.school_year) == school_year,
            state != ConfirmationState.REPLACED,
            within(col(School.department_code), area),
        )
        .group_by(col(School.uai), col(School.name), col(School.department_code)),
    )
    schools = [SchoolStays(uai, name, code, StayCounts(*map(int, counts))) for uai, name, code, *counts in rows]
    return sorted(schools, key=lambda one: (-one.counts.waiting, one.department_code, one.name, one.uai))


def _how_many(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((which, 1), else_=0))


def stays_by_territory(geography: Geography, schools: Sequence[SchoolStays]) -> list[TerritoryStays]:
    """The same stays by académie, then by département."""
    departments: dict[str, list[StayCounts]] = defaultdict(list)
    for one in schools:
        departments[one.department_code].append(one.counts)
    academies: dict[str, list[str]] = defaultdict(list)
    for code in sorted(departments):
        academies[geography.around(code)[1]].append(code)
    found = []
    for academy, codes in sorted(academies.items(), key=lambda item: geography.name(item[0])):
        every = [one for code in codes for one in departments[code]]
        found.append(TerritoryStays(geography.name(academy), "", _sum(every)))
        found += [TerritoryStays(geography.name(f"department:{code}"), code, _sum(departments[code])) for code in codes]
    return found


def _sum(counts: Sequence[StayCounts]) -> StayCounts:
    return StayCounts(
        sum(one.asked for one in counts),
        sum(one.confirmed for one in counts),
        sum(one.ended for one in counts),
        sum(one.signed for one in counts),
        sum(one.held for one in counts),
        sum(one.unsaid for one in counts),
    )
