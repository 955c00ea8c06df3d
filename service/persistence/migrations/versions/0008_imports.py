"""Files that people bring, kept until they are confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "importfile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("deposited_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.CheckConstraint("(school_id IS NULL) <> (partner_id IS NULL)", name="import_file_scope"),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_importfile_partner_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_importfile_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_importfile")),
    )
    op.create_index(op.f("ix_importfile_partner_id"), "importfile", ["partner_id"], unique=False)
    op.create_index(op.f("ix_importfile_school_id"), "importfile", ["school_id"], unique=False)
