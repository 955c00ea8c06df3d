"""The July campaign and the meetings that follow: bodies, states of minutes and of a figure; their French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class BodyKind(StrEnum):
    """Who steers a convention, as its text says; and the meeting called when parties disagree."""

    NATIONAL_COMMITTEE = "national_committee"
    FOLLOW_UP_GROUP = "follow_up_group"
    YEARLY_MEETING = "yearly_meeting"
    EXCEPTIONAL = "exceptional"


class MinutesStatus(StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    VALIDATED = "validated"


class ReportingState(StrEnum):
    """Where a reporting campaign stands on a day."""

    TO_COME = "to_come"
    OPEN = "open"
    CLOSED = "closed"
    FINAL = "final"


BODY_LABELS: Mapping[BodyKind, str] = {
    BodyKind.NATIONAL_COMMITTEE: "Comité de pilotage national",
    BodyKind.FOLLOW_UP_GROUP: "Groupe de suivi",
    BodyKind.YEARLY_MEETING: "Rencontre annuelle",
    BodyKind.EXCEPTIONAL: "Réunion exceptionnelle",
}

MINUTES_LABELS: Mapping[MinutesStatus, str] = {
    MinutesStatus.DRAFT: "En préparation",
    MinutesStatus.PROPOSED: "Proposé aux membres",
    MinutesStatus.VALIDATED: "Validé",
}

REPORTING_LABELS: Mapping[ReportingState, str] = {
    ReportingState.TO_COME: "À venir",
    ReportingState.OPEN: "Ouverte",
    ReportingState.CLOSED: "Close, chiffres provisoires",
    ReportingState.FINAL: "Chiffres définitifs",
}
