"""The deed's data in French sentences: renewal, notice, termination, steering, actions, units.

Responsible for words only. Refuses to know dates, states and figures: the domain computes those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.domain.texts import french_list
from service.web.french import counted, day_short, number, typeset

NO_NUMBER = "non chiffré"
NOT_WRITTEN = "l’acte ne le dit pas"

ACTIONS: Mapping[str, str] = {
    "discovery_activity": "Activités de découverte des métiers",
    "observation": "Séquence d’observation",
    "observation_1w": "Séquence d’observation d’une semaine",
    "observation_2w": "Séquence d’observation de deux semaines",
    "immersion_1_4w": "Stage d’immersion d’une à quatre semaines",
    "hosting_and_guide": "Accueil en séquence d’observation et guide d’accueil",
    "staff_immersion_1_5d": "Immersion de personnels, d’un à cinq jours",
    "workshops_and_meetings": "Ateliers et rencontres",
}
UNITS: Mapping[str, tuple[str, str]] = {
    "hosting": ("possibilité d’accueil", "possibilités d’accueil"),
    "staff": ("collaborateur mobilisé", "collaborateurs mobilisés"),
    "activity": ("activité", "activités"),
}
THROUGH: Mapping[str, str] = {
    "": "le partenaire",
    "member_companies": "les entreprises adhérentes",
    "network_companies": "les entreprises du réseau",
}
RENEWALS: Mapping[str, str] = {
    "by_discussion": "à discuter entre les parties avant l’échéance ; aucune tacite reconduction",
    "none_tacit": "sur demande ; la tacite reconduction est exclue",
    "tacit": "tacite reconduction possible",
}
NOTICES: Mapping[str, str] = {
    "information": "le partenaire informe l’État",
    "written_request": "le partenaire adresse une demande écrite",
}
TERMINATION_BY: Mapping[str, str] = {
    "either_party": "par l’une des parties",
    "mutual_consent": "d’un commun accord seulement",
}
TERMINATION_FORMS: Mapping[str, str] = {
    "written": "par écrit",
    "registered_letter": "par lettre recommandée",
    "unstated": "",
}
TERMINATION_EFFECTS: Mapping[str, str] = {
    "months_after_receipt": "effet au plus tôt {months} mois après réception",
    "next_school_year": "effet à la rentrée scolaire suivante",
    "unstated": "",
}
BODIES: Mapping[str, str] = {
    "national_committee": "Comité de pilotage national des conventions de découverte",
    "follow_up_group": "Groupe de suivi",
    "yearly_meeting": "Rencontre annuelle",
}
CYCLES: Mapping[str, str] = {
    "first_monday_of_july": "une fois par an, le premier lundi de juillet",
    "at_least_once_a_year": "au moins une fois par an",
    "once_a_year": "une fois par an",
}
GATES: Mapping[str, str] = {"personal_data": "Données personnelles", "logo": "Logos"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of « ce que dit l’acte »."""

    term: str
    said: str
    article: str = ""


def facts_of(document: Mapping[str, Any], signed_on: date | None, term_years: int) -> list[Fact]:
    """What the deed itself says, in the order a reader looks for it."""
    facts = [
        Fact("Parties", f"{document['state_party']['name']} et {document['partner']['name']}"),
        Fact("Représentants", _people(document["representatives"])),
        Fact("Signataires", _people(document["signatories"])),
        Fact("Signature", day_short(signed_on) if signed_on else "l’acte n’est pas daté"),
        Fact("Durée", counted(term_years, "an")),
        Fact("Renouvellement", _renewal(document["renewal"]), document["renewal"]["article"]),
        Fact("Préavis", *_notice(document["notice"])),
        Fact("Dénonciation", _termination(document["termination"]), document["termination"]["article"]),
        Fact("Pilotage", _steering(document["steering"]), document["steering"]["article"]),
        Fact("Chiffres réalisés", _realised(document)),
    ]
    parent = document.get("parent_convention")
    if parent:
        held = "texte détenu" if parent["held"] else "texte non détenu : ses clauses ne sont pas reprises ici"
        facts.append(Fact("Convention annexée", f"{parent['title']} ({held})", parent["article"]))
    if document["relays"]:
        facts.append(Fact("Relais locaux", french_list(list(document["relays"]))))
    return [Fact(fact.term, typeset(fact.said), fact.article) for fact in facts]


def _people(people: Sequence[Mapping[str, str]]) -> str:
    return " ; ".join(f"{one['name']}, {one['function']}" for one in people) or NOT_WRITTEN


def _renewal(renewal: Mapping[str, Any]) -> str:
    said = RENEWALS[renewal["kind"]]
    if renewal["kind"] == "tacit" and renewal["years"] is None:
        said += " ; ni la durée ni le nombre des reconductions ne sont écrits"
    return said


def _notice(notice: Mapping[str, Any] | None) -> tuple[str, str]:
    if notice is None:
        return "aucun préavis écrit", ""
    return f"{NOTICES[notice['form']]} {notice['months']} mois avant l’échéance", str(notice["article"])


def _termination(termination: Mapping[str, Any]) -> str:
    effect = TERMINATION_EFFECTS[termination["effect"]].format(months=termination["months"])
    manner = " ".join(filter(None, (TERMINATION_BY[termination["by"]], TERMINATION_FORMS[termination["form"]])))
    return " ; ".join(filter(None, (manner, effect)))


def _steering(steering: Mapping[str, Any]) -> str:
    members = f", composé ainsi : {french_list(list(steering['composition']))}" if steering["composition"] else ""
    return f"{BODIES[steering['kind']]}, {CYCLES[steering['cycle']]}{members} ; compte rendu {steering['minutes']}"


def _realised(document: Mapping[str, Any]) -> str:
    if document["realised_figures_due"]:
        return "à saisir pour chaque action avant le comité"
    return "l’acte n’en demande pas"


def promise(minimum: int | None, unit: str) -> str:
    """« au moins 30 possibilités d’accueil », or « non chiffré » : never a figure the deed does not have."""
    if minimum is None:
        return NO_NUMBER
    singular, plural = UNITS[unit]
    return f"au moins {number(minimum)} {singular if minimum < 2 else plural}"
