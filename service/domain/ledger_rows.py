"""The rows behind a ledger: each opening with its seats, each pupil allocated with how far the stay went.

Responsible for columns that add up to the ledger's own figures, promise by promise. A stay is a number: nothing
here says who the pupil is, nor from which school. Refuses to know files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, literal
from sqlmodel import Session, col, select

from service.domain.agreement_rows import stays_by_state
from service.domain.calendar import period_label
from service.domain.presence import stays_held
from service.persistence.rows import row_id
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    Commitment,
    Confirmation,
    Convention,
    Offer,
    Opening,
    Period,
    Placement,
    Site,
)
from service.vocabulary import AgreementState, ConfirmationState, OfferStatus

COLUMNS = (
    "Engagement",
    "Département",
    "Site",
    "Période",
    "Offre",
    "Affectation",
    "Publié",
    "Affecté",
    "Confirmé",
    "Signé",
    "Réalisé",
)
"""The last five add up to the ledger's counters."""
LedgerRow = tuple[str, str, str, str, int, int | None, int, int, int, int, int]


def ledger_rows(
    session: Session, convention: Convention, school_year: str, campaign: Campaign | None = None
) -> list[LedgerRow]:
    """Openings, then placements, each by commitment, département and site; two queries for any number."""
    seats = case((col(Offer.status) == OfferStatus.PUBLISHED, col(Opening.capacity)), else_=0)
    openings = _of_convention(convention, school_year, literal(None), seats)
    placed = (
        _of_convention(
            convention,
            school_year,
            col(Placement.id),
            case((col(Confirmation.state) == ConfirmationState.CONFIRMED, 1), else_=0),
            case((col(Confirmation.id).in_(stays_by_state(AgreementState.SIGNED, AgreementState.CLOSED)), 1), else_=0),
            case((col(Confirmation.id).in_(stays_held()), 1), else_=0),
        )
        .join(Placement, col(Placement.opening_id) == col(Opening.id))
        .outerjoin(
            Confirmation,
            (col(Confirmation.opening_id) == col(Opening.id)) & (col(Confirmation.pupil_id) == col(Placement.pupil_id)),
        )
        .where(col(Placement.published).is_(True))
        .order_by(col(Placement.id))
    )
    if campaign is not None:
        placed = placed.join(AllocationRound, col(AllocationRound.id) == col(Placement.round_id)).where(
            AllocationRound.campaign_id == row_id(campaign)
        )
    return [
        *((*_place(row), None, int(row[6]), 0, 0, 0, 0) for row in session.exec(openings)),
        *((*_place(row), row[5], 0, 1, *(int(step) for step in row[6:9])) for row in session.exec(placed)),
    ]


def _of_convention(convention: Convention, school_year: str, *columns: Any) -> Any:
    """Under a promise to host, where, when, which offer; then these columns."""
    return (
        select(  # type: ignore[call-overload]
            col(Commitment.code), col(Site.department_code), col(Site.name), Period, col(Offer.id), *columns
        )
        .join(Offer, col(Offer.commitment_id) == col(Commitment.id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(Offer.convention_id == row_id(convention), Offer.school_year == school_year)
        .order_by(col(Commitment.code), col(Site.department_code), col(Site.name), col(Opening.id))
    )


def _place(row: Sequence[Any]) -> tuple[str, str, str, str, int]:
    code, department, site, period, offer = row[:5]
    return code, department, site, period_label(period), offer
