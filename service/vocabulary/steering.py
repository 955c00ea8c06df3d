"""Living with a convention: consents, local relays, deadlines, and who asks what of whom; their French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Party(StrEnum):
    """The two sides of a convention."""

    STATE = "state"
    PARTNER = "partner"


class ConsentKind(StrEnum):
    """What one party may not use or publish without the other's word."""

    LOGO = "logo"
    DOCUMENT = "document"


class DeadlineKind(StrEnum):
    """What the text of a convention makes fall due."""

    NOTICE = "notice"
    TERM = "term"
    TERMINATION = "termination"
    MEETING = "meeting"
    CONTACTS = "contacts"
    CURE = "cure"


class RelayKind(StrEnum):
    """Who animates the link between schools and firms in a territory. Names and acronyms are the deeds' own."""

    CLEE = "clee"
    CMQ = "cmq"
    IPE = "ipe"
    CEE = "cee"
    PLACEMENT_POLE = "placement_pole"
    MISSION = "mission"
    DAFPIC = "dafpic"
    CSAIO = "csaio"
    COMPANY = "company"
    OTHER = "other"


PARTY_LABELS: Mapping[Party, str] = {Party.STATE: "l’État", Party.PARTNER: "le partenaire"}

CONSENT_KIND_LABELS: Mapping[ConsentKind, str] = {
    ConsentKind.LOGO: "Utilisation d’un logo",
    ConsentKind.DOCUMENT: "Document ou communication",
}

DEADLINE_LABELS: Mapping[DeadlineKind, str] = {
    DeadlineKind.NOTICE: "Information ou demande avant l’échéance",
    DeadlineKind.TERM: "Échéance de la convention",
    DeadlineKind.TERMINATION: "Effet de la dénonciation",
    DeadlineKind.MEETING: "Réunion de pilotage",
    DeadlineKind.CONTACTS: "Échange des contacts de la rentrée",
    DeadlineKind.CURE: "Fin du délai pour régulariser",
}

RELAY_KIND_LABELS: Mapping[RelayKind, str] = {
    RelayKind.CLEE: "CLEE, comité local école-entreprise",
    RelayKind.CMQ: "CMQ, campus des métiers et des qualifications",
    RelayKind.IPE: "IPE, ingénieur pour l’école",
    RelayKind.CEE: "CEE, conseiller entreprises pour l’école",
    RelayKind.PLACEMENT_POLE: "Pôle de stages",
    RelayKind.MISSION: "Chargé de mission école-entreprise",
    RelayKind.DAFPIC: "DAFPIC, délégation à la formation professionnelle",
    RelayKind.CSAIO: "CSAIO, service de l’information et de l’orientation",
    RelayKind.COMPANY: "Contact d’un partenaire",
    RelayKind.OTHER: "Autre relais",
}
