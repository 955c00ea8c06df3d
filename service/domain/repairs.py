"""Repairs: the round that finds a place to the pupils whose host withdrew, and moves as few others as it can.

Responsible for when one may be launched, and for what its publication does to the seats taken back. Computing and
publishing are those of any round.
"""

from __future__ import annotations

from sqlalchemy import case, update
from sqlmodel import Session, col

from service.domain.campaigns import get_campaign
from service.domain.rounds import Start, launch_round, rounds_of
from service.domain.shortfalls import shortfalls
from service.errors import Conflict
from service.persistence.tables import AllocationRound, Opening
from service.vocabulary import HAS_RESULT, RoundKind


def launch_repair(session: Session, campaign_id: int, actor: str) -> AllocationRound:
    """A queued repair of the published round.

    Raises:
        Conflict: nothing is published, or a round is already queued or running.
        ServiceError: the campaign is not open.
    """
    campaign = get_campaign(session, campaign_id)
    if campaign.published_round_id is None:
        raise Conflict("nothing_published", "Aucun tour n’est publié\u00a0: il n’y a rien à réparer.")
    start = Start(RoundKind.REPAIR, campaign.published_round_id)
    return launch_round(session, campaign_id, actor, start)


def launch_next_round(session: Session, campaign_id: int, actor: str) -> AllocationRound:
    """A queued round, the first or a complementary one.

    Raises:
        Conflict: a round is already queued or running, or hosts have withdrawn: a round that takes nothing back would
            send their pupils there again.
        ServiceError: the campaign is not open.
    """
    if shortfalls(session, get_campaign(session, campaign_id)):
        raise Conflict(
            "repair_first",
            "Des structures se sont désistées\u00a0: un tour ordinaire laisserait leurs élèves chez elles. Lancez une "
            "réparation, elle place aussi les élèves qui attendent.",
        )
    return launch_round(session, campaign_id, actor)


def launch_adjusted(session: Session, campaign_id: int, actor: str) -> AllocationRound:
    """The last round computed again with the adjustments, moving as few of its pupils as can be.

    Raises:
        Conflict: nothing is computed yet, or a round is already queued or running.
        ServiceError: the campaign is not open.
    """
    computed = (one for one in rounds_of(session, campaign_id) if one.status in HAS_RESULT)
    last = next((one for one in computed if one.kind is not RoundKind.SCENARIO), None)
    if last is None:
        message = "Aucun tour n’est calculé\u00a0: lancez un tour, il prend les ajustements en compte."
        raise Conflict("nothing_computed", message)
    published = get_campaign(session, campaign_id).published_round_id
    if last.id == published or last.kind is RoundKind.REPAIR:
        return launch_repair(session, campaign_id, actor)
    return launch_round(session, campaign_id, actor, Start(RoundKind.ROUND, last.id))


def close_withdrawn_seats(session: Session) -> None:
    """At the publication of a repair, once the former round has released its seats: what hosts took back is gone.

    An opening where another campaign's pupils are still too many stays owed.
    """
    too_many = col(Opening.used) > col(Opening.keeps)
    fewer = col(Opening.keeps) < col(Opening.capacity)
    values = {
        "capacity": case((too_many, col(Opening.used)), (fewer, col(Opening.keeps)), else_=col(Opening.capacity)),
        "keeps": case((too_many, col(Opening.keeps))),
    }
    owed = update(Opening).where(col(Opening.keeps).is_not(None)).values(**values)
    session.exec(owed.execution_options(synchronize_session=False))
