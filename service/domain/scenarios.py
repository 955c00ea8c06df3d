"""What a coordinator tries without changing anything: named scenarios on a computed round, and what each would give.

Responsible for what may be tried and for reading the answer. A scenario is a round that is never published: the same
worker, the same child, the same verifier. Refuses to know how a change is said to the solver: the job does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from service.domain.campaigns import AIMS, get_campaign
from service.domain.dates import french_span
from service.domain.rounds import Start, get_round, launch_round, rounds_of
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.bulk import fetch
from service.persistence.packed import pack, unpack
from service.persistence.tables import (
    AllocationRound,
    ClassGroup,
    Department,
    Offer,
    Partner,
    Period,
    Pupil,
    RoundDossier,
    School,
    Site,
)
from service.vocabulary import HAS_RESULT, Level, OfferStatus, Priority, RoundKind

NEW_OFFER = "0"
"""The identifier of the places that nobody has published, in a scenario's own documents."""
MOST_SEATS, MOST_KM = 20_000, 300


@dataclass(frozen=True, slots=True)
class Tried:
    """The changes of a scenario; what is None or empty stays as it is."""

    partner_id: int | None = None
    department: str = ""
    level: str = ""
    seats: int | None = None
    add_km: int | None = None
    reserve_percent: int | None = None
    reserve_priority: str = ""
    first_aim: str = ""

    def changes(self) -> tuple[dict[str, Any], ...]:
        said: list[dict[str, Any]] = []
        if self.seats is not None:
            where = {"partner_id": self.partner_id, "department": self.department, "level": self.level}
            said.append({"kind": "seats", **where, "seats": self.seats})
        if self.add_km:
            said.append({"kind": "reach", "add_km": self.add_km, "level": ""})
        if self.reserve_percent is not None:
            said.append({"kind": "reserve", "percent": self.reserve_percent, "priority": self.reserve_priority})
        if self.first_aim:
            said.append({"kind": "first_aim", "aim": self.first_aim})
        return tuple(said)


def base_of(session: Session, campaign_id: int) -> AllocationRound | None:
    """The round that a new scenario starts from: the last one computed."""
    computed = (one for one in rounds_of(session, campaign_id) if one.status in HAS_RESULT)
    return next((one for one in computed if one.kind is not RoundKind.SCENARIO), None)


def launch_scenario(session: Session, campaign_id: int, name: str, tried: Tried, actor: str) -> AllocationRound:
    """A queued scenario.

    Raises:
        ServiceError: no name, nothing to try, or a change that means nothing.
        Conflict: nothing is computed yet, the name is taken, or a round is already queued or running.
    """
    get_campaign(session, campaign_id)
    name = clean_text(name, "name", "Le nom de l’essai", at_most=80)
    base = base_of(session, campaign_id)
    if base is None:
        raise Conflict(
            "nothing_computed", "Aucun tour n’est calculé\u00a0: lancez-en un, un essai part de son résultat."
        )
    if any(one.name == name for one in scenarios_of(session, campaign_id)):
        raise ServiceError(
            "scenario_name_taken", f"Un essai s’appelle déjà «\u00a0{name}\u00a0». Changez de nom.", "name"
        )
    _check(session, tried)
    if not tried.changes():
        raise ServiceError(
            "scenario_empty", "Changez au moins une chose\u00a0: sinon l’essai redonnerait le même tour."
        )
    return launch_round(session, campaign_id, actor, Start(RoundKind.SCENARIO, base.id, name, tried.changes()))


def _check(session: Session, tried: Tried) -> None:
    if tried.seats is not None:
        if not 1 <= tried.seats <= MOST_SEATS:
            raise ServiceError("scenario_seats", f"Le nombre de places va de 1 à {MOST_SEATS}.", "seats")
        if tried.level not in set(Level) or session.get(Department, tried.department) is None:
            raise ServiceError("scenario_where", "Choisissez le département et le niveau de ces places.", "department")
        offers = (
            select(col(Offer.id))
            .join(Site, col(Site.id) == col(Offer.site_id))
            .where(
                col(Site.partner_id) == tried.partner_id,
                col(Offer.level) == tried.level,
                col(Offer.status) == OfferStatus.PUBLISHED,
            )
        )
        if tried.partner_id is None or not fetch(session, offers.limit(1)):
            message = "Choisissez un partenaire qui a déjà une offre publiée à ce niveau."
            raise ServiceError("scenario_partner", message, "partner_id")
    if tried.add_km is not None and not -MOST_KM <= tried.add_km <= MOST_KM:
        raise ServiceError("scenario_reach", f"La distance change de {MOST_KM} km au plus.", "add_km")
    if tried.reserve_percent is not None and (
        not 1 <= tried.reserve_percent <= 100 or tried.reserve_priority not in set(Priority) - {Priority.NONE}
    ):
        message = "Choisissez une catégorie d’établissements et une part de 1 à 100\u00a0%."
        raise ServiceError("scenario_reserve", message, "reserve_percent")
    if tried.first_aim and tried.first_aim not in AIMS:
        raise ServiceError("scenario_aim", "Choisissez un critère dans la liste.", "first_aim")


def scenarios_of(session: Session, campaign_id: int) -> list[AllocationRound]:
    """The latest first."""
    return [one for one in rounds_of(session, campaign_id) if one.kind is RoundKind.SCENARIO]


def get_scenario(session: Session, round_id: int) -> AllocationRound:
    """
    Raises:
        NotFound: no scenario has that key.
    """
    found = get_round(session, round_id)
    if found.kind is not RoundKind.SCENARIO:
        raise NotFound
    return found


def record_difference(session: Session, round_id: int, document: bytes) -> None:
    """Keeps what the scenario changes beside its documents, in the transaction that records it."""
    packed = pack(document)
    kept = update(RoundDossier).where(col(RoundDossier.round_id) == round_id)
    session.exec(kept.values(difference_gz=packed).execution_options(synchronize_session=False))


@dataclass(frozen=True, slots=True)
class Balance:
    """A school or a département where something changes, in pupils."""

    name: str
    before: int
    after: int
    gained: int
    lost: int
    moved: int


@dataclass(frozen=True, slots=True)
class Differs:
    """What a scenario gives beside the round it starts from. `moves` are pseudonym, place before, place after."""

    totals: Mapping[str, int]
    tiers: Sequence[tuple[str, int | None, int | None]]
    schools: Sequence[Balance]
    departments: Sequence[Balance]
    moves: Sequence[tuple[str, tuple[str, str] | None, tuple[str, str] | None]]


def read_difference(session: Session, round_id: int) -> Differs:
    kept = session.get_one(RoundDossier, round_id)
    told = json.loads(unpack(kept.difference_gz))
    return Differs(
        told["totals"],
        [(tier, before, after) for tier, before, after in told["tiers"]],
        [Balance(*row) for row in told["schools"]],
        [Balance(*row) for row in told["departments"]],
        [(pupil, _pair(before), _pair(after)) for pupil, before, after in told["moves"]],
    )


def _pair(place: list[str] | None) -> tuple[str, str] | None:
    return None if place is None else (place[0], place[1])


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move with the names a coordinator reads; an empty place is none."""

    pseudonym: str
    school: str
    uai: str
    class_name: str
    before: str
    after: str


def named_moves(
    session: Session, moves: Sequence[tuple[str, tuple[str, str] | None, tuple[str, str] | None]]
) -> list[MoveRow]:
    """The names of some moves, in three queries."""
    pupils = {
        row[0]: (row[1], row[2], row[3])
        for row in fetch(
            session,
            select(col(Pupil.pseudonym), col(School.name), col(School.uai), col(ClassGroup.name))
            .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
            .join(School, col(School.id) == col(ClassGroup.school_id))
            .where(col(Pupil.pseudonym).in_([pupil for pupil, _, _ in moves])),
        )
    }
    places = _names_of_places(session, {place for _, *both in moves for place in both if place is not None})
    return [
        MoveRow(pupil, school, uai, class_name, places.get(before, ""), places.get(after, ""))
        for pupil, before, after in moves
        for school, uai, class_name in [pupils.get(pupil, ("", "", ""))]
    ]


def _names_of_places(session: Session, places: set[tuple[str, str]]) -> dict[tuple[str, str] | None, str]:
    offers = {
        str(key): f"{site} ({partner})"
        for key, site, partner in fetch(
            session,
            select(col(Offer.id), col(Site.name), col(Partner.name))
            .join(Site, col(Site.id) == col(Offer.site_id))
            .join(Partner, col(Partner.id) == col(Site.partner_id))
            .where(col(Offer.id).in_(sorted({int(offer) for offer, _ in places}))),
        )
    }
    periods = {
        key: french_span(starts_on, ends_on)
        for key, starts_on, ends_on in fetch(
            session,
            select(col(Period.id), col(Period.starts_on), col(Period.ends_on)).where(
                col(Period.id).in_(sorted({period for _, period in places}))
            ),
        )
    }
    new = "places de l’essai"
    return {place: f"{offers.get(place[0], new)}, {periods.get(place[1], place[1])}" for place in places}
