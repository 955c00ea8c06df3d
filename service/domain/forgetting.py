"""Forgetting one person, at once: a pupil becomes a pseudonym that leads to nobody, an account a number.

Responsible for leaving nothing that names them, in whatever table. Refuses to decide when: a rule or a request does.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, CursorResult, Select, delete, or_, select, update
from sqlmodel import Session, col

from service.persistence.rows import row_id
from service.persistence.tables import (
    Adjustment,
    Agreement,
    AgreementDocument,
    AgreementStay,
    Confirmation,
    Invitation,
    Membership,
    OutboxLine,
    PersonalLink,
    Preference,
    Pupil,
    Signature,
    User,
    UserSession,
    WishCode,
)

FORGOTTEN_NAME = "Compte effacé"
_FORGOTTEN_HOST = "@compte-efface.invalid"
_NOBODY: dict[str, Any] = {"birth_date": None, "representative_name": "", "representative_email": ""}
_STAFF = ("head_of_school", "referent_teacher", "signatory_name", "tutor_name", "tutor_email")


def forget_pupils(session: Session, pupils: Select[Any]) -> int:
    """Blanks those whose keys are selected: name, needs, group, what was said of them; wishes and codes are deleted."""
    session.flush()
    connection = session.connection()
    for table in (Preference, WishCode):
        connection.execute(delete(table).where(col(table.pupil_id).in_(pupils)))
    connection.execute(update(Adjustment).where(col(Adjustment.pupil_id).in_(pupils)).values(why=""))
    _forget_stays(session, pupils)
    named = col(Pupil.id).in_(pupils), col(Pupil.display_name) != ""
    blanked = connection.execute(update(Pupil).where(*named).values(display_name="", needs=[], together=""))
    assert isinstance(blanked, CursorResult)
    session.expire_all()
    return blanked.rowcount


def _forget_stays(session: Session, pupils: Select[Any]) -> None:
    """The documents that name them go; what their agreements said of them and of their families is blanked."""
    own = (
        select(col(AgreementStay.id), col(AgreementStay.agreement_id))
        .join(Confirmation, col(Confirmation.id) == col(AgreementStay.confirmation_id))
        .where(col(Confirmation.pupil_id).in_(pupils))
        .subquery()
    )
    connection = session.connection()
    connection.execute(
        delete(AgreementDocument).where(col(AgreementDocument.agreement_id).in_(select(own.c.agreement_id)))
    )
    theirs = col(Signature.stay_id).in_(select(own.c.id))
    connection.execute(update(Signature).where(theirs).values(signer="", email=""))
    stays = col(AgreementStay.id).in_(select(own.c.id))
    connection.execute(update(AgreementStay).where(stays).values(**_NOBODY))


def forget_agreements(session: Session, agreements: Select[Any]) -> int:
    """Blanks those whose keys are selected: their documents go, states, dates and digests stay. Returns how many."""
    session.flush()
    connection = session.connection()
    connection.execute(delete(AgreementDocument).where(col(AgreementDocument.agreement_id).in_(agreements)))
    for table, blank in ((Signature, {"signer": "", "email": ""}), (AgreementStay, _NOBODY)):
        connection.execute(update(table).where(col(table.agreement_id).in_(agreements)).values(**blank))
    named = col(Agreement.id).in_(agreements), or_(*(col(getattr(Agreement, name)) != "" for name in _STAFF))
    blanked = connection.execute(update(Agreement).where(*named).values(dict.fromkeys(_STAFF, "")))
    assert isinstance(blanked, CursorResult)
    session.expire_all()
    return blanked.rowcount


def is_forgotten(email: Any) -> ColumnElement[bool]:
    """Whether an address is one that replaces a forgotten account's."""
    found: ColumnElement[bool] = email.like(f"%{_FORGOTTEN_HOST}")
    return found


def forget_account(session: Session, user: User) -> None:
    """Name, address and password go, with rights, sessions, links, invitations and messages to that address.

    The number stays: the audit trail and the rounds name nobody else.
    """
    session.flush()
    connection = session.connection()
    for table, owner in ((Membership, col(Membership.user_id)), (UserSession, col(UserSession.user_id))):
        connection.execute(delete(table).where(owner == row_id(user)))
    for mailed, address in (
        (OutboxLine, col(OutboxLine.recipient)),
        (PersonalLink, col(PersonalLink.recipient)),
        (Invitation, col(Invitation.email)),
    ):
        connection.execute(delete(mailed).where(address == user.email))
    user.email, user.name = f"compte-{row_id(user)}{_FORGOTTEN_HOST}", FORGOTTEN_NAME
    user.password, user.active, user.fs_uniquifier = "", False, uuid4().hex
    session.add(user)
    session.flush()
