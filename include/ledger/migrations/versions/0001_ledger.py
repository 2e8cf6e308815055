"""The ledger: deliveries, batches, verdicts, releases, figures, outbox."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from include.ledger.types import UtcDateTime

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.String(length=255), nullable=False),
        sa.Column("feed_id", sa.String(length=255), nullable=False),
        sa.Column("source_id", sa.String(length=255), nullable=False),
        sa.Column("dataset", sa.String(length=255), nullable=False),
        sa.Column("contract_version", sa.String(length=255), nullable=False),
        sa.Column("definition_sha256", sa.String(length=64), nullable=False),
        sa.Column("code_version", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("judged_at", UtcDateTime(), nullable=False),
        sa.Column("committed_at", UtcDateTime(), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'committed') = (committed_at IS NOT NULL)", name=op.f("ck_batch_committed_at")
        ),
        sa.CheckConstraint(
            "(state = 'stopped') = (stop_reason IS NOT NULL)", name=op.f("ck_batch_stop_reason")
        ),
        sa.CheckConstraint(
            "state IN ('judged', 'stopped', 'committing', 'committed', 'abandoned')",
            name=op.f("ck_batch_state"),
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_feed_id"), "batch", ["feed_id"], unique=False)
    op.create_index(op.f("ix_batch_state"), "batch", ["state"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.String(length=255), nullable=False),
        sa.Column("feed_id", sa.String(length=255), nullable=False),
        sa.Column("source_id", sa.String(length=255), nullable=False),
        sa.Column("dataset", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("period", sa.String(length=255), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("landed_at", UtcDateTime(), nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_delivery_size")),
        sa.CheckConstraint("times_seen >= 1", name=op.f("ck_delivery_times_seen")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("feed_id", "period", "sha256", name="uq_delivery_content"),
    )
    op.create_index(op.f("ix_delivery_dataset"), "delivery", ["dataset"], unique=False)
    op.create_index(op.f("ix_delivery_feed_id"), "delivery", ["feed_id"], unique=False)
    op.create_table(
        "release",
        sa.Column("release_id", sa.String(length=255), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("as_at", UtcDateTime(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=False),
        sa.Column("rules_version", sa.String(length=255), nullable=False),
        sa.Column("code_version", sa.String(length=255), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=True),
        sa.Column("approved_by", sa.String(length=255), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)", name=op.f("ck_release_published_at")
        ),
        sa.CheckConstraint("stage IN ('provisional', 'final')", name=op.f("ck_release_stage")),
        sa.CheckConstraint(
            "state IN ('frozen', 'drafted', 'approved', 'published', 'rejected')",
            name=op.f("ck_release_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'published') OR approved_by IS NOT NULL",
            name=op.f("ck_release_approved_by"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_release_number")),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release")),
        sa.UniqueConstraint("year", "number", name="uq_release_year_number"),
    )
    op.create_table(
        "batch_delivery",
        sa.Column("batch_id", sa.String(length=255), nullable=False),
        sa.Column("delivery_id", sa.String(length=255), nullable=False),
        sa.Column("rows_landed", sa.BigInteger(), nullable=False),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=False),
        sa.Column("rows_quarantined", sa.BigInteger(), nullable=False),
        sa.Column("rows_duplicate", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "rows_accepted >= 0 AND rows_quarantined >= 0 AND rows_duplicate >= 0",
            name=op.f("ck_batch_delivery_rows"),
        ),
        sa.CheckConstraint(
            "rows_landed = rows_accepted + rows_quarantined + rows_duplicate",
            name=op.f("ck_batch_delivery_balance"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name=op.f("fk_batch_delivery_batch_id")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.delivery_id"], name=op.f("fk_batch_delivery_delivery_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "delivery_id", name=op.f("pk_batch_delivery")),
    )
    op.create_index(op.f("ix_batch_delivery_delivery_id"), "batch_delivery", ["delivery_id"], unique=False)
    op.create_table(
        "figure",
        sa.Column("release_id", sa.String(length=255), nullable=False),
        sa.Column("figure_id", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("card", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.release_id"], name=op.f("fk_figure_release_id")),
        sa.PrimaryKeyConstraint("release_id", "figure_id", name=op.f("pk_figure")),
    )
    op.create_table(
        "gate_result",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.String(length=255), nullable=False),
        sa.Column("expectation", sa.Text(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("rows_examined", sa.BigInteger(), nullable=False),
        sa.Column("rows_unexpected", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name=op.f("fk_gate_result_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_result")),
    )
    op.create_index(op.f("ix_gate_result_batch_id"), "gate_result", ["batch_id"], unique=False)
    op.create_table(
        "open_delivery",
        sa.Column("delivery_id", sa.String(length=255), nullable=False),
        sa.Column("batch_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name=op.f("fk_open_delivery_batch_id")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.delivery_id"], name=op.f("fk_open_delivery_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_open_delivery")),
    )
    op.create_index(op.f("ix_open_delivery_batch_id"), "open_delivery", ["batch_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("release_id", sa.String(length=255), nullable=False),
        sa.Column("recipient", sa.String(length=255), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_outbox_sent_at")),
        sa.CheckConstraint("state IN ('pending', 'sending', 'sent')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["release_id"], ["release.release_id"], name=op.f("fk_outbox_release_id")),
        sa.PrimaryKeyConstraint("release_id", "recipient", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(op.f("ix_outbox_state"), "outbox", ["state"], unique=False)
    op.create_table(
        "release_batch",
        sa.Column("release_id", sa.String(length=255), nullable=False),
        sa.Column("batch_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name=op.f("fk_release_batch_batch_id")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.release_id"], name=op.f("fk_release_batch_release_id")
        ),
        sa.PrimaryKeyConstraint("release_id", "batch_id", name=op.f("pk_release_batch")),
    )
    op.create_table(
        "rule_result",
        sa.Column("batch_id", sa.String(length=255), nullable=False),
        sa.Column("rule_id", sa.String(length=255), nullable=False),
        sa.Column("rows_examined", sa.BigInteger(), nullable=False),
        sa.Column("rows_failed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "rows_failed >= 0 AND rows_failed <= rows_examined", name=op.f("ck_rule_result_rows")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name=op.f("fk_rule_result_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "rule_id", name=op.f("pk_rule_result")),
    )


def downgrade() -> None:
    """Drop the tables, those that refer to others first."""
    op.drop_table("rule_result")
    op.drop_table("release_batch")
    op.drop_table("outbox")
    op.drop_table("open_delivery")
    op.drop_table("gate_result")
    op.drop_table("figure")
    op.drop_table("batch_delivery")
    op.drop_table("release")
    op.drop_table("delivery")
    op.drop_table("batch")
