"""Links that act once, invitations, and counters of attempts, which take the place of an account's own two columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PURPOSE_KNOWN = sa.Enum(
    "access",
    "invitation",
    "offer",
    name="linkpurpose_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)
ROLE_KNOWN = sa.Enum(
    "school_coordinator",
    "partner_manager",
    "national_coordinator",
    name="role_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    create_personallink()
    create_invitation()
    create_attemptcounter()
    op.add_column("school", sa.Column("official_email", sa.String(), nullable=False, server_default=""))
    op.drop_column("user", "failed_attempts")
    op.drop_column("user", "locked_until")


def create_personallink() -> None:
    op.create_table(
        "personallink",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("purpose", PURPOSE_KNOWN, nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personallink")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_personallink_token_sha256")),
    )
    op.create_index(op.f("ix_personallink_subject"), "personallink", ["subject"], unique=False)


def create_invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("role", ROLE_KNOWN, nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("invited_by", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sendings", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sendings >= 0", name="invitation_sendings_positive"),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_invitation_partner_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_invitation_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("email", "scope", name="invitation_once"),
    )
    op.create_index(op.f("ix_invitation_partner_id"), "invitation", ["partner_id"], unique=False)
    op.create_index(op.f("ix_invitation_school_id"), "invitation", ["school_id"], unique=False)


def create_attemptcounter() -> None:
    op.create_table(
        "attemptcounter",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("count >= 0", name="attempt_counter_positive"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attemptcounter")),
    )
    op.create_index(op.f("ix_attemptcounter_window_ends_at"), "attemptcounter", ["window_ends_at"], unique=False)
