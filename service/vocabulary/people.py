"""People and what is sent to them: roles, links, messages, their French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    SCHOOL_COORDINATOR = "school_coordinator"
    PARTNER_MANAGER = "partner_manager"
    NATIONAL_COORDINATOR = "national_coordinator"
    COMMITTEE_MEMBER = "committee_member"


class LinkPurpose(StrEnum):
    """What a link received by mail opens, once."""

    ACCESS = "access"
    INVITATION = "invitation"
    OFFER = "offer"
    CONFIRMATION = "confirmation"
    SIGNATURE = "signature"
    EXPLANATION = "explanation"


class MailStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


MAIL_STATUS_LABELS: Mapping[MailStatus, str] = {
    MailStatus.QUEUED: "À envoyer",
    MailStatus.SENT: "Envoyé",
    MailStatus.FAILED: "Abandonné",
}

ROLE_LABELS: Mapping[Role, str] = {
    Role.SCHOOL_COORDINATOR: "Établissement",
    Role.PARTNER_MANAGER: "Partenaire",
    Role.NATIONAL_COORDINATOR: "Coordination",
    Role.COMMITTEE_MEMBER: "Comité de pilotage",
}
