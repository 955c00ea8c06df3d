"""What part of a partner a right reaches: the whole of it, one member company, one département's relay, one site.

Responsible for the one condition on sites that follows from it, so that a list, a page and a write can never disagree.
Refuses to know who holds which right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, true
from sqlmodel import Session, col

from service.errors import NotFound
from service.persistence.rows import row_id
from service.persistence.tables import Department, Membership, PartnerMember, Site


@dataclass(frozen=True, slots=True)
class PartnerPart:
    """One of the three at most; none of them is the whole partner."""

    member_id: int | None = None
    department_code: str | None = None
    site_id: int | None = None

    @property
    def key(self) -> str:
        """«member:3», «relay:69», «site:12», nothing for the whole."""
        named = (("member", self.member_id), ("relay", self.department_code), ("site", self.site_id))
        return next((f"{kind}:{value}" for kind, value in named if value is not None), "")

    @property
    def is_whole(self) -> bool:
        return self.key == ""

    @property
    def memberships(self) -> ColumnElement[bool]:
        """The rights on exactly this part."""
        return and_(
            col(Membership.member_id).is_not_distinct_from(self.member_id),
            col(Membership.relay_department).is_not_distinct_from(self.department_code),
            col(Membership.site_id).is_not_distinct_from(self.site_id),
        )

    @property
    def sites(self) -> ColumnElement[bool]:
        """The partner's sites in this part."""
        if self.member_id is not None:
            return col(Site.member_id) == self.member_id
        if self.department_code is not None:
            return col(Site.department_code) == self.department_code
        return col(Site.id) == self.site_id if self.site_id is not None else true()


WHOLE = PartnerPart()
Reach = frozenset[PartnerPart] | None
"""What a person reaches of a partner; None is the whole."""


def part_of_key(key: str) -> PartnerPart:
    """The part that `PartnerPart.key` names."""
    kind, _, value = key.partition(":")
    if kind == "member":
        return PartnerPart(member_id=int(value))
    if kind == "site":
        return PartnerPart(site_id=int(value))
    return PartnerPart(department_code=value) if kind == "relay" else WHOLE


def part_of_right(right: Membership) -> PartnerPart:
    return PartnerPart(right.member_id, right.relay_department, right.site_id)


def reach_of(parts: Iterable[PartnerPart]) -> Reach:
    """Of several rights on a partner: the whole as soon as one is."""
    found = frozenset(parts)
    return None if WHOLE in found else found


def sites_within(reach: Reach) -> ColumnElement[bool]:
    """A condition for any query that joins `Site` and already names the partner."""
    return true() if reach is None else or_(*(part.sites for part in sorted(reach, key=lambda one: one.key)))


def part_name(session: Session, partner_id: int, part: PartnerPart) -> str:
    """What the part is called, nothing for the whole.

    Raises:
        NotFound: the partner has no such member or site, or there is no such département.
    """
    if part.department_code is not None:
        department = session.get(Department, part.department_code)
        if department is None:
            raise NotFound
        return f"relais {department.name} ({department.code})"
    found: PartnerMember | Site | None
    if part.member_id is not None:
        found = session.get(PartnerMember, part.member_id)
    elif part.site_id is not None:
        found = session.get(Site, part.site_id)
    else:
        return ""
    if found is None or found.partner_id != partner_id:
        raise NotFound
    return found.name


def own_member(session: Session, reach: Reach) -> PartnerMember | None:
    """The member company in whose name a person enters a site, when their right is a member's."""
    keys = sorted(part.member_id for part in reach or () if part.member_id is not None)
    return session.get(PartnerMember, keys[0]) if keys else None


def member_key(member: PartnerMember) -> PartnerPart:
    return PartnerPart(member_id=row_id(member))
