"""The words of the field: every enumeration, its French labels, and which state may follow which.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Level(StrEnum):
    TROISIEME = "3e"
    TROISIEME_PREPA_METIERS = "3e_prepa_metiers"
    SECONDE_GT = "2de_gt"


class SchoolType(StrEnum):
    COLLEGE = "college"
    LYCEE = "lycee"


class Priority(StrEnum):
    """Category of a school (never of a pupil): the equity weights of a round are given by it."""

    NONE = "none"
    RURAL = "rural"
    QPV = "qpv"
    REP = "rep"
    REP_PLUS = "rep_plus"


class PartnerKind(StrEnum):
    COMPANY = "company"
    FEDERATION = "federation"
    ASSOCIATION = "association"
    EMPLOYERS_MOVEMENT = "employers_movement"
    INDEPENDENT = "independent"
    """A host outside any convention."""


class ConventionState(StrEnum):
    DRAFT = "draft"
    IN_FORCE = "in_force"
    NOTICE_DUE = "notice_due"
    LAPSED = "lapsed"
    TERMINATED = "terminated"


class ConventionEventKind(StrEnum):
    """What happens to a convention after its deed. Figures are dated, never overwritten."""

    SIGNATURE = "signature"
    RENEWAL = "renewal"
    ADDENDUM = "addendum"
    MINISTRY_OPINION = "ministry_opinion"
    DATA_PROTECTION_ADDENDUM = "data_protection_addendum"
    TERMINATION = "termination"


class OfferStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class RequestStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    FROZEN = "frozen"
    WITHDRAWN = "withdrawn"


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


class Role(StrEnum):
    SCHOOL_COORDINATOR = "school_coordinator"
    PARTNER_MANAGER = "partner_manager"
    NATIONAL_COORDINATOR = "national_coordinator"


class LinkPurpose(StrEnum):
    """What a link received by mail opens, once."""

    ACCESS = "access"
    INVITATION = "invitation"
    OFFER = "offer"


class MailStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Need(StrEnum):
    """Functional needs, never a diagnosis."""

    STEP_FREE_ACCESS = "step_free_access"
    ADAPTED_HOURS = "adapted_hours"
    QUIET_PLACE = "quiet_place"
    SIGN_LANGUAGE = "sign_language"


class PeriodKind(StrEnum):
    WEEK = "week"
    FORTNIGHT = "fortnight"
    BLOCK = "block"


ACTIVE_ROUNDS: frozenset[RoundStatus] = frozenset({RoundStatus.QUEUED, RoundStatus.RUNNING})

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

OFFER_TRANSITIONS: Mapping[OfferStatus, frozenset[OfferStatus]] = {
    OfferStatus.DRAFT: frozenset({OfferStatus.PUBLISHED, OfferStatus.WITHDRAWN}),
    OfferStatus.PUBLISHED: frozenset({OfferStatus.DRAFT, OfferStatus.WITHDRAWN}),
    OfferStatus.WITHDRAWN: frozenset(),
}

REQUEST_TRANSITIONS: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    RequestStatus.DRAFT: frozenset({RequestStatus.SUBMITTED, RequestStatus.WITHDRAWN}),
    RequestStatus.SUBMITTED: frozenset({RequestStatus.DRAFT, RequestStatus.FROZEN, RequestStatus.WITHDRAWN}),
    RequestStatus.FROZEN: frozenset({RequestStatus.SUBMITTED}),
    # A class withdrawn by mistake, or for a while, may ask again.
    RequestStatus.WITHDRAWN: frozenset({RequestStatus.DRAFT}),
}

LEVEL_LABELS: Mapping[str, str] = {
    Level.TROISIEME: "3e",
    Level.TROISIEME_PREPA_METIERS: "3e prépa métiers",
    Level.SECONDE_GT: "2de générale et technologique",
    "college_5e_3e": "collège, de la 5e à la 3e",
    "lycee": "lycée",
    "secondary": "second degré",
    "school_staff": "personnels de l’Éducation nationale",
}

SCHOOL_TYPE_LABELS: Mapping[SchoolType, str] = {SchoolType.COLLEGE: "Collège", SchoolType.LYCEE: "Lycée"}

PRIORITY_LABELS: Mapping[str, str] = {
    Priority.NONE: "hors catégorie",
    Priority.RURAL: "rural",
    Priority.QPV: "quartier prioritaire (QPV)",
    Priority.REP: "éducation prioritaire (REP)",
    Priority.REP_PLUS: "éducation prioritaire renforcée (REP+)",
}

PARTNER_KIND_LABELS: Mapping[PartnerKind, str] = {
    PartnerKind.COMPANY: "Entreprise",
    PartnerKind.FEDERATION: "Fédération professionnelle",
    PartnerKind.ASSOCIATION: "Association",
    PartnerKind.EMPLOYERS_MOVEMENT: "Mouvement d’entreprises",
    PartnerKind.INDEPENDENT: "Structure d’accueil hors convention",
}

CONVENTION_STATE_LABELS: Mapping[ConventionState, str] = {
    ConventionState.DRAFT: "Projet, non datée",
    ConventionState.IN_FORCE: "En vigueur",
    ConventionState.NOTICE_DUE: "En vigueur, échéance à annoncer",
    ConventionState.LAPSED: "Échue",
    ConventionState.TERMINATED: "Dénoncée",
}

CONVENTION_EVENT_LABELS: Mapping[ConventionEventKind, str] = {
    ConventionEventKind.SIGNATURE: "Signature",
    ConventionEventKind.RENEWAL: "Reconduction",
    ConventionEventKind.ADDENDUM: "Avenant",
    ConventionEventKind.MINISTRY_OPINION: "Avis du ministère",
    ConventionEventKind.DATA_PROTECTION_ADDENDUM: "Avenant sur les données personnelles",
    ConventionEventKind.TERMINATION: "Dénonciation",
}

OFFER_STATUS_LABELS: Mapping[OfferStatus, str] = {
    OfferStatus.DRAFT: "Brouillon",
    OfferStatus.PUBLISHED: "Publiée",
    OfferStatus.WITHDRAWN: "Retirée",
}

REQUEST_STATUS_LABELS: Mapping[RequestStatus, str] = {
    RequestStatus.DRAFT: "Brouillon",
    RequestStatus.SUBMITTED: "Envoyée",
    RequestStatus.FROZEN: "Prise en compte par le tour",
    RequestStatus.WITHDRAWN: "Retirée",
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

MAIL_STATUS_LABELS: Mapping[MailStatus, str] = {
    MailStatus.QUEUED: "À envoyer",
    MailStatus.SENT: "Envoyé",
    MailStatus.FAILED: "Abandonné",
}

ROLE_LABELS: Mapping[Role, str] = {
    Role.SCHOOL_COORDINATOR: "Établissement",
    Role.PARTNER_MANAGER: "Partenaire",
    Role.NATIONAL_COORDINATOR: "Coordination",
}

NEED_LABELS: Mapping[Need, str] = {
    Need.STEP_FREE_ACCESS: "accès de plain-pied",
    Need.ADAPTED_HOURS: "horaires adaptés",
    Need.QUIET_PLACE: "lieu calme",
    Need.SIGN_LANGUAGE: "langue des signes",
}

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
