"""Communes found by the hundred, from a name as people write it and a post code: « ST ETIENNE CEDEX 2 », « Lyon 3e ».

Responsible for finding the one meant, or saying why it cannot be known. Two queries whatever the number of places.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from sqlmodel import Session, col, select

from service.domain.territories import find_communes
from service.domain.texts import search_form
from service.errors import ServiceError
from service.persistence.bulk import in_parts
from service.persistence.tables import Commune

_CEDEX = re.compile(r" cedex\b.*$")
_WITH_DISTRICTS = re.compile(r"(paris|lyon|marseille) [0-9].*")
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


def spoken_name(text: str) -> str:
    """The name under which a commune is looked for: no accent, no « cedex », no arrondissement, « st » in full."""
    words = _CEDEX.sub("", search_form(text)).split()
    name = " ".join(_SAINTS.get(word, word) for word in words)
    district = _WITH_DISTRICTS.fullmatch(name)
    return district[1] if district else name


def five_digits(postcode: str) -> str:
    """A post code as five digits: a spreadsheet that takes it for a number drops its leading zero."""
    digits = postcode.replace(" ", "")
    return digits.zfill(5) if digits.isdecimal() and len(digits) == 4 else digits


class CommuneLookup:
    """Every commune that one of `names` may mean, read once."""

    def __init__(self, session: Session, names: Iterable[str]) -> None:
        self._session = session
        self._by_name: dict[str, list[Commune]] = defaultdict(list)
        self._by_postcode: dict[str, list[Commune]] = {}
        wanted = sorted({spoken_name(name) for name in names} - {""})
        for some in in_parts(wanted):
            query = select(Commune).where(col(Commune.search_name).in_(some))
            for commune in session.exec(query.order_by(col(Commune.insee))):
                self._by_name[commune.search_name].append(commune)

    def find(self, name: str, postcode: str) -> Commune:
        """
        Raises:
            ServiceError: none of that name, several, or one that the post code contradicts.
        """
        digits = five_digits(postcode)
        if not name:
            return self._only_one_of(digits)
        candidates = self._by_name[spoken_name(name)]
        if not candidates:
            message = (
                f"Aucune commune ne s’appelle «\u00a0{name[:40]}\u00a0». Vérifiez l’orthographe, sans abréviation."
            )
            raise ServiceError("commune_unknown", message, "insee")
        if not digits:
            return self._single(candidates, name)
        exact = [one for one in candidates if digits in one.postcodes]
        # a « cedex » code is in no list: it still says the département
        near = exact or [one for one in candidates if _same_department(one, digits)]
        if not near:
            message = f"Le code postal {digits[:10]} n’est pas à {candidates[0].name}. Vérifiez l’un et l’autre."
            raise ServiceError("commune_contradicted", message, "insee")
        return self._single(near, name)

    def _single(self, candidates: list[Commune], name: str) -> Commune:
        if len(candidates) > 1:
            where = ", ".join(one.department_code for one in candidates[:8])
            message = (
                f"{len(candidates)} communes s’appellent «\u00a0{name[:40]}\u00a0» ({where}). Ajoutez le code "
                "postal ou le code INSEE."
            )
            raise ServiceError("commune_ambiguous", message, "insee")
        return candidates[0]

    def _only_one_of(self, digits: str) -> Commune:
        if not re.fullmatch(r"[0-9]{5}", digits):
            raise ServiceError("commune_missing", "La commune manque. Indiquez son nom et son code postal.", "insee")
        if digits not in self._by_postcode:
            self._by_postcode[digits] = find_communes(self._session, digits)
        found = self._by_postcode[digits]
        if not found:
            raise ServiceError("commune_unknown", f"Aucune commune n’a le code postal {digits}.", "insee")
        if len(found) > 1:
            message = f"{len(found)} communes ont le code postal {digits}. Indiquez le nom de la commune."
            raise ServiceError("commune_ambiguous", message, "insee")
        return found[0]


def _same_department(commune: Commune, digits: str) -> bool:
    code = commune.department_code
    if code in ("2A", "2B"):
        return digits.startswith("20")
    return digits.startswith(code)
