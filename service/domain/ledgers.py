"""The ledger of a convention: promised by the deed, published by its sites, allocated by rounds, confirmed by both.

The counters never mix, and a promise without a figure stays without one. Counts come from three aggregate queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from service.domain.agreement_rows import stays_by_state
from service.domain.perimeters import NATION, read_geography
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
    Placement,
    QuotaLine,
    Site,
)
from service.vocabulary import AgreementState, ConfirmationState, OfferStatus


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One promise to host. `promised` is None when the deed gives no figure; `ceiling` is never the deed's.

    `by_department` maps a département to its (published, allocated).
    """

    commitment_code: str
    level: str
    label_fr: str
    promised: int | None
    ceiling: int | None
    ceiling_source: str
    published: int
    allocated: int
    confirmed: int
    signed: int
    held: int
    by_department: Mapping[str, tuple[int, int]]
    targets: Mapping[str, int]
    """The part of the promise that each territory answers for, by its name."""


def ledger(
    session: Session, convention: Convention, school_year: str, campaign: Campaign | None = None
) -> list[LedgerLine]:
    """One line per promise to host pupils of a level. `campaign` narrows `allocated` to that campaign's rounds."""
    query = (
        select(QuotaLine, Commitment)
        .join(Commitment, col(Commitment.id) == col(QuotaLine.commitment_id))
        .where(QuotaLine.convention_id == row_id(convention))
        .order_by(col(Commitment.code))
    )
    published = _published(session, convention, school_year)
    allocated = _allocated(session, convention, school_year, campaign)
    followed = _followed(session, convention, school_year, campaign)
    targets = _targets(session, convention)
    lines = []
    for line, commitment in session.exec(query):
        offered, held = published[commitment.id], allocated[commitment.id]
        places = sorted(set(offered) | set(held))
        lines.append(
            LedgerLine(
                commitment_code=commitment.code,
                level=line.level,
                label_fr=line.label,
                promised=commitment.minimum,
                ceiling=line.ceiling,
                ceiling_source=line.ceiling_source,
                published=sum(offered.values()),
                allocated=sum(held.values()),
                confirmed=followed.get(commitment.id, _NONE)[0],
                signed=followed.get(commitment.id, _NONE)[1],
                held=followed.get(commitment.id, _NONE)[2],
                by_department={code: (offered.get(code, 0), held.get(code, 0)) for code in places},
                targets=targets.get(line.level, {}),
            )
        )
    return lines


_NONE = (0, 0, 0)
Counts = dict[int | None, dict[str, int]]
"""Commitment → département → how many."""


def _targets(session: Session, convention: Convention) -> dict[str, dict[str, int]]:
    """Level → territory → its part of the promise."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(QuotaLine.level, QuotaLine.territory, QuotaLine.commitment).where(
        QuotaLine.convention_id == row_id(convention),
        col(QuotaLine.territory) != NATION,
        col(QuotaLine.retired_at).is_(None),
    )
    rows = session.exec(query).all()
    names = read_geography(session).names if rows else {}
    for level, territory, share in sorted(rows, key=lambda row: names[row[1]]):
        if share:
            found[level][names[territory]] = share
    return found


def _published(session: Session, convention: Convention, school_year: str) -> Counts:
    query = (
        select(col(Offer.commitment_id), col(Site.department_code), func.sum(col(Opening.capacity)))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .where(
            Offer.convention_id == row_id(convention),
            Offer.school_year == school_year,
            Offer.status == OfferStatus.PUBLISHED,
        )
        .group_by(col(Offer.commitment_id), col(Site.department_code))
    )
    return _by_commitment(session.exec(query).all())


def _allocated(session: Session, convention: Convention, school_year: str, campaign: Campaign | None) -> Counts:
    query = (
        select(col(Offer.commitment_id), col(Site.department_code), func.count(col(Placement.id)))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(
            Offer.convention_id == row_id(convention),
            Offer.school_year == school_year,
            col(Placement.published).is_(True),
        )
        .group_by(col(Offer.commitment_id), col(Site.department_code))
    )
    if campaign is not None:
        query = query.join(AllocationRound, col(AllocationRound.id) == col(Placement.round_id)).where(
            AllocationRound.campaign_id == row_id(campaign)
        )
    return _by_commitment(session.exec(query).all())


def _followed(
    session: Session, convention: Convention, school_year: str, campaign: Campaign | None
) -> dict[int | None, tuple[int, int, int]]:
    """Of the placements allocated: confirmed by both sides, under a signed agreement, and held."""
    signed = col(Confirmation.id).in_(stays_by_state(AgreementState.SIGNED, AgreementState.CLOSED))
    query = (
        select(
            col(Offer.commitment_id),
            func.count(case((col(Confirmation.state) == ConfirmationState.CONFIRMED, 1))),
            func.count(case((signed, 1))),
            func.count(case((col(Confirmation.id).in_(stays_held()), 1))),
        )
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Placement, col(Placement.opening_id) == col(Opening.id))
        .join(
            Confirmation,
            (col(Confirmation.opening_id) == col(Opening.id)) & (col(Confirmation.pupil_id) == col(Placement.pupil_id)),
        )
        .where(
            Offer.convention_id == row_id(convention),
            Offer.school_year == school_year,
            col(Placement.published).is_(True),
        )
        .group_by(col(Offer.commitment_id))
    )
    if campaign is not None:
        query = query.join(AllocationRound, col(AllocationRound.id) == col(Placement.round_id)).where(
            AllocationRound.campaign_id == row_id(campaign)
        )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in session.exec(query)}


def _by_commitment(rows: Sequence[tuple[int | None, str, int]]) -> Counts:
    counts: Counts = defaultdict(dict)
    for commitment, department, count in rows:
        counts[commitment][department] = int(count)
    return counts
