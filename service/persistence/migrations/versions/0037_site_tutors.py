"""Who usually accompanies the pupils of a site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("tutor_name", "tutor_function", "tutor_email"):
        op.add_column("site", sa.Column(name, sa.String(), nullable=False, server_default=""))
