"""What a scenario changes for whom, beside its documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rounddossier", sa.Column("difference_gz", sa.LargeBinary(), nullable=True))
