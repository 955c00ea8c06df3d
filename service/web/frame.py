"""What surrounds every page: the campaign in force, the territory, the side menu. Reads little, decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, g, request, url_for

from service.domain.campaigns import campaigns_in_force, find_campaign_of_school
from service.domain.letters import MENTION
from service.domain.perimeters import NATION, read_geography
from service.domain.rounds import title_of
from service.domain.schools import LEVELS_OF_SCHOOL
from service.persistence.tables import Campaign, Commune, Partner, School
from service.vocabulary import HAS_MEMBERS, CampaignStatus
from service.web.access import current_person, runs
from service.web.context import db, today


@dataclass(frozen=True)
class Link:
    label: str
    address: str
    is_current: bool


def campaign_in_force() -> Campaign | None:
    """The campaign people work in: an open one, else one closed; None before the first.

    A school's is the narrowest of its territory; a territory's coordinators have first those they run; for everybody
    else it is the widest.
    """
    if "campaign" not in g:
        scope, person = current_scope(), current_person()
        if isinstance(scope, School):
            g.campaign = find_campaign_of_school(db(), scope.department_code, LEVELS_OF_SCHOOL[scope.kind])
        else:
            found = campaigns_in_force(db(), person.area if person is not None and person.territories else None)
            own = [one for one in found if person is not None and person.territories and runs(one)]
            g.campaign = next(iter([one for one in own if one.status is CampaignStatus.OPEN] or found), None)
    campaign: Campaign | None = g.campaign
    return campaign


def current_scope() -> School | Partner | None:
    """The space of the page, or else the only one the person has."""
    person = current_person()
    if "scope" not in g and person is not None and not person.coordinates:
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
    if person is None or not person.coordinates:
        return ""
    geography = read_geography(db())
    names = sorted(geography.name(key) for key in person.territories)
    return geography.name(NATION) if person.is_coordinator else ", ".join(names)


Pages = tuple[tuple[str, str], ...]
SCHOOL_PAGES: Pages = (
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
)
PART_PAGES: Pages = (
    ("partners.home", "Tableau de bord"),
    ("sites.index", "Sites"),
    ("offers.index", "Offres"),
    ("partners.visitors", "Élèves attendus"),
)
PARTNER_PAGES: Pages = (
    ("partners.home", "Tableau de bord"),
    ("members.index", "Adhérents"),
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
)
TERRITORY_PAGES: Pages = (
    ("coordinators.cockpit", "Campagnes"),
    ("stay_counts.index", "Stages"),
    ("targets.index", "Objectifs"),
    ("people.accounts", "Comptes"),
    ("people.territories", "Coordinateurs"),
)
COUNTRY_PAGES: Pages = (
    ("coordinators.cockpit", "Campagnes"),
    ("conventions.index", "Conventions"),
    ("stay_counts.index", "Stages"),
    ("targets.index", "Objectifs"),
    ("relays.index", "Relais locaux"),
    ("reporting.index", "Remontée de juillet"),
    ("committee.index", "Comités et réunions"),
    ("people.accounts", "Comptes"),
    ("people.territories", "Coordinateurs"),
    ("mails.index", "Courrier"),
    ("audit_trail.index", "Journal"),
    ("audit_trail.retention", "Conservation"),
)


def side_links() -> list[Link]:
    """The pages of the space the person is in."""
    scope = current_scope()
    person = current_person()
    if scope is not None and person is not None and not person.works_in(scope):
        scope = None  # a coordinator who looks into someone's space keeps their own menu
    if isinstance(scope, School):
        return [_link(endpoint, label, uai=scope.uai) for endpoint, label in SCHOOL_PAGES]
    if isinstance(scope, Partner) and person is not None and scope.id in person.partner_parts:
        return [_link(endpoint, label, partner_id=scope.id) for endpoint, label in PART_PAGES]
    if isinstance(scope, Partner):
        pages = [one for one in PARTNER_PAGES if one[0] != "members.index" or scope.kind in HAS_MEMBERS]
        return [_link(endpoint, label, partner_id=scope.id) for endpoint, label in pages]
    if person is None or not person.coordinates:
        return []
    return [_link(endpoint, label) for endpoint, label in (COUNTRY_PAGES if person.is_coordinator else TERRITORY_PAGES)]


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
