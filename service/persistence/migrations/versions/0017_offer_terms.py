"""Groups, reserved seats and hours of an offer; its promise belongs to its own convention; working-time rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PRIORITY_KNOWN = sa.Enum(
    *("none", "rural", "qpv", "rep", "rep_plus"),
    name="priority_known",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    with op.batch_alter_table("commitment") as commitment:
        commitment.create_unique_constraint("commitment_with_its_convention", ["id", "convention_id"])
    with op.batch_alter_table("offer") as offer:
        offer.add_column(sa.Column("min_group", sa.Integer(), nullable=True))
        offer.create_check_constraint("offer_min_group_is_several", "min_group IS NULL OR min_group > 1")
        offer.create_check_constraint("offer_group_bounds", "max_per_school >= min_group")
        offer.create_check_constraint(
            "offer_commitment_of_a_convention", "commitment_id IS NULL OR convention_id IS NOT NULL"
        )
        offer.create_foreign_key(
            "offer_commitment_of_its_convention",
            "commitment",
            ["commitment_id", "convention_id"],
            ["id", "convention_id"],
        )
    create_reserve()
    create_day()
    create_working_time()


def create_reserve() -> None:
    op.create_table(
        "offerreserve",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("category", PRIORITY_KNOWN, nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.CheckConstraint("seats > 0 AND seats <= 2000", name="offer_reserve_bounds"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offerreserve_offer_id_offer")),
        sa.PrimaryKeyConstraint("offer_id", "category", name=op.f("pk_offerreserve")),
    )


def create_day() -> None:
    op.create_table(
        "offerday",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("pause_from", sa.Integer(), nullable=True),
        sa.Column("pause_to", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.CheckConstraint("weekday >= 1 AND weekday <= 6", name="offer_day_of_the_week"),
        sa.CheckConstraint("starts >= 0 AND starts < ends AND ends <= 1440", name="offer_day_order"),
        sa.CheckConstraint("(pause_from IS NULL) = (pause_to IS NULL)", name="offer_day_whole_pause"),
        sa.CheckConstraint(
            "starts < pause_from AND pause_from < pause_to AND pause_to < ends", name="offer_day_pause_inside"
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offerday_offer_id_offer")),
        sa.PrimaryKeyConstraint("offer_id", "weekday", name=op.f("pk_offerday")),
    )


def create_working_time() -> None:
    op.create_table(
        "workingtimerule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workingtimerule")),
    )
    op.create_index(op.f("ix_workingtimerule_band"), "workingtimerule", ["band"], unique=False)
