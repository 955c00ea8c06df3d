"""Every table, one module per part of the field. Importing this package registers them all.

`table=True` classes do not validate: forms and operations do, and the database repeats what matters as constraints.
"""

from service.persistence.tables.accounts import AuditEntry, Membership, User, UserSession
from service.persistence.tables.activities import ActivityRequest, DiscoveryActivity
from service.persistence.tables.agreements import (
    Agreement,
    AgreementDocument,
    AgreementStay,
    AgreementTemplate,
    Confirmation,
    Presence,
    Signature,
)
from service.persistence.tables.campaigns import (
    Adjustment,
    AllocationRound,
    Campaign,
    Period,
    Placement,
    RoundDossier,
    RoundPart,
    UnplacedPupil,
)
from service.persistence.tables.conventions import (
    CeilingChoice,
    Commitment,
    Convention,
    ConventionDepartment,
    ConventionEvent,
    QuotaLine,
    QuotaLineDepartment,
    TargetShift,
)
from service.persistence.tables.findings import HigherWish, NewSeatValue, OpeningFinding
from service.persistence.tables.imports import ImportFile
from service.persistence.tables.links import AttemptCounter, Invitation, PersonalLink
from service.persistence.tables.mail import OutboxLine
from service.persistence.tables.partners import Offer, OfferDay, OfferReserve, Opening, Partner, PartnerMember, Site
from service.persistence.tables.reporting import (
    MeetingMember,
    RealisedFigure,
    ReportedHosting,
    ReportingCampaign,
    SteeringMeeting,
)
from service.persistence.tables.schools import (
    ClassGroup,
    PlacementRequest,
    Preference,
    Pupil,
    RequestPeriod,
    School,
    WishCode,
)
from service.persistence.tables.steering import Consent, LocalRelay
from service.persistence.tables.territories import (
    Academy,
    CalendarEntry,
    Commune,
    Department,
    LevelRule,
    Region,
    Sector,
    WorkingTimeRule,
)

__all__ = [
    "Academy",
    "ActivityRequest",
    "Adjustment",
    "Agreement",
    "AgreementDocument",
    "AgreementStay",
    "AgreementTemplate",
    "AllocationRound",
    "AttemptCounter",
    "AuditEntry",
    "CalendarEntry",
    "Campaign",
    "CeilingChoice",
    "ClassGroup",
    "Commitment",
    "Commune",
    "Confirmation",
    "Consent",
    "Convention",
    "ConventionDepartment",
    "ConventionEvent",
    "Department",
    "DiscoveryActivity",
    "HigherWish",
    "ImportFile",
    "Invitation",
    "LevelRule",
    "LocalRelay",
    "MeetingMember",
    "Membership",
    "NewSeatValue",
    "Offer",
    "OfferDay",
    "OfferReserve",
    "Opening",
    "OpeningFinding",
    "OutboxLine",
    "Partner",
    "PartnerMember",
    "Period",
    "PersonalLink",
    "Placement",
    "PlacementRequest",
    "Preference",
    "Presence",
    "Pupil",
    "QuotaLine",
    "QuotaLineDepartment",
    "RealisedFigure",
    "Region",
    "ReportedHosting",
    "ReportingCampaign",
    "RequestPeriod",
    "RoundDossier",
    "RoundPart",
    "School",
    "Sector",
    "Signature",
    "Site",
    "SteeringMeeting",
    "TargetShift",
    "UnplacedPupil",
    "User",
    "UserSession",
    "WishCode",
    "WorkingTimeRule",
]
