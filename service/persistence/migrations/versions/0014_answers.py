"""Who answers for a site by mail, and when an offer was last confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("contact_email", sa.String(), nullable=False, server_default=""))
    op.add_column("offer", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
