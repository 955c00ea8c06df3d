"""Every table of a round that can be taken away, under its key, with what it holds in words.

Responsible for the list alone. Refuses to know a file format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from service.domain import cut_tables, exports, finding_tables
from service.domain.exports import ExportTable
from service.domain.perimeters import Area
from service.errors import NotFound
from service.persistence.tables import AllocationRound


@dataclass(frozen=True, slots=True)
class RoundTable:
    """`sheet` names it in a workbook, 31 signs at most; `label` says what one row is."""

    sheet: str
    label: str
    read: Callable[..., ExportTable]
    """Of a session and a round, and of an area when it `can_be_cut`."""
    can_be_cut: bool = False
    """Whether each row belongs to one place, so that the rows of a territory stand alone."""


TABLES: Mapping[str, RoundTable] = {
    "affectations": RoundTable(
        "Affectations", "Affectations, une ligne par élève et par hôte", exports.placed, can_be_cut=True
    ),
    "non-places": RoundTable("Non placés", "Élèves non placés, avec la raison", exports.unplaced, can_be_cut=True),
    "etablissements": RoundTable("Établissements", "Établissements", exports.schools, can_be_cut=True),
    "classes": RoundTable("Classes", "Classes", cut_tables.classes, can_be_cut=True),
    "niveaux": RoundTable("Niveaux", "Niveaux", cut_tables.levels),
    "categories": RoundTable("Catégories", "Catégories d’établissements", cut_tables.categories),
    "departements": RoundTable("Départements", "Départements", cut_tables.departments, can_be_cut=True),
    "secteurs": RoundTable("Secteurs", "Secteurs", cut_tables.sectors),
    "accueil": RoundTable("Accueil", "Partenaires qui accueillent", cut_tables.hosts),
    "conventions": RoundTable("Lignes de convention", "Lignes de convention", exports.lines),
    "voeux": RoundTable("Vœux", "Vœux obtenus", cut_tables.wishes),
    "distances": RoundTable("Distances", "Distances", cut_tables.trips),
    "objectifs": RoundTable("Objectifs", "Objectifs, valeurs et bornes", cut_tables.aims),
    "ou-demarcher": RoundTable(
        "Où démarcher", "Places qui aideraient le plus", finding_tables.wanted_seats, can_be_cut=True
    ),
    "places-vides": RoundTable(
        "Places vides", "Places vides et sites complets", finding_tables.openings, can_be_cut=True
    ),
    "leviers": RoundTable("Plus petits changements", "Plus petits changements", finding_tables.levers),
    "changements": RoundTable(
        "Changements", "Élèves dont la place change par rapport au tour précédent", exports.moves, can_be_cut=True
    ),
    "tour-precedent": RoundTable("Tour précédent", "Écart avec le tour précédent", cut_tables.before),
}


def export_rows(session: Session, found: AllocationRound, table: str, area: Area = None) -> ExportTable:
    """One table of `TABLES` for a computed round, the rows of an area alone when one is given.

    Raises:
        NotFound: no table has that key, or not one that can be cut.
    """
    asked = TABLES.get(table)
    if asked is None or (area is not None and not asked.can_be_cut):
        raise NotFound
    return asked.read(session, found, area) if asked.can_be_cut else asked.read(session, found)
