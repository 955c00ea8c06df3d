"""What a host asks of everybody who comes to a site: shoes, badge, where to go first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("safety_notes", sa.String(), nullable=False, server_default=""))
