"""What follows a published placement: its confirmation by both sides, the reasons of a refusal, their French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Side(StrEnum):
    """Who speaks of a placement: the one that sends the pupil, the one that receives."""

    SCHOOL = "school"
    HOST = "host"


class ConfirmationState(StrEnum):
    ASKED = "asked"
    CONFIRMED = "confirmed"
    """Both sides said yes."""
    REFUSED = "refused"
    EXPIRED = "expired"
    """A side stayed silent past the last day."""
    REPLACED = "replaced"
    """A later round sends the pupil elsewhere."""


class RefusalReason(StrEnum):
    """Why a side takes a placement back. `LEAVES` and `CLOSES` say what follows from some of them."""

    PUPIL_LEFT = "pupil_left"
    SELF_FOUND = "self_found"
    EXEMPT = "exempt"
    TOO_FAR = "too_far"
    NEED_NOT_SERVED = "need_not_served"
    FAMILY_REFUSES = "family_refuses"
    PLACE_GONE = "place_gone"
    TUTOR_AWAY = "tutor_away"
    ACTIVITY_UNSUITABLE = "activity_unsuitable"


LEAVES = frozenset({RefusalReason.PUPIL_LEFT, RefusalReason.SELF_FOUND, RefusalReason.EXEMPT})
"""The pupil no longer asks for a place in the campaign."""
CLOSES = frozenset({RefusalReason.PLACE_GONE, RefusalReason.TUTOR_AWAY})
"""The seat is not there any more: it closes instead of going to somebody else."""

REASONS_OF: Mapping[Side, tuple[RefusalReason, ...]] = {
    Side.SCHOOL: (
        RefusalReason.PUPIL_LEFT,
        RefusalReason.SELF_FOUND,
        RefusalReason.EXEMPT,
        RefusalReason.TOO_FAR,
        RefusalReason.NEED_NOT_SERVED,
        RefusalReason.FAMILY_REFUSES,
    ),
    Side.HOST: (
        RefusalReason.PLACE_GONE,
        RefusalReason.TUTOR_AWAY,
        RefusalReason.NEED_NOT_SERVED,
        RefusalReason.ACTIVITY_UNSUITABLE,
    ),
}

SIDE_LABELS: Mapping[Side, str] = {Side.SCHOOL: "l’établissement", Side.HOST: "la structure d’accueil"}

CONFIRMATION_LABELS: Mapping[ConfirmationState, str] = {
    ConfirmationState.ASKED: "À confirmer",
    ConfirmationState.CONFIRMED: "Confirmé",
    ConfirmationState.REFUSED: "Refusé",
    ConfirmationState.EXPIRED: "Sans réponse à temps",
    ConfirmationState.REPLACED: "Remplacé par une autre affectation",
}

REFUSAL_LABELS: Mapping[RefusalReason, str] = {
    RefusalReason.PUPIL_LEFT: "l’élève a quitté l’établissement",
    RefusalReason.SELF_FOUND: "l’élève a trouvé un autre stage par lui-même",
    RefusalReason.EXEMPT: "l’élève est dispensé de stage",
    RefusalReason.TOO_FAR: "le trajet n’est pas possible",
    RefusalReason.NEED_NOT_SERVED: "un besoin d’accessibilité n’est pas couvert",
    RefusalReason.FAMILY_REFUSES: "la famille refuse cette structure d’accueil",
    RefusalReason.PLACE_GONE: "la place n’existe plus",
    RefusalReason.TUTOR_AWAY: "personne ne peut encadrer à ces dates",
    RefusalReason.ACTIVITY_UNSUITABLE: "l’activité ne convient pas à cet âge",
}


class AgreementState(StrEnum):
    DRAFT = "draft"
    HOST_COMPLETED = "host_completed"
    SCHOOL_VALIDATED = "school_validated"
    """Waits for its document to be written."""
    SIGNING = "signing"
    SIGNED = "signed"
    AMENDED = "amended"
    """Another version takes its place."""
    CANCELLED = "cancelled"
    CLOSED = "closed"


class Signatory(StrEnum):
    """Who signs the agreement of a stay; the last two sign for each pupil it covers."""

    HEAD = "head"
    HOST = "host"
    PUPIL = "pupil"
    REPRESENTATIVE = "representative"


class SignatureMethod(StrEnum):
    ELECTRONIC = "electronic"
    PAPER = "paper"


AGREEMENT_TRANSITIONS: Mapping[AgreementState, frozenset[AgreementState]] = {
    AgreementState.DRAFT: frozenset({AgreementState.HOST_COMPLETED, AgreementState.CANCELLED}),
    AgreementState.HOST_COMPLETED: frozenset(
        {AgreementState.HOST_COMPLETED, AgreementState.SCHOOL_VALIDATED, AgreementState.CANCELLED}
    ),
    AgreementState.SCHOOL_VALIDATED: frozenset({AgreementState.SIGNING, AgreementState.CANCELLED}),
    AgreementState.SIGNING: frozenset({AgreementState.SIGNED, AgreementState.AMENDED, AgreementState.CANCELLED}),
    AgreementState.SIGNED: frozenset({AgreementState.AMENDED, AgreementState.CANCELLED, AgreementState.CLOSED}),
    AgreementState.AMENDED: frozenset(),
    AgreementState.CANCELLED: frozenset(),
    AgreementState.CLOSED: frozenset(),
}

AGREEMENT_LABELS: Mapping[AgreementState, str] = {
    AgreementState.DRAFT: "À compléter par la structure d’accueil",
    AgreementState.HOST_COMPLETED: "À valider par l’établissement",
    AgreementState.SCHOOL_VALIDATED: "Document en préparation",
    AgreementState.SIGNING: "À signer",
    AgreementState.SIGNED: "Signée",
    AgreementState.AMENDED: "Remplacée par un avenant",
    AgreementState.CANCELLED: "Annulée",
    AgreementState.CLOSED: "Terminée",
}

SIGNATORY_LABELS: Mapping[Signatory, str] = {
    Signatory.HEAD: "Chef d’établissement",
    Signatory.HOST: "Structure d’accueil",
    Signatory.PUPIL: "Élève",
    Signatory.REPRESENTATIVE: "Représentant légal",
}

SIGNATURE_METHOD_LABELS: Mapping[SignatureMethod, str] = {
    SignatureMethod.ELECTRONIC: "en ligne",
    SignatureMethod.PAPER: "sur papier",
}


class Outcome(StrEnum):
    """What came of a stay, as one side says it."""

    HELD = "held"
    PARTLY = "partly"
    NO_SHOW = "no_show"


class AbsenceCause(StrEnum):
    """Why a stay was held in part, or not at all."""

    ILLNESS = "illness"
    UNEXPLAINED = "unexplained"
    HOST_CANCELLED = "host_cancelled"
    STRIKE_OR_TRANSPORT = "strike_or_transport"
    STOPPED_EARLY = "stopped_early"
    OTHER = "other"


TOOK_PLACE = frozenset({Outcome.HELD, Outcome.PARTLY})

OUTCOME_LABELS: Mapping[Outcome, str] = {
    Outcome.HELD: "Fait",
    Outcome.PARTLY: "Fait en partie",
    Outcome.NO_SHOW: "Pas venu",
}

ABSENCE_LABELS: Mapping[AbsenceCause, str] = {
    AbsenceCause.ILLNESS: "maladie ou accident",
    AbsenceCause.UNEXPLAINED: "sans explication",
    AbsenceCause.HOST_CANCELLED: "annulé par la structure d’accueil",
    AbsenceCause.STRIKE_OR_TRANSPORT: "transport empêché",
    AbsenceCause.STOPPED_EARLY: "interrompu d’un commun accord",
    AbsenceCause.OTHER: "autre motif",
}
