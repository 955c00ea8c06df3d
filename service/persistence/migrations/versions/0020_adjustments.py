"""What coordinators decide beside the rules: pupils sent somewhere or kept away, offers left out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KIND_KNOWN = sa.Enum(
    *("pin", "ban", "exclude"), name="adjustmentkind_known", native_enum=False, create_constraint=True, length=40
)
TARGET = "(kind = 'exclude') = (pupil_id IS NULL) AND (kind = 'pin') = (period_id IS NOT NULL)"


def upgrade() -> None:
    op.create_table(
        "adjustment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("kind", KIND_KNOWN, nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("period_id", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(TARGET, name="adjustment_target"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_adjustment_campaign_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_adjustment_offer_id")),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_adjustment_period_id")),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_adjustment_pupil_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
    )
    for column in ("campaign_id", "offer_id", "pupil_id"):
        op.create_index(op.f(f"ix_adjustment_{column}"), "adjustment", [column], unique=False)
