"""What the service itself knows to have been done in a school year, action by action and school by school.

Responsible for which stays stand for «réalisé»: those said to be held, and those whose agreement is signed as long as
nobody says that no one came. Where the convention lets numbers alone through no agreement is made here: both sides'
confirmation stands for it. Refuses to hear anybody's word on a total: those stand in `reported_figures`.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from service.domain.activities import staff_mobilised
from service.domain.agreement_rows import stays_by_state
from service.domain.convention_states import is_numbers_only
from service.domain.ledgers import ledger
from service.domain.presence import stays_held
from service.persistence.tables import (
    ClassGroup,
    Commitment,
    Confirmation,
    Convention,
    Offer,
    Opening,
    Placement,
    Presence,
    Pupil,
)
from service.vocabulary import AgreementState, ConfirmationState, Outcome


def commitments_of(session: Session, convention: Convention) -> list[Commitment]:
    """Every promise of the deed, hosting or not, by code."""
    query = select(Commitment).where(Commitment.convention_id == convention.id).order_by(col(Commitment.code))
    return list(session.exec(query))


def counted_by_action(session: Session, convention: Convention, school_year: str) -> dict[str, int | None]:
    """Commitment → what is known; None where the service counts nothing (staff hosted, guides)."""
    hosted = {line.commitment_code: 0 for line in ledger(session, convention, school_year)}
    for (code, _), pupils in counted_by_school(session, convention, school_year).items():
        hosted[code] = hosted.get(code, 0) + pupils
    activities = staff_mobilised(session, convention, school_year)
    by_unit = {"staff": activities.held, "activity": activities.activities_held}
    return {
        one.code: hosted.get(one.code) if one.unit == "hosting" else by_unit.get(one.unit)
        for one in commitments_of(session, convention)
    }


def counted_by_school(session: Session, convention: Convention, school_year: str) -> dict[tuple[str, int], int]:
    """(commitment, school) → pupils received."""
    query = (
        select(Commitment.code, ClassGroup.school_id, func.count(col(Confirmation.id)))
        .join(Offer, col(Offer.commitment_id) == col(Commitment.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Placement, col(Placement.opening_id) == col(Opening.id))
        .join(
            Confirmation,
            (col(Confirmation.opening_id) == col(Opening.id)) & (col(Confirmation.pupil_id) == col(Placement.pupil_id)),
        )
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(
            Offer.convention_id == convention.id,
            Offer.school_year == school_year,
            col(Placement.published).is_(True),
            _is_realised(session, convention),
        )
        .group_by(col(Commitment.code), col(ClassGroup.school_id))
    )
    return {(code, school_id): int(count) for code, school_id, count in session.exec(query)}


def _is_realised(session: Session, convention: Convention) -> ColumnElement[bool]:
    stay = col(Confirmation.id)
    expected = (
        col(Confirmation.state) == ConfirmationState.CONFIRMED
        if is_numbers_only(session, convention)
        else stay.in_(stays_by_state(AgreementState.SIGNED, AgreementState.CLOSED))
    )
    nobody_came = columns(col(Presence.confirmation_id)).where(col(Presence.outcome) == Outcome.NO_SHOW)
    return or_(stay.in_(stays_held()), and_(expected, stay.not_in(nobody_came)))
