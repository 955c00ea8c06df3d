"""The border between rows and the solver: freezes a campaign into an instance, reads a verified result back.

With `service.jobs`, the only part of the service that knows both sides. Refuses to compute anything: who gets which
place is the solver's, whether it is right is the verifier's. Never loads OR-Tools.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.conventions import accepts_offers, departments_of, get_convention
from service.domain.quota_lines import QuotaTree, load_quota_tree
from service.domain.snapshot import OfferOpen, PupilAsking, offers_open, pupils_asking, schools_asking
from service.persistence.bulk import fetch
from service.persistence.tables import Campaign, Department, Period
from service.vocabulary import Level
from solver.files import canonical_bytes, instance_document, instance_from_document
from solver.geography import position, trip_m
from solver.instance import Department as SolverDepartment
from solver.instance import Group, Instance, Offer, QuotaLine, School
from solver.instance import Period as SolverPeriod
from solver.params import OFFICIAL_TIERS, Params, TerritoryRule, Tier
from solver.verify import verify_documents


def freeze(session: Session, campaign: Campaign, today: date) -> Instance:
    """The campaign's problem as it stands: one group per pupil, the seats still free, the ceilings still open.

    Raises:
        ValueError: rows that make no readable instance, naming the field.
    """
    pupils = pupils_asking(session, campaign)
    every_offer = offers_open(session, campaign.school_year)
    tree = load_quota_tree(session)
    territories = _accepted_territories(session, {offer.convention for offer in every_offer} - {None}, today)
    return Instance(
        departments=_departments(session),
        schools=tuple(
            School(row.uai, row.department, position(row.latitude, row.longitude), row.priority)
            for row in schools_asking(session, {pupil.school for pupil in pupils})
        ),
        periods=_periods(session, campaign.school_year),
        offers=_offers(every_offer, campaign, tree, territories),
        groups=tuple(_group(pupil) for pupil in pupils),
        lines=_lines(every_offer, tree, territories),
        params=_params(campaign),
    )


Territories = Mapping[str | None, frozenset[str] | None]
"""The conventions whose offers are accepted, and the départements whose schools each one receives (None: any)."""


def _accepted_territories(session: Session, keys: set[str | None], today: date) -> Territories:
    accepted: dict[str | None, frozenset[str] | None] = {None: None}
    for key in sorted(key for key in keys if key):
        convention = get_convention(session, key)
        if accepts_offers(session, convention, today)[0]:
            accepted[key] = departments_of(session, convention)
    return accepted


def _departments(session: Session) -> tuple[SolverDepartment, ...]:
    rows = fetch(
        session,
        select(
            col(Department.code), col(Department.academy_code), col(Department.landmass), col(Department.neighbours)
        ),
    )
    return tuple(SolverDepartment(code, academy, land, frozenset(others)) for code, academy, land, others in rows)


def _periods(session: Session, school_year: str) -> tuple[SolverPeriod, ...]:
    rows = fetch(session, select(col(Period.id), col(Period.weeks)).where(col(Period.school_year) == school_year))
    return tuple(SolverPeriod(period_id, tuple(weeks)) for period_id, weeks in rows)


def _group(pupil: PupilAsking) -> Group:
    return Group(
        pupil.pseudonym,
        pupil.school,
        pupil.level,
        1,
        pupil.periods,
        pupil.wishes,
        pupil.reach_km * 1000,
        pupil.needs,
    )


def _line_of(offer: OfferOpen, tree: QuotaTree) -> int | None:
    return tree.line_of(offer.convention, offer.commitment, offer.level, offer.department)


def _offers(rows: list[OfferOpen], campaign: Campaign, tree: QuotaTree, territories: Territories) -> tuple[Offer, ...]:
    offers = []
    for row in rows:
        seats = {period: left for period, left in row.left.items() if left > 0}
        if not (row.published and seats and row.convention in territories and row.level in campaign.levels):
            continue
        line = _line_of(row, tree)
        offers.append(
            Offer(
                id=str(row.id),
                department=row.department,
                position=position(row.latitude, row.longitude),
                sector=row.sector,
                levels=frozenset({row.level}),
                seats=seats,
                serves=row.serves,
                max_per_school=row.max_per_school,
                line=None if line is None else str(line),
                admits=territories[row.convention],
            )
        )
    return tuple(offers)


def _lines(rows: list[OfferOpen], tree: QuotaTree, territories: Territories) -> tuple[QuotaLine, ...]:
    """The lines in force, less what published rounds of the school year already hold."""
    held = Counter[int]()
    for row in rows:
        held.update(dict.fromkeys(tree.ancestry(_line_of(row, tree)), row.used))
    return tuple(
        QuotaLine(
            id=str(line.id),
            parent=None if line.parent is None else str(line.parent),
            level=line.level if line.level in set(Level) else None,
            ceiling=None if line.ceiling is None else max(0, line.ceiling - held[line.id]),
            commitment=None if line.commitment is None else max(0, line.commitment - held[line.id]),
        )
        for line in tree.lines.values()
        if line.convention_key in territories
    )


def _params(campaign: Campaign) -> Params:
    between = [Tier(tier) for tier in campaign.tiers] or list(OFFICIAL_TIERS[1:-1])
    return Params(
        tiers=(OFFICIAL_TIERS[0], *between, OFFICIAL_TIERS[-1]), territory_rule=TerritoryRule(campaign.territory_rule)
    )


def frozen_bytes(instance: Instance) -> bytes:
    """The instance as the canonical document that is hashed, solved, verified and kept."""
    return canonical_bytes(instance_document(instance))


def find_faults(instance: bytes, result: bytes) -> list[str]:
    """What the independent verifier says of the two documents: "property: detail" lines, [] when it is silent."""
    return verify_documents(json.loads(instance), json.loads(result))


@dataclass(frozen=True, slots=True)
class PlacedPupil:
    """`rank` is 0 for a pupil without wishes."""

    pseudonym: str
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
    placed: list[PlacedPupil]
    left: list[LeftPupil]
    instance: Instance


def read_decision(instance_bytes: bytes, result_bytes: bytes) -> Decision:
    """Reads a result that the verifier let pass."""
    instance, result = instance_from_document(json.loads(instance_bytes)), json.loads(result_bytes)
    placed = [_placed(instance, row) for row in result["assignments"]]
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
        placed=placed,
        left=[
            LeftPupil(row["group"], row["reason"], {"offers": row["offers"], "lines": row["lines"], **row["facts"]})
            for row in result["unplaced"]
        ],
        instance=instance,
    )


def _placed(instance: Instance, row: Mapping[str, Any]) -> PlacedPupil:
    group, offer = instance.group[row["group"]], instance.offer[row["offer"]]
    return PlacedPupil(
        group.id,
        int(offer.id),
        row["period"],
        instance.rank(group, offer.sector) if group.wishes else 0,
        trip_m(instance.school[group.school].position, offer.position),
    )


def _lines_held(instance: Instance, placed: list[PlacedPupil]) -> list[dict[str, Any]]:
    through = Counter[str]()
    for pupil in placed:
        through.update(instance.ancestry(instance.offer[str(pupil.offer_id)].line))
    return [
        {"line": int(line.id), "ceiling": line.ceiling, "commitment": line.commitment, "placed": through[line.id]}
        for line in instance.lines
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """Something a result rests on that is no longer so, said in French."""

    said: str


def changes_since(decision: Decision, fresh: Instance) -> list[Change]:
    """What the placements rest on and that a fresh freeze no longer shows. Seats are the publication's own affair."""
    frozen = decision.instance
    asked = {
        frozen.group[pupil.pseudonym].school
        for pupil in decision.placed
        if fresh.group.get(pupil.pseudonym) != frozen.group[pupil.pseudonym]
    }
    used = {str(pupil.offer_id) for pupil in decision.placed}
    altered = {offer for offer in used if _terms(fresh.offer.get(offer)) != _terms(frozen.offer[offer])}
    lines = _lines_held(fresh, [pupil for pupil in decision.placed if str(pupil.offer_id) in fresh.offer])
    return [
        *(Change(f"La demande de l’établissement {school} a changé") for school in sorted(asked)),
        *(Change(f"L’offre n°\u00a0{offer} a changé ou n’est plus acceptée") for offer in sorted(altered, key=int)),
        *(
            Change(f"Le plafond de la ligne n°\u00a0{line['line']} serait dépassé")
            for line in lines
            if line["ceiling"] is not None and line["placed"] > line["ceiling"]
        ),
    ]


def _terms(offer: Offer | None) -> Offer | None:
    """An offer without its seats and its line: their counts move with every publication, and are checked apart."""
    return None if offer is None else replace(offer, seats={}, line=None)
