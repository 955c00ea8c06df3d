"""The words of discovery activities: kinds, states and which may follow which, levels received, their French labels.

It imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ActivityKind(StrEnum):
    """What a partner does for classes beside placements."""

    COMPANY_VISIT = "company_visit"
    CLASS_TALK = "class_talk"
    FORUM = "forum"
    WORKSHOP = "workshop"


class ActivityStatus(StrEnum):
    ANNOUNCED = "announced"
    HELD = "held"
    CANCELLED = "cancelled"


class ActivityRequestStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Audience(StrEnum):
    """Whom an activity is for: wider than the levels that are placed."""

    CINQUIEME = "5e"
    QUATRIEME = "4e"
    TROISIEME = "3e"
    SECONDE = "2de"
    PREMIERE = "1re"
    TERMINALE = "terminale"


ACTIVITY_TRANSITIONS: Mapping[ActivityStatus, frozenset[ActivityStatus]] = {
    # What was held may be counted again: figures are corrected until the committee has read them.
    ActivityStatus.ANNOUNCED: frozenset({ActivityStatus.HELD, ActivityStatus.CANCELLED}),
    ActivityStatus.HELD: frozenset({ActivityStatus.HELD}),
    ActivityStatus.CANCELLED: frozenset(),
}

ACTIVITY_REQUEST_TRANSITIONS: Mapping[ActivityRequestStatus, frozenset[ActivityRequestStatus]] = {
    ActivityRequestStatus.ASKED: frozenset(
        {ActivityRequestStatus.ACCEPTED, ActivityRequestStatus.DECLINED, ActivityRequestStatus.WITHDRAWN}
    ),
    ActivityRequestStatus.ACCEPTED: frozenset({ActivityRequestStatus.DECLINED, ActivityRequestStatus.WITHDRAWN}),
    ActivityRequestStatus.DECLINED: frozenset({ActivityRequestStatus.ACCEPTED}),
    ActivityRequestStatus.WITHDRAWN: frozenset({ActivityRequestStatus.ASKED}),
}

ACTIVITY_KIND_LABELS: Mapping[ActivityKind, str] = {
    ActivityKind.COMPANY_VISIT: "visite d’entreprise",
    ActivityKind.CLASS_TALK: "intervention en classe",
    ActivityKind.FORUM: "forum des métiers",
    ActivityKind.WORKSHOP: "atelier",
}

ACTIVITY_STATUS_LABELS: Mapping[ActivityStatus, str] = {
    ActivityStatus.ANNOUNCED: "Annoncée",
    ActivityStatus.HELD: "Tenue",
    ActivityStatus.CANCELLED: "Annulée",
}

ACTIVITY_REQUEST_LABELS: Mapping[ActivityRequestStatus, str] = {
    ActivityRequestStatus.ASKED: "En attente de réponse",
    ActivityRequestStatus.ACCEPTED: "Acceptée",
    ActivityRequestStatus.DECLINED: "Refusée",
    ActivityRequestStatus.WITHDRAWN: "Retirée",
}

AUDIENCE_LABELS: Mapping[Audience, str] = {
    Audience.CINQUIEME: "5e",
    Audience.QUATRIEME: "4e",
    Audience.TROISIEME: "3e",
    Audience.SECONDE: "2de",
    Audience.PREMIERE: "1re",
    Audience.TERMINALE: "terminale",
}
