"""The July campaign: realised figures, what schools confirm, meetings and their minutes; one role more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ROLES = "'school_coordinator', 'partner_manager', 'national_coordinator', 'committee_member'"
SCOPE = (
    "(role = 'school_coordinator') = (school_id IS NOT NULL) AND (role = 'partner_manager') = (partner_id IS NOT NULL)"
)


def upgrade() -> None:
    widen_roles("membership", "membership_scope", SCOPE)
    widen_roles("invitation", "invitation_sendings_positive", "sendings >= 0")
    create_reportingcampaign()
    create_realisedfigure()
    create_reportedhosting()
    create_steeringmeeting()
    create_meetingmember()


def widen_roles(table: str, other: str, condition: str) -> None:
    """The rebuilt table of SQLite keeps no CHECK that is not named again; PostgreSQL changes its own."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        op.drop_constraint("role_known", table, type_="check")
    with op.batch_alter_table(table) as widened:
        widened.create_check_constraint("role_known", f"role IN ({ROLES})")
        if not on_postgresql:
            widened.create_check_constraint(other, condition)


def _known(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=f"{name}_known", native_enum=False, create_constraint=True, length=40)


def _instant(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def create_reportingcampaign() -> None:
    op.create_table(
        "reportingcampaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.String(length=9), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        _instant("opened_at", nullable=False),
        _instant("final_at"),
        sa.Column("final_by", sa.String(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name="reporting_campaign_window"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reportingcampaign")),
        sa.UniqueConstraint("school_year", name=op.f("uq_reportingcampaign_school_year")),
    )


def create_realisedfigure() -> None:
    op.create_table(
        "realisedfigure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("convention_key", sa.String(), nullable=False),
        sa.Column("commitment_code", sa.String(), nullable=False),
        sa.Column("promised", sa.Integer(), nullable=True),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("declared", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        _instant("confirmed_at"),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.CheckConstraint("(declared IS NULL) = (confirmed_at IS NULL)", name="realised_figure_word_is_dated"),
        sa.CheckConstraint("declared >= 0 AND counted >= 0", name="realised_figure_positive"),
        sa.ForeignKeyConstraint(["campaign_id"], ["reportingcampaign.id"], name=op.f("fk_realisedfigure_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_realisedfigure")),
        sa.UniqueConstraint("campaign_id", "convention_key", "commitment_code", name="realised_figure_once"),
    )
    op.create_index(op.f("ix_realisedfigure_campaign_id"), "realisedfigure", ["campaign_id"], unique=False)


def create_reportedhosting() -> None:
    op.create_table(
        "reportedhosting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("figure_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("off_platform", sa.Integer(), nullable=False),
        sa.Column("school_count", sa.Integer(), nullable=True),
        _instant("school_at"),
        sa.Column("school_by", sa.String(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=True),
        sa.CheckConstraint("counted >= 0 AND off_platform >= 0", name="reported_hosting_positive"),
        sa.CheckConstraint("(school_count IS NULL) = (school_at IS NULL)", name="reported_hosting_word_is_dated"),
        sa.CheckConstraint("found IS NULL OR sampled", name="reported_hosting_found_when_drawn"),
        sa.ForeignKeyConstraint(["figure_id"], ["realisedfigure.id"], name=op.f("fk_reportedhosting_figure_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_reportedhosting_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reportedhosting")),
        sa.UniqueConstraint("figure_id", "school_id", name="reported_hosting_once"),
    )
    for column in ("figure_id", "school_id"):
        op.create_index(op.f(f"ix_reportedhosting_{column}"), "reportedhosting", [column], unique=False)


def create_steeringmeeting() -> None:
    kinds = ("national_committee", "follow_up_group", "yearly_meeting", "exceptional")
    op.create_table(
        "steeringmeeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _known("bodykind", *kinds), nullable=False),
        sa.Column("convention_key", sa.String(), nullable=False),
        sa.Column("school_year", sa.String(length=9), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("decisions", sa.String(), nullable=False),
        sa.Column("status", _known("minutesstatus", "draft", "proposed", "validated"), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        _instant("proposed_at"),
        _instant("validated_at"),
        sa.CheckConstraint("(status = 'validated') = (validated_at IS NOT NULL)", name="steering_meeting_validated"),
        sa.CheckConstraint("status = 'draft' OR proposed_at IS NOT NULL", name="steering_meeting_proposed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steeringmeeting")),
        sa.UniqueConstraint("kind", "convention_key", "planned_on", name="steering_meeting_once"),
    )
    op.create_index(op.f("ix_steeringmeeting_school_year"), "steeringmeeting", ["school_year"], unique=False)


def create_meetingmember() -> None:
    op.create_table(
        "meetingmember",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("speaks_for", sa.String(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        _instant("validated_at"),
        sa.CheckConstraint("validated_at IS NULL OR present", name="meeting_member_validates_when_present"),
        sa.ForeignKeyConstraint(["meeting_id"], ["steeringmeeting.id"], name=op.f("fk_meetingmember_meeting_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_meetingmember_user_id")),
        sa.PrimaryKeyConstraint("meeting_id", "user_id", name=op.f("pk_meetingmember")),
    )
