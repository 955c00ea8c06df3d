"""Campaigns and rounds: their states, the aims of the solver and its reasons, their French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class RoundStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPUTED = "computed"
    """Solved, verified and recorded; waiting for a person to publish it."""
    PUBLISHED = "published"
    REFUSED = "refused"
    """The verifier refused it: nothing was recorded but the refusal."""
    FAILED = "failed"
    CANCELLED = "cancelled"


class RoundKind(StrEnum):
    ROUND = "round"
    REPAIR = "repair"
    """Computed after hosts have withdrawn: what was announced moves as little as can be."""
    SCENARIO = "scenario"
    """Computed on a frozen round with some changes, to compare: it is never published."""


class AdjustmentKind(StrEnum):
    PIN = "pin"
    BAN = "ban"
    EXCLUDE = "exclude"


ACTIVE_ROUNDS: frozenset[RoundStatus] = frozenset({RoundStatus.QUEUED, RoundStatus.RUNNING})
HAS_RESULT: frozenset[RoundStatus] = frozenset({RoundStatus.COMPUTED, RoundStatus.PUBLISHED})

ROUND_TRANSITIONS: Mapping[RoundStatus, frozenset[RoundStatus]] = {
    RoundStatus.QUEUED: frozenset({RoundStatus.RUNNING, RoundStatus.CANCELLED, RoundStatus.FAILED}),
    RoundStatus.RUNNING: frozenset(
        {
            RoundStatus.RUNNING,
            RoundStatus.COMPUTED,
            RoundStatus.REFUSED,
            RoundStatus.FAILED,
            RoundStatus.CANCELLED,
        }
    ),
    RoundStatus.COMPUTED: frozenset({RoundStatus.PUBLISHED}),
    RoundStatus.PUBLISHED: frozenset(),
    RoundStatus.REFUSED: frozenset(),
    RoundStatus.FAILED: frozenset(),
    RoundStatus.CANCELLED: frozenset(),
}

CAMPAIGN_STATUS_LABELS: Mapping[CampaignStatus, str] = {
    CampaignStatus.DRAFT: "En préparation",
    CampaignStatus.OPEN: "Ouverte",
    CampaignStatus.CLOSED: "Close",
}

ROUND_STATUS_LABELS: Mapping[RoundStatus, str] = {
    RoundStatus.QUEUED: "En attente",
    RoundStatus.RUNNING: "En cours de calcul",
    RoundStatus.COMPUTED: "Calculé et vérifié, à publier",
    RoundStatus.PUBLISHED: "Publié",
    RoundStatus.REFUSED: "Refusé par le vérificateur",
    RoundStatus.FAILED: "En échec",
    RoundStatus.CANCELLED: "Annulé",
}

ROUND_KIND_LABELS: Mapping[RoundKind, str] = {
    RoundKind.ROUND: "Tour",
    RoundKind.REPAIR: "Réparation",
    RoundKind.SCENARIO: "Essai",
}

MOVE_LABELS: Mapping[str, str] = {
    "moved": "change de place",
    "gained": "reçoit une place",
    "lost": "perd sa place",
}

ADJUSTMENT_LABELS: Mapping[AdjustmentKind, str] = {
    AdjustmentKind.PIN: "Élève envoyé sur une offre",
    AdjustmentKind.BAN: "Offre interdite à un élève",
    AdjustmentKind.EXCLUDE: "Offre exclue de la campagne",
}

RULE_LABELS: Mapping[str, str] = {
    "level": "l’offre est d’un autre niveau",
    "period": "la période n’est pas ouverte, ou la classe ne la demande pas",
    "needs": "le site ne répond pas aux besoins d’accessibilité de l’élève",
    "reach": "le site est trop loin",
    "territory": "le territoire ne le permet pas",
    "departments": "la demande n’accepte pas ce département",
    "ban": "l’offre est interdite à cet élève",
    "seats": "il n’y a plus de place",
    "school_maximum": "le site ne prend pas plus d’élèves de cet établissement",
    "quota_ceiling": "le plafond du partenaire est atteint",
}
"""Why a place cannot be given, by the name of the rule that forbids it (`solver.rules`)."""

TIER_LABELS: Mapping[str, str] = {
    "placed": "élèves placés",
    "reserves": "places réservées",
    "equity": "équité entre établissements",
    "commitments": "engagements des conventions",
    "stability": "affectations annoncées",
    "wishes": "vœux des élèves",
    "distance": "distance",
    "longest": "trajet le plus long",
    "draw": "tirage au sort",
}

REASON_LABELS: Mapping[str, str] = {
    "no_offer_of_level_in_reach": "Aucune offre de ce niveau n’est à portée",
    "periods_not_open": "Les offres à portée n’ouvrent pas aux semaines demandées",
    "needs_not_served": "Aucune offre à portée ne répond aux besoins d’accessibilité",
    "banned": "Les offres possibles ont été exclues pour cet élève",
    "all_seats_taken": "Toutes les places à portée sont prises",
    "quota_ceiling": "Le plafond du partenaire est atteint",
    "school_maximum": "Les offres à portée n’acceptent pas plus d’élèves du même établissement",
    "other_placement_then": "Une autre séquence de l’élève a lieu en même temps",
    "group_too_large": "Il reste des places, mais nulle part assez pour tout le groupe",
    "minimum_group": "Il reste des places réservées à des groupes plus nombreux",
}
