"""A company that two partners mobilise: its seats count under one of them, whichever published them first.

Responsible for finding the same establishment (its SIRET), level and period among what other partners have published.
Refuses to guess for a site without SIRET.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from service.domain.calendar import period_label
from service.errors import Refusals, ServiceError
from service.persistence.tables import Offer, Opening, Partner, Period, Site
from service.persistence.turns import Turn, wait_for_turn
from service.vocabulary import Level, OfferStatus

Wanted = tuple[Site, Level, Collection[str]]
"""A site, a level, the periods about to open there."""


def refuse_doubles_at(session: Session, corrected: Sequence[Site]) -> None:
    """After a correction of their SIRET, by what these sites publish already.

    Raises:
        Refusals: of the field `siret`, as `refuse_doubles`.
    """
    query = (
        select(Offer.site_id, Offer.level, Opening.period_id)
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .where(
            col(Offer.site_id).in_([site.id for site in corrected]),
            Offer.status == OfferStatus.PUBLISHED,
            Opening.capacity > 0,
        )
    )
    opened: dict[tuple[int, str], set[str]] = defaultdict(set)
    for site_id, level, period_id in session.exec(query):
        opened[site_id, level].add(period_id)
    sites = {site.id: site for site in corrected}
    way = "vérifiez le numéro, ou faites retirer les unes ou les autres"
    wanted = [(sites[site_id], Level(level), periods) for (site_id, level), periods in sorted(opened.items())]
    refuse_doubles(session, wanted, "siret", way)


_OTHER_WEEKS = "choisissez d’autres semaines, ou faites retirer les premières"


def refuse_doubles(session: Session, wanted: Sequence[Wanted], field: str = "seats", way: str = _OTHER_WEEKS) -> None:
    """One query whatever the number of offers; until the caller's transaction ends, nobody else looks.

    Raises:
        Refusals: one per site and period already published by another partner, naming it.
    """
    numbers = sorted({site.siret for site, _, _ in wanted if site.siret})
    if not numbers:
        return
    # Two partners who publish at the same instant would not see each other's seats.
    wait_for_turn(session, Turn.COUNT_SEATS_ONCE)
    query = (
        select(Site, Offer.level, Period, Partner.name)
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .where(col(Site.siret).in_(numbers), Offer.status == OfferStatus.PUBLISHED, Opening.capacity > 0)
        .order_by(col(Offer.id))
    )
    taken: dict[tuple[str, str], list[tuple[Site, Period, str]]] = defaultdict(list)
    for other, level, period, name in session.exec(query):
        taken[other.siret, level].append((other, period, name))
    refusals = [
        _refusal(site, period, name, field, way)
        for site, level, periods in wanted
        if site.siret
        for other, period, name in taken[site.siret, level]
        if other.partner_id != site.partner_id and period.id in periods
    ]
    if refusals:
        raise Refusals(refusals)


def _refusal(site: Site, period: Period, partner: str, field: str, way: str) -> ServiceError:
    where = f"{site.name}, {period_label(period)}"
    return ServiceError(
        "seats_counted_elsewhere",
        f"{where}\u00a0: cet établissement (SIRET {site.siret}) y publie déjà des places avec {partner}. Une place ne "
        f"compte qu’une fois\u00a0: {way}.",
        field,
    )
