"""Kinds of rounds, the round each one starts from, and what a host still receives once it has withdrawn places."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Written out: the constraints of a column are added with it, which both engines accept and SQLite does not later.
COLUMNS = (
    "allocationround ADD COLUMN kind VARCHAR(40) DEFAULT 'round' NOT NULL "
    "CONSTRAINT roundkind_known CHECK (kind IN ('round', 'repair', 'scenario'))",
    "allocationround ADD COLUMN base_round_id INTEGER "
    "CONSTRAINT fk_allocationround_base_round_id REFERENCES allocationround (id)",
    "allocationround ADD COLUMN name VARCHAR DEFAULT '' NOT NULL",
    "allocationround ADD COLUMN changes JSON DEFAULT '[]' NOT NULL",
    "opening ADD COLUMN keeps INTEGER CONSTRAINT opening_keeps_positive CHECK (keeps IS NULL OR keeps >= 0)",
)


def upgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE {column}")
