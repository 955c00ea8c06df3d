"""Coordinators of a région académique, an académie or a département, for a school year; campaigns of a territory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ROLES = (
    "'school_coordinator', 'partner_manager', 'national_coordinator', 'region_coordinator', 'academy_coordinator',"
    " 'department_coordinator', 'committee_member'"
)
KEPT = {
    "membership": {
        "membership_scope": "(role = 'school_coordinator') = (school_id IS NOT NULL)"
        " AND (role = 'partner_manager') = (partner_id IS NOT NULL)",
        "membership_one_part": "(member_id IS NULL OR (relay_department IS NULL AND site_id IS NULL))"
        " AND (relay_department IS NULL OR site_id IS NULL)",
        "membership_part_of_a_partner": "partner_id IS NOT NULL"
        " OR (member_id IS NULL AND relay_department IS NULL AND site_id IS NULL)",
    },
    "invitation": {"invitation_sendings_positive": "sendings >= 0"},
}
"""The CHECKs that the rebuilt tables of SQLite would lose."""
OF_ITS_ROLE = (
    "(role = 'region_coordinator') = (substr(territory, 1, 7) = 'region:')"
    " AND (role = 'academy_coordinator') = (substr(territory, 1, 8) = 'academy:')"
    " AND (role = 'department_coordinator') = (substr(territory, 1, 11) = 'department:')"
    " AND (territory = '' OR role IN ('region_coordinator', 'academy_coordinator', 'department_coordinator'))"
)


def upgrade() -> None:
    _widen_roles("invitation")
    op.add_column("invitation", sa.Column("school_year", sa.String(9), nullable=False, server_default=""))
    op.add_column("membership", sa.Column("territory", sa.String(16), nullable=False, server_default=""))
    op.add_column("membership", sa.Column("school_year", sa.String(9), nullable=False, server_default=""))
    _widen_roles("membership", membership_territory=OF_ITS_ROLE)
    op.add_column("campaign", sa.Column("territory", sa.String(16), nullable=False, server_default=""))


def _widen_roles(table: str, **added: str) -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        op.drop_constraint("role_known", table, type_="check")
    with op.batch_alter_table(table) as widened:
        widened.create_check_constraint("role_known", f"role IN ({ROLES})")
        for name, condition in ({} if on_postgresql else KEPT[table]).items():
            widened.create_check_constraint(name, condition)
        for name, condition in added.items():
            widened.create_check_constraint(name, condition)
