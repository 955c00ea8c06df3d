"""The walks through the tables that most lists take: from a pupil to its school, from an opening to its host, and from
a placement to both in a running campaign.

Responsible for these joins alone. Refuses to know what a list shows, and what it keeps.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from service.persistence.bulk import Selection, fetch
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    ClassGroup,
    Offer,
    Opening,
    Partner,
    Placement,
    Pupil,
    School,
    Site,
)
from service.vocabulary import CampaignStatus


def to_school(statement: Selection) -> Selection:
    """From `Pupil`, which the statement knows, to its class and its school."""
    return statement.join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id)).join(
        School, col(School.id) == col(ClassGroup.school_id)
    )


def to_host(statement: Selection) -> Selection:
    """From `Opening`, which the statement knows, to its offer, its site and the partner."""
    return (
        statement.join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
    )


def has_placed(session: Session, there: ColumnElement[bool]) -> bool:
    """Whether an open campaign has published a placement for whose school and host the condition holds."""
    placed: Selection = (
        select(col(Placement.id))
        .join(AllocationRound, col(AllocationRound.id) == col(Placement.round_id))
        .join(Campaign, col(Campaign.id) == col(AllocationRound.campaign_id))
        .join(Pupil, col(Pupil.id) == col(Placement.pupil_id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
    )
    found = to_host(to_school(placed)).where(
        there, col(Placement.published), col(Campaign.status) == CampaignStatus.OPEN
    )
    return bool(fetch(session, found.limit(1)))
