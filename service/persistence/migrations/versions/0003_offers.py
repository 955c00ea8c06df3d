"""What partners offer: sites, offers and the seats of each period."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PERIODKIND_KNOWN = sa.Enum(
    "week", "fortnight", "block", name="periodkind_known", native_enum=False, create_constraint=True, length=40
)
LEVEL_KNOWN = sa.Enum(
    "3e", "3e_prepa_metiers", "2de_gt", name="level_known", native_enum=False, create_constraint=True, length=40
)
OFFERSTATUS_KNOWN = sa.Enum(
    "draft", "published", "withdrawn", name="offerstatus_known", native_enum=False, create_constraint=True, length=40
)


def upgrade() -> None:
    create_period()
    create_site()
    create_offer()
    create_opening()


def create_period() -> None:
    op.create_table(
        "period",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("kind", PERIODKIND_KNOWN, nullable=False),
        sa.Column("school_year", sa.String(length=9), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("weeks", sa.JSON(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name="period_order"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period")),
    )
    op.create_index(op.f("ix_period_school_year"), "period", ["school_year"], unique=False)


def create_site() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("insee", sa.String(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("serves", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_site_department_code")),
        sa.ForeignKeyConstraint(["insee"], ["commune.insee"], name=op.f("fk_site_insee")),
        sa.ForeignKeyConstraint(["member_id"], ["partnermember.id"], name=op.f("fk_site_member_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_site_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("partner_id", "name", "insee", name="site_once"),
    )
    op.create_index(op.f("ix_site_department_code"), "site", ["department_code"], unique=False)
    op.create_index(op.f("ix_site_member_id"), "site", ["member_id"], unique=False)
    op.create_index(op.f("ix_site_partner_id"), "site", ["partner_id"], unique=False)


def create_offer() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=True),
        sa.Column("commitment_id", sa.Integer(), nullable=True),
        sa.Column("school_year", sa.String(length=9), nullable=False),
        sa.Column("level", LEVEL_KNOWN, nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("status", OFFERSTATUS_KNOWN, nullable=False),
        sa.Column("max_per_school", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("max_per_school IS NULL OR max_per_school > 0", name="offer_max_per_school_positive"),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_offer_commitment_id")),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name=op.f("fk_offer_convention_id")),
        sa.ForeignKeyConstraint(["sector"], ["sector.key"], name=op.f("fk_offer_sector")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_offer_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index(op.f("ix_offer_commitment_id"), "offer", ["commitment_id"], unique=False)
    op.create_index(op.f("ix_offer_convention_id"), "offer", ["convention_id"], unique=False)
    op.create_index(op.f("ix_offer_site_id"), "offer", ["site_id"], unique=False)


def create_opening() -> None:
    op.create_table(
        "opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("period_id", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("capacity >= 0 AND capacity <= 2000", name="opening_capacity_bounds"),
        sa.CheckConstraint("used >= 0 AND used <= capacity", name="opening_never_oversold"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_opening_offer_id")),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_opening_period_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("id", "period_id", name="opening_with_its_period"),
        sa.UniqueConstraint("offer_id", "period_id", name="opening_once"),
    )
    op.create_index(op.f("ix_opening_offer_id"), "opening", ["offer_id"], unique=False)
    op.create_index(op.f("ix_opening_period_id"), "opening", ["period_id"], unique=False)
