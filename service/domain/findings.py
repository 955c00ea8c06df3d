"""What a round teaches, as rows: the value of one more seat, why seats stay empty, the change that would place a pupil.

Responsible for writing down what the child that solved found out, and for reading it back. Refuses to compute any of
it, and to write a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session, col

from service.domain.fix_subjects import subject_of
from service.domain.perimeters import Area, within
from service.domain.recording import pupil_ids
from service.domain.rounds import get_round
from service.domain.together import pseudonyms_of
from service.persistence.bulk import Selection, fetch, insert_rows
from service.persistence.tables import (
    AllocationRound,
    HigherWish,
    NewSeatValue,
    Offer,
    OpeningFinding,
    Partner,
    Period,
    Pupil,
    Site,
    UnplacedPupil,
)


def record_findings(session: Session, round_id: int, document: bytes) -> None:
    """Writes what the child found beside the round just recorded, in the same transaction. Nothing for no document."""
    if not document:
        return
    found = json.loads(document)
    row = get_round(session, round_id)
    session.refresh(row)
    explained = found["explained"]
    row.figures = {**row.figures, "first_come": found["first_come"], "explained": explained is not None}
    row.figures |= {"groups_held": explained is not None and explained["groups_held"]}
    session.add(row)
    if explained is not None:
        _write_new_seats(session, round_id, explained)
        _write_openings(session, round_id, explained)
        _write_fixes(session, round_id, explained["fixes"])
        _write_higher(session, row, explained["higher"])


def _write_new_seats(session: Session, round_id: int, explained: Mapping[str, Any]) -> None:
    names = ("department_code", "level", "period_id", "sector", "unplaced", "movers")
    rows = [{"round_id": round_id, **dict(zip(names, one, strict=True))} for one in explained["new_seats"]]
    insert_rows(session, NewSeatValue, rows)


def _write_openings(session: Session, round_id: int, explained: Mapping[str, Any]) -> None:
    names = ("seats", "reason", "pupils", "unplaced", "prefer", "kept_out", "lines")
    nothing = {"seats": 0, "reason": "", "pupils": 0, "unplaced": 0, "prefer": 0, "kept_out": 0, "lines": []}
    empty = {(offer, period): dict(zip(names, told, strict=True)) for offer, period, *told in explained["unused"]}
    worth_one = {(offer, period) for offer, period in explained["one_more"]}
    rows = [
        {
            "round_id": round_id,
            "offer_id": int(offer),
            "period_id": period,
            "one_more": (offer, period) in worth_one,
            **empty.get((offer, period), nothing),
        }
        for offer, period in sorted(empty.keys() | worth_one, key=lambda one: (int(one[0]), one[1]))
    ]
    insert_rows(session, OpeningFinding, rows)


def _write_fixes(session: Session, round_id: int, fixes: Mapping[str, list[dict[str, Any]]]) -> None:
    """By pseudonym, onto the rows of the pupils left without a place."""
    known = fetch(
        session,
        select(col(UnplacedPupil.id), col(Pupil.pseudonym))
        .join(Pupil, col(Pupil.id) == col(UnplacedPupil.pupil_id))
        .where(col(UnplacedPupil.round_id) == round_id),
    )
    by_pupil = {pseudonym: found for group, found in fixes.items() for pseudonym in pseudonyms_of(group)}
    rows = [
        {
            "which": row_id,
            "kind": found[0]["kind"] if found else "",
            "subject": subject_of(found[0]) if found else "",
            "all": found,
        }
        for row_id, pseudonym in known
        for found in [by_pupil.get(pseudonym, [])]
    ]
    table = UnplacedPupil.__table__  # type: ignore[attr-defined]
    if rows:
        session.connection().execute(
            update(table)
            .where(table.c.id == bindparam("which"))
            .values(fix_kind=bindparam("kind"), fix_subject=bindparam("subject"), fixes=bindparam("all")),
            rows,
        )


def _write_higher(session: Session, found: AllocationRound, higher: list[list[Any]]) -> None:
    pupils = pupil_ids(session, found.campaign_id) if higher else {}
    rows = [
        {
            "round_id": found.id,
            "pupil_id": pupils[pseudonym],
            "sector": sector,
            "rank": rank,
            "reason": reason,
            "openings": openings,
            "tier": tier or "",
            "at_least": at_least or 0,
        }
        for group, sector, rank, reason, openings, tier, at_least in higher
        for pseudonym in pseudonyms_of(group)
    ]
    insert_rows(session, HigherWish, rows)


def is_explained(found: AllocationRound) -> bool:
    """Whether the round has findings: an older one or a degraded one has none."""
    return bool(found.figures.get("explained"))


@dataclass(frozen=True, slots=True)
class SeatWanted:
    """What one more seat of that kind would do: pupils without a place who could take it, and useful moves."""

    department_code: str
    level: str
    period_id: str
    sector: str
    unplaced: int
    movers: int


def seats_wanted(session: Session, found: AllocationRound, area: Area = None) -> list[SeatWanted]:
    """Every kind of seat that would place one more pupil of the area, the one that most could take first."""
    rows = fetch(
        session,
        select(
            col(NewSeatValue.department_code),
            col(NewSeatValue.level),
            col(NewSeatValue.period_id),
            col(NewSeatValue.sector),
            col(NewSeatValue.unplaced),
            col(NewSeatValue.movers),
        ).where(col(NewSeatValue.round_id) == found.id, within(col(NewSeatValue.department_code), area)),
    )
    wanted = [SeatWanted(*row) for row in rows]
    return sorted(
        wanted, key=lambda one: (-one.unplaced, -one.movers, one.department_code, one.level, one.period_id, one.sector)
    )


@dataclass(frozen=True, slots=True)
class SeatsThere:
    """An opening: its free seats and why, or none and one more would place a pupil (`one_more`)."""

    offer_id: int
    partner: str
    site: str
    department_code: str
    level: str
    sector: str
    period_id: str
    seats: int
    reason: str
    one_more: bool
    pupils: int
    unplaced: int
    prefer: int
    kept_out: int
    lines: list[str]


def openings_found(session: Session, found: AllocationRound, area: Area = None) -> list[SeatsThere]:
    """Every opening of the area with free seats, and every full one worth one more, the most free seats first."""
    statement = (
        _openings(found)
        .join(Offer, col(Offer.id) == col(OpeningFinding.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .where(within(col(Site.department_code), area))
    )
    rows = [SeatsThere(*row) for row in fetch(session, statement)]
    return sorted(rows, key=lambda one: (-one.seats, one.offer_id, one.period_id))


def _openings(found: AllocationRound) -> Selection:
    return (
        select(
            col(OpeningFinding.offer_id),
            col(Partner.name),
            col(Site.name),
            col(Site.department_code),
            col(Offer.level),
            col(Offer.sector),
            col(OpeningFinding.period_id),
            col(OpeningFinding.seats),
            col(OpeningFinding.reason),
            col(OpeningFinding.one_more),
            col(OpeningFinding.pupils),
            col(OpeningFinding.unplaced),
            col(OpeningFinding.prefer),
            col(OpeningFinding.kept_out),
            col(OpeningFinding.lines),
        )
        .select_from(OpeningFinding)
        .where(col(OpeningFinding.round_id) == found.id)
    )


@dataclass(frozen=True, slots=True)
class ChangeWanted:
    """A change that is the smallest for `pupils`; made once, it places one of them."""

    kind: str
    subject: str
    pupils: int


def changes_wanted(session: Session, found: AllocationRound) -> list[ChangeWanted]:
    """The smallest changes of the pupils without a place, the one most wait for first."""
    rows = fetch(
        session,
        select(col(UnplacedPupil.fix_kind), col(UnplacedPupil.fix_subject), func.count())
        .where(col(UnplacedPupil.round_id) == found.id, col(UnplacedPupil.fix_kind) != "")
        .group_by(col(UnplacedPupil.fix_kind), col(UnplacedPupil.fix_subject)),
    )
    return sorted((ChangeWanted(*row) for row in rows), key=lambda one: (-one.pupils, one.kind, one.subject))


@dataclass(frozen=True, slots=True)
class Host:
    site: str
    partner: str
    department_code: str


def hosts_named(session: Session, offers: set[int]) -> dict[int, Host]:
    """The site and the partner of each of these offers."""
    statement = (
        select(col(Offer.id), col(Site.name), col(Partner.name), col(Site.department_code))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .where(col(Offer.id).in_(sorted(offers)))
    )
    return {row[0]: Host(*row[1:]) for row in fetch(session, statement)}


def periods_named(session: Session, school_year: str) -> dict[str, Period]:
    """The periods of the year by their key."""
    rows = session.scalars(select(Period).where(col(Period.school_year) == school_year))
    return {one.id: one for one in rows}
