"""Rounds and what they decide; the campaign points to the round everybody reads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROUNDSTATUS_KNOWN = sa.Enum(
    "queued",
    "running",
    "computed",
    "published",
    "refused",
    "failed",
    "cancelled",
    name="roundstatus_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    create_allocationround()
    create_rounddossier()
    create_placement()
    create_unplacedpupil()
    with op.batch_alter_table("campaign") as campaign:
        campaign.create_foreign_key("fk_campaign_published_round_id", "allocationround", ["published_round_id"], ["id"])


def create_allocationround() -> None:
    op.create_table(
        "allocationround",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", ROUNDSTATUS_KNOWN, nullable=False),
        sa.Column("launched_by", sa.String(), nullable=False),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("input_sha256", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("solver_status", sa.String(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("pupils", sa.Integer(), nullable=False),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("tiers", sa.JSON(), nullable=False),
        sa.Column("baseline", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.CheckConstraint("placed >= 0 AND placed <= pupils", name="allocation_round_counts"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_allocationround_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocationround")),
        sa.UniqueConstraint("campaign_id", "number", name="allocation_round_number_once"),
    )
    op.create_index(op.f("ix_allocationround_campaign_id"), "allocationround", ["campaign_id"], unique=False)
    op.create_index(
        "one_active_round_per_campaign",
        "allocationround",
        ["campaign_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )


def create_rounddossier() -> None:
    op.create_table(
        "rounddossier",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("instance_gz", sa.LargeBinary(), nullable=False),
        sa.Column("result_gz", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["allocationround.id"], name=op.f("fk_rounddossier_round_id")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_rounddossier")),
    )


def create_placement() -> None:
    op.create_table(
        "placement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("period_id", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("trip_m", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.CheckConstraint("trip_m >= 0", name="placement_trip_positive"),
        sa.ForeignKeyConstraint(
            ["opening_id", "period_id"], ["opening.id", "opening.period_id"], name="fk_placement_opening_and_period"
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_placement_pupil_id")),
        sa.ForeignKeyConstraint(["round_id"], ["allocationround.id"], name=op.f("fk_placement_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
        sa.UniqueConstraint("round_id", "pupil_id", name="placement_once_per_round"),
    )
    op.create_index(op.f("ix_placement_opening_id"), "placement", ["opening_id"], unique=False)
    op.create_index(op.f("ix_placement_pupil_id"), "placement", ["pupil_id"], unique=False)
    op.create_index(op.f("ix_placement_round_id"), "placement", ["round_id"], unique=False)
    op.create_index(
        "one_published_placement_per_pupil_and_period",
        "placement",
        ["pupil_id", "period_id"],
        unique=True,
        sqlite_where=sa.text("published"),
        postgresql_where=sa.text("published"),
    )


def create_unplacedpupil() -> None:
    op.create_table(
        "unplacedpupil",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_unplacedpupil_pupil_id")),
        sa.ForeignKeyConstraint(["round_id"], ["allocationround.id"], name=op.f("fk_unplacedpupil_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unplacedpupil")),
        sa.UniqueConstraint("round_id", "pupil_id", name="unplaced_once_per_round"),
    )
    op.create_index(op.f("ix_unplacedpupil_pupil_id"), "unplacedpupil", ["pupil_id"], unique=False)
    op.create_index(op.f("ix_unplacedpupil_round_id"), "unplacedpupil", ["round_id"], unique=False)
