"""What follows a published placement: both sides confirm it; two more things a link may open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


CONFIRMATIONSTATE_KNOWN = sa.Enum(
    "asked",
    "confirmed",
    "refused",
    "expired",
    "replaced",
    name="confirmationstate_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)
SIDE_KNOWN = sa.Enum("school", "host", name="side_known", native_enum=False, create_constraint=True, length=40)
REFUSALREASON_KNOWN = sa.Enum(
    "pupil_left",
    "self_found",
    "exempt",
    "too_far",
    "need_not_served",
    "family_refuses",
    "place_gone",
    "tutor_away",
    "activity_unsuitable",
    name="refusalreason_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)
PURPOSES = ("access", "invitation", "offer", "confirmation", "signature")


def upgrade() -> None:
    widen_purposes()
    create_confirmation()


def widen_purposes() -> None:
    """The rebuilt table of SQLite keeps no CHECK that is not named again; PostgreSQL changes its own."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("linkpurpose_known", "personallink", type_="check")
    known = ", ".join(f"'{purpose}'" for purpose in PURPOSES)
    with op.batch_alter_table("personallink") as link:
        link.create_check_constraint("linkpurpose_known", f"purpose IN ({known})")


def create_confirmation() -> None:
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            CONFIRMATIONSTATE_KNOWN,
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("school_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("school_by", sa.String(), nullable=False),
        sa.Column("host_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("host_by", sa.String(), nullable=False),
        sa.Column(
            "refused_by",
            SIDE_KNOWN,
            nullable=True,
        ),
        sa.Column(
            "reason",
            REFUSALREASON_KNOWN,
            nullable=True,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'refused') = (reason IS NOT NULL AND refused_by IS NOT NULL)", name="confirmation_refusal_reason"
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (school_at IS NOT NULL AND host_at IS NOT NULL)",
            name="confirmation_needs_both_sides",
        ),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_confirmation_opening_id")),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_confirmation_pupil_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sa.UniqueConstraint("pupil_id", "opening_id", name="confirmation_once"),
    )
    op.create_index(op.f("ix_confirmation_opening_id"), "confirmation", ["opening_id"], unique=False)
    op.create_index(op.f("ix_confirmation_pupil_id"), "confirmation", ["pupil_id"], unique=False)
