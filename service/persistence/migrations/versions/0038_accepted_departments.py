"""The départements where a class accepts to send its pupils, when it says which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("placementrequest", sa.Column("departments", sa.JSON(), nullable=False, server_default="[]"))
