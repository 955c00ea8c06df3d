"""What a round teaches besides its placements: what one more seat is worth, why seats stay empty, what to change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_newseatvalue()
    create_openingfinding()
    op.add_column("unplacedpupil", sa.Column("fix_kind", sa.String(), nullable=False, server_default=""))
    op.add_column("unplacedpupil", sa.Column("fix_subject", sa.String(), nullable=False, server_default=""))
    op.add_column("unplacedpupil", sa.Column("fixes", sa.JSON(), nullable=False, server_default="[]"))


def create_newseatvalue() -> None:
    op.create_table(
        "newseatvalue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("department_code", sa.String(length=3), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("period_id", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("unplaced", sa.Integer(), nullable=False),
        sa.Column("movers", sa.Integer(), nullable=False),
        sa.CheckConstraint("unplaced >= 0 AND movers >= 0 AND unplaced + movers > 0", name="new_seat_value_counts"),
        sa.ForeignKeyConstraint(["round_id"], ["allocationround.id"], name=op.f("fk_newseatvalue_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newseatvalue")),
        sa.UniqueConstraint(
            "round_id", "department_code", "level", "period_id", "sector", name="new_seat_value_once_per_round"
        ),
    )
    op.create_index(op.f("ix_newseatvalue_round_id"), "newseatvalue", ["round_id"], unique=False)


def create_openingfinding() -> None:
    op.create_table(
        "openingfinding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("period_id", sa.String(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("one_more", sa.Boolean(), nullable=False),
        sa.Column("pupils", sa.Integer(), nullable=False),
        sa.Column("unplaced", sa.Integer(), nullable=False),
        sa.Column("prefer", sa.Integer(), nullable=False),
        sa.Column("kept_out", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.CheckConstraint("(seats > 0) = (reason <> '')", name="opening_finding_reason"),
        sa.ForeignKeyConstraint(["round_id"], ["allocationround.id"], name=op.f("fk_openingfinding_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openingfinding")),
        sa.UniqueConstraint("round_id", "offer_id", "period_id", name="opening_finding_once_per_round"),
    )
    op.create_index(op.f("ix_openingfinding_round_id"), "openingfinding", ["round_id"], unique=False)
