"""Drafts of agreements for the stays both sides have confirmed: one for each pupil, or one for all of an opening.

Responsible for whom a draft may be made: an agreement names a pupil, so none exists while the data-protection gate of
its convention is closed. Refuses to know what the agreement will say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select
from sqlmodel import Session, col

from service.domain.agreement_templates import template_for
from service.domain.audit import record
from service.domain.offer_views import gated_conventions
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    ClassGroup,
    Confirmation,
    Offer,
    OfferDay,
    Opening,
    Pupil,
    School,
    Site,
)
from service.vocabulary import ConfirmationState, Level

MINUTES_OF_HOUR = 60


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many agreements are new, and how many stays wait for their convention's data-protection gate."""

    agreements: int
    gated: int


def prepare_agreements(session: Session, school: School, collective: bool, actor: str, today: date) -> Prepared:
    """One draft per confirmed stay that has none, or one per opening when `collective`; the host fills its part in,
    from what its site says of the tutor.

    An agreement names a pupil: under a convention whose gate is closed, none is prepared.
    """
    rows = _without_agreement(session, school)
    gated = gated_conventions(session, {row.convention_id for row in rows if row.convention_id})
    free = [row for row in rows if row.convention_id not in gated]
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    openings: dict[int, _StayToCover] = {}
    for row in free:
        groups[row.opening_id, 0 if collective else row.id].append(row.id)
        openings[row.opening_id] = row
    templates = {
        level: row_id(template_for(session, level, today)) for level in {one.level for one in openings.values()}
    }
    hours = _hours_of_offers(session, {one.offer_id for one in openings.values()})
    for (opening_id, _), stays in groups.items():
        first = openings[opening_id]
        agreement = Agreement(
            opening_id=opening_id,
            school_id=row_id(school),
            template_id=templates[first.level],
            collective=len(stays) > 1,
            hours=hours.get(first.offer_id, [""] * 6),
            tutor_name=first.tutor_name,
            tutor_function=first.tutor_function,
            tutor_email=first.tutor_email,
        )
        session.add(agreement)
        session.flush()
        session.add_all(AgreementStay(agreement_id=row_id(agreement), confirmation_id=stay) for stay in stays)
    session.flush()
    if groups:
        record(session, actor, "prepare_agreements", f"school:{school.id}", count=len(groups), collective=collective)
    return Prepared(len(groups), len(rows) - len(free))


def count_without_agreement(session: Session, school: School) -> tuple[int, int]:
    """Confirmed stays of the school that no agreement covers: those it may prepare, those whose gate is closed."""
    rows = _without_agreement(session, school)
    gated = gated_conventions(session, {row.convention_id for row in rows if row.convention_id})
    waiting = sum(row.convention_id in gated for row in rows)
    return len(rows) - waiting, waiting


def _without_agreement(session: Session, school: School) -> Sequence[_StayToCover]:
    covered = exists().where(col(AgreementStay.confirmation_id) == col(Confirmation.id), col(AgreementStay.live))
    rows = fetch(
        session,
        select(
            col(Confirmation.id),
            col(Opening.id),
            col(Offer.id),
            col(Offer.level),
            col(Offer.convention_id),
            col(Site.tutor_name),
            col(Site.tutor_function),
            col(Site.tutor_email),
        )
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(
            col(ClassGroup.school_id) == school.id,
            col(Confirmation.state) == ConfirmationState.CONFIRMED,
            ~covered,
        )
        .order_by(col(Opening.id), col(Pupil.display_name), col(Confirmation.id)),
    )
    return [_StayToCover(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class _StayToCover:
    id: int
    opening_id: int
    offer_id: int
    level: Level
    convention_id: int | None
    tutor_name: str
    tutor_function: str
    tutor_email: str


def _hours_of_offers(session: Session, offers: set[int]) -> dict[int, list[str]]:
    """What each offer says of its week, as the host would type it."""
    found: dict[int, list[str]] = {}
    query = select(OfferDay).where(col(OfferDay.offer_id).in_(sorted(offers)))
    for day in session.scalars(query):
        ends = [day.starts, day.pause_from, day.pause_to, day.ends]
        moments = [one for one in ends if one is not None]
        texts = [f"{_typed(a)}-{_typed(b)}" for a, b in zip(moments[::2], moments[1::2], strict=True)]
        found.setdefault(day.offer_id, [""] * 6)[day.weekday - 1] = ", ".join(texts)
    return found


def _typed(minutes: int) -> str:
    hours, rest = divmod(minutes, MINUTES_OF_HOUR)
    return f"{hours}h{rest:02d}" if rest else f"{hours}h"
