"""Who acts for a school or a partner: the list its people see, and the right one of them may take away.

Responsible for never leaving a space without anybody by its own people's hands. Refuses to know how a person came in.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.errors import NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Membership, Partner, School, User
from service.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Scope:
    """What a right is about: one school or one partner."""

    role: Role
    name: str
    school_id: int | None = None
    partner_id: int | None = None

    @property
    def key(self) -> str:
        """«school:3», «partner:8»: as the audit trail and invitations name it."""
        return f"school:{self.school_id}" if self.school_id is not None else f"partner:{self.partner_id}"

    @property
    def memberships(self) -> ColumnElement[bool]:
        if self.school_id is not None:
            return col(Membership.school_id) == self.school_id
        return col(Membership.partner_id) == self.partner_id


def scope_of(space: School | Partner) -> Scope:
    if isinstance(space, School):
        return Scope(Role.SCHOOL_COORDINATOR, space.name, school_id=row_id(space))
    return Scope(Role.PARTNER_MANAGER, space.name, partner_id=row_id(space))


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
