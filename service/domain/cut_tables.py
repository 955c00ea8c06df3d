"""A round's cuts as tables to export: levels, categories, départements, classes, sectors, hosts, wishes, trips, aims.

Responsible for columns and their order; every count is `service.domain.placements`' or `service.domain.round_cuts`'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from service.domain.exports import Cell, ExportTable
from service.domain.perimeters import Area
from service.domain.placements import round_summary
from service.domain.round_cuts import (
    beside_the_one_before,
    classes_of_round,
    partners_of_round,
    sectors_of_round,
)
from service.persistence.tables import AllocationRound
from service.vocabulary import LEVEL_LABELS, PRIORITY_LABELS, TIER_LABELS

FIRST_COME = "Placés au premier arrivé"


def levels(session: Session, found: AllocationRound) -> ExportTable:
    theirs = first_come(found, "by_level")
    rows: list[tuple[Cell, ...]] = [
        (LEVEL_LABELS[level], share.pupils, share.placed, share.unplaced, theirs.get(level))
        for level, share in round_summary(session, found).by_level.items()
    ]
    return ExportTable(("Niveau", "Élèves", "Placés", "Non placés", FIRST_COME), rows)


def categories(session: Session, found: AllocationRound) -> ExportTable:
    theirs = first_come(found, "by_priority")
    rows: list[tuple[Cell, ...]] = [
        (PRIORITY_LABELS[priority], share.pupils, share.placed, share.unplaced, theirs.get(priority))
        for priority, share in round_summary(session, found).by_priority.items()
    ]
    return ExportTable(("Catégorie", "Élèves", "Placés", "Non placés", FIRST_COME), rows)


def departments(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    theirs = first_come(found, "by_department")
    rows: list[tuple[Cell, ...]] = [
        (one.code, one.name, one.pupils, one.placed, one.pupils - one.placed, one.seats, theirs.get(one.code))
        for one in round_summary(session, found, area).departments
    ]
    columns = ("Département", "Nom", "Élèves", "Placés", "Non placés", "Places ouvertes", FIRST_COME)
    return ExportTable(columns, rows)


def first_come(found: AllocationRound, cut: str) -> Mapping[str, int]:
    """The pupils whom first come, first served places, by the values of a cut; a value nobody has counts 0."""
    kept: Mapping[str, Any] | None = found.figures.get("first_come")
    return {} if kept is None else _Zero(kept[cut])


class _Zero(dict[str, int]):
    """Counts in which what is absent is 0, not unknown."""

    def get(self, key: str, default: Any = 0) -> Any:
        return super().get(key, default)


def classes(session: Session, found: AllocationRound, area: Area = None) -> ExportTable:
    rows: list[tuple[Cell, ...]] = [
        (
            one.uai,
            one.school,
            one.department_code,
            one.name,
            LEVEL_LABELS[one.level],
            one.share.pupils,
            one.share.placed,
            one.share.unplaced,
        )
        for one in classes_of_round(session, found, area)
    ]
    columns = ("UAI", "Établissement", "Département", "Classe", "Niveau", "Élèves", "Placés", "Non placés")
    return ExportTable(columns, rows)


def sectors(session: Session, found: AllocationRound) -> ExportTable:
    rows: list[tuple[Cell, ...]] = [
        (one.label, one.seats, one.wished, one.placed, one.first) for one in sectors_of_round(session, found)
    ]
    columns = ("Secteur", "Places ouvertes", "Premiers vœux", "Affectés", "Affectés dont c’était le premier vœu")
    return ExportTable(columns, rows)


def hosts(session: Session, found: AllocationRound) -> ExportTable:
    rows: list[tuple[Cell, ...]] = [
        (one.partner, one.convention, one.sites, one.placed) for one in partners_of_round(session, found)
    ]
    return ExportTable(("Partenaire", "Convention", "Sites", "Affectés"), rows)


def wishes(session: Session, found: AllocationRound) -> ExportTable:
    """By rank of the wish obtained, those without a place last."""
    summary = round_summary(session, found)
    theirs, outside = first_come(found, "by_rank"), found.figures["outside_rank"]
    rows: list[tuple[Cell, ...]] = [
        (f"Vœu {rank}", count, theirs.get(str(rank))) for rank, count in summary.wishes.by_rank.items()
    ]
    rows += [
        ("Autre secteur", summary.wishes.outside, theirs.get(str(outside))),
        ("Sans vœu", summary.wishes.without_wishes, theirs.get("0")),
        ("Aucune place", summary.share.unplaced, _unplaced_first_come(found)),
    ]
    return ExportTable(("Obtenu", "Élèves", "Au premier arrivé"), rows)


def _unplaced_first_come(found: AllocationRound) -> int | None:
    return found.pupils - found.baseline["placed"] if "placed" in found.baseline else None


def trips(session: Session, found: AllocationRound) -> ExportTable:
    rows: list[tuple[Cell, ...]] = [(one.from_km, one.to_km, one.pupils) for one in round_summary(session, found).trips]
    return ExportTable(("À partir de (km)", "Moins de (km)", "Élèves placés"), rows)


def aims(_session: Session, found: AllocationRound) -> ExportTable:
    rows: list[tuple[Cell, ...]] = [
        (number, TIER_LABELS[tier["tier"]], tier["value"], tier["bound"], tier["proof"])
        for number, tier in enumerate(found.tiers, start=1)
    ]
    return ExportTable(("Ordre", "Objectif", "Valeur atteinte", "Borne", "Preuve"), rows)


def before(session: Session, found: AllocationRound) -> ExportTable:
    """Nothing for the first round of a campaign."""
    told = beside_the_one_before(session, found)
    columns = ("Mesure", "Élèves")
    if told is None:
        return ExportTable(columns, [])
    rows: list[tuple[Cell, ...]] = [
        (f"Placés par {told.title.lower()}", told.placed),
        ("Placés par ce tour", found.placed),
        ("Gagnent une place", told.gained),
        ("Perdent leur place", told.lost),
        ("Changent de place", told.moved),
        ("Gardent leur place", told.same),
    ]
    return ExportTable(columns, rows)
