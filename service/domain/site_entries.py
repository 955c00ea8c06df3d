"""Many sites and their places entered at once: what a list would change, then the change itself, whole or not at all.

A list adds and corrects, it never removes: a site, an offer or a week it does not name stays as it is, so that the same
list entered twice changes nothing the second time. Refuses to know files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.convention_states import get_convention
from service.domain.offer_doubles import refuse_doubles_at
from service.domain.offer_rules import OfferDraft, school_year_of_period
from service.domain.offers import change_seats, publish_offers
from service.domain.sites import SAID, SiteDraft, add_sites, refuse_needs_relied_on
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Offer, Opening, Partner, Site
from service.vocabulary import OfferStatus

SiteKey = tuple[str, str]
"""Name and commune: what makes a partner's site one."""
OfferKey = tuple[SiteKey, str, str, str, str, int | None]
"""Site, level, sector, title, school year, convention: what makes an offer the same as one already published."""


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """One site, checked, with the offers the list gives it (none: the site alone)."""

    draft: SiteDraft
    offers: tuple[OfferDraft, ...] = ()

    @property
    def key(self) -> SiteKey:
        return self.draft.name, self.draft.insee


@dataclass(frozen=True, slots=True)
class SitesChange:
    """What entering the list does, in rows and in numbers."""

    new_sites: tuple[SiteEntry, ...]
    corrected: tuple[tuple[Site, SiteDraft], ...]
    same_sites: int
    new_offers: tuple[tuple[SiteKey, OfferDraft], ...]
    changed_offers: tuple[tuple[Offer, dict[str, int]], ...]
    same_offers: int

    @property
    def new_seats(self) -> int:
        return sum(sum(draft.seats.values()) for _, draft in self.new_offers)


def plan_sites(session: Session, partner: Partner, entries: Sequence[SiteEntry]) -> SitesChange:
    """What entering the list would do. Writes nothing; a handful of queries whatever its length."""
    sites = {(one.name, one.insee): one for one in _sites(session, partner)}
    published = _published(session, partner, {row_id(one): key for key, one in sites.items()})
    convention_ids = {
        key: row_id(get_convention(session, key))
        for key in sorted({draft.convention_key for one in entries for draft in one.offers if draft.convention_key})
    }
    corrected, new_offers, changed_offers, same_offers = [], [], [], 0
    for entry in entries:
        site = sites.get(entry.key)
        if site is not None and _changes(site, entry.draft):
            corrected.append((site, entry.draft))
        for draft in entry.offers:
            under = convention_ids[draft.convention_key] if draft.convention_key else None
            year = school_year_of_period(next(iter(draft.seats)))
            known = published.get((entry.key, draft.level, draft.sector, draft.title, year, under))
            if known is None:
                new_offers.append((entry.key, draft))
                continue
            offer, seats = known
            wanted = {period: count for period, count in draft.seats.items() if seats.get(period) != count}
            if wanted:
                changed_offers.append((offer, wanted))
            same_offers += not wanted
    fresh = tuple(one for one in entries if one.key not in sites)
    return SitesChange(
        new_sites=fresh,
        corrected=tuple(corrected),
        same_sites=len(entries) - len(fresh) - len(corrected),
        new_offers=tuple(new_offers),
        changed_offers=tuple(changed_offers),
        same_offers=same_offers,
    )


def _sites(session: Session, partner: Partner) -> Sequence[Site]:
    return session.exec(select(Site).where(Site.partner_id == row_id(partner)).order_by(col(Site.id))).all()


def _published(
    session: Session, partner: Partner, keys: dict[int, SiteKey]
) -> dict[OfferKey, tuple[Offer, dict[str, int]]]:
    query = (
        select(Offer, Opening.period_id, Opening.capacity)
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .where(Site.partner_id == row_id(partner), Offer.status == OfferStatus.PUBLISHED)
        # of two alike the oldest answers for both, whatever the order of rows
        .order_by(col(Offer.id).desc())
    )
    found: dict[OfferKey, tuple[Offer, dict[str, int]]] = {}
    for offer, period_id, capacity in session.exec(query):
        site = keys[offer.site_id]
        key = (site, offer.level, offer.sector, offer.title, offer.school_year, offer.convention_id)
        if key not in found or found[key][0].id != offer.id:
            found[key] = (offer, {})
        found[key][1][period_id] = capacity
    return found


def _changes(site: Site, draft: SiteDraft) -> dict[str, object]:
    """Only what the list says counts: an empty cell corrects nothing."""
    said = {name: getattr(draft, name) for name in SAID if name in SiteDraft.model_fields}
    said["serves"] = sorted(set(draft.serves))
    if draft.point is not None:
        said["latitude"], said["longitude"] = draft.point
    return {name: value for name, value in said.items() if value not in ("", []) and value != getattr(site, name)}


def enter_sites(
    session: Session, partner: Partner, entries: Sequence[SiteEntry], today: date, actor: str
) -> SitesChange:
    """Enters the list: sites added and corrected, places published and changed.

    Raises:
        Refusals: what a site or an offer breaks, or a SIRET under which another partner publishes the same periods.
        Conflict: fewer seats than pupils already placed, or someone else has changed a row meanwhile.
    """
    change = plan_sites(session, partner, entries)
    added = add_sites(session, [(row_id(partner), one.draft) for one in change.new_sites], actor)
    renumbered = [site for site, draft in change.corrected if "siret" in _changes(site, draft)]
    for site, draft in change.corrected:
        _correct(session, site, draft, actor)
    refuse_doubles_at(session, renumbered)
    sites = {(one.name, one.insee): one for one in [*_sites(session, partner), *(site for site, _ in added)]}
    publish_offers(session, [(sites[key], draft) for key, draft in change.new_offers], today, actor)
    for offer, seats in change.changed_offers:
        change_seats(session, offer, seats, actor)
    return change


def _correct(session: Session, site: Site, draft: SiteDraft, actor: str) -> None:
    if draft.serves:
        refuse_needs_relied_on(session, site, draft.serves)
    take_version(session, site, None)
    for name, value in _changes(site, draft).items():
        setattr(site, name, value)
    session.add(site)
    record(session, actor, "correct_site", f"site:{site.id}")
    session.flush()
