"""The rules of a campaign once it is open: changed with their version, and what they add up to (reserves, ceilings).

Responsible for one edit at a time and for the second person's agreement before a publication. Refuses to touch what
rounds already computed have frozen: a change is for the rounds to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from service.domain.audit import record
from service.domain.campaigns import check_rules, get_campaign
from service.domain.reminders import STAGES
from service.domain.rounds import get_round, name_of
from service.errors import Conflict, ServiceError
from service.persistence.bulk import fetch
from service.persistence.clock import InstantIn
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    Convention,
    Offer,
    OfferReserve,
    Opening,
    QuotaLine,
)
from service.vocabulary import Level, OfferStatus, Priority, RoundStatus


@dataclass(frozen=True, slots=True)
class RulesDraft:
    """`tiers` is the order of the aims between `placed` and `draw`."""

    closes_on: date
    default_reach_km: int
    territory_rule: str
    tiers: tuple[str, ...]
    two_people: bool
    added_reach_km: int = 0
    reserves: Mapping[str, int] = field(default_factory=dict)
    """Percent of each offer's seats, by priority class."""


def change_rules(
    session: Session, campaign_id: int, draft: RulesDraft, version: int, actor: str, today: date
) -> Campaign:
    """Writes the rules over those of `version`, and no other.

    Raises:
        Conflict: somebody has changed the campaign since.
        ServiceError: `campaign_...`, with the field at fault.
    """
    campaign = get_campaign(session, campaign_id)
    before = {name: getattr(campaign, name) for name in _CHANGED}
    after = {name: getattr(draft, name) for name in _CHANGED}
    after |= {"tiers": list(draft.tiers), "reserves": dict(sorted(draft.reserves.items()))}
    if draft.closes_on < today and draft.closes_on != campaign.closes_on:
        message = "Cette date est passée. Choisissez une date à venir."
        raise ServiceError("campaign_closes_in_the_past", message, "closes_on")
    check_rules(draft.default_reach_km, draft.territory_rule, draft.tiers)
    _check_shares(draft)
    touched = session.exec(
        update(Campaign)
        .where(col(Campaign.id) == campaign_id, col(Campaign.version) == version)
        .values(**after, version=version + 1)
    )
    if touched.rowcount != 1:
        raise Conflict(
            "campaign_changed", "La campagne vient d’être modifiée par quelqu’un d’autre. Relisez ses règles."
        )
    session.refresh(campaign)
    changed = {name: [str(before[name]), str(after[name])] for name in _CHANGED if before[name] != after[name]}
    record(session, actor, "change_campaign", f"campaign:{campaign_id}", **changed)
    return campaign


_CHANGED = ("closes_on", "default_reach_km", "territory_rule", "tiers", "two_people", "added_reach_km", "reserves")
MOST_ADDED_KM = 300


def _check_shares(draft: RulesDraft) -> None:
    if not -MOST_ADDED_KM <= draft.added_reach_km <= MOST_ADDED_KM:
        message = f"La distance change de {MOST_ADDED_KM}\u00a0km au plus."
        raise ServiceError("campaign_added_reach", message, "added_reach_km")
    classes = set(Priority) - {Priority.NONE}
    if not set(draft.reserves) <= classes or any(share < 1 for share in draft.reserves.values()):
        raise ServiceError("campaign_reserves", "Une part va de 1 à 100\u00a0%, ou reste vide.", "reserve_rep")
    if sum(draft.reserves.values()) > 100:
        message = "Les parts réservées font plus de 100\u00a0% ensemble. Réduisez-en une."
        raise ServiceError("campaign_reserves", message, f"reserve_{min(draft.reserves)}")


def approve_round(session: Session, round_id: int, actor: str) -> None:
    """The first of two people agrees that the round be published; the other one publishes.

    Raises:
        Conflict: the round is no longer to be published, or somebody has agreed already.
    """
    found = get_round(session, round_id)
    touched = session.exec(
        update(AllocationRound)
        .where(
            col(AllocationRound.id) == round_id,
            col(AllocationRound.status) == RoundStatus.COMPUTED,
            col(AllocationRound.approved_by) == "",
        )
        .values(approved_by=actor, approved_at=InstantIn())
    )
    if touched.rowcount != 1:
        who = name_of(session, found.approved_by) if found.approved_by else ""
        raise Conflict(
            "round_approved", f"{who} a déjà donné son accord." if who else "Ce tour n’est plus à publier. Relisez-le."
        )
    session.refresh(found)
    record(session, actor, "approve_round", f"round:{round_id}", sha256=found.input_sha256)


def check_two_people(campaign: Campaign, found: AllocationRound, actor: str) -> None:
    """What a publication asks of a campaign that wants two people.

    Raises:
        ServiceError: nobody has agreed yet, or the same person has.
    """
    if not campaign.two_people:
        return
    if not found.approved_by:
        raise ServiceError(
            "second_person", "Cette campagne se publie à deux\u00a0: une personne donne son accord, une autre publie."
        )
    if found.approved_by == actor:
        raise ServiceError("second_person", "Vous avez donné votre accord\u00a0: une autre personne doit publier.")


def reserved_seats(session: Session, campaign: Campaign) -> dict[str, int]:
    """Seats that the published offers of the campaign's levels keep for each category, all periods together."""
    periods = (
        select(col(Opening.offer_id), func.count().label("many")).group_by(col(Opening.offer_id)).subquery("periods")
    )
    rows = fetch(
        session,
        select(col(OfferReserve.category), col(OfferReserve.seats) * periods.c.many)
        .join(Offer, col(Offer.id) == col(OfferReserve.offer_id))
        .join(periods, periods.c.offer_id == col(Offer.id))
        .where(
            col(Offer.school_year) == campaign.school_year,
            col(Offer.status) == OfferStatus.PUBLISHED,
            col(Offer.level).in_(campaign.levels),
        ),
    )
    totals = Counter[str]()
    for category, seats in rows:
        totals[str(category)] += seats
    return dict(totals)


@dataclass(frozen=True, slots=True)
class LineInForce:
    convention: str
    convention_key: str
    label: str
    level: str
    commitment: int | None
    ceiling: int | None


def lines_in_force(session: Session, campaign: Campaign) -> list[LineInForce]:
    """Quota lines that bear on the campaign's levels, convention by convention."""
    rows = fetch(
        session,
        select(
            col(Convention.title),
            col(Convention.key),
            col(QuotaLine.label),
            col(QuotaLine.level),
            col(QuotaLine.commitment),
            col(QuotaLine.ceiling),
        )
        .join(Convention, col(Convention.id) == col(QuotaLine.convention_id))
        .order_by(col(Convention.key), col(QuotaLine.id)),
    )
    lines = [LineInForce(*row) for row in rows]
    said = [one for one in lines if one.commitment is not None or one.ceiling is not None]
    return [one for one in said if one.level in campaign.levels or one.level not in set(Level)]


def reminder_days(campaign: Campaign) -> list[date]:
    """When those who are late are reminded, the first day first."""
    return sorted(campaign.closes_on - timedelta(days=stage) for stage in STAGES)
