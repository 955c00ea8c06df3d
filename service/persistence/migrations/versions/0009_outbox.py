"""Mail waiting to be sent, one line per cause and recipient."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATUS_KNOWN = sa.Enum(
    "queued", "sent", "failed", name="mailstatus_known", native_enum=False, create_constraint=True, length=40
)


def upgrade() -> None:
    op.create_table(
        "outboxline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=120), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("status", STATUS_KNOWN, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.CheckConstraint("attempts >= 0 AND token >= 0", name="outbox_line_counts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outboxline")),
        sa.UniqueConstraint("cause", "recipient", name="outbox_line_once"),
    )
    op.create_index(op.f("ix_outboxline_created_at"), "outboxline", ["created_at"], unique=False)
    op.create_index("outbox_lines_by_turn", "outboxline", ["status", "next_try_at"], unique=False)
