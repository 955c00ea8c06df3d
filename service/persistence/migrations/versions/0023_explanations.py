"""Why each placed pupil is not in a sector ranked higher; a link that opens the explanation of a decision once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

PURPOSES = ("access", "invitation", "offer", "confirmation", "signature", "explanation")


def upgrade() -> None:
    widen_purposes()
    op.create_table(
        "higherwish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("at_least", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rank >= 1 AND openings >= 0", name="higher_wish_counts"),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_higherwish_pupil_id")),
        sa.ForeignKeyConstraint(["round_id"], ["allocationround.id"], name=op.f("fk_higherwish_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_higherwish")),
        sa.UniqueConstraint("round_id", "pupil_id", "rank", name="higher_wish_once_per_round"),
    )
    op.create_index(op.f("ix_higherwish_pupil_id"), "higherwish", ["pupil_id"], unique=False)
    op.create_index(op.f("ix_higherwish_round_id"), "higherwish", ["round_id"], unique=False)


def widen_purposes() -> None:
    """The rebuilt table of SQLite keeps no CHECK that is not named again; PostgreSQL changes its own."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("linkpurpose_known", "personallink", type_="check")
    known = ", ".join(f"'{purpose}'" for purpose in PURPOSES)
    with op.batch_alter_table("personallink") as link:
        link.create_check_constraint("linkpurpose_known", f"purpose IN ({known})")
