"""Many classes and their pupils entered at once: what a list would change, then the change itself, whole or not at all.

A list adds and corrects, it never removes: a pupil or a class it does not name stays as it is. Entering the same list
twice therefore changes nothing the second time. Refuses to know files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from service.domain.pupil_wishes import CHANGING, answered_names
from service.domain.request_entries import create_requests, existing_classes
from service.domain.request_pupils import read_pupils
from service.domain.request_rules import PupilDraft, RequestDraft
from service.domain.request_states import submit_requests
from service.domain.requests import edit_request, read_draft
from service.persistence.rows import row_id
from service.persistence.tables import Campaign, ClassGroup, PlacementRequest, School
from service.vocabulary import Level, RequestStatus


@dataclass(frozen=True, slots=True)
class PupilEntry:
    """`needs` and `together` are None when the list says nothing of them; no wish: it says nothing of wishes."""

    display_name: str
    wishes: tuple[str, ...] = ()
    needs: tuple[str, ...] | None = None
    together: str | None = None


@dataclass(frozen=True, slots=True)
class ClassEntry:
    name: str
    level: Level
    pupils: tuple[PupilEntry, ...]


@dataclass(frozen=True, slots=True)
class ClassChange:
    """One class as the list meets it. `request` is None when the class does not ask yet in this campaign."""

    name: str
    level: Level
    request: PlacementRequest | None
    pupils: tuple[PupilDraft, ...]
    """All its pupils once the list is in, those it does not name included."""
    added: int
    changed: int
    unchanged: int
    kept: int
    """Pupils already there that the list does not name."""

    @property
    def is_new(self) -> bool:
        return self.request is None

    @property
    def comes_too_late(self) -> bool:
        """A round has taken the class's request: what the list would change in it can no longer be."""
        return self.request is not None and self.request.status not in CHANGING and self.changes_something

    @property
    def changes_something(self) -> bool:
        return self.is_new or bool(self.added or self.changed)


@dataclass(frozen=True, slots=True)
class ListTerms:
    """What a list of pupils does not say: the weeks each level accepts, how far, and in which départements."""

    period_ids: Mapping[Level, Sequence[str]]
    reach_km: int
    departments: Sequence[str] = ()


def plan_classes(
    session: Session, campaign: Campaign, school: School, entries: Sequence[ClassEntry]
) -> list[ClassChange]:
    """What entering the list would do, class by class. Writes nothing."""
    groups = existing_classes(session, campaign.school_year, {row_id(school)})
    requests = _requests(session, campaign, list(groups.values()))
    changes = []
    for entry in entries:
        group = groups.get((row_id(school), entry.name))
        present = read_pupils(session, group) if group is not None else []
        request = requests.get(group.id) if group is not None else None
        level = group.level if group is not None else entry.level
        answered = answered_names(session, group) if group is not None else frozenset()
        changes.append(_change(entry, level, request, present, answered))
    return changes


def _requests(session: Session, campaign: Campaign, groups: Sequence[ClassGroup]) -> dict[int | None, PlacementRequest]:
    """Those that still ask: a withdrawn one is made anew."""
    query = select(PlacementRequest).where(
        PlacementRequest.campaign_id == row_id(campaign),
        col(PlacementRequest.class_id).in_([row_id(one) for one in groups]),
        PlacementRequest.status != RequestStatus.WITHDRAWN,
    )
    return {one.class_id: one for one in session.exec(query)}


def _change(
    entry: ClassEntry,
    level: Level,
    request: PlacementRequest | None,
    present: Sequence[PupilDraft],
    answered: frozenset[str],
) -> ClassChange:
    listed = {one.display_name: one for one in entry.pupils}
    known = {one.display_name for one in present}
    merged = [_merge(one, listed.get(one.display_name), one.display_name in answered) for one in present]
    changed = sum(before != after for before, after in zip(present, merged, strict=True))
    new = [
        _merge(PupilDraft(display_name=one.display_name), one, has_answered=False)
        for one in entry.pupils
        if one.display_name not in known
    ]
    named = len(known & listed.keys())
    return ClassChange(
        name=entry.name,
        level=level,
        request=request,
        pupils=(*merged, *new),
        added=len(new),
        changed=changed,
        unchanged=named - changed,
        kept=len(present) - named,
    )


def _merge(present: PupilDraft, listed: PupilEntry | None, has_answered: bool) -> PupilDraft:
    if listed is None:
        return present
    needs = present.needs if listed.needs is None else tuple(sorted(listed.needs))
    # a pupil who ranked their own wishes knows better than a list made before
    wishes = present.wishes if has_answered else listed.wishes or present.wishes
    together = present.together if listed.together is None else listed.together
    return PupilDraft(display_name=present.display_name, wishes=wishes, needs=needs, together=together)


def enter_classes(
    session: Session,
    campaign: Campaign,
    school: School,
    entries: Sequence[ClassEntry],
    terms: ListTerms,
    actor: str,
    *,
    send_on: date | None = None,
) -> list[ClassChange]:
    """Enters the list: requests made for the classes that have none, others completed; sent too with `send_on`.

    Raises:
        Refusals: what the request of some class lacks or breaks.
        Conflict: the campaign is not open, or a request can no longer change.
    """
    changes = plan_classes(session, campaign, school, entries)
    made = create_requests(session, campaign, [(school, _draft(one, terms)) for one in changes if one.is_new], actor)
    for one in changes:
        if one.request is not None and one.changes_something:
            draft = read_draft(session, one.request).model_copy(update={"pupils": one.pupils})
            edit_request(session, one.request, draft, actor)
    if send_on is not None:
        drafts = [one.request for one in changes if one.request and one.request.status is RequestStatus.DRAFT]
        submit_requests(session, campaign, [*made, *drafts], actor, send_on)
    return changes


def _draft(change: ClassChange, terms: ListTerms) -> RequestDraft:
    return RequestDraft(
        class_name=change.name,
        level=change.level,
        pupils=change.pupils,
        period_ids=tuple(terms.period_ids.get(change.level, ())),
        reach_km=terms.reach_km,
        departments=tuple(terms.departments),
    )
