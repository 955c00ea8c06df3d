"""What schools ask: classes, pupils, wishes and requests within a campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHOOLTYPE_KNOWN = sa.Enum(
    "college", "lycee", name="schooltype_known", native_enum=False, create_constraint=True, length=40
)
PRIORITY_KNOWN = sa.Enum(
    "none",
    "rural",
    "qpv",
    "rep",
    "rep_plus",
    name="priority_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)
LEVEL_KNOWN = sa.Enum(
    "3e", "3e_prepa_metiers", "2de_gt", name="level_known", native_enum=False, create_constraint=True, length=40
)
CAMPAIGNSTATUS_KNOWN = sa.Enum(
    "draft", "open", "closed", name="campaignstatus_known", native_enum=False, create_constraint=True, length=40
)
REQUESTSTATUS_KNOWN = sa.Enum(
    "draft",
    "submitted",
    "frozen",
    "withdrawn",
    name="requeststatus_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    create_school()
    create_classgroup()
    create_pupil()
    create_campaign()
    create_placementrequest()
    create_requestperiod()
    create_preference()


def create_school() -> None:
    op.create_table(
        "school",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", SCHOOLTYPE_KNOWN, nullable=False),
        sa.Column("priority", PRIORITY_KNOWN, nullable=False),
        sa.Column("insee", sa.String(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("head_of_school", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_school_department_code")),
        sa.ForeignKeyConstraint(["insee"], ["commune.insee"], name=op.f("fk_school_insee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school")),
        sa.UniqueConstraint("uai", name=op.f("uq_school_uai")),
    )
    op.create_index(op.f("ix_school_department_code"), "school", ["department_code"], unique=False)


def create_classgroup() -> None:
    op.create_table(
        "classgroup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", LEVEL_KNOWN, nullable=False),
        sa.Column("school_year", sa.String(length=9), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_classgroup_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classgroup")),
        sa.UniqueConstraint("school_id", "name", "school_year", name="class_group_once"),
    )
    op.create_index(op.f("ix_classgroup_school_id"), "classgroup", ["school_id"], unique=False)


def create_pupil() -> None:
    op.create_table(
        "pupil",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(length=16), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["classgroup.id"], name=op.f("fk_pupil_class_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pupil")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_pupil_pseudonym")),
    )
    op.create_index(op.f("ix_pupil_class_id"), "pupil", ["class_id"], unique=False)


def create_campaign() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("school_year", sa.String(length=9), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("status", CAMPAIGNSTATUS_KNOWN, nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("default_reach_km", sa.Integer(), nullable=False),
        sa.Column("territory_rule", sa.String(), nullable=False),
        sa.Column("tiers", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_round_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("name", name=op.f("uq_campaign_name")),
    )


def create_placementrequest() -> None:
    op.create_table(
        "placementrequest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("status", REQUESTSTATUS_KNOWN, nullable=False),
        sa.Column("reach_km", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("reach_km BETWEEN 1 AND 300", name="placement_request_reach_bounds"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_placementrequest_campaign_id")),
        sa.ForeignKeyConstraint(["class_id"], ["classgroup.id"], name=op.f("fk_placementrequest_class_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placementrequest")),
        sa.UniqueConstraint("campaign_id", "class_id", name="placement_request_once"),
    )
    op.create_index(op.f("ix_placementrequest_campaign_id"), "placementrequest", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_placementrequest_class_id"), "placementrequest", ["class_id"], unique=False)


def create_requestperiod() -> None:
    op.create_table(
        "requestperiod",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("period_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_requestperiod_period_id")),
        sa.ForeignKeyConstraint(["request_id"], ["placementrequest.id"], name=op.f("fk_requestperiod_request_id")),
        sa.PrimaryKeyConstraint("request_id", "period_id", name=op.f("pk_requestperiod")),
    )


def create_preference() -> None:
    op.create_table(
        "preference",
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 10", name="preference_rank_bounds"),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_preference_pupil_id")),
        sa.ForeignKeyConstraint(["sector"], ["sector.key"], name=op.f("fk_preference_sector")),
        sa.PrimaryKeyConstraint("pupil_id", "rank", name=op.f("pk_preference")),
        sa.UniqueConstraint("pupil_id", "sector", name="preference_sector_once"),
    )
