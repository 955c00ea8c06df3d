"""What a round teaches, as tables to export: seats worth having, openings with free seats or worth one more, changes.

Responsible for columns and their order; the rows are `service.domain.findings`'.
"""

from __future__ import annotations

from datetime import date

from sqlmodel import Session, col, select

from service.domain.campaigns import get_campaign
from service.domain.exports import Cell, ExportTable
from service.domain.findings import changes_wanted, hosts_named, openings_found, periods_named, seats_wanted
from service.domain.fix_subjects import fix_of
from service.domain.perimeters import Area
from service.persistence.tables import AllocationRound, Period, QuotaLine, Sector
from service.vocabulary import EMPTY_SEATS_LABELS, FIX_LABELS, LEVEL_LABELS


def _periods(session: Session, found: AllocationRound) -> dict[str, Period]:
    return periods_named(session, get_campaign(session, found.campaign_id).school_year)


def _sectors(session: Session) -> dict[str, str]:
    return dict(session.exec(select(Sector.key, Sector.label)).all())


def _days(periods: dict[str, Period], key: str) -> tuple[date | None, date | None]:
    period = periods.get(key)
    return (None, None) if period is None else (period.starts_on, period.ends_on)


def wanted_seats(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    periods, sectors = _periods(session, found), _sectors(session)
    rows: list[tuple[Cell, ...]] = [
        (
            one.department_code,
            LEVEL_LABELS.get(one.level, one.level),
            *_days(periods, one.period_id),
            sectors.get(one.sector, one.sector),
            one.unplaced,
            one.movers,
        )
        for one in seats_wanted(session, found, area)
    ]
    columns = (
        "Département",
        "Niveau",
        "Début",
        "Fin",
        "Secteur",
        "Élèves sans place qui la prendraient",
        "Élèves placés dont le départ en placerait un autre",
    )
    return ExportTable(columns, rows)


def openings(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    periods, sectors = _periods(session, found), _sectors(session)
    rows: list[tuple[Cell, ...]] = [
        (
            one.offer_id,
            one.partner,
            one.site,
            one.department_code,
            LEVEL_LABELS.get(one.level, one.level),
            sectors.get(one.sector, one.sector),
            *_days(periods, one.period_id),
            one.seats,
            EMPTY_SEATS_LABELS.get(one.reason, ""),
            "oui" if one.one_more else "non",
            one.pupils,
            one.unplaced,
            one.prefer,
            one.kept_out,
        )
        for one in openings_found(session, found, area)
    ]
    columns = (
        "Offre",
        "Partenaire",
        "Site",
        "Département",
        "Niveau",
        "Secteur",
        "Début",
        "Fin",
        "Places vides",
        "Raison",
        "Une place de plus en place un",
        "Élèves possibles",
        "dont sans place",
        "dont préféreraient y être",
        "Élèves écartés par la raison",
    )
    return ExportTable(columns, rows)


def levers(session: Session, found: AllocationRound) -> ExportTable:
    wanted = changes_wanted(session, found)
    periods = _periods(session, found)
    fixes = [fix_of(one.kind, one.subject) for one in wanted]
    hosts = hosts_named(session, {int(fix["offer"]) for fix in fixes if "offer" in fix})
    lines = {str(key): label for key, label in session.exec(select(col(QuotaLine.id), col(QuotaLine.label)))}
    rows: list[tuple[Cell, ...]] = []
    for one, fix in zip(wanted, fixes, strict=True):
        host = hosts.get(int(fix.get("offer", 0)))
        rows.append(
            (
                FIX_LABELS[one.kind],
                "" if host is None else host.partner,
                "" if host is None else host.site,
                "" if host is None else host.department_code,
                *_days(periods, fix.get("period", "")),
                lines.get(fix.get("line", ""), ""),
                fix.get("extra_km"),
                one.pupils,
            )
        )
    columns = (
        "Changement",
        "Partenaire",
        "Site",
        "Département",
        "Début",
        "Fin",
        "Ligne",
        "Kilomètres de plus",
        "Élèves dont c’est le plus petit changement",
    )
    return ExportTable(columns, rows)
