"""An offer before and after its publication: kept as a draft, published, put back, corrected, copied, renewed.

Responsible for which of these an offer's state allows; `offer_rules` says what an offer must respect. Refuses to know
forms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.calendar import iso_week, make_periods, period_choices
from service.domain.offer_details import details_of, write_details
from service.domain.offer_doubles import refuse_doubles
from service.domain.offer_rules import OfferDraft, Terms, check_offer
from service.domain.offers import add_offers, offer_of, terms_of
from service.domain.texts import plural
from service.errors import Conflict, Refusals, ServiceError
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Convention, Offer, Opening, Period, Site
from service.vocabulary import OFFER_TRANSITIONS, OfferStatus


@dataclass(frozen=True, slots=True)
class Copy:
    """A draft made from an offer, and how many of its periods could not follow."""

    offer: Offer
    left_out: int


def save_draft(session: Session, site: Site, draft: OfferDraft, today: date, actor: str) -> Offer:
    """Keeps an offer that nobody sees yet. A convention that is closed today stops its publication, not the draft.

    Raises:
        Refusals: what no publication could let through either.
    """
    terms = _own_terms(session, site, draft, today)
    check_offer(session, site, draft, None)
    offer = offer_of(site, draft, terms)
    offer.status = OfferStatus.DRAFT
    return add_offers(session, [offer], [draft], "save_draft", actor)[0]


def _own_terms(session: Session, site: Site, draft: OfferDraft, today: date) -> Terms | None:
    if not draft.convention_key:
        return None
    terms = terms_of(session, draft.convention_key, today)
    if terms.partner_id != site.partner_id:
        message = f"Ce site n’appartient pas à {terms.name}. Proposez-le hors convention."
        raise ServiceError("convention_of_another", message, "convention_key")
    return terms


def draft_of(session: Session, offer: Offer) -> OfferDraft:
    """An offer as it could be entered again; only open periods have seats."""
    details = details_of(session, offer)
    convention = session.get(Convention, offer.convention_id) if offer.convention_id else None
    return OfferDraft(
        level=offer.level,
        sector=offer.sector,
        seats={one.period_id: one.capacity for one in _openings(session, offer) if one.capacity},
        max_per_school=offer.max_per_school,
        min_group=offer.min_group,
        reserved=dict(details.reserved),
        hours=details.hours,
        convention_key=convention.key if convention else None,
        title=offer.title,
    )


def _openings(session: Session, offer: Offer) -> list[Opening]:
    return list(session.exec(select(Opening).where(Opening.offer_id == row_id(offer)).order_by(col(Opening.period_id))))


def publish_draft(session: Session, offer: Offer, today: date, actor: str, expected_version: int) -> None:
    """
    Raises:
        Refusals: what the offer breaks today, its convention's terms included.
        Conflict: it is not a draft, or someone else has changed it meanwhile.
    """
    _allow(offer, OfferStatus.PUBLISHED, "Cette offre est déjà publiée ou retirée.")
    draft, site = draft_of(session, offer), session.get_one(Site, offer.site_id)
    terms = terms_of(session, draft.convention_key, today) if draft.convention_key else None
    periods = check_offer(session, site, draft, terms)
    _refuse_begun(periods, today)
    refuse_doubles(session, [(site, draft.level, draft.seats)])
    take_version(session, offer, expected_version)
    offer.status = OfferStatus.PUBLISHED
    session.add(offer)
    record(session, actor, "publish_offer", f"offer:{offer.id}", seats=draft.seats)


def _refuse_begun(periods: Iterable[Period], today: date) -> None:
    begun = [one.id for one in periods if one.starts_on <= today]
    if begun:
        message = (
            f"{plural(len(begun), 'période a déjà commencé', 'périodes ont déjà commencé')}. Retirez-en les places."
        )
        raise Refusals([ServiceError("period_past", message, "seats")])


def put_back(session: Session, offer: Offer, actor: str, expected_version: int) -> None:
    """A published offer becomes a draft again: no round sees it until it is published anew.

    Raises:
        ServiceError: pupils are already placed there.
        Conflict: it is not published, or someone else has changed it meanwhile.
    """
    _allow(offer, OfferStatus.DRAFT, "Cette offre n’est pas publiée.")
    _refuse_used(session, offer)
    take_version(session, offer, expected_version)
    offer.status = OfferStatus.DRAFT
    session.add(offer)
    record(session, actor, "put_back_offer", f"offer:{offer.id}")


def _allow(offer: Offer, status: OfferStatus, otherwise: str) -> None:
    if status not in OFFER_TRANSITIONS[offer.status]:
        raise Conflict("offer_state", otherwise)


def _refuse_used(session: Session, offer: Offer) -> None:
    used = sum(one.used for one in _openings(session, offer))
    if used:
        said = plural(used, "élève y est déjà affecté", "élèves y sont déjà affectés")
        raise ServiceError("offer_in_use", f"{said}. Demandez d’abord à la coordination de les replacer.")


def revise_offer(
    session: Session, offer: Offer, draft: OfferDraft, today: date, actor: str, expected_version: int
) -> None:
    """Replaces what a draft says; on a published offer everything but its seats, which change by themselves.

    Raises:
        Refusals: what the offer would break.
        ServiceError: another sector or convention than the pupils placed there were told.
        Conflict: the offer is withdrawn, or someone else has changed it meanwhile.
    """
    if offer.status is OfferStatus.WITHDRAWN:
        raise Conflict("offer_withdrawn", "Cette offre est retirée\u00a0: elle ne change plus.")
    site, before = session.get_one(Site, offer.site_id), draft_of(session, offer)
    is_draft = offer.status is OfferStatus.DRAFT
    if not is_draft:
        draft = draft.model_copy(update={"seats": before.seats})
    if (draft.sector, draft.convention_key) != (before.sector, before.convention_key):
        _refuse_used(session, offer)
    terms = _own_terms(session, site, draft, today)
    check_offer(session, site, draft, None if is_draft else terms)
    take_version(session, offer, expected_version)
    wanted = offer_of(site, draft, terms)
    for name in ("convention_id", "commitment_id", "sector", "title", "school_year"):
        setattr(offer, name, getattr(wanted, name))
    session.add(offer)
    if is_draft:
        for opening in _openings(session, offer):
            session.delete(opening)
        session.flush()
        session.add_all(
            Opening(offer_id=row_id(offer), period_id=one, capacity=seats) for one, seats in sorted(draft.seats.items())
        )
    write_details(session, [(offer, draft.details)])
    record(session, actor, "revise_offer", f"offer:{offer.id}", seats=draft.seats)


def copy_offer(session: Session, offer: Offer, today: date, actor: str) -> Copy:
    """A draft of the same offer on the same site, with its periods that are still ahead."""
    kept = {one.id for one in _periods(session, offer) if one.starts_on > today}
    return _copy(session, offer, offer.school_year, {one: one for one in kept}, today, actor)


def renew_offer(session: Session, offer: Offer, today: date, actor: str) -> Copy:
    """A draft of the same offer for the next school year, in the weeks of the year that match and are open there.

    Raises:
        ServiceError: `calendar_unknown`, the next year's calendar is not known.
    """
    first = int(offer.school_year[:4]) + 1
    school_year = f"{first}-{first + 1}"
    make_periods(session, school_year)
    site = session.get_one(Site, offer.site_id)
    choices = period_choices(session, offer.level, school_year, site.department_code, hosting=True)
    still_open = {one.period.id for one in choices if one.open and one.period.starts_on > today}
    before = period_choices(session, offer.level, offer.school_year, site.department_code, hosting=True)
    matches = {}
    for period in _periods(session, offer):
        length = len(period.weeks)
        week = iso_week(period.starts_on + timedelta(weeks=52))
        same = week if length == 1 else f"{week}-{length}"
        then, now = ([one.period.id for one in some if len(one.period.weeks) == length] for some in (before, choices))
        # The fortnight of June moves with the calendar, and so do its two weeks: the first stays the first.
        found = now[then.index(period.id)] if len(now) == len(then) <= 2 and period.id in then else same
        if found in still_open:
            matches[period.id] = found
    return _copy(session, offer, school_year, matches, today, actor)


def _periods(session: Session, offer: Offer) -> list[Period]:
    query = select(Period).join(Opening, col(Opening.period_id) == col(Period.id))
    open_ones = query.where(Opening.offer_id == row_id(offer), Opening.capacity > 0)
    return list(session.exec(open_ones.order_by(col(Period.id))))


def _copy(session: Session, offer: Offer, school_year: str, matches: dict[str, str], today: date, actor: str) -> Copy:
    draft, site = draft_of(session, offer), session.get_one(Site, offer.site_id)
    seats = {matches[one]: count for one, count in draft.seats.items() if one in matches}
    terms = _own_terms(session, site, draft, today)
    draft = draft.model_copy(update={"seats": seats})
    made = offer_of(site, draft, terms, school_year)
    made.status = OfferStatus.DRAFT
    [made] = add_offers(session, [made], [draft], "copy_offer", actor)
    return Copy(made, len(draft_of(session, offer).seats) - len(seats))
