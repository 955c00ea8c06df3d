"""What a round teaches: why seats stay empty, what would place one more pupil, and the French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping

EMPTY_SEATS_LABELS: Mapping[str, str] = {
    "nobody_in_reach": "Aucun élève du niveau n’est à portée",
    "period_not_asked": "Personne à portée ne demande cette période",
    "needs_not_served": "Le site ne répond pas aux besoins d’accessibilité des élèves à portée",
    "banned": "Les élèves possibles en ont été exclus",
    "everybody_placed": "Tous les élèves qui pouvaient venir ont une place",
    "quota_ceiling": "Le plafond du partenaire est atteint",
    "school_maximum": "Les établissements à portée y ont déjà leur maximum",
    "group_too_large": "Les élèves sans place restent ensemble, et sont plus nombreux que les places",
    "minimum_group": "Les élèves sans place viendraient trop peu nombreux de leur établissement",
    "other_placement": "Les élèves sans place ont besoin d’autres semaines avec celles-ci, ou sont déjà ailleurs alors",
    "could_be_used": "Des élèves pourraient venir : le résultat n’est pas au mieux",
}

HIGHER_LABELS: Mapping[str, str] = {
    "no_offer_in_reach": "aucune offre de ce secteur n’est à portée",
    "periods_not_open": "les offres de ce secteur à portée n’ouvrent pas aux semaines demandées",
    "needs_not_served": "aucune offre de ce secteur à portée ne répond au besoin d’accessibilité",
    "banned": "les offres possibles ont été exclues pour cet élève",
    "pinned": "la place avait déjà été annoncée ou fixée, et elle est maintenue",
    "all_seats_taken": "toutes les places de ce secteur à portée sont prises",
    "quota_ceiling": "le plafond du partenaire est atteint",
    "school_maximum": "les offres à portée ont déjà leur maximum d’élèves de l’établissement",
    "group_too_large": "les places libres sont moins nombreuses que les élèves qui restent ensemble",
    "minimum_group": "les offres possibles ne reçoivent que des groupes plus nombreux d’un même établissement",
    "earlier_aim": "une place est libre, mais une règle qui passe avant les vœux est mieux servie ainsi",
    "group_rules": "une place est libre, mais une règle de groupe, ou qui passe avant les vœux, la laisse vide",
    "not_proven": "une place est libre, et il n’est pas prouvé qu’elle ne pouvait pas être donnée",
}

FIX_LABELS: Mapping[str, str] = {
    "seat": "Une place de plus sur un site à portée",
    "quota": "Un élève de plus sous le plafond d’une ligne",
    "maximum": "Un élève de plus du même établissement sur un site",
    "reach": "Accepter un trajet plus long",
    "period": "Accepter une autre période",
    "needs": "Répondre au besoin d’accessibilité sur un site",
    "ban": "Lever une exclusion",
    "department": "Accepter un autre département",
    "elsewhere": "Une place de plus ailleurs, libérée de proche en proche",
    "split": "Séparer un groupe d’élèves gardés ensemble",
}
