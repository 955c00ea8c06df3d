"""A partner's home: what it promised, what it published, what rounds allocated, and who comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from sqlmodel import col, func, select

from service.domain.calendar import school_year_of
from service.domain.conventions import StateOfConvention, convention_state, is_numbers_only, ledger
from service.domain.offer_views import expected_visitors
from service.domain.partner_parts import part_name, sites_within
from service.domain.place_counts import places_by_level
from service.persistence.tables import Convention, Offer, Partner, Site
from service.vocabulary import LEVEL_LABELS, Level, OfferStatus, Role
from service.web.access import allowed, reach
from service.web.context import db, today
from service.web.frame import campaign_in_force
from service.web.paging import cut

blueprint = Blueprint("partners", __name__, url_prefix="/partenaires/<int:partner_id>")
SHOWN_NEXT = 5


@dataclass(frozen=True)
class Line:
    """One level of the home page: promised ⊃ published ⊃ allocated."""

    label: str
    promised: int | None
    published: int
    allocated: int
    followed: tuple[int, int, int] | None = None
    """Confirmed, under a signed agreement, held; None outside any convention, where no ledger is kept."""


@dataclass(frozen=True)
class Part:
    """One convention of the partner, or what it offers outside any (then without deed)."""

    convention: Convention | None
    state: StateOfConvention | None
    numbers_only: bool
    lines: Sequence[Line]


def conventions_of(partner: Partner) -> list[Convention]:
    """The last version of each deed of the partner."""
    versions = db().exec(
        select(Convention)
        .where(Convention.partner_id == partner.id)
        .order_by(col(Convention.key), col(Convention.version))
    )
    return list({convention.key: convention for convention in versions}.values())


def school_year() -> str:
    """The year people work in: the campaign's, or the one of the day."""
    campaign = campaign_in_force()
    return campaign.school_year if campaign is not None else school_year_of(today())


@blueprint.get("/")
@allowed(Role.PARTNER_MANAGER, parts=True)
def home(partner: Partner) -> Any:
    expected = expected_visitors(db(), partner.id or 0, reach(), named=False)
    coming = [one for one in expected if one.ends_on >= today()]
    # The deed's own figures are the head office's; a part of the partner reads its places alone.
    parts = [_part(convention) for convention in conventions_of(partner)] if reach() is None else []
    outside = _places(partner)
    return render_template(
        "partners/home.html",
        partner=partner,
        parts=[*parts, *([Part(None, None, False, outside)] if outside else [])],
        school_year=school_year(),
        sites=db()
        .exec(select(func.count()).select_from(Site).where(Site.partner_id == partner.id, sites_within(reach())))
        .one(),
        is_part=reach() is not None,
        place=", ".join(sorted(part_name(db(), partner.id or 0, one) for one in reach() or ())),
        has_places=_has_places(partner),
        coming=coming[:SHOWN_NEXT],
        pupils_coming=sum(one.count for one in coming),
        level_labels=LEVEL_LABELS,
    )


def _part(convention: Convention) -> Part:
    lines = ledger(db(), convention, school_year(), campaign_in_force())
    return Part(
        convention,
        convention_state(db(), convention, today()),
        is_numbers_only(db(), convention),
        [
            Line(
                LEVEL_LABELS[one.level],
                one.promised,
                one.published,
                one.allocated,
                (one.confirmed, one.signed, one.held),
            )
            for one in lines
        ],
    )


def _places(partner: Partner) -> list[Line]:
    """What counts under no ledger: offers outside any convention, and to a part of the partner all of its own."""
    outside = col(Offer.convention_id).is_(None) if reach() is None else None
    found = places_by_level(db(), partner.id or 0, school_year(), reach(), outside)
    return [Line(LEVEL_LABELS[level], None, *found[level]) for level in Level if level in found]


def _has_places(partner: Partner) -> bool:
    query = (
        select(Offer.id)
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(Site.partner_id == partner.id, sites_within(reach()), Offer.status == OfferStatus.PUBLISHED)
        .limit(1)
    )
    return db().exec(query).first() is not None


@blueprint.get("/eleves-attendus")
@allowed(Role.PARTNER_MANAGER, parts=True)
def visitors(partner: Partner) -> Any:
    rows = expected_visitors(db(), partner.id or 0, reach())
    return render_template(
        "partners/visitors.html",
        partner=partner,
        page=cut(rows, request.args),
        pupils=sum(one.count for one in rows),
        reasons=sorted({one.why_fr for one in rows if one.numbers_only}),
        level_labels=LEVEL_LABELS,
    )
