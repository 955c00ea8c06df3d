"""The border towards the solver: a campaign's rows frozen into an instance. `service.domain.decisions` is the way back.

Those two and `service.jobs` alone know both sides. Refuses to compute anything: who gets which place is the solver's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.adjustments import Adjustments, adjustments_of
from service.domain.bridge_pupils import FrozenPupils, freeze_pupils, let_stand
from service.domain.campaigns import ROUND_WEIGHTS, aims_in_order
from service.domain.confirmations import ended_pairs
from service.domain.conventions import accepts_offers, departments_of, get_convention
from service.domain.offer_details import with_shares
from service.domain.perimeters import Area, area_of
from service.domain.quota_lines import QuotaTree, load_quota_tree
from service.domain.snapshot import (
    OfferOpen,
    PlacedAlready,
    offers_open,
    placed_already,
    placements_of,
    pupils_asking,
    schools_asking,
)
from service.errors import ServiceError
from service.persistence.bulk import fetch
from service.persistence.tables import Campaign, Department, Period
from service.vocabulary import RULE_LABELS, Level
from solver.files import canonical_bytes, instance_document
from solver.geography import is_served_by, position, trip_m
from solver.instance import Ban, Instance, Offer, QuotaLine, School
from solver.instance import Department as SolverDepartment
from solver.instance import Period as SolverPeriod
from solver.params import Params, TerritoryRule, Tier
from solver.pins import broken_rule, diagnose_pins
from solver.rules import Rule


def freeze(session: Session, campaign: Campaign, today: date, still: int | None = None) -> Instance:
    """The campaign's problem as it stands: who asks, alone or together, the seats and ceilings that others have left.

    Pupils whom a published round of this campaign has placed are pinned where they are: a later round takes nothing
    back, and still sees them in each school's maximum, in the ceilings and in the equity between schools.

    With `still`, the key of a round, what that round told is announced and moves as little as it can (the instance is
    the one of `solver.repair`). When it is the published round, its pupils are no longer pinned, but those whose week
    has begun.

    What coordinators have adjusted is taken in: it never takes a place back from a pupil that is pinned.

    Raises:
        ValueError: rows that make no readable instance, naming the field.
        ServiceError: a pupil is sent by an adjustment where no rule lets them go any more.
    """
    pupils = pupils_asking(session, campaign)
    asking = {pupil.pseudonym for pupil in pupils}
    placed = [row for row in placed_already(session, campaign) if row.pseudonym in asking]
    supply = _read_supply(session, campaign, today, placed)
    repairs = still is not None and still == campaign.published_round_id
    pinned = [row for row in placed if not (repairs and supply.may_leave(row))]
    sent = [row for row in supply.adjusted.imposed if row.pseudonym in asking - {one.pseudonym for one in pinned}]
    told = placed if repairs else [] if still is None else placements_of(session, still)
    stands, free = set(pinned), asking - {row.pseudonym for row in pinned}
    told = [row for row in told if row not in stands and (repairs or row.pseudonym in free)]
    periods = _periods(session, campaign.school_year)
    frozen = freeze_pupils(pupils, periods, [*pinned, *sent], told)
    named = {int(row.offer) for row in frozen.announced}
    offers = tuple(
        offer
        for row in supply.offers
        for offer in [_offer(row, supply, repaired=repairs)]
        if offer.seats or row.id in named
    )
    _refuse_closed(sent, offers)
    schools = tuple(
        School(row.uai, row.department, position(row.latitude, row.longitude), row.priority)
        for row in schools_asking(session, {pupil.school for pupil in pupils})
    )
    instance = Instance(
        departments=_departments(session),
        schools=schools,
        periods=periods,
        offers=offers,
        groups=let_stand(frozen, [row.pseudonym for row in pinned], schools, offers),
        lines=_lines(supply),
        bans=_bans(session, campaign, supply, frozen, {offer.id for offer in offers}, pinned),
        pins=frozen.pins,
        announced=frozen.announced,
        wholes=frozen.wholes,
        bundles=frozen.bundles,
        params=_params(campaign, still=still is not None),
    )
    _refuse_void(sent, frozen, instance)
    return instance


def _refuse_closed(sent: list[PlacedAlready], offers: tuple[Offer, ...]) -> None:
    seats = {offer.id: offer.seats for offer in offers}
    for row in sent:
        if not seats.get(str(row.offer_id), {}).get(row.period_id):
            raise _void(row, RULE_LABELS[Rule.SEATS])


def _refuse_void(sent: list[PlacedAlready], frozen: FrozenPupils, instance: Instance) -> None:
    """Pins that no rule lets hold would leave the whole round without an answer: they are named before."""
    pinned = {(pin.group, pin.offer, pin.period) for pin in frozen.pins}
    for row in sent:
        group, offer = frozen.group_of[row.pseudonym], str(row.offer_id)
        rule = broken_rule(instance, instance.group[group], instance.offer[offer], row.period_id)
        if rule is not None or (group, offer, row.period_id) not in pinned:
            raise _void(row, RULE_LABELS[rule or Rule.PERIOD])
    faults = diagnose_pins(instance) if sent else ""
    for row in sent:
        if f"pin of group {frozen.group_of[row.pseudonym]!r} " in faults:
            raise _void(row, RULE_LABELS[faults.rpartition(": ")[2]])


def _void(row: PlacedAlready, why: str) -> ServiceError:
    return ServiceError(
        "adjustment_void",
        f"L’ajustement qui envoie l’élève {row.pseudonym} sur l’offre n°\u00a0{row.offer_id} ne peut pas tenir\u00a0: "
        f"{why}. Levez-le, puis relancez.",
    )


@dataclass(frozen=True)
class _Supply:
    """Offers, and what decides which of their seats count. `own` are the seats this campaign's pupils already hold."""

    levels: frozenset[str]
    area: Area
    """Where the campaign's sites are: what others host is theirs to give."""
    offers: list[OfferOpen]
    own: Counter[tuple[int, str]]
    tree: QuotaTree
    accepted: frozenset[str | None]
    """Conventions under which places may be filled today; None, outside any convention, always is."""
    territories: Mapping[str, frozenset[str] | None]
    begun: frozenset[str]
    """Periods that have started: nobody new is sent there."""
    adjusted: Adjustments
    shares: Mapping[str, int]
    """Percent of each offer's seats that the campaign reserves, by category."""

    def line_of(self, offer: OfferOpen) -> int | None:
        return self.tree.line_of(offer.convention, offer.commitment, offer.level, offer.department)

    def is_open(self, offer: OfferOpen) -> bool:
        admitted = offer.published and offer.level in self.levels and offer.convention in self.accepted
        ours = self.area is None or offer.department in self.area
        return admitted and ours and offer.id not in self.adjusted.excluded

    def may_leave(self, row: PlacedAlready) -> bool:
        """Whether a repair may send a pupil elsewhere: the week has not begun, or the host takes places back."""
        offer = self.known[row.offer_id]
        is_ahead = row.period_id not in self.begun
        taken_back = offer.left.get(row.period_id, 0) < 0
        return taken_back or (is_ahead and (self.is_open(offer) or self.adjusted.concern(row)))

    @cached_property
    def known(self) -> dict[int, OfferOpen]:
        return {offer.id: offer for offer in self.offers}

    def held_by_us(self, offer: OfferOpen) -> int:
        return sum(self.own[offer.id, period] for period in offer.left)


def _read_supply(session: Session, campaign: Campaign, today: date, placed: list[PlacedAlready]) -> _Supply:
    offers = offers_open(session, campaign.school_year)
    keys = sorted({offer.convention for offer in offers if offer.convention})
    conventions = {key: get_convention(session, key) for key in keys}
    return _Supply(
        levels=frozenset(campaign.levels),
        area=area_of(session, campaign.territory),
        offers=offers,
        own=Counter((row.offer_id, row.period_id) for row in placed),
        tree=load_quota_tree(session),
        accepted=frozenset({None, *(key for key in keys if accepts_offers(session, conventions[key], today)[0])}),
        territories={key: departments_of(session, convention) for key, convention in conventions.items()},
        begun=frozenset(
            period for (period,) in fetch(session, select(col(Period.id)).where(col(Period.starts_on) <= today))
        ),
        adjusted=adjustments_of(session, campaign),
        shares=campaign.reserves,
    )


def _departments(session: Session) -> tuple[SolverDepartment, ...]:
    rows = fetch(
        session,
        select(
            col(Department.code), col(Department.academy_code), col(Department.landmass), col(Department.neighbours)
        ),
    )
    return tuple(SolverDepartment(code, academy, land, frozenset(others)) for code, academy, land, others in rows)


def _periods(session: Session, school_year: str) -> tuple[SolverPeriod, ...]:
    rows = fetch(session, select(col(Period.id), col(Period.weeks)).where(col(Period.school_year) == school_year))
    return tuple(SolverPeriod(period_id, tuple(weeks)) for period_id, weeks in rows)


def _offer(row: OfferOpen, supply: _Supply, *, repaired: bool) -> Offer:
    """An offer that is no longer open, or a week that has begun, keeps the seats of the pupils there and no more.

    Seats that the host takes back from them are gone when the round is `repaired`; no other round takes a place back.
    """
    line, open_in = supply.line_of(row), row.left.keys() - supply.begun if supply.is_open(row) else set()
    taken_back = {period: min(left, 0) * repaired for period, left in row.left.items()}
    if repaired and row.id in supply.adjusted.excluded:
        taken_back = {period: -supply.own[row.id, period] * (period not in supply.begun) for period in row.left}
    seats = {
        period: supply.own[row.id, period] + taken_back[period] + max(left, 0) * (period in open_in)
        for period, left in row.left.items()
    }
    return Offer(
        id=str(row.id),
        department=row.department,
        position=position(row.latitude, row.longitude),
        sector=row.sector,
        levels=frozenset({row.level}),
        seats={period: count for period, count in seats.items() if count > 0 or taken_back[period]},
        serves=row.serves,
        max_per_school=row.max_per_school,
        line=None if line is None else str(line),
        admits=supply.territories[row.convention] if row.convention else None,
        reserved=with_shares(row.reserved, max(seats.values()), supply.shares) if open_in else {},
        min_group=row.min_group,
    )


def _lines(supply: _Supply) -> tuple[QuotaLine, ...]:
    """The lines in force, less what the school year's other campaigns already hold."""
    held, kept = Counter[int](), set(supply.accepted)
    for offer in supply.offers:
        ours = supply.held_by_us(offer)
        held.update(dict.fromkeys(supply.tree.ancestry(supply.line_of(offer)), offer.used - ours))
        kept.update([offer.convention] if ours else [])
    return tuple(
        QuotaLine(
            id=str(line.id),
            parent=None if line.parent is None else str(line.parent),
            level=line.level if line.level in set(Level) else None,
            ceiling=None if line.ceiling is None else max(0, line.ceiling - held[line.id]),
            commitment=None if line.commitment is None else max(0, line.commitment - held[line.id]),
        )
        for line in supply.tree.lines.values()
        if line.convention_key in kept
    )


def _bans(
    session: Session,
    campaign: Campaign,
    supply: _Supply,
    frozen: FrozenPupils,
    offers: set[str],
    pinned: list[PlacedAlready],
) -> tuple[Ban, ...]:
    """A pupil is never sent where one of the two sides said no, or nothing, nor where a coordinator forbids it.

    Nor are those who stay with them.
    """
    stays = {(row.pseudonym, row.offer_id) for row in pinned}
    pairs = ended_pairs(session, campaign.school_year) | (supply.adjusted.banned - stays)
    group = frozen.group_of
    named = {(group[pseudonym], str(offer)) for pseudonym, offer in pairs if pseudonym in group}
    return tuple(Ban(name, offer) for name, offer in sorted(named) if offer in offers)


def _params(campaign: Campaign, *, still: bool) -> Params:
    tiers = tuple(Tier(tier) for tier in aims_in_order(campaign, still=still))
    return Params(tiers=tiers, territory_rule=TerritoryRule(campaign.territory_rule), priority_weights=ROUND_WEIGHTS)


def frozen_bytes(instance: Instance) -> bytes:
    """The instance as the canonical document that is hashed, solved, verified and kept."""
    return canonical_bytes(instance_document(instance))


def trip_between(origin: tuple[float, float], destination: tuple[float, float]) -> int:
    """The trip between two places given in degrees, in whole metres, as every round counts it."""
    return trip_m(position(*origin), position(*destination))


def departments_served(session: Session, campaign: Campaign, home: str) -> frozenset[str]:
    """The départements whose hosts may receive a school of `home` under the campaign's rule, as every round has it."""
    rule, known = TerritoryRule(campaign.territory_rule), {one.code: one for one in _departments(session)}
    return frozenset(code for code, host in known.items() if is_served_by(rule, known[home], host))
