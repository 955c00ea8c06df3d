"""Two more things that a link may open: what came of a site's stays, and the year's figures."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

PURPOSES = (
    "access",
    "invitation",
    "offer",
    "confirmation",
    "signature",
    "explanation",
    "presence",
    "figures",
)


def upgrade() -> None:
    """The rebuilt table of SQLite keeps no CHECK that is not named again; PostgreSQL changes its own."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("linkpurpose_known", "personallink", type_="check")
    known = ", ".join(f"'{purpose}'" for purpose in PURPOSES)
    with op.batch_alter_table("personallink") as link:
        link.create_check_constraint("linkpurpose_known", f"purpose IN ({known})")
