"""A round's rows for whoever wants to recount them: pseudonyms, never names.

Responsible for the columns of each table and for their order. Refuses to know a file format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.moves import Place, moves_between, reference_of
from service.domain.perimeters import Area, within
from service.domain.placements import round_summary, unplaced_of_round
from service.domain.quota_lines import load_quota_tree
from service.domain.round_lines import lines_of_round
from service.persistence.bulk import Selection, fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    AllocationRound,
    ClassGroup,
    Commitment,
    Commune,
    Convention,
    Offer,
    Opening,
    Partner,
    PartnerMember,
    Period,
    Placement,
    Pupil,
    School,
    Site,
)
from service.vocabulary import FIX_LABELS, LEVEL_LABELS, MOVE_LABELS, PRIORITY_LABELS, REASON_LABELS

Cell = str | int | float | date | None


@dataclass(frozen=True, slots=True)
class ExportTable:
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


PLACED_COLUMNS = (
    "Élève",
    "UAI",
    "Établissement",
    "Département de l’établissement",
    "Classe",
    "Niveau",
    "Début",
    "Fin",
    "Offre",
    "Partenaire",
    "Entreprise d’accueil",
    "Site",
    "Commune",
    "Département du site",
    "Secteur",
    "Convention",
    "Ligne",
    "Rang du vœu obtenu",
    "Trajet (m)",
)


def placed(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    tree = load_quota_tree(session)
    rows: list[tuple[Cell, ...]] = []
    for level, commitment, *cells in fetch(session, _placed_statement(found, area)):
        pseudonym, uai, school, home, class_name, start, end, offer, *host, department, sector, key, rank, trip = cells
        line = tree.line_of(key, commitment or "", level, department)
        asked = (pseudonym, uai, school, home, class_name, LEVEL_LABELS[level])
        label = "" if line is None else tree.lines[line].label
        rows.append((*asked, start, end, offer, *host, department, sector, key or "", label, rank or None, trip))
    return ExportTable(PLACED_COLUMNS, rows)


def _placed_statement(found: AllocationRound, area: Area) -> Selection:
    return (
        select(
            col(ClassGroup.level),
            col(Commitment.code),
            col(Pupil.pseudonym),
            col(School.uai),
            col(School.name),
            col(School.department_code),
            col(ClassGroup.name),
            col(Period.starts_on),
            col(Period.ends_on),
            col(Offer.id),
            col(Partner.name),
            col(PartnerMember.name),
            col(Site.name),
            col(Commune.name),
            col(Site.department_code),
            col(Offer.sector),
            col(Convention.key),
            col(Placement.rank),
            col(Placement.trip_m),
        )
        .select_from(Placement)
        .join(Pupil, col(Pupil.id) == col(Placement.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .join(Period, col(Period.id) == col(Placement.period_id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .outerjoin(PartnerMember, col(PartnerMember.id) == col(Site.member_id))
        .outerjoin(Convention, col(Convention.id) == col(Offer.convention_id))
        .outerjoin(Commitment, col(Commitment.id) == col(Offer.commitment_id))
        .where(col(Placement.round_id) == found.id, within(col(School.department_code), area))
        .order_by(col(School.uai), col(ClassGroup.name), col(Pupil.pseudonym), col(Period.starts_on))
    )


UNPLACED_COLUMNS = (
    "Élève",
    "UAI",
    "Établissement",
    "Département de l’établissement",
    "Classe",
    "Niveau",
    "Motif",
    "Plus petit changement",
    "Offres à portée",
    "Offre la plus proche (m)",
    "Offres complètes",
    "Lignes au plafond",
)


def unplaced(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    _, rows = unplaced_of_round(session, found, area=area, limit=None)
    return ExportTable(
        UNPLACED_COLUMNS,
        [
            (
                row.pseudonym,
                row.uai,
                row.school,
                row.department_code,
                row.class_name,
                LEVEL_LABELS[row.level],
                REASON_LABELS[row.reason],
                FIX_LABELS.get(row.fix_kind, ""),
                row.facts.get("reachable_offers"),
                row.facts.get("nearest_m"),
                _joined(row.facts.get("offers", ())),
                _joined(row.facts.get("lines", ())),
            )
            for row in rows
        ],
    )


def _joined(keys: Sequence[str]) -> str:
    return ", ".join(keys)


def schools(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    columns = ("UAI", "Établissement", "Département", "Catégorie", "Élèves", "Placés", "Non placés")
    rows: list[tuple[Cell, ...]] = [
        (
            one.uai,
            one.name,
            one.department_code,
            PRIORITY_LABELS[one.priority],
            one.share.pupils,
            one.share.placed,
            one.share.unplaced,
        )
        for one in round_summary(session, found, area).schools
    ]
    return ExportTable(columns, rows)


def moves(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    columns = (
        "Élève",
        "UAI",
        "Établissement",
        "Département de l’établissement",
        "Classe",
        "Changement",
        "Avant : offre",
        "Avant : site",
        "Avant : dates",
        "Après : offre",
        "Après : site",
        "Après : dates",
    )
    against = reference_of(session, found)
    changed = moves_between(session, row_id(against), row_id(found), area) if against is not None else []
    rows: list[tuple[Cell, ...]] = [
        (
            one.pseudonym,
            one.uai,
            one.school,
            one.department_code,
            one.class_name,
            MOVE_LABELS[one.kind],
            *_place(one.before),
            *_place(one.after),
        )
        for one in changed
    ]
    return ExportTable(columns, rows)


def _place(place: Place | None) -> tuple[Cell, ...]:
    return (None, "", "") if place is None else (place.offer_id, f"{place.partner}, {place.site}", place.when_fr)


def lines(session: Session, found: AllocationRound) -> ExportTable:
    columns = ("Convention", "Ligne", "Niveau", "Engagement", "Plafond", "Places ouvertes", "Affectés")
    rows: list[tuple[Cell, ...]] = [
        (
            fill.convention_key,
            fill.label,
            LEVEL_LABELS.get(fill.level, fill.level),
            fill.commitment,
            fill.ceiling,
            fill.seats,
            fill.placed,
        )
        for fill in lines_of_round(session, found)
    ]
    return ExportTable(columns, rows)
