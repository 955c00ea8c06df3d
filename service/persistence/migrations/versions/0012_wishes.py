"""Codes with which pupils rank their wishes themselves, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("placementrequest", sa.Column("wishes_until", sa.Date(), nullable=True))
    op.create_table(
        "wishcode",
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_wishcode_pupil_id")),
        sa.PrimaryKeyConstraint("pupil_id", name=op.f("pk_wishcode")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_wishcode_code_hash")),
    )
