"""What a partner is, signs and offers: kinds, states of conventions and offers, their French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class PartnerKind(StrEnum):
    COMPANY = "company"
    FEDERATION = "federation"
    ASSOCIATION = "association"
    EMPLOYERS_MOVEMENT = "employers_movement"
    INDEPENDENT = "independent"
    """A host outside any convention."""


HAS_MEMBERS = frozenset({PartnerKind.FEDERATION, PartnerKind.ASSOCIATION, PartnerKind.EMPLOYERS_MOVEMENT})
"""Partners that mobilise others: their sites may be a member company's."""


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
    NOTICE_GIVEN = "notice_given"
    FORMAL_NOTICE = "formal_notice"
    CURED = "cured"


class OfferStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


OFFER_TRANSITIONS: Mapping[OfferStatus, frozenset[OfferStatus]] = {
    OfferStatus.DRAFT: frozenset({OfferStatus.PUBLISHED, OfferStatus.WITHDRAWN}),
    OfferStatus.PUBLISHED: frozenset({OfferStatus.DRAFT, OfferStatus.WITHDRAWN}),
    OfferStatus.WITHDRAWN: frozenset(),
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
    ConventionEventKind.NOTICE_GIVEN: "Information ou demande du partenaire avant l’échéance",
    ConventionEventKind.FORMAL_NOTICE: "Mise en demeure (logo ou communication)",
    ConventionEventKind.CURED: "Régularisation après mise en demeure",
}

OFFER_STATUS_LABELS: Mapping[OfferStatus, str] = {
    OfferStatus.DRAFT: "Brouillon",
    OfferStatus.PUBLISHED: "Publiée",
    OfferStatus.WITHDRAWN: "Retirée",
}
