"""Pupils who stay together, consent to two hosts, and two placements of one pupil in one round."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pupil", sa.Column("together", sa.String(), nullable=False, server_default=""))
    op.add_column("placementrequest", sa.Column("two_hosts", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("placement") as placement:
        placement.drop_constraint("placement_once_per_round", type_="unique")
        placement.create_unique_constraint("placement_once_per_round_and_period", ["round_id", "pupil_id", "period_id"])
