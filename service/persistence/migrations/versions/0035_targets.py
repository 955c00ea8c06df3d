"""Targets by territory: shares of a convention's line, and each move between territories with its reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quotaline", sa.Column("territory", sa.String(16), nullable=False, server_default=""))
    op.create_table(
        "targetshift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("destination", sa.String(16), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seats > 0 AND source <> destination", name="target_shift_moves"),
        sa.ForeignKeyConstraint(["line_id"], ["quotaline.id"], name=op.f("fk_targetshift_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targetshift")),
    )
    op.create_index(op.f("ix_targetshift_line_id"), "targetshift", ["line_id"], unique=False)
