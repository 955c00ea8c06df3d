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
    REGION_COORDINATOR = "region_coordinator"
    ACADEMY_COORDINATOR = "academy_coordinator"
    DEPARTMENT_COORDINATOR = "department_coordinator"
    COMMITTEE_MEMBER = "committee_member"


COORDINATORS = (
    Role.NATIONAL_COORDINATOR,
    Role.REGION_COORDINATOR,
    Role.ACADEMY_COORDINATOR,
    Role.DEPARTMENT_COORDINATOR,
)
"""The widest first."""


class LinkPurpose(StrEnum):
    """What a link received by mail opens, once."""

    ACCESS = "access"
    INVITATION = "invitation"
    OFFER = "offer"
    CONFIRMATION = "confirmation"
    SIGNATURE = "signature"
    EXPLANATION = "explanation"
    PRESENCE = "presence"
    FIGURES = "figures"


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
    Role.REGION_COORDINATOR: "Région académique",
    Role.ACADEMY_COORDINATOR: "Académie",
    Role.DEPARTMENT_COORDINATOR: "Département",
    Role.COMMITTEE_MEMBER: "Comité de pilotage",
}
