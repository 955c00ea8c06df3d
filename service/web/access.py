"""Who may open what: the one decorator every route carries.

Rights are read again at each request. A page that belongs to someone else and a page that does not exist give the
same answer. The decorator resolves the school or the partner named in the address, so that no view does it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, g, redirect, request, session, url_for
from sqlmodel import Session, select
from werkzeug.wrappers import Response

from service.domain.partner_parts import PartnerPart, Reach, part_of_right, reach_of
from service.domain.perimeters import (
    Area,
    area_of,
    contains,
    overlaps,
    read_geography,
    right_holds,
    role_of_territory,
)
from service.domain.school_years import school_year_of
from service.errors import NotFound
from service.persistence.tables import Adjustment, AllocationRound, Campaign, Membership, Partner, School, User
from service.vocabulary import COORDINATORS, Role
from service.web.context import SAFE_METHODS, db, today

View = TypeVar("View", bound=Callable[..., Any])


class Hold(StrEnum):
    """What a rule lets coordinators do with the campaign named in its address."""

    RUNS = "runs"
    """Act: the country's coordinators, and those of the campaign's own académie or région."""
    WHOLE = "whole"
    """Read everything: those whose territory holds the campaign's."""
    CUT = "cut"
    """Read its rows of one's own territory: those whose territory meets the campaign's. See `part_read`."""


@dataclass(frozen=True)
class Person:
    """A signed-in person and their rights, as read in this request."""

    id: int
    name: str
    email: str
    school_ids: frozenset[int]
    partner_ids: frozenset[int]
    partner_parts: Mapping[int, frozenset[PartnerPart]]
    """Partners of which the person has a part only."""
    is_coordinator: bool
    is_committee_member: bool = False
    territories: frozenset[str] = frozenset()
    """Keys of the territories that the person coordinates this year, the whole country aside."""
    area: Area = frozenset()
    """What those cover together, everything for the country's coordinators."""
    runs_in: Area = frozenset()
    """Where the person runs the campaigns of a part of the territory too: an académie's for its départements."""

    @property
    def coordinates(self) -> bool:
        """Whether the person coordinates anything."""
        return self.is_coordinator or bool(self.territories)

    def may(self, campaign: Campaign, hold: Hold, where: Area) -> bool:
        """Whether the person may do that with a campaign, which covers `where`."""
        if hold is Hold.CUT:
            return overlaps(where, self.area)
        if hold is Hold.WHOLE:
            return contains(self.area, where)
        return self.may_run(campaign.territory, where)

    def may_run(self, territory: str, where: Area) -> bool:
        """Whether the person runs the campaigns of a territory, which covers `where`."""
        own = territory in self.territories and role_of_territory(territory) is not Role.DEPARTMENT_COORDINATOR
        return own or contains(self.runs_in, where)

    @property
    def actor(self) -> str:
        """The name under which the audit trail knows them."""
        return f"user:{self.id}"

    def acts_for(self, space: School | Partner) -> bool:
        """Whether the whole space is their own, which a coordinator may only look into."""
        return space.id in (self.school_ids if isinstance(space, School) else self.partner_ids)

    def works_in(self, space: School | Partner) -> bool:
        """Whether the space is their own, in whole or in part."""
        return self.acts_for(space) or (isinstance(space, Partner) and space.id in self.partner_parts)

    @property
    def roles(self) -> frozenset[Role]:
        held = {
            Role.SCHOOL_COORDINATOR: bool(self.school_ids),
            Role.PARTNER_MANAGER: bool(self.partner_ids or self.partner_parts),
            Role.NATIONAL_COORDINATOR: self.is_coordinator,
            Role.COMMITTEE_MEMBER: self.is_committee_member,
        }
        return frozenset(role for role, holds in held.items() if holds) | {
            role_of_territory(key) for key in self.territories
        }


def read_person(reader: Session, user: User) -> Person:
    memberships = reader.exec(select(Membership).where(Membership.user_id == user.id)).all()
    parts: dict[int, set[PartnerPart]] = defaultdict(set)
    for right in memberships:
        if right.partner_id is not None:
            parts[right.partner_id].add(part_of_right(right))
    by_role = {role: [m for m in memberships if m.role is role] for role in Role}
    everywhere, year = bool(by_role[Role.NATIONAL_COORDINATOR]), school_year_of(today())
    territories = frozenset(m.territory for m in memberships if m.territory and right_holds(m.school_year, year))
    academies = [key for key in territories if role_of_territory(key) is Role.ACADEMY_COORDINATOR]
    return Person(
        id=user.id or 0,
        name=user.name,
        email=user.email,
        school_ids=frozenset(m.school_id for m in by_role[Role.SCHOOL_COORDINATOR] if m.school_id is not None),
        partner_ids=frozenset(key for key, found in parts.items() if reach_of(found) is None),
        partner_parts={key: frozenset(found) for key, found in parts.items() if reach_of(found) is not None},
        is_coordinator=everywhere,
        is_committee_member=bool(by_role[Role.COMMITTEE_MEMBER]),
        territories=territories,
        area=_union(reader, territories, everywhere),
        runs_in=_union(reader, academies, everywhere),
    )


def _union(reader: Session, keys: Collection[str], everywhere: bool) -> Area:
    if everywhere:
        return None
    return read_geography(reader).union(keys) if keys else frozenset()


def current_person() -> Person | None:
    if "person" not in g:
        user_id = getattr(session, "user_id", None)
        user = db().get(User, user_id) if user_id is not None else None
        g.person = read_person(db(), user) if user is not None else None
    person: Person | None = g.person
    return person


def signed_in_person() -> Person:
    """The person, on a page that only signed-in people reach."""
    person = current_person()
    if person is None:
        raise NotFound
    return person


def public(view: View) -> View:
    """Anybody may open it."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def allowed(*roles: Role, parts: bool = False, campaign: Hold = Hold.RUNS) -> Callable[[View], View]:
    """Signed-in people who hold one of `roles`, inside their own scope.

    `<uai>` in the rule becomes the argument `school`, `<int:partner_id>` becomes `partner`, each only when it is theirs
    (a coordinator, where the role is named, may open any). With `parts`, people who have a part of the partner only
    enter too, and `reach()` tells the view which: without it they are told the page does not exist.

    Where the rule names a campaign, one of its rounds or one of its adjustments, `campaign` says what coordinators of a
    territory need hold of it.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            person = current_person()
            if person is None:
                return _ask_to_sign_in()
            held = person.roles & frozenset(roles)
            if not held:
                raise NotFound
            _refuse_other_campaigns(person, held, arguments, campaign)
            return view(**_in_scope(person, held, arguments, parts))

        guarded.access = roles  # type: ignore[attr-defined]
        guarded.campaign = campaign  # type: ignore[attr-defined]
        guarded.parts = parts  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def _refuse_other_campaigns(person: Person, held: frozenset[Role], arguments: dict[str, Any], hold: Hold) -> None:
    """The country's coordinators may everything; what does not exist is the view's to say."""
    named = _campaign_named(arguments) if held & frozenset(COORDINATORS) else None
    if named is None:
        return
    where = area_of(db(), named.territory)
    if Role.NATIONAL_COORDINATOR not in held and not person.may(named, hold, where):
        raise NotFound


def _campaign_named(arguments: dict[str, Any]) -> Campaign | None:
    key = arguments.get("campaign_id")
    if "round_id" in arguments:
        found = db().get(AllocationRound, arguments["round_id"])
        key = found.campaign_id if found is not None else None
    if "adjustment_id" in arguments:
        adjustment = db().get(Adjustment, arguments["adjustment_id"])
        key = adjustment.campaign_id if adjustment is not None else None
    return db().get(Campaign, key) if key is not None else None


def part_read(campaign: Campaign) -> Area:
    """What the person reads of a campaign: the whole, or the rows of their own territory."""
    return None if reads_whole(campaign) else signed_in_person().area


def reads_whole(campaign: Campaign) -> bool:
    """Whether nothing of the campaign lies outside what the person reads."""
    return contains(signed_in_person().area, area_of(db(), campaign.territory))


def runs(campaign: Campaign) -> bool:
    """Whether the person acts on the campaign."""
    person = signed_in_person()
    return person.may(campaign, Hold.RUNS, area_of(db(), campaign.territory))


def _in_scope(person: Person, held: frozenset[Role], arguments: dict[str, Any], parts: bool) -> dict[str, Any]:
    sees_all = Role.NATIONAL_COORDINATOR in held
    area = person.area if held & frozenset(COORDINATORS) else frozenset[str]()
    if "uai" in arguments:
        school = db().exec(select(School).where(School.uai == arguments.pop("uai"))).first()
        near = school is not None and contains(area, frozenset({school.department_code}))
        if school is None or not (near or school.id in person.school_ids):
            raise NotFound
        g.scope = arguments["school"] = school
    if "partner_id" in arguments:
        partner = db().get(Partner, arguments.pop("partner_id"))
        if partner is None or not (sees_all or person.works_in(partner)):
            raise NotFound
        g.reach = None if sees_all else person.partner_parts.get(partner.id or 0)
        if g.reach is not None and not parts:
            raise NotFound
        g.scope = arguments["partner"] = partner
    return arguments


def reach() -> Reach:
    """What the person reaches of the partner named in the address; None is the whole."""
    found: Reach = g.get("reach")
    return found


def _ask_to_sign_in() -> Response:
    if request.method in SAFE_METHODS:
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)
    return redirect(url_for("accounts.sign_in"), 303)


def stays_here(target: str) -> bool:
    """True for a path of this site and nothing else: where `next=` may lead after sign-in."""
    if not target.startswith("/") or target.startswith("//") or not target.isprintable() or "\\" in target:
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


def routes_without_access(app: Flask) -> list[str]:
    """Endpoints that carry no decision on who may open them; static files aside, there must be none."""
    return sorted(
        name for name, view in app.view_functions.items() if not name.endswith("static") and not hasattr(view, "access")
    )
