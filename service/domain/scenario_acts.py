"""What a scenario becomes once a coordinator is convinced: rules of its campaign, and a request to the partner.

Responsible for doing it once, in one transaction, with its trace. Refuses to open a place: seats belong to partners,
who are asked for them; and to touch a round already computed: the next one takes the rules in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from service.domain.addresses import partner_address
from service.domain.audit import record
from service.domain.campaign_rules import RulesDraft, change_rules
from service.domain.campaigns import AIMS, aims_in_order, get_campaign
from service.domain.digests import read_mailboxes
from service.domain.letters import Letter
from service.domain.outbox import queue_letters
from service.domain.rounds import name_of
from service.domain.scenarios import get_scenario
from service.domain.texts import plural
from service.errors import Conflict, ServiceError
from service.persistence.clock import InstantIn
from service.persistence.tables import AllocationRound, Campaign, Department, Partner
from service.vocabulary import HAS_RESULT, LEVEL_LABELS, CampaignStatus, Level


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done: rules changed or not, and the people of the partner who are asked for seats."""

    rules: bool
    asked: tuple[str, ...]


def apply_scenario(session: Session, round_id: int, version: int, actor: str, today: date) -> Applied:
    """Makes rules of what the scenario changes, over those of `version` and no other; asks the partner for its seats.

    Raises:
        Conflict: not computed yet, applied already, or the campaign was changed by somebody since the page was read.
        ServiceError: the campaign is closed, a rule would mean nothing, or nobody at the partner can be written to.
    """
    found = get_scenario(session, round_id)
    campaign = get_campaign(session, found.campaign_id)
    if campaign.status is not CampaignStatus.OPEN:
        raise ServiceError("campaign_not_open", "Cette campagne est close\u00a0: ses règles ne changent plus.")
    _mark(session, found, actor)
    before = _rules_of(campaign)
    after = before
    for asked in found.changes:
        after = _with(after, asked)
    if after != before:
        change_rules(session, found.campaign_id, after, version, actor, today)
    asked_of = [
        email for asked in found.changes if asked["kind"] == "seats" for email in _ask(session, campaign, found, asked)
    ]
    record(session, actor, "apply_scenario", f"round:{round_id}", campaign=campaign.id, changes=found.changes)
    return Applied(after != before, tuple(asked_of))


def _mark(session: Session, found: AllocationRound, actor: str) -> None:
    if found.status not in HAS_RESULT:
        raise Conflict("scenario_not_computed", "Cet essai n’a pas encore de résultat\u00a0: attendez son calcul.")
    touched = session.exec(
        update(AllocationRound)
        .where(col(AllocationRound.id) == found.id, col(AllocationRound.applied_at).is_(None))
        .values(applied_at=InstantIn(), applied_by=actor)
    )
    if touched.rowcount != 1:
        session.refresh(found)
        who = name_of(session, found.applied_by)
        raise Conflict("scenario_applied", f"{who} a déjà appliqué cet essai. Voyez les règles de la campagne.")


def _rules_of(campaign: Campaign) -> RulesDraft:
    return RulesDraft(
        campaign.closes_on,
        campaign.default_reach_km,
        campaign.territory_rule,
        tuple(aim for aim in aims_in_order(campaign) if aim in AIMS),
        campaign.two_people,
        campaign.added_reach_km,
        campaign.reserves,
    )


def _with(rules: RulesDraft, asked: Mapping[str, Any]) -> RulesDraft:
    if asked["kind"] == "reach":
        return replace(rules, added_reach_km=rules.added_reach_km + asked["add_km"])
    if asked["kind"] == "reserve":
        share = max(asked["percent"], rules.reserves.get(asked["priority"], 0))
        return replace(rules, reserves={**rules.reserves, asked["priority"]: share})
    if asked["kind"] == "first_aim":
        return replace(rules, tiers=(asked["aim"], *(aim for aim in rules.tiers if aim != asked["aim"])))
    return rules


def _ask(session: Session, campaign: Campaign, found: AllocationRound, asked: Mapping[str, Any]) -> list[str]:
    """The partner's people, each with a message queued."""
    partner = session.get(Partner, asked["partner_id"])
    people = read_mailboxes(session).partners.get(asked["partner_id"], [])
    if partner is None or not people:
        name = partner.name if partner else "ce partenaire"
        message = f"Personne n’a de compte chez {name}\u00a0: invitez quelqu’un, puis appliquez l’essai."
        raise ServiceError("partner_unreachable", message)
    letter = request_letter(session, campaign, found, asked)
    queue_letters(session, {(f"scenario:{found.id}:partner:{partner.id}", email): letter for email in people})
    return people


def request_letter(session: Session, campaign: Campaign, found: AllocationRound, asked: Mapping[str, Any]) -> Letter:
    """What a partner reads: how many places, where, for which level, and what they would give."""
    where = session.get_one(Department, asked["department"])
    places = plural(asked["seats"], "place de plus", "places de plus")
    level = LEVEL_LABELS[Level(asked["level"])]
    gained = found.placed - session.get_one(AllocationRound, found.base_round_id).placed
    told = [f"La coordination de la campagne «\u00a0{campaign.name}\u00a0» vous demande {places}."]
    if len(found.changes) == 1 and gained > 0:
        told.append(f"Le calcul montre que {plural(gained, 'élève')} de plus en recevraient une.")
    return Letter(
        f"{places}, {where.name}\u00a0: une demande de la coordination",
        told,
        [f"Département\u00a0: {where.name} ({where.code})", f"Niveau\u00a0: {level}", f"Nombre\u00a0: {places}"],
        action="Publier des places",
        path=partner_address(asked["partner_id"]),
    )
