"""What schools ask: one request per class and campaign, entered, changed, sent, withdrawn.

Pupils get a random pseudonym when they are first entered and keep it: it is all that ever leaves the school.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.class_boards import ClassRow, class_board
from service.domain.request_entries import create_request, create_requests, existing_classes, replace_periods
from service.domain.request_pupils import new_pseudonym, read_pupils, replace_pupils
from service.domain.request_rules import PupilDraft, RequestDraft, check_request
from service.domain.request_states import (
    refuse_during_a_round,
    refuse_unless_open,
    submit_request,
    submit_requests,
    withdraw_request,
)
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Campaign, ClassGroup, PlacementRequest, RequestPeriod, School
from service.vocabulary import REQUEST_STATUS_LABELS, RequestStatus

__all__ = [
    "ClassRow",
    "PupilDraft",
    "RequestDraft",
    "class_board",
    "create_request",
    "create_requests",
    "edit_request",
    "get_request",
    "read_draft",
    "submit_request",
    "submit_requests",
    "withdraw_request",
]


def get_request(session: Session, request_id: int, school_id: int) -> PlacementRequest:
    """The request, if it is that school's.

    Raises:
        NotFound: it is not, or there is none: the same answer.
    """
    query = (
        select(PlacementRequest)
        .join(ClassGroup, col(ClassGroup.id) == col(PlacementRequest.class_id))
        .where(PlacementRequest.id == request_id, ClassGroup.school_id == school_id)
    )
    request = session.exec(query).first()
    if request is None:
        raise NotFound
    return request


def read_draft(session: Session, request: PlacementRequest) -> RequestDraft:
    """The request as its form shows it, to be changed and sent to `edit_request`."""
    group = session.get_one(ClassGroup, request.class_id)
    pupils = read_pupils(session, group)
    periods = select(RequestPeriod.period_id).where(RequestPeriod.request_id == row_id(request))
    return RequestDraft(
        class_name=group.name,
        level=group.level,
        size=len(pupils),
        pupils=tuple(pupils),
        period_ids=tuple(sorted(session.exec(periods))),
        reach_km=request.reach_km,
        departments=tuple(request.departments),
        two_hosts=request.two_hosts,
        every_period=request.every_period,
    )


def edit_request(
    session: Session, request: PlacementRequest, draft: RequestDraft, actor: str, expected_version: int | None = None
) -> None:
    """Replaces what the class asks. A pupil whose name stays keeps its pseudonym; a request already sent stays sent.

    Raises:
        Refusals: everything that is wrong with the draft.
        Conflict: the request can no longer change, or someone else has changed it meanwhile.
    """
    campaign, group = _changeable(session, request)
    school = session.get_one(School, group.school_id)
    check_request(session, campaign, school, draft)
    take_version(session, request, expected_version)
    name = clean_text(draft.class_name, "class_name", "Le nom de la classe", at_most=40)
    namesake = existing_classes(session, campaign.school_year, {group.school_id}).get((group.school_id, name))
    if namesake is not None and namesake.id != group.id:
        raise Conflict("class_taken", f"La classe {name} existe déjà. Donnez un autre nom.", "class_name")
    group.name, group.level = name, draft.level
    if draft.reach_km is not None:
        request.reach_km = draft.reach_km
    request.departments = sorted(set(draft.departments))
    request.two_hosts, request.every_period = draft.two_hosts, draft.every_period
    session.add_all([group, request])
    replace_periods(session, [(request, draft.period_ids)])
    replace_pupils(session, [(group, draft)], new_pseudonym)
    record(session, actor, "edit_request", f"request:{request.id}", pupils=len(draft.pupils) or draft.size)
    session.flush()


def _changeable(session: Session, request: PlacementRequest) -> tuple[Campaign, ClassGroup]:
    campaign = session.get_one(Campaign, request.campaign_id)
    refuse_unless_open(campaign)
    if request.status not in (RequestStatus.DRAFT, RequestStatus.SUBMITTED):
        label = REQUEST_STATUS_LABELS[request.status].lower()
        raise Conflict("request_fixed", f"Cette demande ne change plus\u00a0: elle est «\u00a0{label}\u00a0».")
    refuse_during_a_round(session, campaign)
    return campaign, session.get_one(ClassGroup, request.class_id)
