"""The life of a request: sent, withdrawn, and when it may still change at all.

Responsible for those refusals alone. Refuses to know what a request contains.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import update
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.dates import french_day
from service.errors import Conflict
from service.persistence.bulk import in_parts
from service.persistence.columns import utc_now
from service.persistence.rows import row_id, take_version
from service.persistence.tables import AllocationRound, Campaign, PlacementRequest
from service.vocabulary import ACTIVE_ROUNDS, REQUEST_STATUS_LABELS, REQUEST_TRANSITIONS, CampaignStatus, RequestStatus


def refuse_unless_open(campaign: Campaign) -> None:
    if campaign.status is not CampaignStatus.OPEN:
        raise Conflict(
            "campaign_not_open",
            f"La campagne «\u00a0{campaign.name}\u00a0» n’est pas ouverte\u00a0: ses demandes ne changent pas.",
        )


def refuse_during_a_round(session: Session, campaign: Campaign) -> None:
    """The pupils of a round being computed must still be there when it is recorded."""
    query = select(AllocationRound.id).where(
        AllocationRound.campaign_id == row_id(campaign), col(AllocationRound.status).in_(sorted(ACTIVE_ROUNDS))
    )
    if session.exec(query).first() is not None:
        raise Conflict("round_active", "Un tour est en cours de calcul. Revenez à la fin du calcul.")


def submit_request(
    session: Session, request: PlacementRequest, actor: str, today: date, expected_version: int | None = None
) -> None:
    """Sends a draft: the next round takes it into account.

    Raises:
        Conflict: the campaign is closed or over, the request is no draft, or someone else has changed it meanwhile.
    """
    take_version(session, request, expected_version)
    submit_requests(session, session.get_one(Campaign, request.campaign_id), [request], actor, today)


def submit_requests(
    session: Session, campaign: Campaign, requests: Sequence[PlacementRequest], actor: str, today: date
) -> None:
    """Sends several drafts of one campaign at once."""
    refuse_unless_open(campaign)
    if today > campaign.closes_on:
        raise Conflict("campaign_over", f"La campagne est close depuis le {french_day(campaign.closes_on)}.")
    for request in requests:
        _refuse_transition(request, RequestStatus.SUBMITTED)
        record(session, actor, "submit_request", f"request:{request.id}")
    session.flush()
    ids = [row_id(one) for one in requests]
    sent_at = utc_now()
    for some in in_parts(ids):
        session.connection().execute(
            update(PlacementRequest)
            .where(col(PlacementRequest.id).in_(some))
            .values(status=RequestStatus.SUBMITTED, submitted_at=sent_at)
        )
    for request in requests:
        session.expire(request, ["status", "submitted_at"])


def withdraw_request(
    session: Session, request: PlacementRequest, actor: str, expected_version: int | None = None
) -> None:
    """Takes a request back before any published round; the class may ask again later.

    Raises:
        Conflict: a round holds it, or someone else has changed it meanwhile.
    """
    _refuse_transition(request, RequestStatus.WITHDRAWN)
    refuse_during_a_round(session, session.get_one(Campaign, request.campaign_id))
    take_version(session, request, expected_version)
    request.status = RequestStatus.WITHDRAWN
    session.add(request)
    record(session, actor, "withdraw_request", f"request:{request.id}")
    session.flush()


def _refuse_transition(request: PlacementRequest, to: RequestStatus) -> None:
    if to not in REQUEST_TRANSITIONS[request.status]:
        now, then = REQUEST_STATUS_LABELS[request.status].lower(), REQUEST_STATUS_LABELS[to].lower()
        raise Conflict(
            "request_state",
            f"Cette demande est «\u00a0{now}\u00a0»\u00a0: elle ne peut pas devenir «\u00a0{then}\u00a0».",
        )
