"""The territory: régions académiques, académies, départements, communes, calendars, dated rules, sectors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_region()
    create_academy()
    create_department()
    create_commune()
    create_calendarentry()
    create_levelrule()
    create_sector()


def create_region() -> None:
    op.create_table(
        "region",
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )


def create_academy() -> None:
    op.create_table(
        "academy",
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column("zone", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_academy_region_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_academy")),
    )
    op.create_index(op.f("ix_academy_region_code"), "academy", ["region_code"], unique=False)


def create_department() -> None:
    op.create_table(
        "department",
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("academy_code", sa.String(), nullable=False),
        sa.Column("landmass", sa.String(), nullable=False),
        sa.Column("holidays_subdivision", sa.String(), nullable=False),
        sa.Column("neighbours", sa.JSON(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["academy_code"], ["academy.code"], name=op.f("fk_department_academy_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_department")),
    )
    op.create_index(op.f("ix_department_academy_code"), "department", ["academy_code"], unique=False)


def create_commune() -> None:
    op.create_table(
        "commune",
        sa.Column("insee", sa.String(length=5), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("search_name", sa.String(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.Column("postcodes", sa.JSON(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.CheckConstraint("position IN ('known', 'interpolated')", name="commune_position_known"),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_commune_department_code")),
        sa.PrimaryKeyConstraint("insee", name=op.f("pk_commune")),
    )
    op.create_index(op.f("ix_commune_department_code"), "commune", ["department_code"], unique=False)
    op.create_index(op.f("ix_commune_search_name"), "commune", ["search_name"], unique=False)


def create_calendarentry() -> None:
    op.create_table(
        "calendarentry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_type", sa.String(), nullable=False),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("validated_by", sa.String(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name="calendar_entry_order"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendarentry")),
    )


def create_levelrule() -> None:
    op.create_table(
        "levelrule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_levelrule")),
    )
    op.create_index(op.f("ix_levelrule_level"), "levelrule", ["level"], unique=False)


def create_sector() -> None:
    op.create_table(
        "sector",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sector")),
    )
