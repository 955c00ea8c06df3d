"""Campaigns: opening one, closing it, finding the one in force.

Responsible for what a campaign may be. Refuses to know how a round is computed.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.dates import short_date
from service.domain.perimeters import NATION, Area, area_of, overlaps
from service.domain.texts import clean_text
from service.errors import NotFound, ServiceError
from service.persistence.tables import Campaign
from service.vocabulary import CampaignStatus, Level

PARIS = ZoneInfo("Europe/Paris")
AIMS = ("equity", "commitments", "stability", "wishes", "distance")
"""The aims a campaign may reorder; placing comes first and the draw last, always."""
ROUND_WEIGHTS = {"none": 100, "rural": 115, "qpv": 125, "rep": 125, "rep_plus": 150}
"""Percent that a pupil without a place weighs, by category of the school (a round freezes them with its data)."""
TERRITORY_RULES = ("anywhere", "academy_or_neighbour", "academy", "department")


def day_in_france(instant: datetime) -> date:
    """The day an instant falls on, where the rules are written."""
    return instant.astimezone(PARIS).date()


def open_campaign(
    session: Session,
    name: str,
    school_year: str,
    levels: list[str],
    closes_on: date,
    *,
    actor: str,
    default_reach_km: int = 30,
    territory_rule: str = "academy_or_neighbour",
    tiers: list[str] | None = None,
    today: date | None = None,
    territory: str = NATION,
) -> Campaign:
    """A campaign that takes requests at once. `today` is the day it is opened unless it is given.

    Only the schools of `territory` ask in it, and only the sites of `territory` receive.

    Raises:
        ServiceError: `campaign_...`, with the field at fault.
    """
    name = clean_text(name, "name", "Le nom de la campagne")
    if session.exec(select(Campaign).where(Campaign.name == name)).first() is not None:
        raise ServiceError(
            "campaign_name_taken", f"Une campagne s’appelle déjà «\u00a0{name}\u00a0». Changez de nom.", "name"
        )
    area_of(session, territory)
    campaign = Campaign(
        name=name,
        school_year=school_year,
        territory=territory,
        levels=[level.value for level in Level if level in levels],
        status=CampaignStatus.OPEN,
        closes_on=closes_on,
        default_reach_km=default_reach_km,
        territory_rule=territory_rule,
        tiers=tiers or [],
    )
    _check(campaign, levels, today or day_in_france(campaign.created_at))
    session.add(campaign)
    session.flush()
    record(
        session,
        actor,
        "open_campaign",
        f"campaign:{campaign.id}",
        name=name,
        school_year=school_year,
        territory=territory,
    )
    return campaign


def _check(campaign: Campaign, levels: list[str], today: date) -> None:
    if not levels or not set(levels) <= set(Level):
        raise ServiceError("campaign_levels", "Choisissez au moins un niveau parmi ceux proposés.", "levels")
    if campaign.closes_on < today:
        raise ServiceError(
            "campaign_closes_in_the_past",
            f"La clôture du {short_date(campaign.closes_on)} est passée. Choisissez une date à venir.",
            "closes_on",
        )
    check_rules(campaign.default_reach_km, campaign.territory_rule, campaign.tiers)


def check_rules(default_reach_km: int, territory_rule: str, tiers: Sequence[str]) -> None:
    """What a campaign may choose; no tiers at all means the official order.

    Raises:
        ServiceError: `campaign_...`, with the field at fault.
    """
    if not 1 <= default_reach_km <= 300:
        raise ServiceError("campaign_reach", "La distance proposée va de 1 à 300 km.", "default_reach_km")
    if territory_rule not in TERRITORY_RULES:
        raise ServiceError(
            "campaign_territory_rule", "Choisissez une règle de territoire dans la liste.", "territory_rule"
        )
    if tiers and sorted(tiers) != sorted(AIMS):
        raise ServiceError("campaign_tiers", "L’ordre des critères contient chacun d’eux une seule fois.", "tiers")


def aims_in_order(campaign: Campaign, *, still: bool = False) -> tuple[str, ...]:
    """Every aim of the campaign's rounds, first to last; `still`: of a round that moves as little as it can.

    An aim that did not exist yet when the campaign chose its order comes after the one it follows by default.
    """
    order = complete_order(campaign.tiers or AIMS)
    if not still:
        return order
    others = [aim for aim in order if aim not in ("placed", "reserves", "stability")]
    return ("placed", "reserves", "stability", *others)


def complete_order(aims: Sequence[str]) -> tuple[str, ...]:
    """Those that a campaign may reorder, with those that have their place whatever it chooses."""
    chosen = list(aims)
    for before, aim in pairwise(AIMS):
        if aim not in chosen:
            chosen.insert(chosen.index(before) + 1, aim)
    chosen.insert(chosen.index("distance") + 1, "longest")
    return ("placed", "reserves", *chosen, "draw")


def close_campaign(session: Session, campaign: Campaign, actor: str) -> None:
    """No more requests and no more rounds; what is published stays readable."""
    campaign.status = CampaignStatus.CLOSED
    campaign.version += 1
    session.add(campaign)
    record(session, actor, "close_campaign", f"campaign:{campaign.id}")


def get_campaign(session: Session, campaign_id: int) -> Campaign:
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound
    return campaign


def find_open_campaign(session: Session) -> Campaign | None:
    """The campaign in force for everybody: the widest still open, the latest of those."""
    return next((one for one in campaigns_in_force(session) if one.status is CampaignStatus.OPEN), None)


def campaigns_in_force(session: Session, area: Area = None) -> list[Campaign]:
    """The campaigns that concern an area, those still open first, then the widest, then the latest."""
    found = session.exec(select(Campaign).where(col(Campaign.status) != CampaignStatus.DRAFT)).all()
    covered = [(one, area_of(session, one.territory)) for one in found]
    ordered = sorted(
        ((one, where) for one, where in covered if overlaps(where, area)),
        key=lambda pair: (pair[0].status is not CampaignStatus.OPEN, _breadth(pair[1]), -(pair[0].id or 0)),
    )
    return [one for one, _ in ordered]


def _breadth(area: Area) -> float:
    """The wider, the smaller."""
    return -math.inf if area is None else -len(area)


def find_campaign_of_school(session: Session, department: str, levels: Collection[str]) -> Campaign | None:
    """The one a school works in: the narrowest open one of its territory that has one of its levels, the latest of
    those; without any open, the same among those closed; None before the first.
    """
    found = campaigns_in_force(session, frozenset({department}))
    return own_campaign(session, found, department, levels)


def own_campaign(
    session: Session, found: Sequence[Campaign], department: str, levels: Collection[str]
) -> Campaign | None:
    """`find_campaign_of_school` among campaigns already read, in the order of `campaigns_in_force`."""
    here = frozenset({department})
    near = [one for one in found if overlaps(area_of(session, one.territory), here)]
    near = [one for one in near if set(levels) & set(one.levels)] or near
    still_open = [one for one in near if one.status is CampaignStatus.OPEN] or near
    return max(still_open, key=lambda one: (_breadth(area_of(session, one.territory)), one.id or 0), default=None)
