"""What anybody may read: home, how a decision is made, the accessibility statement. No name, no small count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, url_for
from sqlmodel import col, select

from service.domain.campaigns import aims_in_order
from service.persistence.tables import AllocationRound, Campaign
from service.vocabulary import TIER_LABELS
from service.web.access import current_person, public
from service.web.context import db

blueprint = Blueprint("public", __name__)
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


def last_published() -> PublishedRound | None:
    row = (
        db()
        .exec(
            select(Campaign, AllocationRound)
            .join(AllocationRound, col(AllocationRound.id) == col(Campaign.published_round_id))
            .order_by(col(AllocationRound.published_at).desc())
        )
        .first()
    )
    return PublishedRound(row[0], row[1]) if row is not None else None


@blueprint.get("/")
@public
def home() -> Any:
    published = last_published()
    return render_template(
        "public/home.html",
        published=published,
        destination=url_for("accounts.spaces") if current_person() else url_for("accounts.sign_in"),
    )


@blueprint.get("/comment-une-decision-est-prise")
@public
def method() -> Any:
    published = last_published()
    chosen = published.campaign if published is not None else None
    return render_template(
        "public/method.html",
        published=published,
        tiers=list(TIER_LABELS) if chosen is None else aims_in_order(chosen),
        tier_labels=TIER_LABELS,
        territory_label=TERRITORY_RULE_LABELS[chosen.territory_rule] if chosen is not None else "",
    )


@blueprint.get("/accessibilite")
@public
def accessibility() -> Any:
    return render_template("public/accessibility.html")
