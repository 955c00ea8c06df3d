"""Who acts for a school, a partner or a territory: the list its people see, and the right one of them may take away.

Responsible for never leaving a space without anybody by its own people's hands. Refuses to know how a person came in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, true
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.partner_parts import WHOLE, PartnerPart, part_name, part_of_right
from service.domain.perimeters import NATION, area_of, read_geography, right_holds, role_of_territory
from service.errors import NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Department, Membership, Partner, PartnerMember, School, Site, User
from service.vocabulary import COORDINATORS, Role

COUNTRY = "nation"
"""How an invitation and an address name the whole country."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a right is about: one school, one partner or a part of one, one territory for a school year."""

    role: Role
    name: str
    school_id: int | None = None
    partner_id: int | None = None
    part: PartnerPart = WHOLE
    territory: str = NATION
    school_year: str = ""

    @property
    def key(self) -> str:
        """«school:3», «partner:8/member:3», «academy:10»: as the audit trail and invitations name it."""
        if self.role in COORDINATORS:
            return self.territory or COUNTRY
        whole = f"school:{self.school_id}" if self.school_id is not None else f"partner:{self.partner_id}"
        return whole if self.part.is_whole else f"{whole}/{self.part.key}"

    @property
    def memberships(self) -> ColumnElement[bool]:
        if self.role in COORDINATORS:
            until = col(Membership.school_year) == self.school_year if self.school_year else true()
            return and_(col(Membership.role) == self.role, col(Membership.territory) == self.territory, until)
        if self.school_id is not None:
            return col(Membership.school_id) == self.school_id
        return and_(col(Membership.partner_id) == self.partner_id, self.part.memberships)


def scope_of(space: School | Partner) -> Scope:
    if isinstance(space, School):
        return Scope(Role.SCHOOL_COORDINATOR, space.name, school_id=row_id(space))
    return Scope(Role.PARTNER_MANAGER, space.name, partner_id=row_id(space))


def scope_of_part(session: Session, partner: Partner, part: PartnerPart) -> Scope:
    """
    Raises:
        NotFound: the partner has no such part.
    """
    name = part_name(session, row_id(partner), part)
    named = f"{partner.name}, {name}" if name else partner.name
    return Scope(Role.PARTNER_MANAGER, named, partner_id=row_id(partner), part=part)


def scope_of_territory(session: Session, territory: str, school_year: str = "") -> Scope:
    """
    Raises:
        ServiceError: `territory_unknown`.
    """
    area_of(session, territory)
    name = read_geography(session).name(territory)
    return Scope(role_of_territory(territory), name, territory=territory, school_year=school_year)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Someone who acts there."""

    membership_id: int
    user_id: int
    name: str
    email: str


def people_of(session: Session, scope: Scope) -> list[PersonRow]:
    """Active people of the scope, by name."""
    rows = session.exec(
        select(Membership, User)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(scope.memberships, col(User.active).is_(True))
        .order_by(col(User.name), col(User.email))
    )
    return [PersonRow(row_id(right), row_id(user), user.name, user.email) for right, user in rows]


def remove_right(session: Session, scope: Scope, membership_id: int, remover_id: int) -> PersonRow:
    """Takes the right away at once: rights are read again at each request.

    Raises:
        NotFound: no such right in this scope.
        ServiceError: `last_person`, the only one left would leave the space to nobody.
    """
    # All of them are held, so that two people cannot remove each other at the same instant.
    held = session.exec(select(Membership).where(scope.memberships).order_by(col(Membership.id)).with_for_update())
    rights = {row_id(one): one for one in held}
    people = {one.membership_id: one for one in people_of(session, scope)}
    if membership_id not in rights or membership_id not in people:
        raise NotFound
    removed = people[membership_id]
    if len(people) == 1 and removed.user_id == remover_id:
        raise ServiceError(
            "last_person",
            f"Vous êtes la seule personne de l’espace «\u00a0{scope.name}\u00a0»\u00a0: invitez d’abord quelqu’un "
            "d’autre, qui pourra ensuite retirer votre accès.",
        )
    session.delete(rights[membership_id])
    session.flush()
    record(session, f"user:{remover_id}", "remove_right", f"user:{removed.user_id}", scope=scope.key)
    return removed


def parts_of(session: Session, partner: Partner) -> list[tuple[PartnerPart, str, int]]:
    """The parts of a partner where people act, each with its name and how many, in one query."""
    rows = session.exec(
        select(Membership, PartnerMember.name, Department.name, Site.name)
        .outerjoin(PartnerMember, col(PartnerMember.id) == col(Membership.member_id))
        .outerjoin(Department, col(Department.code) == col(Membership.relay_department))
        .outerjoin(Site, col(Site.id) == col(Membership.site_id))
        .where(Membership.partner_id == row_id(partner))
    )
    counted = Counter(
        (part_of_right(right), member or site or f"relais {department} ({right.relay_department})")
        for right, member, department, site in rows
        if not part_of_right(right).is_whole
    )
    return sorted(
        ((part, name, people) for (part, name), people in counted.items()), key=lambda one: (one[1], one[0].key)
    )


def coordinators_by_territory(session: Session, current_year: str) -> Counter[str]:
    """How many active people coordinate each territory in the current school year."""
    rows = session.exec(
        select(Membership.territory, Membership.school_year)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.role).in_(COORDINATORS), col(User.active).is_(True))
    )
    return Counter(territory for territory, year in rows if right_holds(year, current_year))
