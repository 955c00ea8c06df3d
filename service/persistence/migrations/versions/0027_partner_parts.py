"""Rights on a part of a partner: a member company, a département's relay, a site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ONE_PART = (
    "(member_id IS NULL OR (relay_department IS NULL AND site_id IS NULL))"
    " AND (relay_department IS NULL OR site_id IS NULL)"
)
OF_A_PARTNER = "partner_id IS NOT NULL OR (member_id IS NULL AND relay_department IS NULL AND site_id IS NULL)"


def upgrade() -> None:
    with op.batch_alter_table("partnermember") as member:
        member.create_unique_constraint("partner_member_with_its_partner", ["id", "partner_id"])
    with op.batch_alter_table("site") as site:
        site.create_unique_constraint("site_with_its_partner", ["id", "partner_id"])
        site.create_foreign_key("site_own_member", "partnermember", ["member_id", "partner_id"], ["id", "partner_id"])
    with op.batch_alter_table("membership") as right:
        right.add_column(sa.Column("member_id", sa.Integer(), nullable=True))
        right.add_column(sa.Column("relay_department", sa.String(), nullable=True))
        right.add_column(sa.Column("site_id", sa.Integer(), nullable=True))
        right.create_foreign_key(
            "membership_own_member", "partnermember", ["member_id", "partner_id"], ["id", "partner_id"]
        )
        right.create_foreign_key("membership_own_site", "site", ["site_id", "partner_id"], ["id", "partner_id"])
        right.create_foreign_key("fk_membership_relay_department", "department", ["relay_department"], ["code"])
        right.create_check_constraint("membership_one_part", ONE_PART)
        right.create_check_constraint("membership_part_of_a_partner", OF_A_PARTNER)
    for column in ("member_id", "relay_department", "site_id"):
        op.create_index(op.f(f"ix_membership_{column}"), "membership", [column], unique=False)
