"""The steps of an agreement that concern the whole of it: validated by the school, amended.

Responsible for what must be right before a document exists: a head of school, hours that each pupil's age allows.
Refuses to write the document and to know who signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.agreement_parts import judge_for_pupils
from service.domain.agreement_rows import get_agreement, move, stays_of
from service.domain.audit import record
from service.errors import NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Agreement, AgreementStay, Opening, School
from service.vocabulary import AgreementState

_KEPT = (
    "opening_id",
    "school_id",
    "template_id",
    "collective",
    "referent_teacher",
    "signatory_name",
    "signatory_function",
    "tutor_name",
    "tutor_function",
    "tutor_email",
    "activities",
    "hours",
    "meals",
)
"""What an amended agreement starts from."""


def validate_by_school(session: Session, school: School, ids: Iterable[int] | None, actor: str) -> int:
    """The head's name and authorisation are taken as they are now; the documents are then written by a worker.

    Every agreement completed by its host when `ids` is None. Returns how many.

    Raises:
        ServiceError: no head of school on the school's sheet, hours that a pupil's age does not allow.
    """
    if not school.head_of_school:
        raise ServiceError(
            "head_missing", "Le nom du chef d’établissement manque. Indiquez-le dans «\u00a0Notre établissement\u00a0»."
        )
    query = select(Agreement).where(
        col(Agreement.school_id) == school.id, col(Agreement.state) == AgreementState.HOST_COMPLETED
    )
    if ids is not None:
        query = query.where(col(Agreement.id).in_(sorted(ids)))
    chosen = list(session.scalars(query.order_by(col(Agreement.id))))
    for agreement in chosen:
        _refuse_hours(session, agreement)
        agreement.head_of_school = school.head_of_school
        agreement.board_authorised_on = school.board_authorised_on
        session.add(agreement)
        move(session, agreement, AgreementState.SCHOOL_VALIDATED)
    if chosen:
        record(session, actor, "validate_agreements", f"school:{school.id}", count=len(chosen))
    return len(chosen)


def _refuse_hours(session: Session, agreement: Agreement) -> None:
    opening = session.get_one(Opening, agreement.opening_id)
    judged = judge_for_pupils(session, opening, agreement.hours, stays_of(session, agreement))
    if judged.refused:
        raise ServiceError(
            "hours_over_the_limit", f"Convention de stage n°\u00a0{agreement.id}. {' '.join(judged.refused)}", "hours"
        )


def amend(session: Session, agreement: Agreement, actor: str, now: datetime) -> Agreement:
    """Another version takes its place, with the same words to start from; what was signed is kept as it was.

    Raises:
        Conflict: there is no document to amend.
    """
    covered = stays_of(session, agreement)
    move(session, agreement, AgreementState.AMENDED, now)
    later = Agreement(amends_id=agreement.id, **{name: getattr(agreement, name) for name in _KEPT})
    for stay in covered:
        stay.live = False
    session.add_all([later, *covered])
    session.flush()
    session.add_all(
        AgreementStay(
            agreement_id=row_id(later),
            confirmation_id=stay.confirmation_id,
            birth_date=stay.birth_date,
            representative_name=stay.representative_name,
            representative_email=stay.representative_email,
        )
        for stay in covered
    )
    session.flush()
    record(session, actor, "amend_agreement", f"agreement:{agreement.id}", by=later.id)
    return later


def agreement_of_school(session: Session, school: School, agreement_id: int) -> Agreement:
    """
    Raises:
        NotFound: none, or another school's.
    """
    found = get_agreement(session, agreement_id)
    if found.school_id != school.id:
        raise NotFound
    return found
