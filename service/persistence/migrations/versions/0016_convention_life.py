"""The life of a convention: three more dated facts, consents between parties, local relays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

EVENTS = (
    *("signature", "renewal", "addendum", "ministry_opinion", "data_protection_addendum", "termination"),
    *("notice_given", "formal_notice", "cured"),
)
RELAYS = ("clee", "cmq", "ipe", "cee", "placement_pole", "mission", "dafpic", "csaio", "company", "other")


def upgrade() -> None:
    widen_events()
    create_consent()
    create_localrelay()


def widen_events() -> None:
    """The rebuilt table of SQLite keeps no CHECK that is not named again; PostgreSQL changes its own."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("conventioneventkind_known", "conventionevent", type_="check")
    known = ", ".join(f"'{kind}'" for kind in EVENTS)
    with op.batch_alter_table("conventionevent") as event:
        event.create_check_constraint("conventioneventkind_known", f"kind IN ({known})")


def _known(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=f"{name}_known", native_enum=False, create_constraint=True, length=40)


def create_consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("convention_key", sa.String(), nullable=False),
        sa.Column("kind", _known("consentkind", "logo", "document"), nullable=False),
        sa.Column("asked_by", _known("party", "state", "partner"), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(granted IS NULL) = (answered_on IS NULL)", name="consent_answer_is_dated"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_convention_key"), "consent", ["convention_key"], unique=False)


def create_localrelay() -> None:
    op.create_table(
        "localrelay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _known("relaykind", *RELAYS), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("exchanged_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until >= exchanged_on", name="local_relay_dates"),
        sa.ForeignKeyConstraint(
            ["department_code"], ["department.code"], name=op.f("fk_localrelay_department_code_department")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_localrelay_partner_id_partner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_localrelay")),
        sa.UniqueConstraint("email", "department_code", "kind", name="local_relay_once"),
    )
    for column in ("department_code", "partner_id"):
        op.create_index(op.f(f"ix_localrelay_{column}"), "localrelay", [column], unique=False)
