"""A round keeps the certificate that proves it optimal, and the instant when it did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("allocationround", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rounddossier", sa.Column("certificate_gz", sa.LargeBinary(), nullable=True))
