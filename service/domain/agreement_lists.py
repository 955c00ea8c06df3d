"""The agreements a school or a partner follows, one line each, and the work that waits for them.

Responsible for what each may read: a partner sees the names of the pupils it receives only because no agreement exists
while the gate of its convention is closed. Refuses to change anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Integer, func, select
from sqlmodel import Session, col

from service.domain.agreement_rows import OPEN
from service.domain.signatures import progress_of
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    Commune,
    Confirmation,
    Offer,
    Opening,
    Period,
    Pupil,
    School,
    Site,
)
from service.vocabulary import AgreementState, Level

SHOWN = tuple(state for state in AgreementState if state is not AgreementState.AMENDED)


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """`signed` of `awaited` parties have signed; both are 0 before the document exists."""

    id: int
    pupils: Sequence[str]
    school: str
    site_name: str
    commune: str
    starts_on: date
    ends_on: date
    state: AgreementState
    signed: int
    awaited: int

    @property
    def who(self) -> str:
        return self.pupils[0] if len(self.pupils) == 1 else f"{len(self.pupils)} élèves"


@dataclass(frozen=True, slots=True)
class ToComplete:
    """Agreements of one opening that wait for the host's part."""

    opening_id: int
    site_name: str
    level: Level
    starts_on: date
    ends_on: date
    agreements: int
    drafts: int


def of_school(school: School) -> ColumnElement[bool]:
    return col(Agreement.school_id) == school.id


def of_partner(partner_id: int) -> ColumnElement[bool]:
    openings = (
        select(col(Opening.id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(col(Site.partner_id) == partner_id)
    )
    return col(Agreement.opening_id).in_(openings)


def count_agreements(session: Session, whose: ColumnElement[bool]) -> dict[AgreementState, int]:
    """How many are in each state; every state is there."""
    rows = fetch(session, select(col(Agreement.state), func.count()).where(whose).group_by(col(Agreement.state)))
    counted = {AgreementState(state): count for state, count in rows}
    return {state: counted.get(state, 0) for state in AgreementState}


def agreements_page(
    session: Session, whose: ColumnElement[bool], offset: int = 0, limit: int = 50
) -> list[AgreementLine]:
    """Those that wait for somebody first, then by date; in three queries whatever their number."""
    rows = fetch(session, _joined().where(whose, col(Agreement.state).in_(SHOWN)).offset(offset).limit(limit))
    ids = [row[0] for row in rows]
    pupils, progress = _pupils(session, ids), progress_of(session, ids)
    return [
        AgreementLine(
            id=key,
            pupils=pupils.get(key, [""]),
            school=school,
            site_name=site,
            commune=commune,
            starts_on=starts_on,
            ends_on=ends_on,
            state=state,
            signed=progress.get(key, (0, 0))[0],
            awaited=progress.get(key, (0, 0))[1],
        )
        for key, state, school, site, commune, starts_on, ends_on in rows
    ]


def _joined() -> Selection:
    return (
        select(
            col(Agreement.id),
            col(Agreement.state),
            col(School.name),
            col(Site.name),
            col(Commune.name),
            col(Period.starts_on),
            col(Period.ends_on),
        )
        .join(School, col(School.id) == col(Agreement.school_id))
        .join(Opening, col(Opening.id) == col(Agreement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .order_by(col(Agreement.ended_at).is_not(None), col(Period.starts_on), col(Site.name), col(Agreement.id))
    )


def _pupils(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    query = (
        select(col(AgreementStay.agreement_id), col(Pupil.display_name))
        .join(Confirmation, col(Confirmation.id) == col(AgreementStay.confirmation_id))
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .where(col(AgreementStay.agreement_id).in_(ids))
        .order_by(col(AgreementStay.agreement_id), col(Pupil.display_name))
    )
    found: dict[int, list[str]] = {}
    for agreement_id, name in fetch(session, query):
        found.setdefault(agreement_id, []).append(name)
    return found


def openings_to_complete(session: Session, partner_id: int) -> list[ToComplete]:
    """What the host has to fill in, one line per opening, those never filled in first."""
    drafts = func.sum((col(Agreement.state) == AgreementState.DRAFT).cast(Integer))
    rows = fetch(
        session,
        select(
            col(Opening.id),
            col(Site.name),
            col(Offer.level),
            col(Period.starts_on),
            col(Period.ends_on),
            func.count(),
            drafts,
        )
        .select_from(Agreement)
        .join(Opening, col(Opening.id) == col(Agreement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(col(Site.partner_id) == partner_id, col(Agreement.state).in_(OPEN))
        .group_by(col(Opening.id), col(Site.name), col(Offer.level), col(Period.starts_on), col(Period.ends_on))
        .order_by(drafts.desc(), col(Period.starts_on), col(Site.name), col(Opening.id)),
    )
    return [ToComplete(*row) for row in rows]
