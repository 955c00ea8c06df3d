"""Words of a cell read as values of the service: a sector, a level, needs, a whole number.

Responsible for what people write for one same thing, and for a refusal that says what could have been meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from service.domain.texts import search_form
from service.errors import ServiceError
from service.imports.faults import quoted
from service.vocabulary import NEED_LABELS, Level, Need, Priority

_LEVEL_NAMES: Mapping[Level, tuple[str, ...]] = {
    Level.TROISIEME: ("3e", "3eme", "3ème", "troisième", "3", "2116"),
    Level.TROISIEME_PREPA_METIERS: (
        "3e prépa métiers",
        "3e prépa-métiers",
        "3eme prepa metiers",
        "prépa métiers",
        "3PM",
    ),
    Level.SECONDE_GT: (
        "2de",
        "2nde",
        "2de GT",
        "2nde GT",
        "2de générale et technologique",
        "seconde",
        "seconde GT",
        "seconde générale et technologique",
        "2GT",
        "2",
        "2211",
    ),
}
LEVELS: Mapping[str, Level] = {search_form(name): level for level, names in _LEVEL_NAMES.items() for name in names}
NEEDS: Mapping[str, Need] = {search_form(label): need for need, label in NEED_LABELS.items()}
_SEPARATORS = re.compile(r"[,;/|\n]| et ")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")


_RESERVED = re.compile(
    r"(?:(?P<first>[0-9]{1,4})\s*)?(?P<name>REP\s*\+|REP|QPV|rural|rurale|ruraux)(?:\s*:?\s*(?P<last>[0-9]{1,4}))?",
    re.IGNORECASE,
)
_RESERVED_FOR: Mapping[str, Priority] = {"rep+": Priority.REP_PLUS, "rep": Priority.REP, "qpv": Priority.QPV}


def read_reserved(text: str) -> dict[str, int]:
    """«REP 2, rural 1», «2 REP+»: reserved seats by category.

    Raises:
        ServiceError: `reserved_unreadable`, a part without its number or its category, or a category twice.
    """
    found: dict[str, int] = {}
    for part in (one.strip() for one in re.split(r"[,;/\n]", text)):
        if not part:
            continue
        read = _RESERVED.fullmatch(part)
        numbers = [one for one in (read["first"], read["last"]) if one] if read else []
        key = _RESERVED_FOR.get("".join(read["name"].lower().split()), Priority.RURAL) if read else ""
        if len(numbers) != 1 or key in found:
            raise ServiceError(
                "reserved_unreadable",
                f"{quoted(part)} ne se lit pas comme des places réservées. Écrivez par exemple «\u00a0REP 2, rural "
                "1\u00a0» (REP+, REP, QPV ou rural).",
                "reserved",
            )
        found[key] = int(numbers[0])
    return found


def sector_names(labels: Mapping[str, str]) -> dict[str, str]:
    """Key of a sector by each form it may be written in."""
    return {search_form(name): key for key, label in labels.items() for name in (key, label)}


def read_sector(text: str, names: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """
    Raises:
        ServiceError: `sector_unknown`, with the closest label there is.
    """
    key = names.get(search_form(text))
    if key is None:
        near = difflib.get_close_matches(search_form(text), names, n=1, cutoff=0.6)
        meant = (
            f"Vouliez-vous dire {quoted(labels[names[near[0]]])}\u00a0?"
            if near
            else "Reprenez un libellé de la liste des secteurs."
        )
        raise ServiceError("sector_unknown", f"Le secteur {quoted(text)} n’existe pas. {meant}")
    return key


def read_level(text: str) -> Level:
    """
    Raises:
        ServiceError: `level_unknown`.
    """
    level = LEVELS.get(search_form(text))
    if level is None:
        message = f"Le niveau {quoted(text)} n’est pas connu. Écrivez 3e, 3e prépa métiers ou 2de."
        raise ServiceError("level_unknown", message)
    return level


def read_needs(text: str) -> tuple[Need, ...]:
    """Functional needs, separated by commas.

    Raises:
        ServiceError: `need_unknown`; free text would end up holding a diagnosis.
    """
    found = []
    for part in filter(None, map(str.strip, _SEPARATORS.split(text))):
        need = NEEDS.get(search_form(part))
        if need is None:
            known = ", ".join(NEED_LABELS.values())
            message = f"Le besoin {quoted(part)} n’est pas dans la liste. Choix possibles\u00a0: {known}."
            raise ServiceError("need_unknown", message)
        found.append(need)
    return tuple(dict.fromkeys(found))


def read_whole_number(text: str, what: str) -> int:
    """
    Raises:
        ServiceError: `not_a_number`; digits of other scripts, signs and decimals are refused.
    """
    if not _WHOLE_NUMBER.fullmatch(text):
        raise ServiceError("not_a_number", f"{what}\u00a0: {quoted(text)} n’est pas un nombre entier.")
    return int(text)
