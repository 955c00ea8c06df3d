"""The way back from the solver: what a verified result says, in the service's own words, and whether it still holds.

With `service.domain.bridge`, one side of the border. Refuses to judge a result: two independent programs do, one its
rules and figures, the other its optimality, and what they say is passed on as it is. Never loads OR-Tools.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.domain.together import pseudonyms_of
from solver.files import instance_from_document
from solver.geography import trip_m
from solver.instance import Ban, Group, Instance, Offer
from solver.judge.plain.bounds import VOUCHED
from solver.judges import prove_claim, verify_claim
from solver.result import Status


def find_faults(instance: bytes, result: bytes) -> list[str]:
    """What the independent verifier says of the two documents: "property: detail" lines, [] when it is silent."""
    return verify_claim(json.loads(instance), json.loads(result))


def find_gaps(instance: bytes, result: bytes, certificate: bytes) -> list[str]:
    """What the judge of optimality says: "certificate: detail" lines, [] when no result can beat what is announced."""
    if not certificate:
        return ["certificate: missing, and the result is called optimal"]
    try:
        gaps = prove_claim(json.loads(instance), json.loads(result), json.loads(certificate))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # The verifier has let the two other documents pass: it is the certificate that is none.
        gaps = [f"unreadable: {type(error).__name__}: {error}"]
    return [f"certificate: {gap}" for gap in gaps]


@dataclass(frozen=True, slots=True)
class PlacedPupil:
    """One placement of one pupil. `rank` is that of the group's wishes, 0 without wishes."""

    pseudonym: str
    group: str
    offer_id: int
    period_id: str
    rank: int
    trip_m: int


@dataclass(frozen=True, slots=True)
class LeftPupil:
    pseudonym: str
    reason: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """A result in the service's own words, and the figures that only the frozen instance knows."""

    input_sha256: str
    solver_status: str
    engine: str
    tiers: list[dict[str, Any]]
    seconds: dict[str, float]
    pupils: int
    seats: int
    seats_by_department: dict[str, int]
    lines: list[dict[str, Any]]
    sectors: dict[str, list[int]]
    """By sector: the seats offered in it, and the pupils for whom it is the first wish."""
    params: dict[str, Any]
    """The campaign's rules as they were frozen: order of the aims, territory rule, weights of the categories."""
    outside_rank: int
    """The rank counted for a sector outside a pupil's wishes."""
    placed: list[PlacedPupil]
    """Two for a pupil sent to two hosts."""
    left: list[LeftPupil]
    instance: Instance

    @property
    def placed_pupils(self) -> int:
        return len({row.pseudonym for row in self.placed})

    @property
    def bounded(self) -> bool:
        """Whether a bound is said to be proven by the network, that prices can show."""
        return any(row["proof"] in VOUCHED for row in self.tiers)

    @property
    def called_optimal(self) -> bool:
        return self.solver_status == Status.OPTIMAL


def read_decision(instance_bytes: bytes, result_bytes: bytes) -> Decision:
    """Reads a result that the verifier let pass."""
    instance, result = instance_from_document(json.loads(instance_bytes)), json.loads(result_bytes)
    placed = [pupil for row in result["assignments"] for pupil in _placed(instance, row)]
    seats = Counter[str]()
    for offer in instance.offers:
        seats[offer.department] += sum(offer.seats.values())
    return Decision(
        input_sha256=hashlib.sha256(instance_bytes).hexdigest(),
        solver_status=result["status"],
        engine=result["engine"],
        tiers=result["tiers"],
        seconds=result["seconds"],
        pupils=sum(group.count for group in instance.groups),
        seats=seats.total(),
        seats_by_department=dict(sorted(seats.items())),
        lines=_lines_held(instance, placed),
        sectors=_sectors(instance),
        params={
            "tiers": [tier.value for tier in instance.params.tiers],
            "territory_rule": instance.params.territory_rule.value,
            "priority_weights": dict(instance.params.priority_weights),
        },
        outside_rank=instance.unranked_rank,
        placed=placed,
        left=[
            LeftPupil(pseudonym, row["reason"], {"offers": row["offers"], "lines": row["lines"], **row["facts"]})
            for row in result["unplaced"]
            for pseudonym in pseudonyms_of(row["group"])
        ],
        instance=instance,
    )


def _placed(instance: Instance, row: Mapping[str, Any]) -> list[PlacedPupil]:
    """One per pupil of the group: pupils who stay together are placed all or none."""
    group, offer = instance.group[row["group"]], instance.offer[row["offer"]]
    rank = instance.rank(group, offer.sector) if group.wishes else 0
    metres = trip_m(instance.school[group.school].position, offer.position)
    return [
        PlacedPupil(pseudonym, group.id, int(offer.id), row["period"], rank, metres)
        for pseudonym in pseudonyms_of(group.id)
    ]


def _sectors(instance: Instance) -> dict[str, list[int]]:
    seats, wished = Counter[str](), Counter[str]()
    for offer in instance.offers:
        seats[offer.sector] += sum(offer.seats.values())
    for group in instance.groups:
        wished.update(dict.fromkeys(group.wishes[:1], group.count))
    return {sector: [seats[sector], wished[sector]] for sector in sorted(seats | wished)}


def _lines_held(instance: Instance, placed: list[PlacedPupil]) -> list[dict[str, Any]]:
    through, seats = Counter[str](), Counter[str]()
    for pupil in placed:
        through.update(instance.ancestry(instance.offer[str(pupil.offer_id)].line))
    for offer in instance.offers:
        seats.update(dict.fromkeys(instance.ancestry(offer.line), sum(offer.seats.values())))
    return [
        {
            "line": int(line.id),
            "ceiling": line.ceiling,
            "commitment": line.commitment,
            "seats": seats[line.id],
            "placed": through[line.id],
        }
        for line in instance.lines
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """Something a result rests on that is no longer so, said in French."""

    said: str


def changes_since(decision: Decision, fresh: Instance, excluded: frozenset[int] = frozenset()) -> list[Change]:
    """What the placements rest on and that a fresh freeze no longer shows; `excluded` are the offers left out since.

    Seats are the publication's own affair, but those that no newcomer may take any more.
    """
    frozen = decision.instance
    asked = {
        frozen.group[pupil.group].school
        for pupil in decision.placed
        if _asked(fresh, pupil.group) != _asked(frozen, pupil.group)
    }
    used = {str(pupil.offer_id) for pupil in decision.placed}
    closed = _closed_to_newcomers(decision, fresh)
    left_out = {offer for offer in used if int(offer) in excluded and (offer in closed or offer not in fresh.offer)}
    altered = {offer for offer in used if _terms(fresh.offer.get(offer)) != _terms(frozen.offer[offer])}
    lines = _lines_held(fresh, [pupil for pupil in decision.placed if str(pupil.offer_id) in fresh.offer])
    return [
        *_decided_since(frozen, fresh),
        *(Change(f"L’offre n°\u00a0{offer} a été écartée par un ajustement") for offer in sorted(left_out, key=int)),
        *(Change(f"La demande de l’établissement {school} a changé") for school in sorted(asked)),
        *(
            Change(f"L’offre n°\u00a0{offer} a changé ou n’est plus acceptée")
            for offer in sorted((altered | closed) - left_out, key=int)
        ),
        *(
            Change(f"Le plafond de la ligne n°\u00a0{line['line']} serait dépassé")
            for line in lines
            if line["ceiling"] is not None and line["placed"] > line["ceiling"]
        ),
    ]


def _closed_to_newcomers(decision: Decision, fresh: Instance) -> set[str]:
    """Offers still there for the pupils they have, but not for all those the result sends them: an offer left out or
    withdrawn, or a week that has begun."""
    sent = Counter((str(pupil.offer_id), pupil.period_id) for pupil in decision.placed)
    return {
        offer
        for (offer, period), count in sent.items()
        if offer in fresh.offer and count > fresh.offer[offer].seats.get(period, 0)
    }


def _decided_since(frozen: Instance, fresh: Instance) -> list[Change]:
    """Who has a place already, who is sent somewhere, who may not go where: what people decided, said one by one."""
    if fresh.announced != frozen.announced:
        return [Change("Un autre tour de la campagne a été publié")]
    pins, before = {row.group for row in fresh.pins}, {row.group for row in frozen.pins}
    moved = {row.group for row in set(fresh.pins) ^ set(frozen.pins)}
    bans, lifted = set(fresh.bans) - set(frozen.bans), set(frozen.bans) - set(fresh.bans)
    said = [
        *(f"L’élève {group} a désormais une place publiée ou imposée" for group in sorted(moved & pins)),
        *(f"L’élève {group} n’a plus de place imposée" for group in sorted(moved & before - pins)),
        *(f"L’élève {group} ne peut plus aller sur l’offre n°\u00a0{offer}" for group, offer in _pairs(bans)),
        *(f"L’élève {group} peut de nouveau aller sur l’offre n°\u00a0{offer}" for group, offer in _pairs(lifted)),
    ]
    return [Change(one) for one in said]


def _pairs(bans: set[Ban]) -> list[tuple[str, str]]:
    return sorted((ban.group, ban.offer) for ban in bans)


def _asked(instance: Instance, group: str) -> tuple[Group | None, tuple[tuple[str, ...], ...]]:
    """What a group asks, and in which weeks two hosts may share it."""
    return instance.group.get(group), instance.bundles_of.get(group, ())


def _terms(offer: Offer | None) -> Offer | None:
    """An offer without its seats and its line: their counts move with every publication, and are checked apart."""
    return None if offer is None else replace(offer, seats={}, line=None)
