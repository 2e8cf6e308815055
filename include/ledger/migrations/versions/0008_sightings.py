"""When the same bytes were handed over again: after others in between they count anew (R2)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from include.ledger.types import UtcDateTime

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sighting",
        sa.Column("feed_id", sa.String(length=255), nullable=False),
        sa.Column("period", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("stamped_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "period", "sha256", name=op.f("pk_sighting")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sighting")
