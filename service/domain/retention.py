"""What is erased and when: dated rules as data, one erasure per kind of personal data, statistics kept.

Responsible for every table that holds something about a person. A pupil keeps a pseudonym that leads to nobody, so that
published rounds still verify and every count stays what it was. Refuses to know when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import CursorResult, Executable, Select, and_, cast, delete, literal, or_, select, update
from sqlalchemy.types import String
from sqlmodel import Session, SQLModel, col

from fixtures import readers
from service.domain.audit import record
from service.domain.campaigns import PARIS
from service.domain.dates import add_months
from service.domain.forgetting import forget_account, forget_agreements, forget_pupils, is_forgotten
from service.domain.school_years import SCHOOL_YEAR_TURNS_ON
from service.persistence.tables import (
    ActivityRequest,
    Adjustment,
    Agreement,
    AgreementDocument,
    AgreementStay,
    AuditEntry,
    ClassGroup,
    DiscoveryActivity,
    ImportFile,
    Invitation,
    LocalRelay,
    Membership,
    Offer,
    Opening,
    OutboxLine,
    PersonalLink,
    Preference,
    Pupil,
    School,
    Signature,
    Site,
    User,
    UserSession,
    WishCode,
)

ACTOR = "worker"


@dataclass(frozen=True, slots=True)
class Horizon:
    """What happened before `day` is over its time; `instant` is that day's first instant in mainland France."""

    day: date

    @property
    def instant(self) -> datetime:
        return datetime.combine(self.day, time.min, tzinfo=PARIS)

    def is_over(self, school_year: str) -> bool:
        """Whether the school year («2026-2027», over on 31 July 2027) is out of its time."""
        return date(int(school_year[5:]), *SCHOOL_YEAR_TURNS_ON) <= self.day


@dataclass(frozen=True, slots=True)
class Erasure:
    """One kind of data: the tables it empties or blanks, and how."""

    key: str
    tables: tuple[type[SQLModel], ...]
    run: Callable[[Session, Horizon], int]


@lru_cache(maxsize=1)
def _rules() -> tuple[readers.RetentionRule, ...]:
    return readers.read_retention_rules()


def rules_in_force(today: date) -> Mapping[str, readers.RetentionRule]:
    """The line of each kind that holds on a day; before the first line of a kind nothing of it is erased."""
    return {
        one.key: one for one in _rules() if one.valid_from <= today and (one.valid_to is None or today <= one.valid_to)
    }


def purge(session: Session, today: date) -> dict[str, int]:
    """Erases whatever is out of its time on that day; running it again erases nothing more. Counts rows by kind."""
    rules = rules_in_force(today)
    counts = {
        one.key: one.run(session, Horizon(add_months(today, -rules[one.key].months)))
        for one in ERASURES
        if one.key in rules
    }
    done = {key: count for key, count in counts.items() if count}
    if done:
        record(session, ACTOR, "purge", "retention", **done)
    return done


def _run(session: Session, statement: Executable) -> int:
    session.flush()
    result = session.connection().execute(statement)
    assert isinstance(result, CursorResult)
    session.expire_all()
    return result.rowcount


def _years_over(session: Session, column: Any, horizon: Horizon) -> list[str]:
    return [year for year in session.scalars(select(column).distinct()) if horizon.is_over(year)]


def _pupils(session: Session, horizon: Horizon) -> int:
    years = _years_over(session, col(ClassGroup.school_year), horizon)
    classes = select(col(ClassGroup.id)).where(col(ClassGroup.school_year).in_(years))
    return forget_pupils(session, select(col(Pupil.id)).where(col(Pupil.class_id).in_(classes)))


def _agreements(session: Session, horizon: Horizon) -> int:
    years = _years_over(session, col(Offer.school_year), horizon)
    openings = (
        select(col(Opening.id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .where(col(Offer.school_year).in_(years))
    )
    return forget_agreements(session, select(col(Agreement.id)).where(col(Agreement.opening_id).in_(openings)))


def _school_messages(session: Session, horizon: Horizon) -> int:
    years = _years_over(session, col(DiscoveryActivity.school_year), horizon)
    activities = select(col(DiscoveryActivity.id)).where(col(DiscoveryActivity.school_year).in_(years))
    said = and_(col(ActivityRequest.activity_id).in_(activities), col(ActivityRequest.message) != "")
    return _run(session, update(ActivityRequest).where(said).values(message=""))


def _import_files(session: Session, horizon: Horizon) -> int:
    return _run(session, delete(ImportFile).where(col(ImportFile.created_at) < horizon.instant))


def _mail(session: Session, horizon: Horizon) -> int:
    return _run(session, delete(OutboxLine).where(col(OutboxLine.created_at) < horizon.instant))


def _links(session: Session, horizon: Horizon) -> int:
    return _run(session, delete(PersonalLink).where(col(PersonalLink.expires_at) < horizon.instant))


def _invitations(session: Session, horizon: Horizon) -> int:
    return _run(session, delete(Invitation).where(col(Invitation.sent_at) < horizon.instant))


def _accounts(session: Session, horizon: Horizon) -> int:
    """Last contact: the account's creation, its last page read, the last thing it did."""
    seen = select(col(UserSession.user_id)).where(
        col(UserSession.user_id) == col(User.id), col(UserSession.seen_at) >= horizon.instant
    )
    actor = literal("user:") + cast(col(User.id), String)
    acted = select(col(AuditEntry.id)).where(col(AuditEntry.actor) == actor, col(AuditEntry.at) >= horizon.instant)
    due = select(User).where(
        col(User.created_at) < horizon.instant, ~seen.exists(), ~acted.exists(), ~is_forgotten(col(User.email))
    )
    users = list(session.scalars(due.order_by(col(User.id))))
    for user in users:
        forget_account(session, user)
    return len(users) + _run(session, delete(UserSession).where(col(UserSession.seen_at) < horizon.instant))


_SITE_CONTACTS = ("contact_email", "tutor_name", "tutor_function", "tutor_email")


def _staff(session: Session, horizon: Horizon) -> int:
    """Schools without a class since, sites without an offer since; one that has never had any is still new."""
    over = _years_over(session, col(ClassGroup.school_year), horizon)
    schools = _only_in(col(ClassGroup.school_id), col(ClassGroup.school_year), over)
    heads = update(School).where(col(School.id).in_(schools), col(School.head_of_school) != "")
    over = _years_over(session, col(Offer.school_year), horizon)
    sites = _only_in(col(Offer.site_id), col(Offer.school_year), over)
    named = or_(*(col(getattr(Site, name)) != "" for name in _SITE_CONTACTS))
    contacts = update(Site).where(col(Site.id).in_(sites), named).values(dict.fromkeys(_SITE_CONTACTS, ""))
    return _run(session, heads.values(head_of_school="")) + _run(session, contacts)


def _only_in(owner: Any, year: Any, years: list[str]) -> Select[Any]:
    """Owners who have rows in those years and in no other."""
    return select(owner).where(year.in_(years), owner.not_in(select(owner).where(year.not_in(years))))


def _relays(session: Session, horizon: Horizon) -> int:
    return _run(session, delete(LocalRelay).where(col(LocalRelay.valid_until) < horizon.day))


def _audit(session: Session, horizon: Horizon) -> int:
    return _run(session, delete(AuditEntry).where(col(AuditEntry.at) < horizon.instant))


ERASURES: tuple[Erasure, ...] = (
    Erasure("pupil", (Pupil, Preference, WishCode, Adjustment), _pupils),
    Erasure("agreement", (Agreement, AgreementStay, AgreementDocument, Signature), _agreements),
    Erasure("school_message", (ActivityRequest,), _school_messages),
    Erasure("import_file", (ImportFile,), _import_files),
    Erasure("mail", (OutboxLine,), _mail),
    Erasure("link", (PersonalLink,), _links),
    Erasure("invitation", (Invitation,), _invitations),
    Erasure("account", (User, Membership, UserSession), _accounts),
    Erasure("staff", (School, Site), _staff),
    Erasure("relay", (LocalRelay,), _relays),
    Erasure("audit", (AuditEntry,), _audit),
)

KEPT: Mapping[str, str] = {
    "academy region department commune sector levelrule calendarentry workingtimerule period": "données publiques",
    "convention conventiondepartment conventionevent commitment quotaline quotalinedepartment": "actes publics",
    "targetshift": "objectif déplacé, sous le numéro d’un compte",
    "ceilingchoice": "choix d’un partenaire, sous le numéro d’un compte",
    "reportingcampaign realisedfigure reportedhosting steeringmeeting meetingmember": "nombres, comptes rendus publics",
    "consent": "accords entre parties, sans personne",
    "partner partnermember": "personnes morales",
    "offer opening offerreserve offerday": "places, sans personne",
    "agreementtemplate": "textes, sans personne",
    "discoveryactivity": "nombres seulement",
    "classgroup placementrequest requestperiod": "demandes, sans nom d’élève",
    "campaign allocationround rounddossier placement unplacedpupil confirmation presence": "décisions sous pseudonyme",
    "roundpart": "parties d’un calcul, effacées à sa fin, sans nom d’élève",
    "higherwish": "vœux non obtenus, sous pseudonyme",
    "openingfinding newseatvalue": "constats d’un tour, sans personne",
    "attemptcounter": "empreintes, effacées au quart d’heure",
}
"""Tables that hold nobody once the erasures have run, and why. Each table of the service is here or in an erasure."""
