"""What a partner sees of its own places: seats per period, and who comes, as far as its convention allows.

Where the convention's data-protection clause is not satisfied, only numbers are read from the database at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlmodel import Session, col

from service.domain.calendar import period_label
from service.domain.convention_states import is_numbers_only
from service.domain.offer_details import read_hours, read_reserves
from service.domain.partner_parts import Reach, sites_within
from service.domain.working_time import WorkDay
from service.persistence.rows import row_id
from service.persistence.tables import (
    ClassGroup,
    Commune,
    Convention,
    Offer,
    Opening,
    Period,
    Placement,
    Pupil,
    School,
    Sector,
    Site,
)
from service.vocabulary import Level, OfferStatus

NUMBERS_ONLY_FR = (
    "La convention ne permet pas encore de transmettre de données personnelles (article 7)\u00a0: seuls les nombres "
    "s’affichent, tant que l’avis du ministère et l’avenant sur les données personnelles ne sont pas enregistrés."
)


@dataclass(frozen=True, slots=True)
class OpeningRow:
    period_id: str
    label_fr: str
    starts_on: date
    ends_on: date
    capacity: int
    used: int
    keeps: int | None = None
    """What the host still receives of `used`, when it is less: the others wait for a repair."""

    @property
    def too_many(self) -> int:
        return 0 if self.keeps is None else max(0, self.used - self.keeps)

    @property
    def remaining(self) -> int:
        return self.capacity - self.used


@dataclass(frozen=True, slots=True)
class OfferRow:
    offer_id: int
    version: int
    site_id: int
    site_name: str
    commune: str
    department_code: str
    convention_key: str | None
    school_year: str
    level: Level
    sector_label: str
    status: OfferStatus
    max_per_school: int | None
    min_group: int | None
    reserved: Mapping[str, int]
    hours: tuple[WorkDay, ...]
    title: str
    confirmed_at: datetime | None
    openings: Sequence[OpeningRow]

    @property
    def capacity(self) -> int:
        return sum(one.capacity for one in self.openings)

    @property
    def used(self) -> int:
        return sum(one.used for one in self.openings)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A pupil as a host may know them: a pseudonym and a school."""

    pseudonym: str
    school_uai: str
    school_name: str


@dataclass(frozen=True, slots=True)
class ExpectedVisitors:
    """Who comes to one offer in one period. `visitors` is empty when only numbers may be shown, with `why_fr`."""

    offer_id: int
    site_name: str
    commune: str
    level: Level
    sector_label: str
    period_id: str
    label_fr: str
    starts_on: date
    ends_on: date
    count: int
    numbers_only: bool
    why_fr: str
    visitors: Sequence[Visitor]


def offers_of_partner(
    session: Session, partner_id: int, reach: Reach = None, only: ColumnElement[bool] | None = None
) -> list[OfferRow]:
    """The offers of the partner's sites within reach, latest first, in four queries whatever their number.

    `only` is a condition on `Offer` or `Site`: a federation has too many to read them all for one.
    """
    mine = col(Site.partner_id) == partner_id, sites_within(reach), true() if only is None else only
    openings = _openings(session, mine)
    ids = select(col(Offer.id)).join(Site, col(Site.id) == col(Offer.site_id)).where(*mine)
    reserved, hours = read_reserves(session, ids), read_hours(session, ids)
    query = (
        select(Offer, Site, col(Commune.name), col(Sector.label), col(Convention.key))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .join(Sector, col(Sector.key) == col(Offer.sector))
        .outerjoin(Convention, col(Convention.id) == col(Offer.convention_id))
        .where(*mine)
        .order_by(col(Offer.id).desc())
    )
    return [
        OfferRow(
            offer_id=row_id(offer),
            version=offer.version,
            site_id=offer.site_id,
            site_name=site.name,
            commune=commune,
            department_code=site.department_code,
            convention_key=key,
            school_year=offer.school_year,
            level=offer.level,
            sector_label=sector,
            status=offer.status,
            max_per_school=offer.max_per_school,
            min_group=offer.min_group,
            reserved=reserved.get(row_id(offer), {}),
            hours=hours.get(row_id(offer), ()),
            title=offer.title,
            confirmed_at=offer.confirmed_at,
            openings=openings[row_id(offer)],
        )
        for offer, site, commune, sector, key in session.execute(query)
    ]


def _openings(session: Session, mine: Sequence[ColumnElement[bool]]) -> dict[int, list[OpeningRow]]:
    query = (
        select(Opening, Period)
        .join(Period, col(Period.id) == col(Opening.period_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(*mine)
        .order_by(col(Period.starts_on), col(Period.ends_on))
    )
    rows: dict[int, list[OpeningRow]] = defaultdict(list)
    for opening, period in session.execute(query):
        rows[opening.offer_id].append(
            OpeningRow(
                period.id,
                period_label(period),
                period.starts_on,
                period.ends_on,
                opening.capacity,
                opening.used,
                opening.keeps,
            )
        )
    return rows


def expected_visitors(
    session: Session, partner_id: int, reach: Reach = None, *, named: bool = True
) -> list[ExpectedVisitors]:
    """Pupils that published rounds send to the partner's sites within reach, by date; only counted unless `named`."""
    query = (
        select(Offer, col(Site.name), col(Commune.name), col(Sector.label), Period, func.count(col(Placement.id)))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .join(Sector, col(Sector.key) == col(Offer.sector))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Placement, col(Placement.opening_id) == col(Opening.id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(col(Site.partner_id) == partner_id, sites_within(reach), col(Placement.published).is_(True))
        .group_by(col(Offer.id), col(Site.name), col(Commune.name), col(Sector.label), col(Period.id))
        .order_by(col(Period.starts_on), col(Offer.id), col(Period.id))
    )
    rows = session.execute(query).all()
    gated = gated_conventions(session, {offer.convention_id for offer, *_ in rows if offer.convention_id})
    shown = {row_id(offer) for offer, *_ in rows if named and offer.convention_id not in gated}
    visitors = _visitors(session, shown)
    return [
        ExpectedVisitors(
            offer_id=row_id(offer),
            site_name=site,
            commune=commune,
            level=offer.level,
            sector_label=sector,
            period_id=period.id,
            label_fr=period_label(period),
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            count=count,
            numbers_only=offer.convention_id in gated,
            why_fr=NUMBERS_ONLY_FR if offer.convention_id in gated else "",
            visitors=visitors[row_id(offer), period.id],
        )
        for offer, site, commune, sector, period, count in rows
    ]


def gated_conventions(session: Session, ids: set[int]) -> frozenset[int | None]:
    """Those of these conventions under which no personal data may reach the partner."""
    conventions = session.scalars(select(Convention).where(col(Convention.id).in_(sorted(ids))))
    return frozenset(one.id for one in conventions if is_numbers_only(session, one))


def _visitors(session: Session, offer_ids: set[int]) -> dict[tuple[int, str], list[Visitor]]:
    query = (
        select(col(Opening.offer_id), col(Opening.period_id), col(Pupil.pseudonym), col(School.uai), col(School.name))
        .join(Placement, col(Placement.opening_id) == col(Opening.id))
        .join(Pupil, col(Pupil.id) == col(Placement.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .where(col(Opening.offer_id).in_(sorted(offer_ids)), col(Placement.published).is_(True))
        .order_by(col(School.uai), col(Pupil.pseudonym))
    )
    visitors: dict[tuple[int, str], list[Visitor]] = defaultdict(list)
    for offer_id, period_id, pseudonym, uai, name in session.execute(query):
        visitors[offer_id, period_id].append(Visitor(pseudonym, uai, name))
    return visitors


def pupils_by_category(session: Session, offer_id: int) -> dict[str, int]:
    """How many pupils of each category of schools published rounds send to an offer."""
    query = (
        select(col(School.priority), func.count(col(Placement.id)))
        .join(ClassGroup, col(ClassGroup.school_id) == col(School.id))
        .join(Pupil, col(Pupil.class_id) == col(ClassGroup.id))
        .join(Placement, col(Placement.pupil_id) == col(Pupil.id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .where(col(Opening.offer_id) == offer_id, col(Placement.published).is_(True))
        .group_by(col(School.priority))
    )
    return {priority.value: count for priority, count in session.execute(query)}
