"""Deliveries that people set aside and restore."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from include.ledger.types import UtcDateTime

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "delivery_decision",
        sa.Column("decision_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.String(length=255), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('set_aside', 'restored')", name=op.f("ck_delivery_decision_decision")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.delivery_id"], name=op.f("fk_delivery_decision_delivery_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_delivery_decision")),
    )
    op.create_index(
        op.f("ix_delivery_decision_delivery_id"), "delivery_decision", ["delivery_id"], unique=False
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("delivery_decision")
