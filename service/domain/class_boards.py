"""A school's board: for each of its classes, what was asked and what came of it. Names of pupils are not read here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    Campaign,
    ClassGroup,
    Placement,
    PlacementRequest,
    Pupil,
    School,
    UnplacedPupil,
)
from service.vocabulary import Level, RequestStatus


@dataclass(frozen=True, slots=True)
class ClassRow:
    """`request_id` is None for a class that asks nothing; `unplaced` counts once a round is published."""

    class_id: int
    name: str
    level: Level
    request_id: int | None
    version: int | None
    status: RequestStatus | None
    reach_km: int | None
    pupils: int
    placed: int
    unplaced: int


def class_board(session: Session, campaign: Campaign, school: School) -> list[ClassRow]:
    """The school's classes of the campaign's year, by level and name, in four queries whatever their number."""
    pupils = _count(session, school, select(col(Pupil.class_id), func.count(col(Pupil.id))))
    placed = _count(
        session,
        school,
        select(col(Pupil.class_id), func.count(func.distinct(col(Pupil.id))))
        .join(Placement, col(Placement.pupil_id) == col(Pupil.id))
        .where(col(Placement.published).is_(True)),
    )
    unplaced = _count(
        session,
        school,
        select(col(Pupil.class_id), func.count(col(Pupil.id)))
        .join(UnplacedPupil, col(UnplacedPupil.pupil_id) == col(Pupil.id))
        .where(col(UnplacedPupil.round_id) == campaign.published_round_id),
    )
    query = (
        select(
            col(ClassGroup.id),
            col(ClassGroup.name),
            col(ClassGroup.level),
            col(PlacementRequest.id),
            col(PlacementRequest.version),
            col(PlacementRequest.status),
            col(PlacementRequest.reach_km),
        )
        .outerjoin(
            PlacementRequest,
            (col(PlacementRequest.class_id) == col(ClassGroup.id))
            & (col(PlacementRequest.campaign_id) == row_id(campaign)),
        )
        .where(col(ClassGroup.school_id) == row_id(school), col(ClassGroup.school_year) == campaign.school_year)
    )
    rows = [
        ClassRow(
            class_id=class_id,
            name=name,
            level=level,
            request_id=request_id,
            version=version,
            status=status,
            reach_km=reach_km,
            pupils=pupils.get(class_id, 0),
            placed=placed.get(class_id, 0),
            unplaced=unplaced.get(class_id, 0),
        )
        for class_id, name, level, request_id, version, status, reach_km in fetch(session, query)
    ]
    order = list(Level)
    return sorted(rows, key=lambda one: (order.index(one.level), one.name))


def _count(session: Session, school: School, query: Select[int, int]) -> dict[int, int]:
    scoped = (
        query.join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(col(ClassGroup.school_id) == row_id(school))
        .group_by(col(Pupil.class_id))
    )
    return {row[0]: row[1] for row in fetch(session, scoped)}
