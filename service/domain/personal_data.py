"""What is known of one person, and what they may ask: read it, take it away, correct it, have it erased.

Responsible for gathering every row that is about an account or about a pupil, as (part, field, value) lines. Refuses to
know who asks: the pages do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.campaigns import day_in_france
from service.domain.class_results import hostings_of_pupil
from service.domain.dates import french_span, short_date
from service.domain.forgetting import forget_account, forget_pupils
from service.domain.people import people_of, scope_of
from service.domain.perimeters import read_geography
from service.domain.rounds import title_of
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound
from service.persistence.rows import row_id
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    AllocationRound,
    AuditEntry,
    ClassGroup,
    Confirmation,
    Invitation,
    Membership,
    OutboxLine,
    Partner,
    Period,
    PersonalLink,
    Placement,
    Preference,
    Pupil,
    School,
    Sector,
    Signature,
    UnplacedPupil,
    User,
    UserSession,
    WishCode,
)
from service.vocabulary import (
    AGREEMENT_LABELS,
    LEVEL_LABELS,
    MAIL_STATUS_LABELS,
    NEED_LABELS,
    REASON_LABELS,
    ROLE_LABELS,
    SIGNATORY_LABELS,
    AgreementState,
    Need,
    Role,
)
from service.vocabulary.deeds import deed, named

Line = tuple[str, str, str]
"""(part, field, value), in French."""
COLUMNS = ("Rubrique", "Donnée", "Valeur")


def _day(instant: datetime | None) -> str:
    return "" if instant is None else short_date(day_in_france(instant))


def account_lines(session: Session, user: User) -> list[Line]:
    """Everything held about an account: itself, its rights, its sessions, what it was sent, what it did."""
    return [
        ("Compte", "Nom", user.name),
        ("Compte", "Adresse électronique", user.email),
        ("Compte", "Créé le", _day(user.created_at)),
        *_rights(session, user),
        *_sessions(session, user),
        *_received(session, user),
        *_deeds(session, user),
    ]


def _sessions(session: Session, user: User) -> Iterable[Line]:
    query = select(UserSession).where(UserSession.user_id == user.id).order_by(col(UserSession.created_at))
    for one in session.exec(query).all():
        yield "Session", f"Ouverte le {_day(one.created_at)}", f"vue le {_day(one.seen_at)}"


def _rights(session: Session, user: User) -> Iterable[Line]:
    query = (
        select(Membership.role, School.name, Partner.name, Membership.territory)
        .outerjoin(School, col(School.id) == col(Membership.school_id))
        .outerjoin(Partner, col(Partner.id) == col(Membership.partner_id))
        .where(Membership.user_id == user.id)
        .order_by(col(Membership.id))
    )
    names = read_geography(session)
    for role, school, partner, territory in session.exec(query).all():
        yield "Droit", ROLE_LABELS[Role(role)], school or partner or names.name(territory)


def _received(session: Session, user: User) -> Iterable[Line]:
    lines = select(OutboxLine).where(OutboxLine.recipient == user.email).order_by(col(OutboxLine.id))
    for mail in session.exec(lines).all():
        yield "Courrier", f"{_day(mail.created_at)}, {MAIL_STATUS_LABELS[mail.status].lower()}", mail.subject
    for link in session.exec(select(PersonalLink).where(PersonalLink.recipient == user.email)).all():
        yield "Lien personnel", f"Envoyé le {_day(link.created_at)}", f"valable jusqu’au {_day(link.expires_at)}"
    for sent in session.exec(select(Invitation).where(Invitation.email == user.email)).all():
        yield "Invitation", ROLE_LABELS[sent.role], f"envoyée le {_day(sent.sent_at)}"


def _deeds(session: Session, user: User) -> Iterable[Line]:
    query = select(AuditEntry).where(AuditEntry.actor == f"user:{user.id}").order_by(col(AuditEntry.id))
    for entry in session.exec(query).all():
        yield "Journal", f"{_day(entry.at)}, {deed(entry.action)}", named(entry.subject)


def rename_account(session: Session, user: User, name: str) -> None:
    """Corrects the name; the address is changed by a new invitation, which proves it.

    Raises:
        ServiceError: `text_missing`, `text_invalid` or `text_too_long`.
    """
    user.name = clean_text(name, "name", "Le nom")
    session.add(user)
    session.flush()
    record(session, f"user:{user.id}", "rename_account", f"user:{user.id}")


def erase_account(session: Session, user: User) -> None:
    """Forgets the account at its owner's request.

    Raises:
        Conflict: `last_person`, the only one who acts for a school or a partner.
    """
    for right in session.exec(select(Membership).where(Membership.user_id == user.id)).all():
        table: Any = School if right.school_id is not None else Partner if right.partner_id is not None else None
        if table is None:
            continue
        scope = scope_of(session.get_one(table, right.school_id or right.partner_id))
        if len(people_of(session, scope)) == 1:
            said = (
                f"Vous êtes la seule personne de l’espace «\u00a0{scope.name}\u00a0»\u00a0: invitez d’abord quelqu’un."
            )
            raise Conflict("last_person", said)
    number = row_id(user)
    forget_account(session, user)
    record(session, f"user:{number}", "erase_account", f"user:{number}")


def get_pupil_of(session: Session, school: School, pupil_id: int) -> tuple[Pupil, ClassGroup]:
    """
    Raises:
        NotFound: no such pupil in that school.
    """
    query = (
        select(Pupil, ClassGroup)
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(Pupil.id == pupil_id, ClassGroup.school_id == row_id(school))
    )
    found = session.exec(query).first()
    if found is None:
        raise NotFound
    return found


def pupil_lines(session: Session, school: School, pupil: Pupil, group: ClassGroup) -> list[Line]:
    """Everything held about a pupil: who they are, what they asked, what rounds decided."""
    return [
        ("Élève", "Nom", pupil.display_name or "effacé"),
        ("Élève", "Pseudonyme", pupil.pseudonym),
        ("Élève", "Établissement", school.name),
        ("Élève", "Classe", f"{group.name}, {LEVEL_LABELS[group.level]}, {group.school_year}"),
        *([("Élève", "Reste avec", pupil.together)] if pupil.together else []),
        *(("Élève", "Besoin d’accessibilité", NEED_LABELS[Need(need)]) for need in pupil.needs),
        *_wishes(session, pupil),
        *_decisions(session, pupil),
        *_agreements(session, pupil),
    ]


def _wishes(session: Session, pupil: Pupil) -> Iterable[Line]:
    query = (
        select(Preference.rank, Sector.label)
        .join(Sector, col(Sector.key) == col(Preference.sector))
        .where(Preference.pupil_id == pupil.id)
        .order_by(col(Preference.rank))
    )
    for rank, label in session.exec(query).all():
        yield "Vœu", f"Rang {rank}", label
    code = session.get(WishCode, pupil.id)
    if code is not None:
        yield "Code de vœux", f"Remis le {_day(code.issued_at)}", f"réponse {_day(code.answered_at) or 'non reçue'}"


def _decisions(session: Session, pupil: Pupil) -> Iterable[Line]:
    for one in hostings_of_pupil(session, pupil):
        span = french_span(one.starts_on, one.ends_on)
        yield "Affectation", span, one.site_name
        yield "Affectation", f"Horaires, {span}", "\u00a0; ".join(one.hours_fr) or "non précisés"
    left = (
        select(AllocationRound, UnplacedPupil.reason)
        .join(UnplacedPupil, col(UnplacedPupil.round_id) == col(AllocationRound.id))
        .where(UnplacedPupil.pupil_id == pupil.id)
        .order_by(col(AllocationRound.id))
    )
    for decided, reason in session.exec(left).all():
        yield "Sans place", title_of(decided), REASON_LABELS.get(reason, reason)


def _agreements(session: Session, pupil: Pupil) -> Iterable[Line]:
    query = (
        select(AgreementStay, Agreement.state)
        .join(Confirmation, col(Confirmation.id) == col(AgreementStay.confirmation_id))
        .join(Agreement, col(Agreement.id) == col(AgreementStay.agreement_id))
        .where(Confirmation.pupil_id == pupil.id)
        .order_by(col(AgreementStay.id))
    )
    for stay, state in session.exec(query).all():
        part = f"Convention de stage n°\u00a0{stay.agreement_id}"
        yield part, "État", AGREEMENT_LABELS[AgreementState(state)]
        yield part, "Né le", short_date(stay.birth_date) if stay.birth_date else ""
        yield part, "Représentant légal", stay.representative_name
        yield part, "Courriel du représentant", stay.representative_email
        for one in session.exec(select(Signature).where(Signature.stay_id == stay.id)).all():
            yield part, f"Signature, {SIGNATORY_LABELS[one.party].lower()}", one.signer or "attendue"


def erase_pupil(session: Session, pupil: Pupil, today: date, actor: str) -> None:
    """Forgets a pupil: name, needs, wishes and code. The pseudonym stays in what was published and leads to nobody.

    Raises:
        Conflict: `stay_ahead`, a stay announced to a host has not ended.
    """
    ahead = (
        select(Placement.id)
        .join(Period, col(Period.id) == col(Placement.period_id))
        .where(Placement.pupil_id == pupil.id, col(Placement.published).is_(True), Period.ends_on >= today)
    )
    if session.exec(ahead).first() is not None:
        said = "Un stage annoncé n’est pas terminé\u00a0: refusez-le d’abord, sa place servira à quelqu’un d’autre."
        raise Conflict("stay_ahead", said)
    number = row_id(pupil)
    forget_pupils(session, select(Pupil.id).where(Pupil.id == number))
    record(session, actor, "erase_pupil", f"pupil:{number}")
