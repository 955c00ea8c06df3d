"""A partner sets the ceilings of its convention: each choice is kept, and a line of its own may be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quotaline", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "ceilingchoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("chosen_by", sa.String(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ceiling IS NULL OR ceiling >= 0", name="ceiling_choice_positive"),
        sa.ForeignKeyConstraint(["line_id"], ["quotaline.id"], name=op.f("fk_ceilingchoice_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceilingchoice")),
    )
    op.create_index(op.f("ix_ceilingchoice_line_id"), "ceilingchoice", ["line_id"], unique=False)
