"""A campaign may want two people to publish: one agrees, another publishes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("two_people", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("allocationround", sa.Column("approved_by", sa.String(), nullable=False, server_default=""))
    op.add_column("allocationround", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
