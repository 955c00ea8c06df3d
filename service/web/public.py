"""What anybody may read: home, how a decision is made, the accessibility statement. No name, no small count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, url_for
from sqlmodel import col, select

from service.domain.campaigns import ROUND_WEIGHTS, aims_in_order, find_open_campaign
from service.persistence.tables import AllocationRound, Campaign
from service.vocabulary import PRIORITY_LABELS, TIER_LABELS
from service.web.access import current_person, public
from service.web.context import db

blueprint = Blueprint("public", __name__)
ROUNDS_SHOWN = 10
TERRITORY_RULE_LABELS = {
    "anywhere": "toute la France, dans la limite de la distance",
    "academy_or_neighbour": "l’académie de l’établissement et les départements voisins",
    "academy": "l’académie de l’établissement",
    "department": "le département de l’établissement",
}


@dataclass(frozen=True)
class PublishedRound:
    """The last published round and its campaign, as anybody may know them."""

    campaign: Campaign
    round: AllocationRound


def published_rounds(limit: int) -> list[PublishedRound]:
    """What each campaign has published, the last first."""
    rows = db().exec(
        select(Campaign, AllocationRound)
        .join(AllocationRound, col(AllocationRound.id) == col(Campaign.published_round_id))
        .order_by(col(AllocationRound.published_at).desc())
        .limit(limit)
    )
    return [PublishedRound(campaign, found) for campaign, found in rows]


def last_published() -> PublishedRound | None:
    return next(iter(published_rounds(limit=1)), None)


@blueprint.get("/")
@public
def home() -> Any:
    published = last_published()
    return render_template(
        "public/home.html",
        published=published,
        destination=url_for("accounts.spaces") if current_person() else url_for("accounts.sign_in"),
    )


@dataclass(frozen=True)
class Rules:
    """The parameters of a campaign or of a round, as anybody may know them."""

    tiers: tuple[str, ...]
    territory: str
    weights: tuple[tuple[str, int], ...]
    added_reach_km: int = 0
    reserves: tuple[tuple[str, int], ...] = ()


def active_rules() -> Rules:
    """Those of the campaign in force; before the first, those that apply by default."""
    campaign = find_open_campaign(db())
    if campaign is None:
        published = last_published()
        campaign = published.campaign if published is not None else None
    if campaign is None:
        return Rules(tuple(TIER_LABELS), "", _weights(ROUND_WEIGHTS))
    territory, shares = TERRITORY_RULE_LABELS[campaign.territory_rule], _weights(campaign.reserves)
    return Rules(aims_in_order(campaign), territory, _weights(ROUND_WEIGHTS), campaign.added_reach_km, shares)


def rules_of(published: PublishedRound) -> Rules:
    """The very parameters frozen with the round; those of its campaign for a round older than they are kept."""
    kept = published.round.figures.get("params")
    if kept is None:
        campaign = published.campaign
        return Rules(aims_in_order(campaign), TERRITORY_RULE_LABELS[campaign.territory_rule], ())
    weights = _weights(kept["priority_weights"])
    added, shares = kept.get("added_reach_km", 0), _weights(kept.get("reserves", {}))
    return Rules(tuple(kept["tiers"]), TERRITORY_RULE_LABELS[kept["territory_rule"]], weights, added, shares)


def _weights(weights: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((label, weights[priority]) for priority, label in PRIORITY_LABELS.items() if priority in weights)


@blueprint.get("/comment-une-decision-est-prise")
@public
def method() -> Any:
    """The method, written from the configuration in force, and the parameters of each published round."""
    return render_template(
        "public/method.html",
        rules=active_rules(),
        published=[(one, rules_of(one)) for one in published_rounds(limit=ROUNDS_SHOWN)],
        tier_labels=TIER_LABELS,
    )


@blueprint.get("/accessibilite")
@public
def accessibility() -> Any:
    return render_template("public/accessibility.html")
