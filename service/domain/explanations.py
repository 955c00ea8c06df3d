"""Why one pupil was placed there, or was not: what the law gives each family, read from what was frozen and recorded.

Responsible for gathering the data used, the rules and weights, and what came of them for that pupil, from the dossier's
own bytes and the round's rows (code des relations entre le public et l'administration, L311-3-1 and R311-3-1-2).
Refuses to compute a placement, and to write a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from service.domain.accepted_departments import department_names
from service.domain.audit import record
from service.domain.findings import Host, hosts_named
from service.domain.frozen_parts import frozen_row, frozen_value
from service.domain.links import UNKNOWN, LinkRefused, issue_link, read_link, use_link, void_links
from service.errors import NotFound
from service.persistence.bulk import fetch
from service.persistence.packed import unpack
from service.persistence.rows import row_id
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    ClassGroup,
    Commune,
    HigherWish,
    Offer,
    Opening,
    Partner,
    Period,
    PersonalLink,
    Placement,
    Pupil,
    RoundDossier,
    School,
    Sector,
    Site,
    UnplacedPupil,
)
from service.vocabulary import LinkPurpose, RoundStatus

SHOWN_OFFERS = 12
"""How many of the full offers within reach are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The data of the pupil and of the school that the computation received, as they were frozen."""

    level: str
    periods: tuple[Period, ...]
    reach_m: int
    departments: tuple[str, ...]
    """Names of those the request limits itself to; none without such a limit."""
    wishes: tuple[str, ...]
    """Sectors' labels, the most wanted first."""
    needs: tuple[str, ...]
    department: str
    priority: str
    together: int
    """Pupils with whom the school keeps this one."""
    weight: int
    """Percent that a pupil of such a school without a place weighs."""


@dataclass(frozen=True, slots=True)
class Obtained:
    site: str
    partner: str
    commune: str
    sector: str
    starts_on: date
    ends_on: date
    rank: int
    trip_m: int


@dataclass(frozen=True, slots=True)
class NotThere:
    """A sector ranked higher, and why not there."""

    rank: int
    sector: str
    reason: str
    openings: int
    tier: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything one page tells. `obtained` is empty for a pupil left without a place, who has a `reason`."""

    pupil: str
    class_name: str
    school: str
    school_email: str
    campaign: Campaign
    round: AllocationRound
    asked: Asked
    obtained: tuple[Obtained, ...]
    higher: tuple[NotThere, ...]
    reason: str
    facts: Mapping[str, Any]
    full_offers: tuple[Host, ...]
    fixes: tuple[Mapping[str, Any], ...]
    tiers: tuple[str, ...]
    territory_rule: str


def pupil_of_school(session: Session, school: School, pseudonym: str) -> Pupil:
    """The pupil, if it is that school's.

    Raises:
        NotFound: it is not, or there is none: the same answer.
    """
    statement = (
        select(Pupil)
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(col(Pupil.pseudonym) == pseudonym, col(ClassGroup.school_id) == school.id)
    )
    found = session.scalars(statement).first()
    if found is None:
        raise NotFound
    return found


def explain_to_family(session: Session, pupil: Pupil) -> Explanation:
    """The explanation of the last published decision about the pupil.

    Raises:
        NotFound: no published round has decided anything about the pupil.
    """
    found = _deciding_round(session, pupil)
    group = session.get_one(ClassGroup, pupil.class_id)
    school = session.get_one(School, group.school_id)
    labels = {row[0]: row[1] for row in fetch(session, select(col(Sector.key), col(Sector.label)))}
    frozen = _frozen(session, found)
    params = frozen_value(frozen, "params")
    left = session.scalars(
        select(UnplacedPupil).where(col(UnplacedPupil.round_id) == found.id, col(UnplacedPupil.pupil_id) == pupil.id)
    ).first()
    facts: Mapping[str, Any] = {} if left is None else left.facts
    named = [int(offer) for offer in facts.get("offers", ())][:SHOWN_OFFERS]
    return Explanation(
        pupil=pupil.display_name,
        class_name=group.name,
        school=school.name,
        school_email=school.official_email,
        campaign=session.get_one(Campaign, found.campaign_id),
        round=found,
        asked=_asked(session, frozen, pupil.pseudonym, labels),
        obtained=_obtained(session, found, pupil, labels),
        higher=_higher(session, found, pupil, labels),
        reason="" if left is None else left.reason,
        facts=facts,
        full_offers=tuple(hosts_named(session, set(named)).values()),
        fixes=() if left is None else tuple(left.fixes),
        tiers=tuple(params["tiers"]),
        territory_rule=params["territory_rule"],
    )


def _deciding_round(session: Session, pupil: Pupil) -> AllocationRound:
    """The published round that gave the pupil a place, else the last one published that had none to give."""
    placed = select(col(Placement.round_id)).where(col(Placement.pupil_id) == pupil.id, col(Placement.published))
    left = select(col(UnplacedPupil.round_id)).where(col(UnplacedPupil.pupil_id) == pupil.id)
    about = or_(col(AllocationRound.id).in_(placed), col(AllocationRound.id).in_(left))
    statement = (
        select(AllocationRound)
        .where(col(AllocationRound.status) == RoundStatus.PUBLISHED, about)
        .order_by(col(AllocationRound.published_at).desc())
        .limit(1)
    )
    found = session.scalars(statement).first()
    if found is None:
        raise NotFound
    return found


def _frozen(session: Session, found: AllocationRound) -> str:
    kept = session.get(RoundDossier, row_id(found))
    if kept is None:
        raise NotFound
    return unpack(kept.instance_gz).decode()


def _asked(session: Session, frozen: str, pseudonym: str, labels: Mapping[str, str]) -> Asked:
    group = frozen_row(frozen, "groups", pseudonym)
    school = frozen_row(frozen, "schools", group["school"])
    asked = group["periods"] or _all_of_them(frozen, group["id"])
    periods = session.scalars(
        select(Period).where(col(Period.id).in_(asked)).order_by(col(Period.starts_on), col(Period.id))
    )
    return Asked(
        level=group["level"],
        periods=tuple(periods),
        reach_m=group["reach_m"],
        departments=tuple(department_names(session, group.get("departments", ()))),
        wishes=tuple(labels.get(one, one) for one in group["wishes"]),
        needs=tuple(group["needs"]),
        department=school["department"],
        priority=school["priority"],
        together=group["count"] - 1,
        weight=frozen_value(frozen, "params")["priority_weights"].get(school["priority"], 100),
    )


def _all_of_them(frozen: str, group: str) -> list[str]:
    """The periods of a pupil who asks for a stay in each, which are no choice between them."""
    return [period for row in frozen_value(frozen, "bundles") if row["group"] == group for period in row["periods"]]


def _obtained(
    session: Session, found: AllocationRound, pupil: Pupil, labels: Mapping[str, str]
) -> tuple[Obtained, ...]:
    host = (col(Site.name), col(Partner.name), col(Commune.name), col(Offer.sector))
    stay = (col(Period.starts_on), col(Period.ends_on), col(Placement.rank), col(Placement.trip_m))
    rows = fetch(
        session,
        select(*host, *stay)
        .select_from(Placement)
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .join(Commune, col(Commune.insee) == col(Site.insee))
        .join(Period, col(Period.id) == col(Placement.period_id))
        .where(col(Placement.round_id) == found.id, col(Placement.pupil_id) == pupil.id)
        .order_by(col(Period.starts_on)),
    )
    return tuple(
        Obtained(site, partner, commune, labels.get(sector, sector), start, end, rank, trip)
        for site, partner, commune, sector, start, end, rank, trip in rows
    )


def _higher(session: Session, found: AllocationRound, pupil: Pupil, labels: Mapping[str, str]) -> tuple[NotThere, ...]:
    rows = session.scalars(
        select(HigherWish)
        .where(col(HigherWish.round_id) == found.id, col(HigherWish.pupil_id) == pupil.id)
        .order_by(col(HigherWish.rank))
    )
    return tuple(
        NotThere(one.rank, labels.get(one.sector, one.sector), one.reason, one.openings, one.tier, one.at_least)
        for one in rows
    )


def give_to_family(session: Session, pupil: Pupil, actor: str, now: datetime) -> str:
    """The token of a link that opens the explanation once, for thirty days. An earlier one opens nothing any more.

    Raises:
        NotFound: nothing is decided about the pupil.
    """
    found = _deciding_round(session, pupil)
    void_links(session, LinkPurpose.EXPLANATION, _subject(pupil), now)
    token = issue_link(session, LinkPurpose.EXPLANATION, _subject(pupil), "", now)
    record(session, actor, "give_explanation", f"pupil:{pupil.pseudonym}", round=found.id)
    return token


def _subject(pupil: Pupil) -> str:
    return f"pupil:{pupil.id}"


def read_given(session: Session, token: str, now: datetime) -> tuple[PersonalLink, Pupil]:
    """Whom the link is about. Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, or the pupil is no longer there.
    """
    link = read_link(session, token, LinkPurpose.EXPLANATION, now)
    pupil = session.get(Pupil, int(link.subject.removeprefix("pupil:")))
    if pupil is None:
        raise LinkRefused(UNKNOWN)
    return link, pupil


def open_given(session: Session, token: str, now: datetime) -> Explanation:
    """The explanation, once: the link is spent in the same transaction.

    Raises:
        LinkRefused: as `read_given`.
        NotFound: nothing is decided any more.
    """
    link, pupil = read_given(session, token, now)
    told = explain_to_family(session, pupil)
    use_link(session, link, now)
    record(session, "family", "read_explanation", f"pupil:{pupil.pseudonym}", round=told.round.id)
    return told
