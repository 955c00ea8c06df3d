"""The July campaign: its window, one figure per action of each convention, filled in from what the service knows.

Responsible for opening, refreshing, drawing the lines to check and closing for good. Refuses to speak for anybody: what
partners and schools say stands in `reported_figures`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.convention_deadlines import current_conventions, first_monday_of_july
from service.domain.convention_states import convention_state
from service.domain.realised_counts import commitments_of, counted_by_action, counted_by_school
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import RealisedFigure, ReportedHosting, ReportingCampaign, School
from service.vocabulary import ConventionState, ReportingState

SAMPLED_IN = 10
"""One line in ten is looked into, and at least one of each figure."""


def state_of(campaign: ReportingCampaign, today: date) -> ReportingState:
    if campaign.final_at is not None:
        return ReportingState.FINAL
    if today < campaign.opens_on:
        return ReportingState.TO_COME
    return ReportingState.OPEN if today <= campaign.closes_on else ReportingState.CLOSED


def get_reporting(session: Session, school_year: str) -> ReportingCampaign | None:
    return session.exec(select(ReportingCampaign).where(ReportingCampaign.school_year == school_year)).first()


def latest_reporting(session: Session) -> ReportingCampaign | None:
    query = select(ReportingCampaign).order_by(col(ReportingCampaign.school_year).desc())
    return session.exec(query).first()


def committee_day(school_year: str) -> date:
    """The first Monday of July that ends the school year."""
    return first_monday_of_july(int(school_year[5:]))


def open_reporting(session: Session, school_year: str, today: date, actor: str) -> ReportingCampaign:
    """Opens the window until the Friday before the committee; every convention that was ever signed has its figures.

    Raises:
        Conflict: `already_open` for that year.
    """
    if get_reporting(session, school_year) is not None:
        raise Conflict("already_open", f"La remontée {school_year} est déjà ouverte.")
    closes_on = max(today, committee_day(school_year) - timedelta(days=3))
    campaign = ReportingCampaign(school_year=school_year, opens_on=today, closes_on=closes_on)
    session.add(campaign)
    session.flush()
    for convention, _ in current_conventions(session):
        if convention_state(session, convention, today).state is ConventionState.DRAFT:
            continue
        session.add_all(
            RealisedFigure(
                campaign_id=row_id(campaign),
                convention_key=convention.key,
                commitment_code=one.code,
                promised=one.minimum,
            )
            for one in commitments_of(session, convention)
        )
    session.flush()
    refresh_counts(session, campaign)
    record(session, actor, "open_reporting", f"reporting:{school_year}", closes_on=str(closes_on))
    return campaign


def refresh_counts(session: Session, campaign: ReportingCampaign) -> None:
    """Counts again whatever nobody has confirmed yet; a word that was given is never written over."""
    if campaign.final_at is not None:
        return
    figures = session.exec(select(RealisedFigure).where(RealisedFigure.campaign_id == campaign.id)).all()
    by_key: dict[str, list[RealisedFigure]] = defaultdict(list)
    for figure in figures:
        by_key[figure.convention_key].append(figure)
    hostings = _hostings(session, [row_id(one) for one in figures])
    for convention, _ in current_conventions(session):
        counted = counted_by_action(session, convention, campaign.school_year)
        by_school = counted_by_school(session, convention, campaign.school_year)
        for figure in by_key[convention.key]:
            if figure.confirmed_at is None:
                figure.counted = counted.get(figure.commitment_code)
                session.add(figure)
            of_figure = {school: n for (code, school), n in by_school.items() if code == figure.commitment_code}
            _refresh_hostings(session, figure, of_figure, hostings)
    session.flush()


def _hostings(session: Session, figure_ids: list[int]) -> dict[tuple[int, int], ReportedHosting]:
    rows = session.exec(select(ReportedHosting).where(col(ReportedHosting.figure_id).in_(figure_ids)))
    return {(one.figure_id, one.school_id): one for one in rows}


def _refresh_hostings(
    session: Session,
    figure: RealisedFigure,
    by_school: dict[int, int],
    hostings: dict[tuple[int, int], ReportedHosting],
) -> None:
    key = row_id(figure)
    known = {school: row for (of, school), row in hostings.items() if of == key}
    for school in sorted(by_school.keys() | known.keys()):
        row = known.get(school) or ReportedHosting(figure_id=key, school_id=school)
        if row.school_at is None:
            row.counted = by_school.get(school, 0)
            session.add(row)


def draw_sample(session: Session, campaign: ReportingCampaign, actor: str) -> int:
    """Draws the lines to look into: the same lines whoever draws, and nobody can choose them. Returns how many.

    Raises:
        Conflict: `already_drawn`.
    """
    query = (
        select(ReportedHosting, RealisedFigure, School.uai)
        .join(RealisedFigure, col(RealisedFigure.id) == col(ReportedHosting.figure_id))
        .join(School, col(School.id) == col(ReportedHosting.school_id))
        .where(RealisedFigure.campaign_id == campaign.id)
    )
    lots: dict[int, list[tuple[str, ReportedHosting]]] = defaultdict(list)
    for row, figure, uai in session.exec(query):
        if row.sampled:
            raise Conflict("already_drawn", "L’échantillon est déjà tiré.")
        lot = f"{campaign.school_year}/{figure.convention_key}/{figure.commitment_code}/{uai}"
        lots[row_id(figure)].append((hashlib.sha256(lot.encode()).hexdigest(), row))
    drawn = 0
    for lot_rows in lots.values():
        for _, row in sorted(lot_rows, key=lambda one: one[0])[: -(-len(lot_rows) // SAMPLED_IN)]:
            row.sampled = True
            session.add(row)
            drawn += 1
    session.flush()
    record(session, actor, "draw_sample", f"reporting:{campaign.school_year}", lines=drawn)
    return drawn


def record_check(session: Session, campaign: ReportingCampaign, hosting_id: int, found: int, actor: str) -> None:
    """What somebody found by looking into a drawn line.

    Raises:
        NotFound: no such drawn line in this campaign.
        ServiceError: `count_invalid`, or `figures_final`.
    """
    refuse_final(campaign)
    query = (
        select(ReportedHosting)
        .join(RealisedFigure, col(RealisedFigure.id) == col(ReportedHosting.figure_id))
        .where(
            ReportedHosting.id == hosting_id,
            RealisedFigure.campaign_id == campaign.id,
            col(ReportedHosting.sampled).is_(True),
        )
    )
    row = session.exec(query).first()
    if row is None:
        raise NotFound
    if not 0 <= found <= 100_000:
        raise ServiceError("count_invalid", "Indiquez un nombre d’élèves, zéro compris.", "found")
    row.found = found
    session.add(row)
    session.flush()
    record(session, actor, "check_hosting", f"reported_hosting:{row.id}", found=found)


def make_final(session: Session, campaign: ReportingCampaign, today: date, now: datetime, actor: str) -> None:
    """From here on nobody changes a figure; what was not confirmed stays without the partner's word.

    Raises:
        Conflict: `figures_final` already, or `window_open` while somebody may still answer.
    """
    refuse_final(campaign)
    waiting = select(RealisedFigure.id).where(
        RealisedFigure.campaign_id == campaign.id, col(RealisedFigure.confirmed_at).is_(None)
    )
    if today <= campaign.closes_on and session.exec(waiting).first() is not None:
        said = "Des chiffres ne sont pas confirmés et la remontée est encore ouverte\u00a0: attendez sa clôture."
        raise Conflict("window_open", said)
    campaign.final_at, campaign.final_by = now, actor
    session.add(campaign)
    session.flush()
    record(session, actor, "make_final", f"reporting:{campaign.school_year}")


def refuse_final(campaign: ReportingCampaign) -> None:
    if campaign.final_at is not None:
        raise Conflict("figures_final", f"Les chiffres {campaign.school_year} sont définitifs.")
