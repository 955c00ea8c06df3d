"""After a publication, a host receives fewer pupils than were sent, or none: what it says, and whom it concerns.

Refuses to move anybody: their seats stay theirs until a repair is published (`service.domain.repairs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, exists, func, or_, select, update
from sqlmodel import Session, col

from service.domain.addresses import coordination_address
from service.domain.audit import record
from service.domain.dates import french_span
from service.domain.letters import Letter
from service.domain.outbox import queue_letters
from service.domain.perimeters import NATION, Area, read_geography, within
from service.domain.texts import clean_text, plural, search_form
from service.errors import Conflict, ServiceError
from service.persistence.bulk import fetch
from service.persistence.rows import row_id, take_version
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    ClassGroup,
    Membership,
    Offer,
    Opening,
    Partner,
    Period,
    Placement,
    Pupil,
    School,
    Site,
    User,
)
from service.persistence.walks import to_host, to_school
from service.vocabulary import COORDINATORS, Level, OfferStatus


def announce_shortfall(
    session: Session,
    offer: Offer,
    keeps: Mapping[str, int],
    why: str,
    actor: str,
    expected_version: int | None = None,
) -> int:
    """The host still receives so many pupils in each period given. Returns how many of those sent there are too many.

    Nobody moves yet, and nobody new is sent. An offer that keeps nobody in any period is withdrawn.

    Raises:
        ServiceError: no reason, more than the seats there are, or nobody is too many: then the offer's own page does.
        Conflict: the offer is not published any more, or someone else has changed it meanwhile.
    """
    if offer.status is not OfferStatus.PUBLISHED:
        raise Conflict("offer_not_published", "Cette offre n’est plus publiée\u00a0: il n’y a rien à annoncer.")
    take_version(session, offer, expected_version)
    why = clean_text(why, "why", "Le motif", at_most=300)
    for period, number in sorted(keeps.items()):
        _keep(session, row_id(offer), period, number)
    read_again = select(Opening).where(col(Opening.offer_id) == offer.id).execution_options(populate_existing=True)
    openings = session.scalars(read_again).all()
    kept = {one.period_id: one.capacity if one.keeps is None else one.keeps for one in openings}
    short = {one.period_id: one.used - kept[one.period_id] for one in openings if one.used > kept[one.period_id]}
    if not short:
        raise ServiceError(
            "nobody_too_many",
            "Tous les élèves affectés gardent leur place. Réduisez plutôt les places depuis la page de l’offre.",
            "seats",
        )
    if not any(kept.values()):
        offer.status = OfferStatus.WITHDRAWN
        session.add(offer)
    record(session, actor, "announce_shortfall", f"offer:{offer.id}", keeps=dict(keeps), why=why, short=short)
    _tell_coordinators(session, offer, sum(short.values()), why)
    return sum(short.values())


def _keep(session: Session, offer_id: int, period: str, number: int) -> None:
    """One conditional statement: a publication may fill the opening at the same instant."""
    owed = col(Opening.used) > number
    which = (col(Opening.offer_id) == offer_id, col(Opening.period_id) == period, col(Opening.capacity) >= number)
    values = {"capacity": case((owed, col(Opening.used)), else_=number), "keeps": case((owed, number))}
    changed = update(Opening).where(*which).values(**values).execution_options(synchronize_session=False)
    if number < 0 or session.exec(changed).rowcount != 1:
        message = "On n’annonce ici que des places en moins. Vérifiez les nombres, ou ajoutez des places sur l’offre."
        raise ServiceError("keeps_out_of_bounds", message, "seats")


def _tell_coordinators(session: Session, offer: Offer, pupils: int, why: str) -> None:
    site = session.get_one(Site, offer.site_id)
    partner = session.get_one(Partner, site.partner_id)
    here = read_geography(session).around(site.department_code)
    lasts = or_(col(Membership.school_year) == "", col(Membership.school_year) >= offer.school_year)
    readers = (
        select(col(User.email))
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(
            col(Membership.role).in_(COORDINATORS),
            col(Membership.territory).in_([NATION, *here]),
            lasts,
            col(User.active).is_(True),
        )
        .distinct()
    )
    said = plural(pupils, "élève n’a", "élèves n’ont")
    letter = Letter(
        f"{partner.name}, {site.name}\u00a0: {said} plus d’accueil",
        [f"{partner.name} annonce un désistement pour le site «\u00a0{site.name}\u00a0». {said} plus d’accueil."],
        lines=[f"Motif\u00a0: {why}"],
        action="Voir les élèves concernés et lancer une réparation",
        path=coordination_address(),
    )
    cause = f"shortfall:{offer.id}/{offer.version}"
    queue_letters(session, {(cause, email): letter for (email,) in fetch(session, readers)})


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An opening whose host receives fewer pupils than were sent there."""

    offer_id: int
    partner: str
    site: str
    department_code: str
    level: Level
    when_fr: str
    used: int
    keeps: int

    @property
    def missing(self) -> int:
        return self.used - self.keeps


def shortfalls(session: Session, campaign: Campaign, area: Area = None) -> list[Shortfall]:
    """Openings of the area that a repair of the campaign has to relieve, in the order of dates."""
    openings = to_host(
        select(
            col(Offer.id),
            col(Partner.name),
            col(Site.name),
            col(Site.department_code),
            col(Offer.level),
            col(Period.starts_on),
            col(Period.ends_on),
            col(Opening.used),
            col(Opening.keeps),
        ).select_from(Opening)
    )
    rows = fetch(
        session,
        openings.join(Period, col(Period.id) == col(Opening.period_id))
        .where(
            col(Opening.keeps) < col(Opening.used),
            _filled_by(campaign),
            within(col(Site.department_code), area),
        )
        .order_by(col(Period.starts_on), col(Period.id), col(Offer.id)),
    )
    return [
        Shortfall(offer_id, partner, site, department, Level(level), french_span(starts_on, ends_on), used, keeps)
        for offer_id, partner, site, department, level, starts_on, ends_on, used, keeps in rows
    ]


def _filled_by(campaign: Campaign) -> ColumnElement[bool]:
    return exists().where(
        col(Placement.opening_id) == col(Opening.id),
        col(Placement.published),
        col(Placement.round_id) == col(AllocationRound.id),
        col(AllocationRound.campaign_id) == campaign.id,
    )


@dataclass(frozen=True, slots=True)
class ConcernedPupil:
    pseudonym: str
    school: str
    uai: str
    class_name: str
    offer_id: int
    site: str
    when_fr: str


def concerned_pupils(session: Session, campaign: Campaign) -> list[ConcernedPupil]:
    """Everybody sent to an opening that does not receive everybody: who has to leave is the repair's to say."""
    sent = to_school(
        select(
            col(Pupil.pseudonym),
            col(School.name),
            col(School.uai),
            col(ClassGroup.name),
            col(Offer.id),
            col(Site.name),
            col(Period.starts_on),
            col(Period.ends_on),
        )
    )
    sent = sent.join(Placement, col(Placement.pupil_id) == col(Pupil.id))
    sent = to_host(sent.join(Opening, col(Opening.id) == col(Placement.opening_id)))
    rows = fetch(
        session,
        sent.join(AllocationRound, col(AllocationRound.id) == col(Placement.round_id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(
            col(Placement.published),
            col(AllocationRound.campaign_id) == campaign.id,
            col(Opening.keeps) < col(Opening.used),
        )
        .order_by(col(School.uai), col(ClassGroup.name), col(Pupil.pseudonym)),
    )
    return [
        ConcernedPupil(pseudonym, school, uai, class_name, offer_id, site, french_span(starts_on, ends_on))
        for pseudonym, school, uai, class_name, offer_id, site, starts_on, ends_on in rows
    ]


@dataclass(frozen=True, slots=True)
class FilledOffer:
    """An offer where the campaign sends somebody."""

    offer_id: int
    partner: str
    site: str
    level: Level
    used: int


def find_filled_offers(session: Session, campaign: Campaign, wanted: str, at_most: int = 20) -> list[FilledOffer]:
    """Those whose site or partner bears this name or a part of it."""
    named = (col(Offer.id), col(Partner.name), col(Site.name), col(Offer.level))
    rows = fetch(
        session,
        to_host(select(*named, func.sum(col(Opening.used))).select_from(Opening))
        .where(_filled_by(campaign))
        .group_by(*named)
        .order_by(col(Site.name), col(Offer.id)),
    )
    searched = search_form(wanted)
    found = [row for row in rows if searched in search_form(f"{row[2]} {row[1]}")]
    return [
        FilledOffer(key, partner, site, Level(level), int(used)) for key, partner, site, level, used in found[:at_most]
    ]
