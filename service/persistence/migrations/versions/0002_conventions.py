"""Partners and their conventions: deeds, events, commitments and the lines a round enforces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PARTNERKIND_KNOWN = sa.Enum(
    "company",
    "federation",
    "association",
    "employers_movement",
    "independent",
    name="partnerkind_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)
CONVENTIONEVENTKIND_KNOWN = sa.Enum(
    "signature",
    "renewal",
    "addendum",
    "ministry_opinion",
    "data_protection_addendum",
    "termination",
    name="conventioneventkind_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    create_partner()
    create_partnermember()
    create_convention()
    create_conventiondepartment()
    create_conventionevent()
    create_commitment()
    create_quotaline()
    create_quotalinedepartment()


def create_partner() -> None:
    op.create_table(
        "partner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", PARTNERKIND_KNOWN, nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=True),
        sa.Column("sector", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_partner_department_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_name")),
    )


def create_partnermember() -> None:
    op.create_table(
        "partnermember",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partnermember_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnermember")),
        sa.UniqueConstraint("partner_id", "name", name="partner_member_once"),
    )
    op.create_index(op.f("ix_partnermember_partner_id"), "partnermember", ["partner_id"], unique=False)


def create_convention() -> None:
    op.create_table(
        "convention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("scope_kind", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("term_years", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("term_years > 0", name="convention_term_positive"),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_convention_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_convention")),
        sa.UniqueConstraint("key", "version", name="convention_version_once"),
    )
    op.create_index(op.f("ix_convention_key"), "convention", ["key"], unique=False)
    op.create_index(op.f("ix_convention_partner_id"), "convention", ["partner_id"], unique=False)


def create_conventiondepartment() -> None:
    op.create_table(
        "conventiondepartment",
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["convention_id"], ["convention.id"], name=op.f("fk_conventiondepartment_convention_id")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"], ["department.code"], name=op.f("fk_conventiondepartment_department_code")
        ),
        sa.PrimaryKeyConstraint("convention_id", "department_code", name=op.f("pk_conventiondepartment")),
    )


def create_conventionevent() -> None:
    op.create_table(
        "conventionevent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("kind", CONVENTIONEVENTKIND_KNOWN, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name=op.f("fk_conventionevent_convention_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conventionevent")),
    )
    op.create_index(op.f("ix_conventionevent_convention_id"), "conventionevent", ["convention_id"], unique=False)


def create_commitment() -> None:
    op.create_table(
        "commitment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("counting_unit", sa.String(), nullable=False),
        sa.Column("through", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.CheckConstraint("minimum IS NULL OR minimum >= 0", name="commitment_minimum_positive"),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name=op.f("fk_commitment_convention_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("convention_id", "code", name="commitment_once"),
    )
    op.create_index(op.f("ix_commitment_convention_id"), "commitment", ["convention_id"], unique=False)


def create_quotaline() -> None:
    op.create_table(
        "quotaline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=True),
        sa.Column("ceiling_source", sa.String(), nullable=False),
        sa.Column("commitment", sa.Integer(), nullable=True),
        sa.CheckConstraint("ceiling IS NULL OR ceiling >= 0", name="quota_line_ceiling_positive"),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_quotaline_commitment_id")),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name=op.f("fk_quotaline_convention_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["quotaline.id"], name=op.f("fk_quotaline_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotaline")),
    )
    op.create_index(op.f("ix_quotaline_convention_id"), "quotaline", ["convention_id"], unique=False)


def create_quotalinedepartment() -> None:
    op.create_table(
        "quotalinedepartment",
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_code"], ["department.code"], name=op.f("fk_quotalinedepartment_department_code")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["quotaline.id"], name=op.f("fk_quotalinedepartment_line_id")),
        sa.PrimaryKeyConstraint("line_id", "department_code", name=op.f("pk_quotalinedepartment")),
    )
