"""Requests entered, one or thousands at once: each class found or made, its pupils, its periods.

Responsible for rows; what a draft must respect stands in `request_rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.request_pupils import new_pseudonym, replace_pupils
from service.domain.request_rules import RequestDraft, check_request
from service.domain.request_states import refuse_unless_open
from service.domain.texts import clean_text
from service.errors import Conflict
from service.persistence.bulk import in_parts, insert_rows
from service.persistence.rows import row_id
from service.persistence.tables import Campaign, ClassGroup, PlacementRequest, RequestPeriod, School
from service.vocabulary import LEVEL_LABELS, RequestStatus


def create_request(
    session: Session, campaign: Campaign, school: School, draft: RequestDraft, actor: str
) -> PlacementRequest:
    """A draft request for one class.

    Raises:
        Refusals: everything that is wrong with the draft.
        Conflict: the campaign is not open, or the class already asks.
    """
    return create_requests(session, campaign, [(school, draft)], actor)[0]


def create_requests(
    session: Session,
    campaign: Campaign,
    drafts: Sequence[tuple[School, RequestDraft]],
    actor: str,
    make_pseudonym: Callable[[], str] = new_pseudonym,
) -> list[PlacementRequest]:
    """All of them or none: the same checks, a handful of statements."""
    refuse_unless_open(campaign)
    classes = existing_classes(session, campaign.school_year, {row_id(school) for school, _ in drafts})
    asked = _existing_requests(session, campaign, {row_id(one) for one in classes.values()})
    groups: list[ClassGroup] = []
    requests: list[PlacementRequest | None] = []
    given: set[tuple[int, str]] = set()
    for school, draft in drafts:
        check_request(session, campaign, school, draft)
        group = _class_group(classes, campaign, school, draft)
        request = asked.get(group.id)
        asks = request is not None and request.status is not RequestStatus.WITHDRAWN
        if asks or (group.school_id, group.name) in given:
            raise Conflict(
                "request_exists",
                f"La classe {group.name} a déjà une demande dans cette campagne. Ouvrez-la pour la modifier.",
                "class_name",
            )
        given.add((group.school_id, group.name))
        groups.append(group)
        requests.append(request)
    session.add_all(groups)
    session.flush()
    made = [
        _draft_row(request, campaign, group, draft)
        for request, group, (_, draft) in zip(requests, groups, drafts, strict=True)
    ]
    session.add_all(made)
    session.flush()
    replace_periods(session, [(one, draft.period_ids) for one, (_, draft) in zip(made, drafts, strict=True)])
    replace_pupils(session, [(g, draft) for g, (_, draft) in zip(groups, drafts, strict=True)], make_pseudonym)
    for one, (_, draft) in zip(made, drafts, strict=True):
        record(session, actor, "create_request", f"request:{one.id}", pupils=len(draft.pupils) or draft.size)
    session.flush()
    return made


def existing_classes(session: Session, school_year: str, school_ids: set[int]) -> dict[tuple[int, str], ClassGroup]:
    found = {}
    for some in in_parts(sorted(school_ids)):
        query = select(ClassGroup).where(ClassGroup.school_year == school_year, col(ClassGroup.school_id).in_(some))
        found.update({(one.school_id, one.name): one for one in session.exec(query)})
    return found


def _existing_requests(session: Session, campaign: Campaign, class_ids: set[int]) -> dict[int | None, PlacementRequest]:
    found: dict[int | None, PlacementRequest] = {}
    for some in in_parts(sorted(class_ids)):
        query = select(PlacementRequest).where(
            PlacementRequest.campaign_id == row_id(campaign),
            col(PlacementRequest.class_id).in_(some),
        )
        found.update({one.class_id: one for one in session.exec(query)})
    return found


def _class_group(
    classes: dict[tuple[int, str], ClassGroup], campaign: Campaign, school: School, draft: RequestDraft
) -> ClassGroup:
    name = clean_text(draft.class_name, "class_name", "Le nom de la classe", at_most=40)
    key = (row_id(school), name)
    if key not in classes:
        classes[key] = ClassGroup(
            school_id=row_id(school), name=name, level=draft.level, school_year=campaign.school_year
        )
    group = classes[key]
    if group.level is not draft.level:
        raise Conflict(
            "class_of_another_level",
            f"La classe {name} existe déjà en {LEVEL_LABELS[group.level]}. Donnez un autre nom à cette classe.",
            "class_name",
        )
    return group


def _draft_row(
    request: PlacementRequest | None, campaign: Campaign, group: ClassGroup, draft: RequestDraft
) -> PlacementRequest:
    reach_km = campaign.default_reach_km if draft.reach_km is None else draft.reach_km
    if request is None:
        request = PlacementRequest(campaign_id=row_id(campaign), class_id=row_id(group), reach_km=reach_km)
    else:
        request.status, request.submitted_at, request.reach_km = RequestStatus.DRAFT, None, reach_km
        request.version += 1
    request.two_hosts, request.every_period = draft.two_hosts, draft.every_period
    request.departments = sorted(set(draft.departments))
    return request


def replace_periods(session: Session, periods: Iterable[tuple[PlacementRequest, Sequence[str]]]) -> None:
    """Each request accepts exactly these periods."""
    wanted = [(row_id(request), request.version, sorted(set(ids))) for request, ids in periods]
    changed = [request_id for request_id, version, _ in wanted if version > 1]
    for some in in_parts(changed):
        session.connection().execute(delete(RequestPeriod).where(col(RequestPeriod.request_id).in_(some)))
    rows = [{"request_id": request_id, "period_id": one} for request_id, _, ids in wanted for one in ids]
    insert_rows(session, RequestPeriod, rows)
