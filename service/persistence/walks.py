"""The two walks through the tables that most lists take: from a pupil to its school, from an opening to its host.

Responsible for these joins alone. Refuses to know what a list shows, and what it keeps.
"""

from __future__ import annotations

from sqlmodel import col

from service.persistence.bulk import Selection
from service.persistence.tables import ClassGroup, Offer, Opening, Partner, Pupil, School, Site


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
