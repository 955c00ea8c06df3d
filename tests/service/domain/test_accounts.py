"""Accounts and rights: one form of an address, strong passwords, a role on one thing."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlmodel import Session, col, select

from service.domain.accounts import (
    create_sample_accounts,
    create_user,
    find_user_by_email,
    grant,
    memberships_of,
    partner_of,
    school_of,
    schools_of,
    set_password,
)
from service.domain.perimeters import KINDS, read_geography
from service.errors import NotFound, ServiceError
from service.persistence.tables import AuditEntry, Membership, User
from service.vocabulary import Role
from tests.service.small_field import ACTOR, make_school
from tests.service.small_field import partner_of as partner_id_of

PASSWORD = "une phrase assez longue"


def _user(session: Session, email: str = "camille@college.example") -> User:
    return create_user(session, email, "Camille", PASSWORD, ACTOR)


def test_an_account_is_found_however_its_address_is_typed(session: Session) -> None:
    """Capitals and spaces do not make another person."""
    user = _user(session, " Camille@College.example ")
    assert user.email == "camille@college.example"
    assert find_user_by_email(session, "CAMILLE@college.EXAMPLE") is user
    assert find_user_by_email(session, "nobody") is None
    with pytest.raises(ServiceError, match="existe déjà"):
        _user(session, "camille@COLLEGE.example")


def test_the_password_is_never_stored(session: Session) -> None:
    """Only its Argon2 hash is, and the audit trail has no trace of it."""
    user = _user(session)
    assert user.password.startswith("$argon2id$")
    assert PasswordHasher().verify(user.password, PASSWORD)
    assert not any(PASSWORD in str(one) for one in session.exec(select(AuditEntry)))


def test_refused_accounts(session: Session) -> None:
    """A wrong address, no name, a short password: the field is named."""
    for email, name, password, field in (
        ("camille", "Camille", PASSWORD, "email"),
        ("c@college.example", " ", PASSWORD, "name"),
        ("c@college.example", "Camille", "court", "password"),
        ("c@college.example", "Camille", "x" * 300, "password"),
    ):
        with pytest.raises(ServiceError) as refusal:
            create_user(session, email, name, password, ACTOR)
        assert refusal.value.field == field
    assert session.exec(select(User)).all() == []


def test_a_new_password_ends_every_session(session: Session) -> None:
    """What identifies the person in a session changes with the password."""
    user = _user(session)
    before = user.fs_uniquifier
    set_password(session, user, "une autre phrase longue", ACTOR)
    assert user.fs_uniquifier != before
    assert PasswordHasher().verify(user.password, "une autre phrase longue")


def test_rights(session: Session) -> None:
    """One person may act for two schools and a partner; the same right twice is one right."""
    user, first, second = _user(session), make_school(session), make_school(session, "0750655E")
    for school in (first, second, first):
        grant(session, user, Role.SCHOOL_COORDINATOR, ACTOR, school_id=school.id)
    grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=partner_id_of(session, "serce"))
    assert len(memberships_of(session, user)) == 3
    assert [one.uai for one in schools_of(session, user)] == ["0690026D", "0750655E"]
    assert school_of(session, user) is first
    assert partner_of(session, user).name == "SERCE"


def test_a_right_that_lasts_longer_is_in_the_trail(session: Session) -> None:
    """The same territory for another school year is the same right, and the journal says who prolonged it; once."""
    user = _user(session)
    for year in ("2026-2027", "2027-2028", "2027-2028"):
        grant(session, user, Role.ACADEMY_COORDINATOR, ACTOR, territory="academy:10", school_year=year)
    assert [one.school_year for one in memberships_of(session, user)] == ["2027-2028"]
    trail = session.exec(select(AuditEntry).where(AuditEntry.action == "grant").order_by(col(AuditEntry.id)))
    assert [one.detail["year"] for one in trail] == ["2026-2027", "2027-2028"]


def test_nobody_acts_for_nothing(session: Session) -> None:
    """A coordinator has no school; a school's right without a school is a fault of ours."""
    user = _user(session)
    grant(session, user, Role.NATIONAL_COORDINATOR, ACTOR)
    for ask in (school_of, partner_of):
        with pytest.raises(NotFound):
            ask(session, user)
    with pytest.raises(ValueError, match="its own school or partner"):
        grant(session, user, Role.SCHOOL_COORDINATOR, ACTOR)


def test_sample_accounts(session: Session) -> None:
    """One per role, on a school, its territories and OVHcloud, with passwords that work; again, the same accounts."""
    school = make_school(session)
    accounts = create_sample_accounts(session)
    names = read_geography(session)
    assert [(one.role, one.acts_for) for one in accounts] == [
        (Role.NATIONAL_COORDINATOR, "toute la France"),
        (Role.SCHOOL_COORDINATOR, school.name),
        (Role.PARTNER_MANAGER, "OVHcloud"),
        *zip(KINDS, map(names.name, names.around(school.department_code)), strict=True),
    ]
    again = create_sample_accounts(session)
    assert [one.email for one in again] == [one.email for one in accounts]
    assert all(one.email.endswith(".example") for one in again)
    assert len(session.exec(select(User)).all()) == len(session.exec(select(Membership)).all()) == 6
    for account in again:
        user = find_user_by_email(session, account.email)
        assert user is not None
        assert PasswordHasher().verify(user.password, account.password)
