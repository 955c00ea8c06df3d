"""What each side says came of a stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_presence()


def create_presence() -> None:
    op.create_table(
        "presence",
        sa.Column("confirmation_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum("school", "host", name="side_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "held", "partly", "no_show", name="outcome_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "cause",
            sa.Enum(
                "illness",
                "unexplained",
                "host_cancelled",
                "strike_or_transport",
                "stopped_early",
                "other",
                name="absencecause_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.CheckConstraint("(outcome = 'held') = (cause IS NULL)", name="presence_cause"),
        sa.ForeignKeyConstraint(["confirmation_id"], ["confirmation.id"], name=op.f("fk_presence_confirmation_id")),
        sa.PrimaryKeyConstraint("confirmation_id", "side", name=op.f("pk_presence")),
    )
