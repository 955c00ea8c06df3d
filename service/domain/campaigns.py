"""Campaigns: opening one, closing it, finding the one in force.

Responsible for what a campaign may be. Refuses to know how a round is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.dates import short_date
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
) -> Campaign:
    """A campaign that takes requests at once. `today` is the day it is opened unless it is given.

    Raises:
        ServiceError: `campaign_...`, with the field at fault.
    """
    name = clean_text(name, "name", "Le nom de la campagne")
    if session.exec(select(Campaign).where(Campaign.name == name)).first() is not None:
        raise ServiceError(
            "campaign_name_taken", f"Une campagne s’appelle déjà «\u00a0{name}\u00a0». Changez de nom.", "name"
        )
    campaign = Campaign(
        name=name,
        school_year=school_year,
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
    record(session, actor, "open_campaign", f"campaign:{campaign.id}", name=name, school_year=school_year)
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
    """The campaign in force: the latest one still open."""
    statement = select(Campaign).where(Campaign.status == CampaignStatus.OPEN).order_by(col(Campaign.id).desc())
    return session.exec(statement).first()
