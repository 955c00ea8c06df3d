"""What follows a published placement: who confirmed it, the agreement that covers it, who signed that."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import (
    AbsenceCause,
    AgreementState,
    ConfirmationState,
    Outcome,
    RefusalReason,
    Side,
    Signatory,
    SignatureMethod,
)


class Confirmation(SQLModel, table=True):
    """A pupil at a host in a period, as announced: one row however many rounds publish it again.

    Everything that happens to that stay hangs on it. `school_at` and `host_at` are when each side said yes.
    """

    id: int | None = Field(default=None, primary_key=True)
    pupil_id: int = Field(foreign_key="pupil.id", index=True)
    opening_id: int = Field(foreign_key="opening.id", index=True)
    state: ConfirmationState = Field(default=ConfirmationState.ASKED, sa_type=enum_column(ConfirmationState))
    asked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    answer_by: date
    """Last day to answer."""
    school_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    school_by: str = ""
    host_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    host_by: str = ""
    refused_by: Side | None = Field(default=None, sa_type=enum_column(Side))
    reason: RefusalReason | None = Field(default=None, sa_type=enum_column(RefusalReason))
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        UniqueConstraint("pupil_id", "opening_id", name="confirmation_once"),
        check(
            "state <> 'confirmed' OR (school_at IS NOT NULL AND host_at IS NOT NULL)", "confirmation_needs_both_sides"
        ),
        check("(state = 'refused') = (reason IS NOT NULL AND refused_by IS NOT NULL)", "confirmation_refusal_reason"),
    )


class AgreementTemplate(SQLModel, table=True):
    """One version of a wording. A signed agreement keeps the version it was signed with; nothing is overwritten."""

    id: int | None = Field(default=None, primary_key=True)
    key: str
    """`observation`, `initiation`: the legal nature of the placement."""
    version: int
    valid_from: date
    validated: bool = False
    """Whether an authority has said that the wording may be used as it is."""
    document: dict[str, Any] = json_field(dict)
    """Legal references, articles, annexes: the words alone."""

    __table_args__ = (UniqueConstraint("key", "version", name="agreement_template_version_once"),)


class Agreement(SQLModel, table=True):
    """The *convention de stage* between a school and a host for one pupil, or several of the same opening."""

    id: int | None = Field(default=None, primary_key=True)
    opening_id: int = Field(foreign_key="opening.id", index=True)
    school_id: int = Field(foreign_key="school.id", index=True)
    template_id: int = Field(foreign_key="agreementtemplate.id")
    amends_id: int | None = Field(default=None, foreign_key="agreement.id")
    """The agreement it takes the place of."""
    state: AgreementState = Field(default=AgreementState.DRAFT, sa_type=enum_column(AgreementState))
    collective: bool = False
    referent_teacher: str = ""
    head_of_school: str = ""
    """Resolved when the school validates it, and shown before."""
    board_authorised_on: date | None = None
    signatory_name: str = ""
    signatory_function: str = ""
    tutor_name: str = ""
    tutor_function: str = ""
    tutor_email: str = ""
    activities: str = ""
    hours: list[str] = json_field(list)
    """Six texts from Monday to Saturday, as `working_time` reads them; empty for a day off."""
    meals: str = ""
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    __table_args__ = (Index("agreements_by_state", "state", "id"),)


class AgreementStay(SQLModel, table=True):
    """A pupil whom an agreement covers, with what it alone says of them. One live agreement per stay."""

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id", index=True)
    confirmation_id: int = Field(foreign_key="confirmation.id")
    live: bool = True
    birth_date: date | None = None
    representative_name: str = ""
    representative_email: str = ""

    __table_args__ = (
        UniqueConstraint("agreement_id", "confirmation_id", name="agreement_stay_once"),
        Index(
            "one_live_agreement_per_stay",
            "confirmation_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )


class AgreementDocument(SQLModel, table=True):
    """The very bytes that are signed, and their digest."""

    agreement_id: int = Field(foreign_key="agreement.id", primary_key=True)
    pdf: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(max_length=64)
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Signature(SQLModel, table=True):
    """A party that has to sign, then its signature and evidence. `stay_id` is 0 for who signs once for all pupils."""

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id", index=True)
    party: Signatory = Field(sa_type=enum_column(Signatory))
    stay_id: int = 0
    email: str = ""
    """Where its link goes; empty when it signs on paper or is not known yet."""
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    method: SignatureMethod | None = Field(default=None, sa_type=enum_column(SignatureMethod))
    signer: str = ""
    """The name that the person gave, or that the paper bears."""
    actor: str = ""
    """«link:12» for who signed from a message, «user:3» for who ticked the paper."""
    sha256: str = Field(default="", max_length=64)
    """Digest of the document they had before their eyes."""

    __table_args__ = (
        UniqueConstraint("agreement_id", "party", "stay_id", name="signature_once_per_party"),
        check(
            "(signed_at IS NULL) = (method IS NULL) AND (signed_at IS NULL OR length(sha256) = 64)",
            "signature_with_its_evidence",
        ),
    )


class Presence(SQLModel, table=True):
    """What one side says came of a stay. The two sides may differ: both are kept, and shown to both."""

    confirmation_id: int = Field(foreign_key="confirmation.id", primary_key=True)
    side: Side = Field(sa_type=enum_column(Side), primary_key=True)
    outcome: Outcome = Field(sa_type=enum_column(Outcome))
    cause: AbsenceCause | None = Field(default=None, sa_type=enum_column(AbsenceCause))
    said_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    said_by: str

    __table_args__ = (check("(outcome = 'held') = (cause IS NULL)", "presence_cause"),)
