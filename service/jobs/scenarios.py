"""A scenario's instance: a round's frozen one with what a coordinator would like to try; and what it changes for whom.

Responsible for saying the service's changes in the solver's words, in the worker. Refuses to touch the round it starts
from: its bytes are read, and another round is made of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.bridge import frozen_bytes
from service.domain.campaigns import complete_order
from service.domain.scenarios import NEW_OFFER
from service.domain.together import pseudonyms_of
from service.errors import ServiceError
from service.persistence.bulk import fetch
from service.persistence.packed import unpack
from service.persistence.tables import AllocationRound, Department, Offer, RoundDossier, Site
from solver.changes import Change, Draft, Open, Reach, Seats, TierOrder, apply_changes
from solver.difference import Balance, Difference, compare
from solver.files import canonical_bytes, instance_from_document, result_from_document
from solver.geography import position
from solver.instance import Announced, Instance
from solver.instance import Offer as SolverOffer
from solver.params import Tier
from solver.result import Result


def scenario_bytes(session: Session, found: AllocationRound) -> bytes:
    """The instance to solve. Of all the best answers, the one that leaves most pupils where the round has sent them:
    whoever moves, moves because it is better, not because another draw was made.

    Raises:
        ServiceError: the partner has no offer in the round that the new places could be like.
    """
    kept = session.get_one(RoundDossier, found.base_round_id)
    instance = instance_from_document(json.loads(unpack(kept.instance_gz)))
    changes = [one for asked in found.changes for one in _SAID[asked["kind"]](session, instance, asked)]
    if instance.announced:
        return frozen_bytes(apply_changes(instance, changes))
    before = result_from_document(json.loads(unpack(kept.result_gz)))
    aims_stability = any(asked.get("aim") == Tier.STABILITY for asked in found.changes)
    return frozen_bytes(apply_changes(instance, (*changes, _KeepTies(before, last=not aims_stability))))


@dataclass(frozen=True, slots=True)
class _KeepTies:
    """Announces what a result told; `last`: moving somebody is the last thing looked at, just before the draw."""

    told: Result
    last: bool

    def edit(self, draft: Draft) -> None:
        rows = self.told.assignments
        draft.announced = tuple(Announced(row.group, row.offer, row.period, row.count) for row in rows)
        if self.last:
            others = [tier for tier in draft.params.tiers if tier not in (Tier.STABILITY, Tier.DRAW)]
            draft.params = replace(draft.params, tiers=(*others, Tier.STABILITY, Tier.DRAW))


def _more_seats(session: Session, instance: Instance, asked: Mapping[str, Any]) -> Iterable[Change]:
    """Shared out among the partner's openings there; without any, one new offer at the middle of the département."""
    theirs = _offers_of(session, instance, asked["partner_id"], asked["level"])
    there = sorted((row for row in theirs if row.department == asked["department"]), key=lambda row: int(row.id))
    openings = [(row, period) for row in there for period in sorted(row.seats)]
    if not theirs:
        message = (
            "Ce partenaire n’a aucune offre de ce niveau dans le tour\u00a0: on ne sait pas ce que seraient ses places."
        )
        raise ServiceError("scenario_partner", message)
    if not openings:
        return [Open(_new_offer(session, instance, theirs[0], asked))]
    each, more = divmod(asked["seats"], len(openings))
    return [
        Seats(row.id, period, row.seats[period] + each + (rank < more))
        for rank, (row, period) in enumerate(openings)
        if each + (rank < more)
    ]


def _offers_of(session: Session, instance: Instance, partner_id: int, level: str) -> list[SolverOffer]:
    rows = fetch(
        session,
        select(col(Offer.id)).join(Site, col(Site.id) == col(Offer.site_id)).where(col(Site.partner_id) == partner_id),
    )
    known = {str(row[0]) for row in rows} & instance.offer.keys()
    return [instance.offer[name] for name in sorted(known, key=int) if level in instance.offer[name].levels]


def _new_offer(session: Session, instance: Instance, like: SolverOffer, asked: Mapping[str, Any]) -> SolverOffer:
    """In the period that most pupils of the level accept there."""
    middle = session.get_one(Department, asked["department"])
    accepted = Counter[str]()
    for group in instance.groups:
        if group.level == asked["level"] and instance.school[group.school].department == middle.code:
            accepted.update(dict.fromkeys(sorted(group.periods), group.count))
    period = min(accepted or dict.fromkeys(like.seats, 0), key=lambda one: (-accepted[one], one))
    return replace(
        like,
        id=NEW_OFFER,
        department=middle.code,
        position=position(middle.latitude, middle.longitude),
        seats={period: asked["seats"]},
        reserved={},
    )


def _farther(_session: Session, _instance: Instance, asked: Mapping[str, Any]) -> Iterable[Change]:
    return [Reach(add_m=asked["add_km"] * 1000, level=asked["level"] or None)]


def _reserve(_session: Session, instance: Instance, asked: Mapping[str, Any]) -> Iterable[Change]:
    """That share of each offer's seats, rounded down, belongs first to the category."""
    return [
        Open(replace(row, reserved={**row.reserved, asked["priority"]: share}))
        for row in instance.offers
        for share in [max(row.seats.values(), default=0) * asked["percent"] // 100]
        if share > row.reserved.get(asked["priority"], 0)
    ]


def _first_aim(_session: Session, instance: Instance, asked: Mapping[str, Any]) -> Iterable[Change]:
    fixed = {Tier.PLACED, Tier.RESERVES, Tier.LONGEST, Tier.DRAW, Tier(asked["aim"])}
    others = [tier.value for tier in instance.params.tiers if tier not in fixed]
    return [TierOrder(tuple(Tier(tier) for tier in complete_order([asked["aim"], *others])))]


_SAID: Mapping[str, Callable[[Session, Instance, Mapping[str, Any]], Iterable[Change]]] = {
    "seats": _more_seats,
    "reach": _farther,
    "reserve": _reserve,
    "first_aim": _first_aim,
}


def difference_document(session: Session, found: AllocationRound, instance: Instance, result: bytes) -> bytes:
    """Who gains, loses or moves between the round it starts from and the scenario, and what it does to each aim."""
    kept = session.get_one(RoundDossier, found.base_round_id)
    before = result_from_document(json.loads(unpack(kept.result_gz)))
    told = compare(instance, before, result_from_document(json.loads(result)))
    return canonical_bytes(_document(told))


def _document(told: Difference) -> dict[str, Any]:
    return {
        "totals": {"gained": told.gained, "lost": told.lost, "moved": told.moved},
        "tiers": [[row.tier.value, row.before, row.after] for row in told.tiers],
        "schools": [_balance(row) for row in told.schools],
        "departments": [_balance(row) for row in told.departments],
        "moves": [
            [pseudonym, *(None if place is None else list(place) for place in (row.before, row.after))]
            for row in told.moves
            for pseudonym in pseudonyms_of(row.group)
        ],
    }


def _balance(row: Balance) -> list[Any]:
    return [row.name, row.placed_before, row.placed_after, row.gained, row.lost, row.moved]
