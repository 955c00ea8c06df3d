"""Consents between the parties: each use of a logo and each joint document is asked for, and answered by the other.

Responsible for who may answer and for never changing an answer. Refuses to know what a misuse leads to: that is a
dated event of the convention.
"""

from __future__ import annotations

from datetime import date

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound
from service.persistence.tables import Consent, Convention
from service.vocabulary import ConsentKind, Party


def ask_consent(
    session: Session, convention: Convention, kind: ConsentKind, asked_by: Party, what: str, today: date, actor: str
) -> Consent:
    """An express request, that the other party will answer.

    Raises:
        ServiceError: the use is not described.
    """
    said = clean_text(what, "what", "La description de l’utilisation", at_most=300)
    consent = Consent(convention_key=convention.key, kind=kind, asked_by=asked_by, what=said, asked_on=today)
    session.add(consent)
    session.flush()
    record(session, actor, "ask_consent", f"consent:{consent.id}", convention=convention.key, kind=kind)
    return consent


def answer_consent(
    session: Session, convention: Convention, consent_id: int, side: Party, granted: bool, today: date, actor: str
) -> Consent:
    """The other party's word, given once.

    Raises:
        NotFound: no such request in this convention.
        Conflict: `own_request` or `already_answered`.
    """
    query = select(Consent).where(Consent.id == consent_id, Consent.convention_key == convention.key).with_for_update()
    consent = session.exec(query).first()
    if consent is None:
        raise NotFound
    if consent.asked_by is side:
        raise Conflict("own_request", "C’est à l’autre partie de répondre à cette demande.")
    if consent.answered_on is not None:
        raise Conflict("already_answered", "Cette demande a déjà reçu sa réponse\u00a0: faites-en une nouvelle.")
    consent.granted, consent.answered_on = granted, today
    session.add(consent)
    session.flush()
    record(session, actor, "answer_consent", f"consent:{consent.id}", granted=granted)
    return consent


def consents_of(session: Session, convention: Convention) -> list[Consent]:
    """Every request of the convention, those that wait first, then the newest."""
    query = (
        select(Consent)
        .where(Consent.convention_key == convention.key)
        .order_by(col(Consent.answered_on).is_not(None), col(Consent.asked_on).desc(), col(Consent.id).desc())
    )
    return list(session.exec(query))
