"""A school's address, and the day its board authorised the head to sign agreements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("school", sa.Column("street", sa.String(), nullable=False, server_default=""))
    op.add_column("school", sa.Column("board_authorised_on", sa.Date(), nullable=True))
