"""Rules of a campaign that a scenario may become: kilometres added, shares of seats reserved; who applied it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("added_reach_km", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("campaign", sa.Column("reserves", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("allocationround", sa.Column("applied_by", sa.String(), nullable=False, server_default=""))
    op.add_column("allocationround", sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True))
