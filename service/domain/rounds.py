"""The life of a round before its publication: launched once, leased by one worker at a time, ended exactly once.

The row is the truth and the queue only carries its number, so every step is one UPDATE that says which state and which
token it expects. Refuses to know who solves, and never commits.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.campaigns import PARIS, get_campaign
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.clock import InstantIn
from service.persistence.columns import utc_now
from service.persistence.tables import AllocationRound, User
from service.vocabulary import ACTIVE_ROUNDS, ROUND_KIND_LABELS, CampaignStatus, RoundKind, RoundStatus

ATTEMPTS = 3
DEAD_WORKER = "Le calcul s’est interrompu sans rien dire."
GIVEN_UP = (
    f"Le calcul a échoué {ATTEMPTS} fois\u00a0: rien n’a été enregistré. Lancez un nouveau tour\u00a0; si l’échec se "
    "répète, transmettez ce motif à l’équipe technique."
)


class Beat(StrEnum):
    """What a worker learns when it says that it is still there."""

    KEPT = "kept"
    LOST = "lost"
    """The round belongs to another worker now, or is over: stop, write nothing."""
    CANCELLED = "cancelled"


def get_round(session: Session, round_id: int) -> AllocationRound:
    found = session.get(AllocationRound, round_id)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Start:
    """What a launch starts from, besides the campaign's rows: see `AllocationRound`."""

    kind: RoundKind = RoundKind.ROUND
    base_round_id: int | None = None
    name: str = ""
    changes: tuple[dict[str, Any], ...] = ()


PLAIN = Start()


def launch_round(session: Session, campaign_id: int, actor: str, start: Start = PLAIN) -> AllocationRound:
    """A queued round of an open campaign. The database's index, not a look before, keeps it alone.

    Raises:
        Conflict: a round is already queued or running; the message names who launched it, and when.
        ServiceError: the campaign is not open.
    """
    campaign = get_campaign(session, campaign_id)
    if campaign.status != CampaignStatus.OPEN:
        raise ServiceError("campaign_not_open", "Cette campagne n’est pas ouverte. Ouvrez-la avant de lancer un tour.")
    number = select(func.coalesce(func.max(AllocationRound.number), 0) + 1).where(
        AllocationRound.campaign_id == campaign_id
    )
    try:
        with session.begin_nested():
            launched = AllocationRound(
                campaign_id=campaign_id,
                number=session.exec(number).one(),
                launched_by=actor,
                kind=start.kind,
                base_round_id=start.base_round_id,
                name=start.name,
                changes=list(start.changes),
            )
            session.add(launched)
            session.flush()
    except IntegrityError:
        raise _already_launched(session, campaign_id) from None
    detail = {"campaign": campaign_id, "number": launched.number, "kind": launched.kind}
    record(session, actor, "launch_round", f"round:{launched.id}", **detail)
    return launched


def _already_launched(session: Session, campaign_id: int) -> Conflict:
    active = find_active_round(session, campaign_id)
    if active is None:
        return Conflict("round_just_ended", "Un autre tour vient de se terminer. Relisez la page, puis relancez.")
    who = name_of(session, active.launched_by)
    when = active.launched_at.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M")
    return Conflict(
        "round_already_active",
        f"Un tour est déjà en cours pour cette campagne\u00a0: lancé le {when} par {who}. "
        "Attendez sa fin ou annulez-le.",
    )


def title_of(found: AllocationRound) -> str:
    """«Tour 2», «Réparation 3»: what a round is called wherever it is named."""
    return f"{ROUND_KIND_LABELS[found.kind]} {found.number}"


def name_of(session: Session, actor: str) -> str:
    """The person behind an actor, as others read it."""
    return names_of(session, {actor})[actor]


def names_of(session: Session, actors: Collection[str]) -> dict[str, str]:
    """The people behind actors, in one query."""
    keys = {one: int(one.removeprefix("user:")) for one in actors if re.fullmatch("user:[0-9]{1,9}", one)}
    known = dict(session.exec(select(User.id, User.name).where(col(User.id).in_(sorted(keys.values())))).all())
    others = {"cli": "la ligne de commande", "worker": "le service"}
    return {one: known.get(keys.get(one), others.get(one, one)) for one in actors}


def find_active_round(session: Session, campaign_id: int) -> AllocationRound | None:
    return session.exec(
        select(AllocationRound).where(
            AllocationRound.campaign_id == campaign_id, col(AllocationRound.status).in_(ACTIVE_ROUNDS)
        )
    ).first()


def rounds_of(session: Session, campaign_id: int) -> list[AllocationRound]:
    """Every launch of the campaign, the latest first: nobody can repeat one unseen."""
    statement = select(AllocationRound).where(AllocationRound.campaign_id == campaign_id)
    return list(session.exec(statement.order_by(col(AllocationRound.number).desc())))


def _abandoned() -> ColumnElement[bool]:
    return and_(col(AllocationRound.status) == RoundStatus.RUNNING, col(AllocationRound.lease_until) <= InstantIn())


def held_by(round_id: int, token: int) -> ColumnElement[bool]:
    """The guard of everything a worker writes: the round is running and still its own."""
    return and_(
        col(AllocationRound.id) == round_id,
        col(AllocationRound.token) == token,
        col(AllocationRound.status) == RoundStatus.RUNNING,
    )


def claim(session: Session, round_id: int, lease_s: float) -> int | None:
    """The token of a new attempt; None when the message was a duplicate, or another worker holds the round."""
    free = or_(col(AllocationRound.status) == RoundStatus.QUEUED, _abandoned())
    statement = (
        update(AllocationRound)
        .where(
            col(AllocationRound.id) == round_id,
            free,
            col(AllocationRound.attempt) < ATTEMPTS,
            ~col(AllocationRound.cancel_requested),
        )
        .values(
            status=RoundStatus.RUNNING,
            token=AllocationRound.token + 1,
            attempt=AllocationRound.attempt + 1,
            lease_until=InstantIn(lease_s),
            phase="freeze",
            progress=0.0,
        )
        .returning(col(AllocationRound.token))
    )
    row = session.exec(statement).first()
    return None if row is None else int(row[0])


def heartbeat(session: Session, round_id: int, token: int, lease_s: float, phase: str, progress: float) -> Beat:
    """Extends the lease and says how far the computation is."""
    statement = (
        update(AllocationRound)
        .where(held_by(round_id, token))
        .values(lease_until=InstantIn(lease_s), phase=phase, progress=progress)
        .returning(col(AllocationRound.cancel_requested))
    )
    row = session.exec(statement).first()
    if row is None:
        return Beat.LOST
    return Beat.CANCELLED if row[0] else Beat.KEPT


def hand_back(session: Session, round_id: int, token: int) -> None:
    """A worker that stops in good order: the attempt does not count, the next sweep gives the round to another."""
    session.exec(
        update(AllocationRound)
        .where(held_by(round_id, token))
        .values(lease_until=InstantIn(), attempt=AllocationRound.attempt - 1)
    )


def fail_attempt(session: Session, round_id: int, token: int, cause: str) -> bool:
    """Notes why an attempt failed. Returns whether another one is left; the last makes the round `failed`."""
    retried = session.exec(
        update(AllocationRound)
        .where(held_by(round_id, token), col(AllocationRound.attempt) < ATTEMPTS)
        .values(lease_until=InstantIn(), failure=cause)
    )
    if retried.rowcount:
        return True
    end_round(session, held_by(round_id, token), RoundStatus.FAILED, f"{GIVEN_UP} Dernier motif\u00a0: {cause}")
    return False


def fail_round(session: Session, round_id: int, token: int, refusal: str) -> bool:
    """What the service refuses, no attempt changes: the round is `failed` at once, in those words. Always False."""
    end_round(session, held_by(round_id, token), RoundStatus.FAILED, refusal)
    return False


def end_round(session: Session, guard: ColumnElement[bool], status: RoundStatus, failure: str) -> list[int]:
    """Ends without a result the rounds that the guard lets through. Returns their numbers in the table."""
    statement = (
        update(AllocationRound)
        .where(guard)
        .values(status=status, failure=failure, lease_until=None, finished_at=InstantIn())
        .returning(col(AllocationRound.id))
    )
    ended = sorted(int(row[0]) for row in session.exec(statement).all())
    for round_id in ended:
        record(session, "worker", f"round_{status}", f"round:{round_id}", failure=failure)
    return ended


def refuse_round(session: Session, round_id: int, token: int, faults: list[str]) -> None:
    """The verifier spoke: nothing of the result is kept but what it said."""
    message = (
        f"Le vérificateur a refusé le résultat, rien n’a été enregistré. En défaut\u00a0: {said_of(faults)}. "
        "Transmettez ce message à l’équipe technique."
    )
    end_round(session, held_by(round_id, token), RoundStatus.REFUSED, message)


def said_of(faults: list[str]) -> str:
    """The first line of each property in defect."""
    first: dict[str, str] = {}
    for fault in faults:
        first.setdefault(fault.partition(":")[0], fault)
    return "\u00a0; ".join(first.values())


def end_cancelled(session: Session, round_id: int, token: int) -> bool:
    """The worker has killed its computation: the cancellation asked for is done. False when none was asked for."""
    asked = and_(held_by(round_id, token), col(AllocationRound.cancel_requested))
    return bool(end_round(session, asked, RoundStatus.CANCELLED, ""))


def cancel_round(session: Session, round_id: int, actor: str) -> None:
    """A queued round ends at once; a running one at its worker's next heartbeat.

    Raises:
        Conflict: the round is already over.
    """
    touched = session.exec(
        update(AllocationRound)
        .where(col(AllocationRound.id) == round_id, col(AllocationRound.status).in_(ACTIVE_ROUNDS))
        .values(cancel_requested=True)
    )
    if not touched.rowcount:
        raise Conflict("round_over", "Ce tour est déjà terminé\u00a0: il n’y a plus rien à annuler.")
    record(session, actor, "cancel_round", f"round:{round_id}", at=utc_now().isoformat())
    queued = and_(col(AllocationRound.id) == round_id, col(AllocationRound.status) == RoundStatus.QUEUED)
    end_round(session, queued, RoundStatus.CANCELLED, "")


def sweep(session: Session) -> list[int]:
    """Ends what nobody will finish, and returns the rounds to put on the queue again.

    Those are the queued rounds (their message may be lost; a second one is harmless) and the running ones whose worker
    has not been heard of for the length of its lease.
    """
    cancelled = and_(_abandoned(), col(AllocationRound.cancel_requested))
    end_round(session, cancelled, RoundStatus.CANCELLED, "")
    exhausted = and_(_abandoned(), col(AllocationRound.attempt) >= ATTEMPTS)
    end_round(session, exhausted, RoundStatus.FAILED, f"{GIVEN_UP} Dernier motif\u00a0: {DEAD_WORKER}")
    return find_waiting(session)


def find_waiting(session: Session) -> list[int]:
    """The rounds to put on the queue again, once those to end are ended."""
    waiting = or_(col(AllocationRound.status) == RoundStatus.QUEUED, _abandoned())
    return sorted(i for i in session.exec(select(AllocationRound.id).where(waiting)) if i is not None)


def has_rounds_to_end(session: Session) -> bool:
    """Whether a sweep would write anything."""
    over = or_(col(AllocationRound.cancel_requested), col(AllocationRound.attempt) >= ATTEMPTS)
    return session.exec(select(AllocationRound.id).where(_abandoned(), over)).first() is not None
