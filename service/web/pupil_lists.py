"""A list of pupils as a school pastes it: one line each, « Prénom N. ; vœu 1 ; vœu 2 ; vœu 3 ; besoins ; groupe ».

Reads and writes that text. Every line that cannot be read is named with its number and its wrong value; the caller
decides nothing as long as one is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.domain.texts import search_form
from service.errors import Refusals, ServiceError
from service.vocabulary import NEED_LABELS, Need

FIELD = "pupil_list"
WISHES = 3
_COLUMNS = WISHES + 3
_MOST_REFUSALS = 20


@dataclass(frozen=True)
class PupilLine:
    """One pupil as written: the name the school uses, sectors in order of preference, functional needs, group."""

    display_name: str
    wishes: tuple[str, ...]
    needs: tuple[Need, ...]
    together: str = ""


def read_list(text: str, sector_labels: Mapping[str, str]) -> list[PupilLine]:
    """The pupils of the list; sectors are given by their label, without regard to accents or capitals.

    Raises:
        Refusals: one per unreadable line.
    """
    sectors = {search_form(name): key for key, label in sector_labels.items() for name in (label, key)}
    pupils: list[PupilLine] = []
    refusals: list[ServiceError] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip(" ;\t\u00a0\u202f"):
            continue
        try:
            pupils.append(_read_line(line, sectors))
        except ServiceError as refusal:
            refusals.append(ServiceError(refusal.code, f"Ligne {number}\u00a0: {refusal.message}", FIELD))
    if refusals:
        raise Refusals(refusals[:_MOST_REFUSALS])
    return pupils


def _read_line(line: str, sectors: Mapping[str, str]) -> PupilLine:
    cells = [" ".join(cell.split()) for cell in line.replace("\t", ";").split(";")]
    if not cells[0]:
        raise ServiceError("pupil_name_missing", "le prénom manque avant le premier point-virgule.")
    if len(cells) > _COLUMNS:
        raise ServiceError(
            "pupil_line_too_long",
            f"{len(cells)} colonnes au lieu de {_COLUMNS} au plus (prénom, trois vœux, besoins, groupe).",
        )
    name, *wished, needed, together = cells + [""] * (_COLUMNS - len(cells))
    wishes = tuple(_sector(cell, sectors) for cell in wished if cell)
    return PupilLine(name, wishes, tuple(_need(cell) for cell in needed.split(",") if cell), together)


def _sector(cell: str, sectors: Mapping[str, str]) -> str:
    found = sectors.get(search_form(cell))
    if found is None:
        raise ServiceError(
            "sector_unknown",
            f"le secteur «\u00a0{cell[:40]}\u00a0» n’existe pas. Reprenez un libellé de la liste des secteurs.",
        )
    return found


def _need(cell: str) -> Need:
    for need, label in NEED_LABELS.items():
        if search_form(cell) == search_form(label):
            return need
    known = ", ".join(NEED_LABELS.values())
    raise ServiceError(
        "need_unknown", f"le besoin «\u00a0{cell.strip()[:40]}\u00a0» n’est pas connu. Choix possibles\u00a0: {known}."
    )


def write_list(pupils: Iterable[PupilLine], sector_labels: Mapping[str, str]) -> str:
    """The text that `read_list` reads back to the same pupils."""
    return "\n".join(_write_line(pupil, sector_labels) for pupil in pupils)


def _write_line(pupil: PupilLine, sector_labels: Mapping[str, str]) -> str:
    wishes = [sector_labels[key] for key in pupil.wishes]
    needs = ", ".join(NEED_LABELS[need] for need in pupil.needs)
    cells = [pupil.display_name, *wishes, *[""] * (WISHES - len(wishes)), needs, pupil.together]
    while not cells[-1]:
        cells.pop()
    return " ; ".join(cells)
