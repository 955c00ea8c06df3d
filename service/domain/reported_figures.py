"""What partners say of the year's figures, beside what is counted; and the whole, laid side by side.

Responsible for one-click confirmations, corrections with their reason, stays declared beside the service. A word never
changes a count: both are kept, and their gap is shown. What schools answer stands in `reported_hostings`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.convention_deadlines import current_conventions
from service.domain.reporting import refuse_final
from service.domain.texts import clean_text
from service.errors import ServiceError
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    Commitment,
    Convention,
    Partner,
    RealisedFigure,
    ReportedHosting,
    ReportingCampaign,
    School,
)

MOST = 100_000


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One action of one convention: promised by the deed, counted by the service, declared by the partner.

    `schools` counts lines of schools, `schools_agree` those confirmed as they stand, `schools_differ` with another
    number. `is_due` says that the deed itself asks for the figure.
    """

    id: int
    convention_key: str
    partner: str
    code: str
    action: str
    level: str
    unit: str
    promised: int | None
    counted: int | None
    off_platform: int
    declared: int | None
    note: str
    schools: int
    schools_agree: int
    schools_differ: int
    is_due: bool

    @property
    def expected(self) -> int | None:
        """What the partner is asked to confirm; None where it has to say the number itself."""
        if self.counted is None and not self.off_platform:
            return None
        return (self.counted or 0) + self.off_platform

    @property
    def realised(self) -> int | None:
        """The partner's word, else the count, provisional."""
        return self.declared if self.declared is not None else self.expected

    @property
    def gap(self) -> int | None:
        """Realised less promised; None for a promise without a figure."""
        return None if self.promised is None or self.realised is None else self.realised - self.promised

    @property
    def differs(self) -> bool:
        said = self.declared is not None and self.expected is not None and self.declared != self.expected
        return said or self.schools_differ > 0


def as_row(line: FigureLine) -> dict[str, Any]:
    """The line as plain data, with what follows from it: what a document or a file keeps."""
    return {**asdict(line), "expected": line.expected, "realised": line.realised, "gap": line.gap}


def figure_lines(
    session: Session, campaign: ReportingCampaign, partner_ids: frozenset[int] | None = None
) -> list[FigureLine]:
    """Every figure of the campaign, by partner and code; only those partners' when given."""
    sums = _hosting_sums(session, campaign)
    figures = session.exec(select(RealisedFigure).where(RealisedFigure.campaign_id == campaign.id)).all()
    conventions = {one.key: (one, partner) for one, partner in current_conventions(session)}
    promises = {
        (one.convention_id, one.code): one
        for one in session.exec(
            select(Commitment).where(col(Commitment.convention_id).in_([one.id for one, _ in conventions.values()]))
        )
    }
    lines = []
    for figure in figures:
        convention, partner = conventions[figure.convention_key]
        if partner_ids is None or row_id(partner) in partner_ids:
            promise = promises.get((row_id(convention), figure.commitment_code))
            lines.append(_line(figure, convention, partner, promise, sums.get(row_id(figure), (0, 0, 0, 0))))
    return sorted(lines, key=lambda one: (one.partner, one.convention_key, one.code))


def _hosting_sums(session: Session, campaign: ReportingCampaign) -> dict[int, tuple[int, int, int, int]]:
    """Figure → (declared beside, lines, lines agreed, lines that differ)."""
    expected = col(ReportedHosting.counted) + col(ReportedHosting.off_platform)
    query = (
        columns(
            col(ReportedHosting.figure_id),
            func.sum(col(ReportedHosting.off_platform)),
            func.count(),
            func.count().filter(col(ReportedHosting.school_count) == expected),
            func.count().filter(col(ReportedHosting.school_count) != expected),
        )
        .join(RealisedFigure, col(RealisedFigure.id) == col(ReportedHosting.figure_id))
        .where(col(RealisedFigure.campaign_id) == campaign.id)
        .group_by(col(ReportedHosting.figure_id))
    )
    return {figure: (int(off or 0), lines, same, other) for figure, off, lines, same, other in fetch(session, query)}


def _line(
    figure: RealisedFigure,
    convention: Convention,
    partner: Partner,
    promise: Commitment | None,
    sums: tuple[int, int, int, int],
) -> FigureLine:
    return FigureLine(
        id=row_id(figure),
        convention_key=figure.convention_key,
        partner=partner.name,
        code=figure.commitment_code,
        action=promise.action if promise else "",
        level=promise.level if promise else "",
        unit=promise.unit if promise else "hosting",
        promised=figure.promised,
        counted=figure.counted,
        off_platform=sums[0],
        declared=figure.declared,
        note=figure.note,
        schools=sums[1],
        schools_agree=sums[2],
        schools_differ=sums[3],
        is_due=bool(convention.document["realised_figures_due"]),
    )


def declare_figure(
    session: Session,
    campaign: ReportingCampaign,
    line: FigureLine,
    value: int,
    note: str,
    now: datetime,
    actor: str,
) -> None:
    """The partner's word on one action. Another number than the one counted needs its reason.

    Raises:
        ServiceError: `count_invalid`, `text_missing` for a missing reason, or `figures_final`.
    """
    refuse_final(campaign)
    if not 0 <= value <= MOST:
        raise ServiceError("count_invalid", f"Indiquez un nombre de 0 à {MOST}.", "value")
    differs = line.expected is not None and value != line.expected
    said = clean_text(note, "note", "Le motif de l’écart", at_most=300, required=differs)
    figure = session.get_one(RealisedFigure, line.id)
    figure.declared, figure.note, figure.confirmed_at, figure.confirmed_by = value, said, now, actor
    session.add(figure)
    session.flush()
    record(session, actor, "declare_figure", f"figure:{figure.id}", value=value, counted=line.expected)


def confirm_counts(
    session: Session, campaign: ReportingCampaign, lines: list[FigureLine], now: datetime, actor: str
) -> int:
    """One click: every figure that is counted and not confirmed yet is right. Returns how many were confirmed."""
    done = 0
    for line in lines:
        if line.declared is None and line.expected is not None:
            declare_figure(session, campaign, line, line.expected, "", now, actor)
            done += 1
    return done


def declare_off_platform(
    session: Session, campaign: ReportingCampaign, line: FigureLine, uai: str, pupils: int, actor: str
) -> ReportedHosting:
    """Pupils of a school received outside the service; the school is asked to confirm the new total.

    Raises:
        ServiceError: `school_unknown`, `count_invalid`, `not_hosting`, or `figures_final`.
    """
    refuse_final(campaign)
    school = session.exec(select(School).where(School.uai == uai.strip().upper())).first()
    if school is None:
        raise ServiceError("school_unknown", "Aucun établissement n’a ce code UAI. Vérifiez-le auprès de lui.", "uai")
    if line.unit != "hosting":
        raise ServiceError("not_hosting", "Seul un accueil d’élèves se déclare par établissement.", "figure")
    if not 0 <= pupils <= MOST:
        raise ServiceError("count_invalid", f"Indiquez un nombre de 0 à {MOST}.", "pupils")
    query = select(ReportedHosting).where(
        ReportedHosting.figure_id == line.id, ReportedHosting.school_id == row_id(school)
    )
    row = session.exec(query).first() or ReportedHosting(figure_id=line.id, school_id=row_id(school))
    row.off_platform, row.school_count, row.school_at, row.school_by = pupils, None, None, ""
    figure = session.get_one(RealisedFigure, line.id)
    figure.declared, figure.confirmed_at, figure.confirmed_by = None, None, ""
    session.add_all([row, figure])
    session.flush()
    record(session, actor, "declare_off_platform", f"figure:{line.id}", school=uai, pupils=pupils)
    return row


def year_on_year(session: Session) -> dict[tuple[str, str], dict[str, int]]:
    """(convention, commitment) → school year → realised, for every campaign there is."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for campaign in session.exec(select(ReportingCampaign).order_by(col(ReportingCampaign.school_year))).all():
        for line in figure_lines(session, campaign):
            if line.realised is not None:
                found.setdefault((line.convention_key, line.code), {})[campaign.school_year] = line.realised
    return found
