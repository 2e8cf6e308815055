"""Rhythm and silence: every time a feed was asked, alerts, records withdrawn by a snapshot."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from include.ledger.types import UtcDateTime

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables and columns; what makes a delivery the same is its id alone."""
    op.create_table(
        "poll",
        sa.Column("poll_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("feed_id", sa.String(length=255), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("deliveries_new", sa.Integer(), nullable=False),
        sa.Column("deliveries_known", sa.Integer(), nullable=False),
        sa.Column("deliveries_nothing", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=255), nullable=True),
        sa.CheckConstraint("outcome IN ('new', 'known', 'nothing', 'failed')", name=op.f("ck_poll_outcome")),
        sa.CheckConstraint("(outcome = 'failed') = (error IS NOT NULL)", name=op.f("ck_poll_error")),
        sa.PrimaryKeyConstraint("poll_id", name=op.f("pk_poll")),
    )
    op.create_index(op.f("ix_poll_feed_id"), "poll", ["feed_id"], unique=False)
    with op.batch_alter_table("delivery", table_args=_of_delivery()) as delivery:
        delivery.drop_constraint("uq_delivery_content", type_="unique")
    with op.batch_alter_table("batch_delivery", table_args=_of_batch_delivery()) as rows:
        rows.add_column(sa.Column("rows_withdrawn", sa.BigInteger(), server_default="0", nullable=False))
        rows.add_column(sa.Column("snapshot_of", sa.String(length=16), nullable=True))
        rows.create_check_constraint(op.f("ck_batch_delivery_withdrawn"), "rows_withdrawn >= 0")
        rows.create_check_constraint(
            op.f("ck_batch_delivery_snapshot_of"), "snapshot_of IN ('period', 'everything')"
        )
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("feed_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("delivery_id", sa.String(length=255), nullable=False),
        sa.Column("batch_id", sa.String(length=255), nullable=True),
        sa.Column("about", sa.String(length=255), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=255), nullable=True),
        sa.CheckConstraint(
            "kind IN ('fewer_rows', 'same_file_new_name', 'fall', 'withdrawals_held')",
            name=op.f("ck_alert_kind"),
        ),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_alert_acknowledged")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name=op.f("fk_alert_batch_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.delivery_id"], name=op.f("fk_alert_delivery_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert")),
        sa.UniqueConstraint("delivery_id", "kind", "about", name="uq_alert_delivery_kind_about"),
    )
    op.create_index(op.f("ix_alert_batch_id"), "alert", ["batch_id"], unique=False)
    op.create_index(op.f("ix_alert_feed_id"), "alert", ["feed_id"], unique=False)


def downgrade() -> None:
    """Drop them; fails where a snapshot said again what an earlier one had said."""
    op.drop_table("alert")
    checks = (
        *_of_batch_delivery(),
        sa.CheckConstraint("rows_withdrawn >= 0", name=op.f("ck_batch_delivery_withdrawn")),
        sa.CheckConstraint(
            "snapshot_of IN ('period', 'everything')", name=op.f("ck_batch_delivery_snapshot_of")
        ),
    )
    with op.batch_alter_table("batch_delivery", table_args=checks) as rows:
        rows.drop_constraint(op.f("ck_batch_delivery_snapshot_of"), type_="check")
        rows.drop_constraint(op.f("ck_batch_delivery_withdrawn"), type_="check")
        rows.drop_column("snapshot_of")
        rows.drop_column("rows_withdrawn")
    with op.batch_alter_table("delivery", table_args=_of_delivery()) as delivery:
        delivery.create_unique_constraint("uq_delivery_content", ["feed_id", "period", "sha256"])
    op.drop_table("poll")


# SQLite makes a changed table anew, and the checks of the old one are not read back.
def _of_delivery() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_delivery_size")),
        sa.CheckConstraint("times_seen >= 1", name=op.f("ck_delivery_times_seen")),
    )


def _of_batch_delivery() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(
            "rows_accepted >= 0 AND rows_quarantined >= 0 AND rows_duplicate >= 0",
            name=op.f("ck_batch_delivery_rows"),
        ),
        sa.CheckConstraint(
            "rows_landed = rows_accepted + rows_quarantined + rows_duplicate",
            name=op.f("ck_batch_delivery_balance"),
        ),
    )
