"""What a campaign still lacks before a round: schools that have not asked, silent partners, data that looks wrong.

Responsible for the lists behind the counts of `service.domain.readiness`. Refuses to correct anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, func, select
from sqlmodel import Session, col

from service.domain.conventions import accepts_offers
from service.domain.exports import Cell, ExportTable
from service.domain.perimeters import Area, area_of, common, within
from service.domain.readiness import Readiness
from service.domain.texts import plural
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    Campaign,
    ClassGroup,
    Convention,
    Offer,
    Opening,
    Partner,
    PlacementRequest,
    Preference,
    Pupil,
    RequestPeriod,
    School,
    Site,
)
from service.vocabulary import LEVEL_LABELS, OfferStatus, RequestStatus

_SENT = (RequestStatus.SUBMITTED, RequestStatus.FROZEN)


@dataclass(frozen=True, slots=True)
class SilentSchool:
    uai: str
    name: str
    department_code: str
    drafts: int


def silent_schools(session: Session, campaign: Campaign, area: Area = None) -> list[SilentSchool]:
    """Schools of the campaign's territory, and of the area, that have sent nothing for it, with their drafts."""
    drafts = (
        select(col(ClassGroup.school_id), func.count().label("many"))
        .join(PlacementRequest, col(PlacementRequest.class_id) == col(ClassGroup.id))
        .where(col(PlacementRequest.campaign_id) == campaign.id, col(PlacementRequest.status) == RequestStatus.DRAFT)
        .group_by(col(ClassGroup.school_id))
        .subquery("drafts")
    )
    sent = select(col(ClassGroup.school_id)).join(
        PlacementRequest, col(PlacementRequest.class_id) == col(ClassGroup.id)
    )
    sent = sent.where(_sent_for(campaign))
    rows = fetch(
        session,
        select(col(School.uai), col(School.name), col(School.department_code), func.coalesce(drafts.c.many, 0))
        .outerjoin(drafts, drafts.c.school_id == col(School.id))
        .where(
            col(School.id).not_in(sent),
            within(col(School.department_code), common(area_of(session, campaign.territory), area)),
        )
        .order_by(col(School.department_code), col(School.name), col(School.uai)),
    )
    return [SilentSchool(*row) for row in rows]


def _sent_for(campaign: Campaign) -> ColumnElement[bool]:
    return (col(PlacementRequest.campaign_id) == campaign.id) & col(PlacementRequest.status).in_(_SENT)


@dataclass(frozen=True, slots=True)
class SilentPartner:
    partner_id: int
    name: str
    sites: int
    drafts: int


def silent_partners(session: Session, campaign: Campaign, area: Area = None) -> list[SilentPartner]:
    """Partners without a place published for the school year, with their sites and the offers they keep as drafts.

    In a territory, of the partners that have a site there, what those sites publish.
    """
    area = common(area_of(session, campaign.territory), area)
    there = within(col(Site.department_code), area)
    of_year = col(Offer.school_year) == campaign.school_year
    published = select(col(Site.partner_id)).join(Offer, col(Offer.site_id) == col(Site.id))
    published = published.where(of_year, col(Offer.status) == OfferStatus.PUBLISHED, there)
    rows = fetch(
        session,
        select(
            col(Partner.id),
            col(Partner.name),
            func.count(func.distinct(col(Site.id))),
            func.count(func.distinct(col(Offer.id))),
        )
        .join(Site, (col(Site.partner_id) == col(Partner.id)) & there, isouter=area is None)
        .outerjoin(Offer, (col(Offer.site_id) == col(Site.id)) & of_year & (col(Offer.status) == OfferStatus.DRAFT))
        .where(col(Partner.id).not_in(published))
        .group_by(col(Partner.id), col(Partner.name))
        .order_by(col(Partner.name), col(Partner.id)),
    )
    return [SilentPartner(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """`kind` is a key of `ANOMALY_LABELS`; `where` and `detail` say which row, in words."""

    kind: str
    where: str
    detail: str


ANOMALY_LABELS = {
    "class_without_pupils": "Demande envoyée sans élève",
    "class_without_periods": "Demande envoyée sans période acceptée",
    "class_without_wishes": "Classe dont aucun élève n’a de vœu",
    "offer_without_seats": "Offre publiée sans place",
    "convention_closed": "Offres publiées sous une convention qui n’en reçoit pas aujourd’hui",
    "no_seat_for_level": "Élèves d’un niveau sans aucune place publiée dans leur département",
}


def anomalies(
    session: Session, campaign: Campaign, readiness: Readiness, today: date, area: Area = None
) -> list[Anomaly]:
    """Rows that are not forbidden and that a coordinator wants to know of before launching a round.

    Those of the campaign's territory, and of the area; `readiness` is of the same.
    """
    area = common(area_of(session, campaign.territory), area)
    asks, hosts = within(col(School.department_code), area), within(col(Site.department_code), area)
    return [
        *_classes(session, campaign, "class_without_pupils", asks & ~_has_pupils()),
        *_classes(session, campaign, "class_without_periods", asks & ~_has_periods()),
        *_classes(session, campaign, "class_without_wishes", asks & _has_pupils() & ~_has_wishes()),
        *_empty_offers(session, campaign, hosts),
        *_closed_conventions(session, campaign, today, hosts),
        *(
            Anomaly(
                "no_seat_for_level",
                code,
                f"{LEVEL_LABELS[level]}\u00a0: {plural(one.pupils, 'élève')}, aucune place publiée",
            )
            for (level, code), one in readiness.by_cell.items()
            if one.pupils and not one.seats
        ),
    ]


def _has_pupils() -> ColumnElement[bool]:
    return exists().where(col(Pupil.class_id) == col(ClassGroup.id))


def _has_periods() -> ColumnElement[bool]:
    return exists().where(col(RequestPeriod.request_id) == col(PlacementRequest.id))


def _has_wishes() -> ColumnElement[bool]:
    return exists().where(col(Preference.pupil_id) == col(Pupil.id), col(Pupil.class_id) == col(ClassGroup.id))


def _classes(session: Session, campaign: Campaign, kind: str, which: ColumnElement[bool]) -> list[Anomaly]:
    rows = fetch(
        session,
        select(col(School.name), col(School.uai), col(ClassGroup.name))
        .join(ClassGroup, col(ClassGroup.school_id) == col(School.id))
        .join(PlacementRequest, col(PlacementRequest.class_id) == col(ClassGroup.id))
        .where(_sent_for(campaign), which)
        .order_by(col(School.uai), col(ClassGroup.name)),
    )
    return [Anomaly(kind, f"{school} ({uai})", f"classe {name}") for school, uai, name in rows]


def _empty_offers(session: Session, campaign: Campaign, hosts: ColumnElement[bool]) -> list[Anomaly]:
    seats = func.coalesce(func.sum(col(Opening.capacity)), 0)
    rows = fetch(
        session,
        select(col(Partner.name), col(Site.name), col(Offer.id))
        .join(Site, col(Site.partner_id) == col(Partner.id))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .outerjoin(Opening, col(Opening.offer_id) == col(Offer.id))
        .where(col(Offer.school_year) == campaign.school_year, col(Offer.status) == OfferStatus.PUBLISHED, hosts)
        .group_by(col(Partner.name), col(Site.name), col(Offer.id))
        .having(seats == 0)
        .order_by(col(Partner.name), col(Offer.id)),
    )
    return [Anomaly("offer_without_seats", partner, f"{site}, offre n°\u00a0{offer}") for partner, site, offer in rows]


def _closed_conventions(session: Session, campaign: Campaign, today: date, hosts: ColumnElement[bool]) -> list[Anomaly]:
    counts = dict[int, int]()
    published = (
        select(col(Offer.convention_id), func.count())
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(col(Offer.school_year) == campaign.school_year, col(Offer.status) == OfferStatus.PUBLISHED, hosts)
    )
    for convention_id, count in fetch(session, published.group_by(col(Offer.convention_id))):
        if convention_id is not None:
            counts[convention_id] = count
    held = session.scalars(
        select(Convention).where(col(Convention.id).in_(sorted(counts))).order_by(col(Convention.key))
    )
    found = []
    for convention in sorted(held, key=lambda one: one.key):
        accepted, why = accepts_offers(session, convention, today)
        if not accepted:
            said = f"{counts[row_id(convention)]} offres. {why}"
            found.append(Anomaly("convention_closed", convention.title, said))
    return found


def preparation_table(
    key: str, schools: list[SilentSchool], partners: list[SilentPartner], found: list[Anomaly]
) -> ExportTable:
    """One of the three lists as a table to export."""
    rows: list[tuple[Cell, ...]]
    if key == "etablissements":
        rows = [(one.uai, one.name, one.department_code, one.drafts) for one in schools]
        return ExportTable(("UAI", "Établissement", "Département", "Demandes en brouillon"), rows)
    if key == "partenaires":
        rows = [(one.name, one.sites, one.drafts) for one in partners]
        return ExportTable(("Partenaire", "Sites", "Offres en brouillon"), rows)
    rows = [(ANOMALY_LABELS[one.kind], one.where, one.detail) for one in found]
    return ExportTable(("Anomalie", "Où", "Détail"), rows)
