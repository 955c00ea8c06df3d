"""A class may ask for several stays of the same pupils: one in each period it accepts, not in one of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "placementrequest", sa.Column("every_period", sa.Boolean(), nullable=False, server_default=sa.false())
    )
