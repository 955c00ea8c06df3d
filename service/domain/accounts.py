"""People and their rights: a role on one school, one partner, one territory or the whole country.

Responsible for accounts and memberships. Refuses to know how a person signs in.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import uuid4

from argon2 import PasswordHasher
from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.partner_parts import WHOLE, PartnerPart, part_of_right
from service.domain.perimeters import KINDS, NATION, read_geography
from service.domain.texts import clean_text
from service.errors import NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Convention, Membership, Partner, School, User
from service.vocabulary import Role

PASSWORD_MINIMUM = 12
PASSWORD_MAXIMUM = 256
_HASHER = PasswordHasher()


def create_user(session: Session, email: str, name: str, password: str, actor: str) -> User:
    """An active account, without any right yet.

    Raises:
        ServiceError: `email_invalid`, `email_taken`, `text_missing` or `password_weak`.
    """
    address = normalise_email(email)
    if find_user_by_email(session, address) is not None:
        raise ServiceError("email_taken", f"Un compte existe déjà pour {address}.", "email")
    user = User(
        email=address,
        name=clean_text(name, "name", "Le nom"),
        password=_hash(password),
        fs_uniquifier=uuid4().hex,
    )
    session.add(user)
    session.flush()
    record(session, actor, "create_user", f"user:{user.id}")
    return user


def set_password(session: Session, user: User, password: str, actor: str) -> None:
    """Replaces the password and ends every session of the person."""
    user.password = _hash(password)
    user.fs_uniquifier = uuid4().hex
    session.add(user)
    record(session, actor, "set_password", f"user:{user.id}")


def _hash(password: str) -> str:
    if not PASSWORD_MINIMUM <= len(password) <= PASSWORD_MAXIMUM:
        raise ServiceError(
            "password_weak",
            f"Le mot de passe doit compter de {PASSWORD_MINIMUM} à {PASSWORD_MAXIMUM} caractères. "
            "Une phrase convient très bien.",
            "password",
        )
    return _HASHER.hash(password)


def normalise_email(email: str) -> str:
    """The address in the one form accounts are found by: normalised, in lower case."""
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise ServiceError(
            "email_invalid",
            "Cette adresse électronique est mal écrite. Elle doit ressembler à prenom.nom@college.example.",
            "email",
        ) from None


def find_user_by_email(session: Session, email: str) -> User | None:
    try:
        address = normalise_email(email)
    except ServiceError:
        return None
    return session.exec(select(User).where(User.email == address)).first()


def grant(
    session: Session,
    user: User,
    role: Role,
    actor: str,
    *,
    school_id: int | None = None,
    partner_id: int | None = None,
    part: PartnerPart = WHOLE,
    territory: str = NATION,
    school_year: str = "",
) -> Membership:
    """Gives a right; its scope must be the one of its role. The same right twice is one right.

    `school_year` is the last one in which a coordinator's right holds. The same territory again takes the new one.
    """
    expected = {Role.SCHOOL_COORDINATOR: (True, False), Role.PARTNER_MANAGER: (False, True)}.get(role, (False, False))
    if expected != (school_id is not None, partner_id is not None):
        raise ValueError(f"a {role.value} is given a right on its own school or partner and on nothing else")
    if KINDS.get(role, "") != territory.partition(":")[0]:
        raise ValueError(f"a {role.value} is given a right on a territory of its own kind")
    for existing in memberships_of(session, user):
        same = (existing.role, existing.school_id, existing.partner_id) == (role, school_id, partner_id)
        if same and part_of_right(existing) == part and existing.territory == territory:
            if existing.school_year != school_year:
                existing.school_year = school_year
                session.add(existing)
                record(session, actor, "grant", f"user:{user.id}", role=role, territory=territory, year=school_year)
            return existing
    membership = Membership(
        user_id=row_id(user),
        role=role,
        school_id=school_id,
        partner_id=partner_id,
        member_id=part.member_id,
        relay_department=part.department_code,
        site_id=part.site_id,
        territory=territory,
        school_year=school_year,
    )
    session.add(membership)
    session.flush()
    scope = {"school": school_id, "partner": partner_id, "part": part.key, "territory": territory, "year": school_year}
    record(session, actor, "grant", f"user:{user.id}", role=role, **scope)
    return membership


def memberships_of(session: Session, user: User) -> list[Membership]:
    found = session.exec(select(Membership).where(Membership.user_id == user.id).order_by(col(Membership.id)))
    return list(found)


def schools_of(session: Session, user: User) -> list[School]:
    """The schools the person acts for, by name."""
    ids = [one.school_id for one in memberships_of(session, user) if one.role is Role.SCHOOL_COORDINATOR]
    return sorted(session.exec(select(School).where(col(School.id).in_(ids))), key=lambda one: (one.name, one.uai))


def school_of(session: Session, user: User) -> School:
    """The first school the person acts for.

    Raises:
        NotFound: the person acts for no school.
    """
    for school in schools_of(session, user):
        return school
    raise NotFound


def partners_of(session: Session, user: User) -> list[Partner]:
    ids = [one.partner_id for one in memberships_of(session, user) if one.role is Role.PARTNER_MANAGER]
    return sorted(session.exec(select(Partner).where(col(Partner.id).in_(ids))), key=lambda one: one.name)


def partner_of(session: Session, user: User) -> Partner:
    """The first partner the person acts for.

    Raises:
        NotFound: the person acts for no partner.
    """
    for partner in partners_of(session, user):
        return partner
    raise NotFound


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """What the sample prints so that anyone can look at it as that role. The password is shown once, never stored."""

    role: Role
    email: str
    password: str
    acts_for: str


def create_sample_accounts(
    session: Session, school: School | None = None, partner: Partner | None = None, actor: str = "cli"
) -> list[SampleAccount]:
    """One account per role for the sample data; by default on the first school, its territories and OVHcloud.

    Existing ones get a new password.
    """
    school = school or session.exec(select(School).order_by(col(School.uai))).first()
    partner = partner or _partner_of_convention(session, "ovhcloud")
    accounts = [_sample_account(session, Role.NATIONAL_COORDINATOR, "coordination@sequence.example", None, actor)]
    if school is not None:
        accounts.append(
            _sample_account(session, Role.SCHOOL_COORDINATOR, "stages@etablissement.example", school, actor)
        )
    if partner is not None:
        accounts.append(_sample_account(session, Role.PARTNER_MANAGER, "accueil@partenaire.example", partner, actor))
    around = read_geography(session).around(school.department_code) if school is not None else []
    for role, key in zip(KINDS, around, strict=False):
        email = f"{_TERRITORY_MAILBOXES[role]}@sequence.example"
        accounts.append(_sample_account(session, role, email, None, actor, territory=key))
    return accounts


_TERRITORY_MAILBOXES = {
    Role.REGION_COORDINATOR: "region",
    Role.ACADEMY_COORDINATOR: "academie",
    Role.DEPARTMENT_COORDINATOR: "departement",
}


def _partner_of_convention(session: Session, key: str) -> Partner | None:
    query = select(Partner).join(Convention, col(Convention.partner_id) == col(Partner.id)).where(Convention.key == key)
    return session.exec(query).first()


def _sample_account(
    session: Session, role: Role, email: str, scope: School | Partner | None, actor: str, territory: str = NATION
) -> SampleAccount:
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    acts_for = "toute la France" if scope is None else scope.name
    if territory:
        acts_for = read_geography(session).name(territory)
    user = find_user_by_email(session, email)
    if user is None:
        user = create_user(session, email, f"Compte d’exemple ({acts_for})", password, actor)
    else:
        set_password(session, user, password, actor)
    school_id = scope.id if isinstance(scope, School) else None
    partner_id = scope.id if isinstance(scope, Partner) else None
    grant(session, user, role, actor, school_id=school_id, partner_id=partner_id, territory=territory)
    return SampleAccount(role=role, email=email, password=password, acts_for=acts_for)
