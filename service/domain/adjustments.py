"""What a coordinator decides beside the rules: a pupil sent to an offer, an offer kept from a pupil or left out.

Responsible for their life: each has a reason, each is in the audit trail, a lifted one stays readable. Refuses to move
anybody: the next round takes them in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import Session, col

from service.domain.audit import record
from service.domain.dates import french_span
from service.domain.perimeters import area_of, contains
from service.domain.snapshot import PlacedAlready
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.bulk import fetch
from service.persistence.clock import InstantIn
from service.persistence.rows import row_id
from service.persistence.tables import (
    Adjustment,
    Campaign,
    ClassGroup,
    Offer,
    Opening,
    Partner,
    Period,
    PlacementRequest,
    Pupil,
    School,
    Site,
)
from service.vocabulary import AdjustmentKind, OfferStatus


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Those that count, as a round reads them."""

    imposed: list[PlacedAlready]
    banned: frozenset[tuple[str, int]]
    """Pseudonym and offer."""
    excluded: frozenset[int]

    def concern(self, row: PlacedAlready) -> bool:
        """Whether that placement may not stand as it is."""
        elsewhere = any(one.pseudonym == row.pseudonym and one != row for one in self.imposed)
        return elsewhere or (row.pseudonym, row.offer_id) in self.banned or row.offer_id in self.excluded


def adjustments_of(session: Session, campaign: Campaign) -> Adjustments:
    rows = fetch(
        session,
        select(col(Adjustment.kind), col(Pupil.pseudonym), col(Adjustment.offer_id), col(Adjustment.period_id))
        .outerjoin(Pupil, col(Pupil.id) == col(Adjustment.pupil_id))
        .where(col(Adjustment.campaign_id) == campaign.id, col(Adjustment.lifted_at).is_(None)),
    )
    return Adjustments(
        [PlacedAlready(pupil, offer, period) for kind, pupil, offer, period in rows if kind == AdjustmentKind.PIN],
        frozenset((pupil, offer) for kind, pupil, offer, _ in rows if kind == AdjustmentKind.BAN),
        frozenset(offer for kind, _, offer, _ in rows if kind == AdjustmentKind.EXCLUDE),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """An adjustment as a coordinator asks for it."""

    kind: AdjustmentKind
    offer_id: int
    pseudonym: str = ""
    period_id: str = ""
    why: str = ""


def adjust(session: Session, campaign: Campaign, wanted: Wanted, actor: str) -> Adjustment:
    """Takes effect at the next round.

    Raises:
        ServiceError: no reason, or a pupil, an offer or a period that cannot be meant.
        Conflict: it contradicts another adjustment that still counts.
    """
    why = clean_text(wanted.why, "why", "Le motif", at_most=300)
    # Two coordinators at once: one after the other, so that they cannot contradict each other (PostgreSQL).
    fetch(session, select(col(Campaign.id)).where(col(Campaign.id) == campaign.id).with_for_update())
    offer = _offer(session, campaign, wanted.offer_id)
    pupil = None if wanted.kind is AdjustmentKind.EXCLUDE else find_pupil(session, campaign, wanted.pseudonym)
    if wanted.kind is AdjustmentKind.PIN:
        _check_place(session, campaign, offer, wanted)
    _refuse_contradiction(session, campaign, wanted)
    made = Adjustment(
        campaign_id=row_id(campaign),
        kind=wanted.kind,
        offer_id=wanted.offer_id,
        pupil_id=None if pupil is None else row_id(pupil),
        period_id=wanted.period_id if wanted.kind is AdjustmentKind.PIN else None,
        why=why,
        made_by=actor,
    )
    session.add(made)
    session.flush()
    detail = {"kind": wanted.kind, "offer": wanted.offer_id, "pupil": wanted.pseudonym, "period": wanted.period_id}
    record(session, actor, "adjust", f"campaign:{campaign.id}", adjustment=made.id, why=why, **detail)
    return made


def _offer(session: Session, campaign: Campaign, offer_id: int) -> Offer:
    offer = session.get(Offer, offer_id)
    if offer is None or not _is_ours(session, campaign, offer):
        message = "Aucune offre publiée pour cette campagne ne porte ce numéro. Vérifiez-le sur la page du résultat."
        raise ServiceError("offer_unknown", message, "offer")
    return offer


def _is_ours(session: Session, campaign: Campaign, offer: Offer) -> bool:
    """Whether rounds of the campaign may fill it: published for its year, at a site of its territory."""
    home = frozenset({session.get_one(Site, offer.site_id).department_code})
    asked = offer.school_year == campaign.school_year and offer.status is OfferStatus.PUBLISHED
    return asked and contains(area_of(session, campaign.territory), home)


def find_pupil(session: Session, campaign: Campaign, pseudonym: str) -> Pupil:
    """A pupil of a request of the campaign.

    Raises:
        ServiceError: nobody there has that pseudonym.
    """
    found = session.scalars(
        select(Pupil)
        .join(PlacementRequest, col(PlacementRequest.class_id) == col(Pupil.class_id))
        .where(col(Pupil.pseudonym) == pseudonym, col(PlacementRequest.campaign_id) == campaign.id)
    ).first()
    if found is None:
        message = f"Aucun élève de la campagne n’a le pseudonyme «\u00a0{pseudonym[:40]}\u00a0». Vérifiez-le."
        raise ServiceError("pupil_unknown", message, "pupil")
    return found


def _check_place(session: Session, campaign: Campaign, offer: Offer, wanted: Wanted) -> None:
    """What can be seen at once; the round itself checks every rule."""
    level = fetch(
        session,
        select(col(ClassGroup.level))
        .join(Pupil, col(Pupil.class_id) == col(ClassGroup.id))
        .where(col(Pupil.pseudonym) == wanted.pseudonym),
    )[0][0]
    opened = select(col(Opening.id)).where(
        col(Opening.offer_id) == offer.id, col(Opening.period_id) == wanted.period_id, col(Opening.capacity) > 0
    )
    if level != offer.level or level not in campaign.levels:
        raise ServiceError("offer_level", "Cette offre est d’un autre niveau. Choisissez-en une autre.", "offer")
    if not fetch(session, opened):
        raise ServiceError("period_closed", "Cette offre n’ouvre pas alors. Choisissez une autre période.", "offer")


def _refuse_contradiction(session: Session, campaign: Campaign, wanted: Wanted) -> None:
    others = adjustments_of(session, campaign)
    mine = [one for one in others.imposed if one.pseudonym == wanted.pseudonym]
    contradicted = {
        AdjustmentKind.PIN: bool(mine)
        or wanted.offer_id in others.excluded
        or (wanted.pseudonym, wanted.offer_id) in others.banned,
        AdjustmentKind.BAN: any(one.offer_id == wanted.offer_id for one in mine)
        or (wanted.pseudonym, wanted.offer_id) in others.banned,
        AdjustmentKind.EXCLUDE: any(one.offer_id == wanted.offer_id for one in others.imposed)
        or wanted.offer_id in others.excluded,
    }
    if contradicted[wanted.kind]:
        message = "Un autre ajustement dit déjà cela, ou le contraire. Levez-le d’abord\u00a0: il est dans la liste."
        raise Conflict("adjustment_contradicted", message)


def lift(session: Session, adjustment_id: int, actor: str) -> Adjustment:
    """It no longer counts from the next round on.

    Raises:
        NotFound: there is none.
        Conflict: it is lifted already.
    """
    found = session.get(Adjustment, adjustment_id)
    if found is None:
        raise NotFound
    touched = session.exec(
        update(Adjustment)
        .where(col(Adjustment.id) == adjustment_id, col(Adjustment.lifted_at).is_(None))
        .values(lifted_at=InstantIn(), lifted_by=actor)
        .execution_options(synchronize_session=False)
    )
    if touched.rowcount != 1:
        raise Conflict("adjustment_lifted", "Cet ajustement est déjà levé.")
    session.refresh(found)
    record(session, actor, "lift_adjustment", f"campaign:{found.campaign_id}", adjustment=adjustment_id)
    return found


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """An adjustment with the names a coordinator reads."""

    row: Adjustment
    pseudonym: str
    school: str
    site: str
    partner: str
    when_fr: str


def list_adjustments(session: Session, campaign: Campaign) -> list[AdjustmentRow]:
    """Every one of the campaign, those that count first, the latest on top."""
    rows: Sequence[tuple[Adjustment, str | None, str | None, str, str, Period | None]] = [
        tuple(row)
        for row in session.execute(
            select(Adjustment, col(Pupil.pseudonym), col(School.name), col(Site.name), col(Partner.name), Period)
            .join(Offer, col(Offer.id) == col(Adjustment.offer_id))
            .join(Site, col(Site.id) == col(Offer.site_id))
            .join(Partner, col(Partner.id) == col(Site.partner_id))
            .outerjoin(Period, col(Period.id) == col(Adjustment.period_id))
            .outerjoin(Pupil, col(Pupil.id) == col(Adjustment.pupil_id))
            .outerjoin(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
            .outerjoin(School, col(School.id) == col(ClassGroup.school_id))
            .where(col(Adjustment.campaign_id) == campaign.id)
            .order_by(col(Adjustment.lifted_at).is_not(None), col(Adjustment.id).desc())
        )
    ]
    return [
        AdjustmentRow(
            row,
            pseudonym or "",
            school or "",
            site,
            partner,
            "" if period is None else french_span(period.starts_on, period.ends_on),
        )
        for row, pseudonym, school, site, partner, period in rows
    ]
