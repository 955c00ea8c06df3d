"""What surrounds every page: the campaign in force, the territory, the side menu. Reads little, decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, g, request, url_for
from sqlmodel import col, select

from service.domain.letters import MENTION
from service.domain.rounds import title_of
from service.persistence.tables import Campaign, Commune, Partner, School
from service.vocabulary import HAS_MEMBERS, CampaignStatus
from service.web.access import current_person
from service.web.context import db, today


@dataclass(frozen=True)
class Link:
    label: str
    address: str
    is_current: bool


def campaign_in_force() -> Campaign | None:
    """The campaign people work in: the open one, else the last one closed; None before the first."""
    if "campaign" not in g:
        campaigns = (
            db()
            .exec(
                select(Campaign).where(col(Campaign.status) != CampaignStatus.DRAFT).order_by(col(Campaign.id).desc())
            )
            .all()
        )
        still_open = [campaign for campaign in campaigns if campaign.status is CampaignStatus.OPEN]
        g.campaign = next(iter(still_open or campaigns), None)
    campaign: Campaign | None = g.campaign
    return campaign


def current_scope() -> School | Partner | None:
    """The space of the page, or else the only one the person has."""
    person = current_person()
    if "scope" not in g and person is not None and not person.is_coordinator:
        spaces = [(School, one) for one in person.school_ids] + [
            (Partner, one) for one in (*person.partner_ids, *person.partner_parts)
        ]
        g.scope = db().get(*spaces[0]) if len(spaces) == 1 else None
    scope: School | Partner | None = g.get("scope")
    return scope


def territory() -> str:
    """Where the person acts, in words."""
    scope = current_scope()
    if isinstance(scope, School):
        commune = db().get(Commune, scope.insee)
        return f"{commune.name} ({scope.department_code})" if commune is not None else scope.department_code
    if isinstance(scope, Partner):
        return scope.city
    person = current_person()
    return "France entière" if person is not None and person.is_coordinator else ""


def side_links() -> list[Link]:
    """The pages of the space the person is in."""
    scope = current_scope()
    person = current_person()
    if scope is not None and person is not None and not person.works_in(scope):
        scope = None  # a coordinator who looks into someone's space keeps their own menu
    if isinstance(scope, School):
        pages = [
            ("schools.board", "Tableau de bord"),
            ("requests.choose_level", "Nouvelle demande"),
            ("pupil_imports.upload", "Importer une liste"),
            ("stays.school_index", "Stages"),
            ("school_agreements.index", "Conventions de stage"),
            ("presences.school_index", "Présences"),
            ("school_activities.index", "Découverte des métiers"),
            ("reporting.school_figures", "Chiffres de l’année"),
            ("school_profiles.page", "Notre établissement"),
            ("people.school_index", "Personnes"),
        ]
        return [_link(endpoint, label, uai=scope.uai) for endpoint, label in pages]
    if isinstance(scope, Partner) and person is not None and scope.id in person.partner_parts:
        pages = [
            ("partners.home", "Tableau de bord"),
            ("sites.index", "Sites"),
            ("offers.index", "Offres"),
            ("partners.visitors", "Élèves attendus"),
        ]
        return [_link(endpoint, label, partner_id=scope.id) for endpoint, label in pages]
    if isinstance(scope, Partner):
        pages = [
            ("partners.home", "Tableau de bord"),
            *([("members.index", "Adhérents")] if scope.kind in HAS_MEMBERS else []),
            ("sites.index", "Sites"),
            ("offers.index", "Offres"),
            ("site_imports.upload", "Importer une liste"),
            ("partners.visitors", "Élèves attendus"),
            ("stays.partner_index", "Stages"),
            ("partner_agreements.index", "Conventions de stage"),
            ("presences.partner_index", "Présences"),
            ("activities.index", "Découverte des métiers"),
            ("relays.partner_index", "Relais locaux"),
            ("reporting.partner_figures", "Chiffres réalisés"),
            ("people.partner_index", "Personnes"),
        ]
        return [_link(endpoint, label, partner_id=scope.id) for endpoint, label in pages]
    if person is not None and person.is_coordinator:
        pages = [
            ("coordinators.cockpit", "Campagnes"),
            ("conventions.index", "Conventions"),
            ("relays.index", "Relais locaux"),
            ("reporting.index", "Remontée de juillet"),
            ("committee.index", "Comités et réunions"),
            ("people.accounts", "Comptes"),
            ("mails.index", "Courrier"),
            ("audit_trail.index", "Journal"),
            ("audit_trail.retention", "Conservation"),
        ]
        return [_link(endpoint, label) for endpoint, label in pages]
    return []


def _link(endpoint: str, label: str, **arguments: object) -> Link:
    return Link(label, url_for(endpoint, **arguments), request.endpoint == endpoint)  # type: ignore[arg-type]


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        campaign_in_force=campaign_in_force,
        territory=territory,
        side_links=side_links,
        title_of=title_of,
        current_person=current_person,
        today=today,
        algorithm_mention=MENTION,
    )
