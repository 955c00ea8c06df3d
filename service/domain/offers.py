"""Places that partners publish, change and withdraw. Remaining seats are computed, never typed.

Sites, rules and the partner's own pages stand in their modules; this one is the door to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.calendar import period_label
from service.domain.offer_details import check_room, details_of, write_details
from service.domain.offer_doubles import refuse_doubles
from service.domain.offer_rules import (
    OfferDraft,
    Terms,
    check_offer,
    check_offer_periods,
    check_seats,
    read_terms,
    refuse_overlaps,
    school_year_of_period,
)
from service.domain.offer_views import (
    ExpectedVisitors,
    OfferRow,
    OpeningRow,
    Visitor,
    expected_visitors,
    offers_of_partner,
)
from service.domain.partner_parts import Reach, sites_within
from service.domain.sites import SiteDraft, add_partner, add_partners, add_site, add_sites
from service.domain.texts import clean_text, plural
from service.errors import Conflict, NotFound, Refusals, ServiceError
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Offer, Opening, Period, Site
from service.vocabulary import OFFER_TRANSITIONS, OfferStatus

__all__ = [
    "ExpectedVisitors",
    "OfferDraft",
    "OfferRow",
    "OpeningRow",
    "SiteDraft",
    "Visitor",
    "add_partner",
    "add_partners",
    "add_site",
    "add_sites",
    "change_seats",
    "expected_visitors",
    "get_offer",
    "offers_of_partner",
    "publish_offer",
    "publish_offers",
    "withdraw_offer",
]


def publish_offer(session: Session, site: Site, draft: OfferDraft, today: date, actor: str) -> Offer:
    """Opens seats on a site.

    Raises:
        Refusals: a site outside its convention's territory, a convention that is not in force, a level it does not
            name, closed or overlapping periods, seats out of bounds.
    """
    return publish_offers(session, [(site, draft)], today, actor)[0]


def publish_offers(session: Session, drafts: Sequence[tuple[Site, OfferDraft]], today: date, actor: str) -> list[Offer]:
    """All of them or none: the same checks, a handful of statements."""
    terms: dict[str, Terms] = {}
    for key in sorted({draft.convention_key for _, draft in drafts if draft.convention_key}):
        terms[key] = terms_of(session, key, today)
    offers = []
    for site, draft in drafts:
        under = terms[draft.convention_key] if draft.convention_key else None
        check_offer(session, site, draft, under)
        offers.append(offer_of(site, draft, under))
    refuse_doubles(session, [(site, draft.level, draft.seats) for site, draft in drafts])
    return add_offers(session, offers, [draft for _, draft in drafts], "publish_offer", actor)


def add_offers(
    session: Session, offers: Sequence[Offer], drafts: Sequence[OfferDraft], action: str, actor: str
) -> list[Offer]:
    """Stores offers that were checked, with their seats and details."""
    session.add_all(offers)
    session.flush()
    for offer, draft in zip(offers, drafts, strict=True):
        session.add_all(
            Opening(offer_id=row_id(offer), period_id=period, capacity=seats)
            for period, seats in sorted(draft.seats.items())
        )
        record(session, actor, action, f"offer:{offer.id}", seats=draft.seats)
    write_details(session, [(offer, draft.details) for offer, draft in zip(offers, drafts, strict=True)])
    return list(offers)


def terms_of(session: Session, key: str, today: date) -> Terms:
    try:
        return read_terms(session, key, today)
    except NotFound:
        message = "Cette convention n’existe pas. Choisissez-la dans la liste, ou publiez hors convention."
        raise ServiceError("convention_unknown", message, "convention_key") from None


def offer_of(site: Site, draft: OfferDraft, terms: Terms | None, school_year: str = "") -> Offer:
    """The row of a published offer, not stored; its school year is that of its periods unless it has none yet."""
    return Offer(
        site_id=row_id(site),
        convention_id=terms.convention_id if terms else None,
        commitment_id=terms.commitments.get(draft.level) if terms else None,
        school_year=school_year or school_year_of_period(next(iter(draft.seats))),
        level=draft.level,
        sector=draft.sector,
        status=OfferStatus.PUBLISHED,
        max_per_school=draft.max_per_school,
        title=clean_text(draft.title, "title", "Le titre", required=False),
    )


def get_offer(session: Session, offer_id: int, partner_id: int, reach: Reach = None) -> Offer:
    """The offer, if it is that partner's and within reach.

    Raises:
        NotFound: it is not, or there is none: the same answer.
    """
    query = (
        select(Offer)
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(Offer.id == offer_id, Site.partner_id == partner_id, sites_within(reach))
    )
    offer = session.exec(query).first()
    if offer is None:
        raise NotFound
    return offer


def withdraw_offer(session: Session, offer: Offer, actor: str, expected_version: int | None = None) -> None:
    """Takes an offer back. Its seats close with it, so that a round being computed cannot publish into it.

    Raises:
        ServiceError: pupils are already placed there.
        Conflict: someone else has changed the offer meanwhile.
    """
    if OfferStatus.WITHDRAWN not in OFFER_TRANSITIONS[offer.status]:
        raise Conflict("offer_withdrawn", "Cette offre est déjà retirée.")
    take_version(session, offer, expected_version)
    openings = _openings(session, offer)
    used = sum(one.used for one in openings.values())
    closed = sum(_set_capacity(session, one, 0) for one in openings.values())
    if closed < len(openings):
        raise ServiceError(
            "offer_in_use",
            f"{_placed_there(max(used, 1))} par un tour publié. Demandez d’abord à la coordination de les replacer.",
        )
    offer.status = OfferStatus.WITHDRAWN
    session.add(offer)
    seats = {one.period_id: one.capacity for one in openings.values()}
    session.flush()
    for opening in openings.values():
        session.refresh(opening)
    record(session, actor, "withdraw_offer", f"offer:{offer.id}", seats=seats)


def change_seats(
    session: Session, offer: Offer, seats: Mapping[str, int], actor: str, expected_version: int | None = None
) -> None:
    """Sets the seats of the periods given, opens new ones; 0 closes a period. Others stay as they are.

    Raises:
        Refusals: a new period that is closed or overlaps, fewer seats than pupils already placed.
        Conflict: someone else has changed the offer meanwhile.
    """
    if offer.status is not OfferStatus.PUBLISHED:
        raise Conflict("offer_not_published", "Cette offre n’est pas publiée\u00a0: ses places ne changent plus.")
    for number in seats.values():
        check_seats(number, at_least=0)
    take_version(session, offer, expected_version)
    openings = _openings(session, offer)
    before = {one.period_id: one.capacity for one in openings.values()}
    new = {period: number for period, number in seats.items() if period not in openings and number > 0}
    if new:
        site = session.get_one(Site, offer.site_id)
        opened = check_offer_periods(session, site, offer.level, new)
        refuse_doubles(session, [(site, offer.level, new)])
        # A period closed by the same change takes no place of another.
        kept = [one for one, opening in openings.items() if seats.get(one, opening.capacity) > 0]
        refuse_overlaps([*(session.get_one(Period, one) for one in kept), *opened])
    after = {one: opening.capacity for one, opening in openings.items()} | dict(seats)
    check_room(details_of(session, offer), (number for number in after.values() if number > 0))
    refusals = [
        _under_used(session, openings[period])
        for period, number in sorted(seats.items())
        if period in openings and not _set_capacity(session, openings[period], number)
    ]
    if refusals:
        raise Refusals(refusals)
    session.add_all(
        Opening(offer_id=row_id(offer), period_id=one, capacity=number) for one, number in sorted(new.items())
    )
    session.flush()
    for opening in openings.values():
        session.refresh(opening)
    record(session, actor, "change_seats", f"offer:{offer.id}", before=before, after=dict(seats))


def _openings(session: Session, offer: Offer) -> dict[str, Opening]:
    rows = session.exec(select(Opening).where(Opening.offer_id == row_id(offer)).order_by(col(Opening.period_id)))
    return {one.period_id: one for one in rows}


def _set_capacity(session: Session, opening: Opening, capacity: int) -> bool:
    """In one conditional statement: a round may publish into the opening at the same instant."""
    result = session.connection().execute(
        update(Opening)
        .where(col(Opening.id) == opening.id, col(Opening.used) <= capacity)
        .values(capacity=capacity, keeps=None)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def _under_used(session: Session, opening: Opening) -> ServiceError:
    session.refresh(opening)
    label = period_label(session.get_one(Period, opening.period_id))
    return ServiceError(
        "seats_under_used",
        f"{label}\u00a0: {_placed_there(opening.used)}. Gardez au moins autant de places.",
        "seats",
    )


def _placed_there(pupils: int) -> str:
    return f"{plural(pupils, 'élève')} y {'est déjà affecté' if pupils < 2 else 'sont déjà affectés'}"
