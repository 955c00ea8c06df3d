"""Discovery activities that partners hold, and the schools that ask to come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KIND_KNOWN = sa.Enum(
    *("company_visit", "class_talk", "forum", "workshop"),
    name="activitykind_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)
STATUS_KNOWN = sa.Enum(
    "announced", "held", "cancelled", name="activitystatus_known", native_enum=False, create_constraint=True, length=40
)
REQUEST_KNOWN = sa.Enum(
    *("asked", "accepted", "declined", "withdrawn"),
    name="activityrequeststatus_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    create_activity()
    create_request()


def create_activity() -> None:
    op.create_table(
        "discoveryactivity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=True),
        sa.Column("school_year", sa.String(length=9), nullable=False),
        sa.Column("kind", KIND_KNOWN, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("happens_on", sa.Date(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("room", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("pupils_met", sa.Integer(), nullable=True),
        sa.Column("status", STATUS_KNOWN, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("room >= 1 AND room <= 5000", name="activity_room_bounds"),
        sa.CheckConstraint("staff >= 0 AND staff <= 5000", name="activity_staff_bounds"),
        sa.CheckConstraint(
            "pupils_met IS NULL OR (pupils_met >= 0 AND pupils_met <= 5000)", name="activity_pupils_bounds"
        ),
        sa.CheckConstraint("(status = 'held') = (pupils_met IS NOT NULL)", name="activity_held_is_counted"),
        sa.ForeignKeyConstraint(
            ["convention_id"], ["convention.id"], name=op.f("fk_discoveryactivity_convention_id_convention")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"], ["department.code"], name=op.f("fk_discoveryactivity_department_code_department")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_discoveryactivity_partner_id_partner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discoveryactivity")),
    )
    for column in ("convention_id", "department_code", "partner_id"):
        op.create_index(op.f(f"ix_discoveryactivity_{column}"), "discoveryactivity", [column], unique=False)


def create_request() -> None:
    op.create_table(
        "activityrequest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("pupils", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("status", REQUEST_KNOWN, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("pupils >= 1 AND pupils <= 1000", name="activity_request_pupils_bounds"),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["discoveryactivity.id"],
            name=op.f("fk_activityrequest_activity_id_discoveryactivity"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_activityrequest_school_id_school")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activityrequest")),
        sa.UniqueConstraint("activity_id", "school_id", name="activity_request_once"),
    )
    for column in ("activity_id", "school_id"):
        op.create_index(op.f(f"ix_activityrequest_{column}"), "activityrequest", [column], unique=False)
