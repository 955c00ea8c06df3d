"""The pupil's agreement: wordings, agreements and the pupils they cover, documents, signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_agreementtemplate()
    create_agreement()
    create_agreementdocument()
    create_agreementstay()
    create_signature()


def create_agreementtemplate() -> None:
    op.create_table(
        "agreementtemplate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("validated", sa.Boolean(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreementtemplate")),
        sa.UniqueConstraint("key", "version", name="agreement_template_version_once"),
    )


def create_agreement() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("amends_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "host_completed",
                "school_validated",
                "signing",
                "signed",
                "amended",
                "cancelled",
                "closed",
                name="agreementstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("collective", sa.Boolean(), nullable=False),
        sa.Column("referent_teacher", sa.String(), nullable=False),
        sa.Column("head_of_school", sa.String(), nullable=False),
        sa.Column("board_authorised_on", sa.Date(), nullable=True),
        sa.Column("signatory_name", sa.String(), nullable=False),
        sa.Column("signatory_function", sa.String(), nullable=False),
        sa.Column("tutor_name", sa.String(), nullable=False),
        sa.Column("tutor_function", sa.String(), nullable=False),
        sa.Column("tutor_email", sa.String(), nullable=False),
        sa.Column("activities", sa.String(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("meals", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["amends_id"], ["agreement.id"], name=op.f("fk_agreement_amends_id")),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_agreement_opening_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_agreement_school_id")),
        sa.ForeignKeyConstraint(["template_id"], ["agreementtemplate.id"], name=op.f("fk_agreement_template_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index("agreements_by_state", "agreement", ["state", "id"], unique=False)
    op.create_index(op.f("ix_agreement_opening_id"), "agreement", ["opening_id"], unique=False)
    op.create_index(op.f("ix_agreement_school_id"), "agreement", ["school_id"], unique=False)


def create_agreementdocument() -> None:
    op.create_table(
        "agreementdocument",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_agreementdocument_agreement_id")),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_agreementdocument")),
    )


def create_agreementstay() -> None:
    op.create_table(
        "agreementstay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("confirmation_id", sa.Integer(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("representative_name", sa.String(), nullable=False),
        sa.Column("representative_email", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_agreementstay_agreement_id")),
        sa.ForeignKeyConstraint(
            ["confirmation_id"], ["confirmation.id"], name=op.f("fk_agreementstay_confirmation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreementstay")),
        sa.UniqueConstraint("agreement_id", "confirmation_id", name="agreement_stay_once"),
    )
    op.create_index(op.f("ix_agreementstay_agreement_id"), "agreementstay", ["agreement_id"], unique=False)
    op.create_index(
        "one_live_agreement_per_stay",
        "agreementstay",
        ["confirmation_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )


def create_signature() -> None:
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "head",
                "host",
                "pupil",
                "representative",
                name="signatory_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("stay_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "method",
            sa.Enum(
                "electronic",
                "paper",
                name="signaturemethod_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (method IS NULL) AND (signed_at IS NULL OR length(sha256) = 64)",
            name="signature_with_its_evidence",
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_signature_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("agreement_id", "party", "stay_id", name="signature_once_per_party"),
    )
    op.create_index(op.f("ix_signature_agreement_id"), "signature", ["agreement_id"], unique=False)
