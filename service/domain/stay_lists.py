"""The stays a school or a host follows, from what a round announced to what was done, each as one line.

Responsible for what each side may read: a school its pupils by name, a host the school they come from, and numbers only
where the convention lets no personal data through: then nothing about a pupil is read from the database at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, true
from sqlmodel import Session, col

from service.domain.agreement_rows import stays_by_state
from service.domain.calendar import period_label
from service.domain.confirmations import Voice
from service.domain.offer_views import gated_conventions
from service.persistence.bulk import Selection, fetch
from service.persistence.tables import (
    ClassGroup,
    Commune,
    Confirmation,
    Offer,
    Opening,
    Period,
    Pupil,
    School,
    Site,
)
from service.vocabulary import AgreementState, ConfirmationState, Level, RefusalReason, Side

SHOWN = (ConfirmationState.ASKED, ConfirmationState.CONFIRMED, ConfirmationState.REFUSED, ConfirmationState.EXPIRED)


@dataclass(frozen=True, slots=True)
class StayLine:
    """One pupil at one host in one period. `who` is a name for the school, more or less for a host, "" under a gate."""

    id: int
    who: str
    class_name: str
    site_name: str
    commune: str
    level: Level
    label_fr: str
    starts_on: date
    ends_on: date
    state: ConfirmationState
    answer_by: date
    school_said: bool
    host_said: bool
    refused_by: Side | None
    reason: RefusalReason | None
    numbers_only: bool

    def waits_for(self, side: Side) -> bool:
        said = self.school_said if side is Side.SCHOOL else self.host_said
        return self.state is ConfirmationState.ASKED and not said


_COLUMNS = (
    col(Confirmation.id),
    col(Confirmation.state),
    col(Confirmation.answer_by),
    col(Confirmation.school_at),
    col(Confirmation.host_at),
    col(Confirmation.refused_by),
    col(Confirmation.reason),
    col(Site.name),
    col(Commune.name),
    col(Offer.level),
    col(Offer.convention_id),
)


def _from_stays(*columns: Any) -> Selection:
    return (
        select(*_COLUMNS, Period, *columns)
        .select_from(Confirmation)
        .join(Opening, col(Opening.id) == col(Confirmation.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(col(Confirmation.state).in_(SHOWN))
    )


@dataclass(frozen=True, slots=True)
class Slice:
    """Which stays and which part of the list: `which` narrows, those `first` come first."""

    which: ColumnElement[bool]
    first: ColumnElement[bool]
    offset: int = 0
    limit: int | None = 50


def to_confirm(voice: Voice, offset: int = 0, limit: int | None = 50) -> Slice:
    """Every stay, those that wait for this voice first."""
    return Slice(true(), voice.is_silent(), offset, limit)


def stays_of(session: Session, voice: Voice, part: Slice) -> list[StayLine]:
    """The stays of a school or of a host."""
    return (_of_school if voice.side is Side.SCHOOL else _of_host)(session, voice, part)


def _of_school(session: Session, voice: Voice, part: Slice) -> list[StayLine]:
    """Pupils by class and name."""
    query = (
        _from_stays(col(Pupil.display_name), col(ClassGroup.name))
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(voice.covers(), part.which)
        .order_by(part.first.desc(), col(ClassGroup.name), col(Pupil.display_name), col(Period.starts_on))
    )
    rows = session.execute(query.offset(part.offset).limit(part.limit)).all()
    return [_line(row, who=row[-2], class_name=row[-1], numbers_only=False) for row in rows]


def _of_host(session: Session, voice: Voice, part: Slice) -> list[StayLine]:
    """Stays by date and site; where the convention lets it, the school and the pupil as a host may know them."""
    query = (
        _from_stays()
        .where(voice.covers(), part.which)
        .order_by(part.first.desc(), col(Period.starts_on), col(Site.name), col(Confirmation.id))
    )
    rows = session.execute(query.offset(part.offset).limit(part.limit)).all()
    gated = gated_conventions(session, {row[10] for row in rows if row[10]})
    known = _as_hosts_know(session, [row[0] for row in rows if row[10] not in gated])
    return [_line(row, who=known.get(row[0], ""), class_name="", numbers_only=row[10] in gated) for row in rows]


def _as_hosts_know(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The school and the pupil: by name once an agreement that the host has read names them, else by pseudonym."""
    named = col(Confirmation.id).in_(
        stays_by_state(AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.CLOSED)
    )
    query = (
        select(
            col(Confirmation.id),
            col(School.name),
            case((named, col(Pupil.display_name)), else_=col(Pupil.pseudonym)),
        )
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .where(col(Confirmation.id).in_(ids))
    )
    return {key: f"{school}, {pupil}" for key, school, pupil in fetch(session, query)}


def _line(row: Sequence[Any], *, who: str, class_name: str, numbers_only: bool) -> StayLine:
    key, state, answer_by, school_at, host_at, refused_by, reason, site, commune, level, _, period = row[:12]
    return StayLine(
        id=key,
        who=who,
        class_name=class_name,
        site_name=site,
        commune=commune,
        level=level,
        label_fr=period_label(period),
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        state=state,
        answer_by=answer_by,
        school_said=school_at is not None,
        host_said=host_at is not None,
        refused_by=refused_by,
        reason=reason,
        numbers_only=numbers_only,
    )


def count_stays(session: Session, voice: Voice, which: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Confirmation)
    return int(fetch(session, statement.where(voice.covers(), which, col(Confirmation.state).in_(SHOWN)))[0][0])
