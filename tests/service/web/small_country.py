"""Who lives in the small country of the page tests: invented schools and partners in real communes, no pupil yet.

School A and partner A are the ones a test acts for; school B and partner B are the others, who must never be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from argon2 import PasswordHasher
from sqlmodel import Session

from fixtures import readers
from service.domain.accounts import create_user, grant
from service.domain.calendar import make_periods
from service.domain.campaigns import open_campaign
from service.domain.conventions import get_convention, import_conventions
from service.domain.identifiers import uai_letter
from service.domain.partner_parts import PartnerPart
from service.domain.territories import get_commune, load_reference
from service.persistence.tables import Partner, PartnerMember, School, User
from service.vocabulary import Level, PartnerKind, Role, SchoolType

PASSWORD = "une phrase de passe pour les essais"
# The site reads the cost in the hash: a cheap one here, or the tests would spend a fifth of their time signing in.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
SCHOOL_YEAR = "2026-2027"
COMMUNES = frozenset({"69123", "59512", "75056", "31555", "48095", "38185", "33063"})
ACTOR = "test"


@dataclass(frozen=True)
class SmallCountry:
    """Identifiers and addresses only: rows belong to the test's own database."""

    school_a: str
    school_b: str
    partner_a: int
    partner_b: int
    email_school_a: str = "ecole-a@college.example"
    email_school_b: str = "ecole-b@lycee.example"
    email_partner_a: str = "partenaire-a@entreprise.example"
    email_partner_b: str = "partenaire-b@entreprise.example"
    email_member_a: str = "adherent-a@entreprise.example"
    """Acts for one member company of partner A, which has another site of its own."""
    email_coordinator: str = "coordination@sequence.example"


@lru_cache(maxsize=1)
def few_communes() -> tuple[readers.Commune, ...]:
    return tuple(one for one in readers.read_communes() if one.insee in COMMUNES)


def build_country(session: Session) -> SmallCountry:
    load_reference(session, communes=few_communes())
    make_periods(session, SCHOOL_YEAR)
    school_a = _school(session, "0690001", "Collège des Tilleuls", SchoolType.COLLEGE, "69123")
    school_b = _school(session, "0750002", "Lycée des Acacias", SchoolType.LYCEE, "75056")
    partner_a = _partner(session, "Ateliers du Rhône", "Lyon", "69")
    partner_b = _partner(session, "Verreries de Garonne", "Bordeaux", "33")
    country = SmallCountry(school_a.uai, school_b.uai, partner_a.id or 0, partner_b.id or 0)
    for email, role, school, partner in (
        (country.email_school_a, Role.SCHOOL_COORDINATOR, school_a, None),
        (country.email_school_b, Role.SCHOOL_COORDINATOR, school_b, None),
        (country.email_partner_a, Role.PARTNER_MANAGER, None, partner_a),
        (country.email_partner_b, Role.PARTNER_MANAGER, None, partner_b),
        (country.email_coordinator, Role.NATIONAL_COORDINATOR, None, None),
    ):
        grant(
            session,
            _user(session, email),
            role,
            ACTOR,
            school_id=school.id if school else None,
            partner_id=partner.id if partner else None,
        )
    member = PartnerMember(partner_id=partner_a.id or 0, name="Ateliers de la Saône")
    session.add(member)
    session.flush()
    part = PartnerPart(member_id=member.id)
    user = _user(session, country.email_member_a)
    grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=partner_a.id, part=part)
    return country


def _user(session: Session, email: str) -> User:
    user = create_user(session, email, f"Compte de {email.partition('@')[0]}", PASSWORD, ACTOR)
    user.password = PASSWORD_HASH
    return user


def _school(session: Session, digits: str, name: str, kind: SchoolType, insee: str) -> School:
    commune = get_commune(session, insee)
    school = School(
        uai=digits + uai_letter(digits),
        name=name,
        kind=kind,
        insee=insee,
        department_code=commune.department_code,
        latitude=commune.latitude,
        longitude=commune.longitude,
    )
    session.add(school)
    session.flush()
    return school


def _partner(session: Session, name: str, city: str, department: str) -> Partner:
    partner = Partner(name=name, kind=PartnerKind.INDEPENDENT, city=city, department_code=department)
    session.add(partner)
    session.flush()
    return partner


def open_everything(session: Session, country: SmallCountry, day: date) -> None:
    """The five conventions, an open campaign, and an account for three of their partners."""
    import_conventions(session, day, with_sample_events=True)
    levels = [level.value for level in Level]
    open_campaign(session, "Campagne 2026-2027", SCHOOL_YEAR, levels, date(2027, 1, 31), actor=ACTOR, today=day)
    for key in ("ovhcloud", "jobirl", "serce"):
        user = _user(session, email_of(key))
        grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=get_convention(session, key).partner_id)


def email_of(convention_key: str) -> str:
    """The address of the account that acts for the partner of that convention."""
    return f"{convention_key}@partenaire.example"
