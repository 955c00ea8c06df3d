"""What schools say of the pupils each partner received from them: line by line, or all at once.

Responsible for a school's own lines and for those that were drawn. Refuses to speak for a partner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.convention_deadlines import current_conventions
from service.domain.reported_figures import MOST
from service.domain.reporting import refuse_final
from service.errors import NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import RealisedFigure, ReportedHosting, ReportingCampaign, School


@dataclass(frozen=True, slots=True)
class HostingLine:
    """One school under one commitment, as the school or a coordinator reads it."""

    id: int
    partner: str
    code: str
    school: str
    uai: str
    counted: int
    off_platform: int
    school_count: int | None
    sampled: bool
    found: int | None

    @property
    def expected(self) -> int:
        return self.counted + self.off_platform


def hosting_lines(
    session: Session, campaign: ReportingCampaign, school: School | None = None, *, sampled: bool = False
) -> list[HostingLine]:
    """Lines by partner, commitment and school: a school's own, those drawn, or all."""
    query = (
        select(ReportedHosting, RealisedFigure, School)
        .join(RealisedFigure, col(RealisedFigure.id) == col(ReportedHosting.figure_id))
        .join(School, col(School.id) == col(ReportedHosting.school_id))
        .where(RealisedFigure.campaign_id == campaign.id)
    )
    if school is not None:
        query = query.where(ReportedHosting.school_id == school.id)
    if sampled:
        query = query.where(col(ReportedHosting.sampled).is_(True))
    names = {convention.key: partner.name for convention, partner in current_conventions(session)}
    lines = [
        HostingLine(
            row_id(row),
            names[figure.convention_key],
            figure.commitment_code,
            of.name,
            of.uai,
            row.counted,
            row.off_platform,
            row.school_count,
            row.sampled,
            row.found,
        )
        for row, figure, of in session.exec(query)
    ]
    return sorted(lines, key=lambda one: (one.partner, one.code, one.uai))


def confirm_hostings(
    session: Session,
    campaign: ReportingCampaign,
    school: School,
    counts: Mapping[int, int] | None,
    now: datetime,
    actor: str,
) -> int:
    """The school's word: the numbers given by line, or «tout est exact» for what it has not answered yet when None.

    Raises:
        NotFound: a line that is not the school's.
        ServiceError: `count_invalid`, or `figures_final`.
    """
    refuse_final(campaign)
    lines = {one.id: one for one in hosting_lines(session, campaign, school)}
    given = counts if counts is not None else {k: one.expected for k, one in lines.items() if one.school_count is None}
    for key, value in given.items():
        if key not in lines:
            raise NotFound
        if not 0 <= value <= MOST:
            raise ServiceError("count_invalid", f"Indiquez un nombre de 0 à {MOST}.", f"count-{key}")
        row = session.get_one(ReportedHosting, key)
        row.school_count, row.school_at, row.school_by = value, now, actor
        session.add(row)
    session.flush()
    if given:
        record(session, actor, "confirm_hostings", f"school:{school.id}", lines=len(given))
    return len(given)
