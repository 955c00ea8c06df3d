"""Why a pupil has no place, in one sentence with its facts: for the school, the coordinator and the exports alike.

Responsible for words only: the reason and its facts come from the round, and the verifier has checked them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.domain.texts import french_list
from service.vocabulary import REASON_LABELS
from service.web.french import counted, distance, typeset


def reason_sentence(reason: str, facts: Mapping[str, Any], lines: Mapping[str, str]) -> str:
    """`lines` gives the label of each quota line by its identifier."""
    said = REASON_LABELS[reason]
    detail = _detail(reason, facts, lines)
    return typeset(f"{said} : {detail}." if detail else f"{said}.")


def _detail(reason: str, facts: Mapping[str, Any], lines: Mapping[str, str]) -> str:
    reachable = counted(int(facts.get("reachable_offers", 0)), "offre à portée", "offres à portée")
    if reason == "no_offer_of_level_in_reach":
        return _elsewhere(facts.get("nearest_m"), int(facts.get("in_other_departments", 0)))
    if reason == "quota_ceiling":
        full = [lines.get(str(line), "ligne inconnue") for line in facts.get("lines", ())]
        return f"{french_list(full)} ({reachable})"
    return reachable


def _elsewhere(nearest: int | None, in_other_departments: int) -> str:
    """Where the nearest is, and how many a request's own list of départements keeps out."""
    near = "" if nearest is None else f"la plus proche est à {distance(nearest)}"
    if not in_other_departments:
        return near or "le territoire n’en compte aucune"
    kept_out = counted(in_other_departments, "offre à cette distance est", "offres à cette distance sont")
    said = f"{kept_out} dans des départements que la demande n’accepte pas"
    return f"{said} ; dans les autres, {near}" if near else said


def way_out(reason: str) -> str:
    """What would change it."""
    return typeset(_WAYS_OUT[reason])


_WAYS_OUT: Mapping[str, str] = {
    "no_offer_of_level_in_reach": (
        "Accepter une distance plus grande ou d’autres départements, ou démarcher une structure proche."
    ),
    "periods_not_open": "Accepter d’autres semaines, ou demander aux partenaires d’en ouvrir.",
    "needs_not_served": "Demander à un site à portée de répondre au besoin d’accessibilité.",
    "banned": "Revoir les exclusions saisies pour cet élève.",
    "all_seats_taken": "Publier des places à portée de ces établissements.",
    "quota_ceiling": "Demander au partenaire de relever son plafond.",
    "school_maximum": "Demander à la structure de relever son maximum par établissement.",
    "other_placement_then": "Avancer ou reculer l’une des deux séquences de l’élève.",
    "group_too_large": "Accepter de partager le groupe, ou publier une offre assez grande.",
    "minimum_group": "Réunir davantage d’élèves de l’établissement, ou demander d’abaisser le minimum.",
}
