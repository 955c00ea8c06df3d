"""Finding a commune without script: a first sending looks it up, the choice comes back in the page.

Shared by the forms that place something on the map. Refuses to know what is placed.
"""

from __future__ import annotations

from typing import Any

from service.domain.territories import find_communes
from service.domain.texts import search_form
from service.errors import ServiceError
from service.persistence.tables import Commune

COMMUNES_SHOWN = 12


def look_up(reader: Any, text: str) -> list[Commune]:
    """The communes the text may mean."""
    return find_communes(reader, text, COMMUNES_SHOWN)


def chosen_commune(found: list[Commune], text: str, ticked: str | None) -> str:
    """The commune meant: the one ticked, the only one found, or the only one of that exact name.

    Raises:
        ServiceError: none or several fit, and which it is has to be said.
    """
    if ticked:
        return ticked
    exact = [one for one in found if search_form(one.name) == search_form(text)]
    for candidates in (found, exact):
        if len(candidates) == 1:
            return candidates[0].insee
    if found:
        raise ServiceError("commune_ambiguous", "Plusieurs communes conviennent\u00a0: cochez la bonne.", "commune")
    message = f"Aucune commune ne s’appelle «\u00a0{text[:40]}\u00a0». Essayez le début du nom, ou le code postal."
    raise ServiceError("commune_unknown", message, "commune")
