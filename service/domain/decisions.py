"""The way back from the solver: what a verified result says, in the service's own words, and whether it still holds.

With `service.domain.bridge`, one side of the border. Refuses to judge a result: two independent programs do, one its
rules and figures, the other its optimality, and what they say is passed on as it is. Never loads OR-Tools.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from service.domain.together import pseudonyms_of
from solver.files import Document, instance_from_document, instance_sha256
from solver.geography import trip_m
from solver.instance import Ban, Group, Instance, Offer
from solver.judge.plain.bounds import VOUCHED
from solver.judges import Claimed
from solver.result import Status


def read_claim(instance: bytes, result: bytes) -> Claimed:
    """The two documents, read once for both judges.

    Raises:
        ValueError: bytes that are no document.
    """
    return Claimed(json.loads(instance), json.loads(result))


def find_faults(claim: Claimed) -> list[str]:
    """What the independent verifier says of it: "property: detail" lines, [] when it is silent."""
    return claim.verify()


def find_gaps(claim: Claimed, certificate: bytes) -> list[str]:
    """What the judge of optimality says: "certificate: detail" lines, [] when no result can beat what is announced."""
    if not certificate:
        return ["certificate: missing, and the result is called optimal"]
    try:
        gaps = claim.prove(json.loads(certificate))
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


@dataclass(frozen=True)
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
    claim: Claimed
    """The documents themselves."""

    @cached_property
    def instance(self) -> Instance:
        """Made for whoever compares it: what a result says is read from the document itself, much sooner."""
        return instance_from_document(self.claim.instance)

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


def read_decision(sha256: str, claim: Claimed) -> Decision:
    """Reads a result that the verifier let pass; `sha256` is that of the instance's bytes."""
    instance, result = claim.instance, claim.result
    groups, offers = ({row["id"]: row for row in instance[name]} for name in ("groups", "offers"))
    outside = 1 + max((len(row["wishes"]) for row in instance["groups"]), default=0)
    homes = {row["id"]: row["position"] for row in instance["schools"]}
    placed = [
        pupil
        for row in result["assignments"]
        for group, offer in [(groups[row["group"]], offers[row["offer"]])]
        for pupil in _placed(row, group, offer, homes[group["school"]], outside)
    ]
    seats = Counter[str]()
    for offer in instance["offers"]:
        seats[offer["department"]] += sum(offer["seats"].values())
    return Decision(
        input_sha256=sha256,
        solver_status=result["status"],
        engine=result["engine"],
        tiers=result["tiers"],
        seconds=result["seconds"],
        pupils=sum(row["count"] for row in instance["groups"]),
        seats=seats.total(),
        seats_by_department=dict(sorted(seats.items())),
        lines=_lines_held(instance, placed),
        sectors=_sectors(instance),
        params=dict(instance["params"]),
        outside_rank=outside,
        placed=placed,
        left=[
            LeftPupil(pseudonym, row["reason"], {"offers": row["offers"], "lines": row["lines"], **row["facts"]})
            for row in result["unplaced"]
            for pseudonym in pseudonyms_of(row["group"])
        ],
        claim=claim,
    )


def _placed(row: Document, group: Document, offer: Document, home: list[int], outside: int) -> Iterator[PlacedPupil]:
    """One per pupil of the group: pupils who stay together are placed all or none."""
    wishes, sector = group["wishes"], offer["sector"]
    rank = 0 if not wishes else wishes.index(sector) + 1 if sector in wishes else outside
    metres = trip_m((home[0], home[1], home[2]), (*offer["position"],))
    for pseudonym in pseudonyms_of(group["id"]):
        yield PlacedPupil(pseudonym, group["id"], int(offer["id"]), row["period"], rank, metres)


def _sectors(instance: Document) -> dict[str, list[int]]:
    seats, wished = Counter[str](), Counter[str]()
    for offer in instance["offers"]:
        seats[offer["sector"]] += sum(offer["seats"].values())
    for group in instance["groups"]:
        wished.update(dict.fromkeys(group["wishes"][:1], group["count"]))
    return {sector: [seats[sector], wished[sector]] for sector in sorted(seats | wished)}


def _lines_held(instance: Document, placed: list[PlacedPupil]) -> list[dict[str, Any]]:
    parent = {row["id"]: row["parent"] for row in instance["lines"]}
    above = {row["id"]: _ancestry(row["line"], parent) for row in instance["offers"]}
    through, seats = _through(above, placed), Counter[str]()
    for offer in instance["offers"]:
        seats.update(dict.fromkeys(above[offer["id"]], sum(offer["seats"].values())))
    return [
        {
            "line": int(line["id"]),
            "ceiling": line["ceiling"],
            "commitment": line["commitment"],
            "seats": seats[line["id"]],
            "placed": through[line["id"]],
        }
        for line in instance["lines"]
    ]


def _ancestry(line: str | None, parent: Mapping[str, str | None]) -> list[str]:
    """The line and every wider one; the verifier has seen that none is above itself."""
    path = []
    while line is not None:
        path.append(line)
        line = parent[line]
    return path


def _through(above: Mapping[str, Sequence[str]], placed: Iterable[PlacedPupil]) -> Counter[str]:
    """The pupils counted by each line, from the lines above each offer."""
    through = Counter[str]()
    for offer, count in Counter(str(pupil.offer_id) for pupil in placed).items():
        through.update(dict.fromkeys(above[offer], count))
    return through


@dataclass(frozen=True, slots=True)
class Change:
    """Something a result rests on that is no longer so, said in French."""

    said: str


def changes_since(decision: Decision, fresh: Instance, excluded: frozenset[int] = frozenset()) -> list[Change]:
    """What the placements rest on and that a fresh freeze no longer shows; `excluded` are the offers left out since.

    Seats are the publication's own affair, but those that no newcomer may take any more. Nothing has changed in an
    instance that is the same to the byte, and the verifier has judged that one.
    """
    if instance_sha256(fresh) == decision.input_sha256:
        return []
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
    above = {offer.id: fresh.ancestry(offer.line) for offer in fresh.offers}
    through = _through(above, (pupil for pupil in decision.placed if str(pupil.offer_id) in above))
    return [
        *_decided_since(frozen, fresh),
        *(Change(f"L’offre n°\u00a0{offer} a été écartée par un ajustement") for offer in sorted(left_out, key=int)),
        *(Change(f"La demande de l’établissement {school} a changé") for school in sorted(asked)),
        *(
            Change(f"L’offre n°\u00a0{offer} a changé ou n’est plus acceptée")
            for offer in sorted((altered | closed) - left_out, key=int)
        ),
        *(
            Change(f"Le plafond de la ligne n°\u00a0{line.id} serait dépassé")
            for line in fresh.lines
            if line.ceiling is not None and through[line.id] > line.ceiling
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
