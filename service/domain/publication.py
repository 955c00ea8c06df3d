"""Publishing a round: verified once more, still true of the rows, no seat sold twice; all of it or nothing.

One transaction, the caller's. Its first statement takes the round from `computed`; the pointer everybody reads moves
last. Refuses to compute anything, and to publish what has become false since the computation.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Subquery, and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from service.domain.adjustments import adjustments_of
from service.domain.audit import record
from service.domain.bridge import freeze
from service.domain.campaign_rules import check_two_people
from service.domain.campaigns import day_in_france, get_campaign
from service.domain.confirmation_asks import ask_both_sides
from service.domain.dates import french_span
from service.domain.decisions import Change, changes_since
from service.domain.digests import queue_digests
from service.domain.recording import Dossier, ResultRefusedError, reopen_dossier
from service.domain.repair_notices import queue_repair_notices
from service.domain.repairs import close_withdrawn_seats
from service.domain.rounds import get_round, name_of, said_of
from service.domain.texts import plural
from service.errors import Conflict, ServiceError
from service.persistence.bulk import fetch
from service.persistence.clock import InstantIn
from service.persistence.tables import (
    AllocationRound,
    Campaign,
    Offer,
    Opening,
    Period,
    Placement,
    PlacementRequest,
    Pupil,
    QuotaLine,
    Site,
    UnplacedPupil,
)
from service.vocabulary import OfferStatus, RequestStatus, RoundKind, RoundStatus

RELAUNCH = "Rien n’a été publié\u00a0: lancez un nouveau tour."


def verify_ahead(session: Session, round_id: int) -> Dossier | None:
    """What `publish_round` would verify, for whoever does it first where no other writer has to wait.

    None when there is nothing to publish: it will say why.

    Raises:
        ServiceError: the verifier is not silent on the bytes kept.
    """
    found = get_round(session, round_id)
    return _verified(session, round_id) if found.status == RoundStatus.COMPUTED else None


def publish_round(
    session: Session, round_id: int, actor: str, today: date | None = None, seen: Dossier | None = None
) -> AllocationRound:
    """Makes a computed round the one everybody reads. `today` is the day of the publication unless it is given.

    `seen` is the answer of `verify_ahead`: the bytes kept are compared with it, and verified here when they differ.

    Raises:
        Conflict: not in the state to be published, a seat taken or a request changed meanwhile; the message names it.
        ServiceError: the verifier is not silent on the bytes kept.
    """
    _take(session, round_id, actor)
    published = get_round(session, round_id)
    session.refresh(published)
    campaign = get_campaign(session, published.campaign_id)
    session.refresh(campaign)
    check_two_people(campaign, published, actor)
    dossier = _verified(session, round_id, seen)
    _check_rows(session, round_id, dossier)
    # Two campaigns may share a convention's ceilings: one publication at a time looks at them (PostgreSQL).
    fetch(session, select(col(QuotaLine.id)).order_by(col(QuotaLine.id)).with_for_update())
    assert published.published_at is not None
    day = today or day_in_france(published.published_at)
    fresh = freeze(session, campaign, day, published.base_round_id)
    _release_seats(session, campaign)
    if published.kind is RoundKind.REPAIR:
        close_withdrawn_seats(session)
    _take_seats(session, round_id)
    _refuse_changes(changes_since(dossier.decision, fresh, adjustments_of(session, campaign).excluded))
    _publish_placements(session, round_id)
    _freeze_requests(session, published)
    _move_pointer(session, campaign, round_id)
    ask_both_sides(session, published, day, published.published_at)
    if published.kind is RoundKind.REPAIR:
        queue_repair_notices(session, published, campaign)
    else:
        queue_digests(session, published, campaign)
    record(
        session,
        actor,
        "publish_round",
        f"round:{round_id}",
        sha256=dossier.decision.input_sha256,
        placed=dossier.decision.placed_pupils,
    )
    return published


def _take(session: Session, round_id: int, actor: str) -> None:
    touched = session.exec(
        update(AllocationRound)
        .where(
            col(AllocationRound.id) == round_id,
            col(AllocationRound.status) == RoundStatus.COMPUTED,
            col(AllocationRound.kind) != RoundKind.SCENARIO,
        )
        .values(status=RoundStatus.PUBLISHED, published_at=InstantIn(), published_by=actor)
    )
    if touched.rowcount == 1:
        return
    found = get_round(session, round_id)
    if found.status == RoundStatus.PUBLISHED:
        raise Conflict("round_published", f"Ce tour a déjà été publié par {name_of(session, found.published_by)}.")
    if found.kind is RoundKind.SCENARIO:
        raise Conflict("round_is_scenario", "Un essai ne se publie pas\u00a0: il compare, et ne change rien.")
    raise Conflict("round_not_computed", "Seul un tour calculé et vérifié peut être publié. Attendez la fin du calcul.")


def _verified(session: Session, round_id: int, seen: Dossier | None = None) -> Dossier:
    try:
        return reopen_dossier(session, round_id, seen)
    except ResultRefusedError as refusal:
        raise ServiceError(
            "verification_refused",
            f"Le vérificateur refuse le dossier de ce tour, il n’est pas publié\u00a0: {said_of(refusal.faults)}.",
        ) from refusal


def _check_rows(session: Session, round_id: int, dossier: Dossier) -> None:
    """What would be published is what was verified, row for row."""
    rows = fetch(
        session,
        select(col(Pupil.pseudonym), col(Opening.offer_id), col(Placement.period_id))
        .join(Placement, col(Placement.pupil_id) == col(Pupil.id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .where(col(Placement.round_id) == round_id),
    )
    verified = sorted((row.pseudonym, row.offer_id, row.period_id) for row in dossier.decision.placed)
    if sorted(tuple(row) for row in rows) != verified:
        raise ServiceError(
            "placements_altered",
            "Les affectations enregistrées ne sont pas celles du dossier vérifié\u00a0: ce tour n’est pas publié. "
            "Lancez un nouveau tour.",
        )


def _release_seats(session: Session, campaign: Campaign) -> None:
    """The round published before gives way: the new one keeps its pupils where they are and takes their seats again."""
    ours = select(col(AllocationRound.id)).where(col(AllocationRound.campaign_id) == campaign.id)
    before = and_(col(Placement.round_id).in_(ours), col(Placement.published))
    held = _pupils_by_opening(before)
    unread = {"synchronize_session": False}
    session.exec(
        update(Opening)
        .where(col(Opening.id) == held.c.opening_id)
        .values(used=col(Opening.used) - held.c.pupils)
        .execution_options(**unread)
    )
    session.exec(update(Placement).where(before).values(published=False).execution_options(**unread))


def _pupils_by_opening(which: ColumnElement[bool]) -> Subquery:
    """Counted once and joined: a count per opening would read the round's placements again for each of them."""
    opening_id = col(Placement.opening_id)
    counted = select(opening_id, func.count(col(Placement.id)).label("pupils")).where(which)
    return counted.group_by(opening_id).subquery()


def _take_seats(session: Session, round_id: int) -> None:
    """One conditional statement: an opening without enough seats left is not touched, and the count shows it."""
    wanted = _pupils_by_opening(col(Placement.round_id) == round_id)
    # In the order of their keys, so that two publications wait for each other instead of blocking each other.
    mine = col(Opening.id).in_(select(wanted.c.opening_id))
    locked = select(col(Opening.id)).where(mine).order_by(col(Opening.id)).with_for_update()
    openings, short = fetch(session, locked), _short_slots(session, wanted)
    touched = session.exec(
        update(Opening)
        .where(col(Opening.id) == wanted.c.opening_id, _still_fits(wanted))
        .values(used=col(Opening.used) + wanted.c.pupils)
        .execution_options(synchronize_session=False)
    )
    if touched.rowcount != len(openings):
        named = " ".join(short[:5])
        raise Conflict("seats_taken", f"Des places ont été retirées ou prises depuis le calcul. {named} {RELAUNCH}")


def _still_fits(wanted: Subquery) -> ColumnElement[bool]:
    published = select(col(Offer.id)).where(col(Offer.status) == OfferStatus.PUBLISHED)
    return and_(col(Opening.used) + wanted.c.pupils <= col(Opening.capacity), col(Opening.offer_id).in_(published))


def _short_slots(session: Session, wanted: Subquery) -> list[str]:
    """The openings that cannot take what the round sends them, each as a sentence."""
    rows = fetch(
        session,
        select(
            col(Site.name),
            col(Period.starts_on),
            col(Period.ends_on),
            col(Offer.status),
            col(Opening.capacity) - col(Opening.used),
            wanted.c.pupils,
        )
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .join(wanted, wanted.c.opening_id == col(Opening.id))
        .where(~_still_fits(wanted))
        .order_by(col(Opening.id)),
    )
    return [
        f"Site «\u00a0{site}\u00a0», {french_span(start, end)}\u00a0: "
        + (
            f"{plural(left, 'place')} pour {plural(sent, 'élève')}."
            if status == OfferStatus.PUBLISHED
            else "offre retirée."
        )
        for site, start, end, status, left, sent in rows
    ]


def _refuse_changes(changes: list[Change]) -> None:
    if changes:
        named = " ".join(f"{change.said}." for change in changes[:5])
        raise Conflict("data_changed", f"Les données ont changé depuis le calcul. {named} {RELAUNCH}")


def _publish_placements(session: Session, round_id: int) -> None:
    statement = update(Placement).where(col(Placement.round_id) == round_id).values(published=True)
    try:
        session.exec(statement.execution_options(synchronize_session=False))
    except IntegrityError as error:
        message = f"Un élève de ce tour a reçu une autre place depuis le calcul. {RELAUNCH}"
        raise Conflict("pupil_already_placed", message) from error


def _freeze_requests(session: Session, published: AllocationRound) -> None:
    """The requests the round answered can no longer be edited."""
    answered = select(col(Pupil.class_id)).where(
        col(Pupil.id).in_(
            select(col(Placement.pupil_id))
            .where(col(Placement.round_id) == published.id)
            .union_all(select(col(UnplacedPupil.pupil_id)).where(col(UnplacedPupil.round_id) == published.id))
        )
    )
    session.exec(
        update(PlacementRequest)
        .where(
            col(PlacementRequest.campaign_id) == published.campaign_id,
            col(PlacementRequest.status) == RequestStatus.SUBMITTED,
            col(PlacementRequest.class_id).in_(answered),
        )
        .values(status=RequestStatus.FROZEN, version=col(PlacementRequest.version) + 1)
        .execution_options(synchronize_session=False)
    )


def _move_pointer(session: Session, campaign: Campaign, round_id: int) -> None:
    """Guarded by the version read in this transaction: two publications of one campaign cannot both move it."""
    touched = session.exec(
        update(Campaign)
        .where(col(Campaign.id) == campaign.id, col(Campaign.version) == campaign.version)
        .values(published_round_id=round_id, version=col(Campaign.version) + 1)
    )
    if touched.rowcount != 1:
        raise Conflict("campaign_changed", "La campagne vient d’être modifiée par quelqu’un d’autre. Relisez la page.")
