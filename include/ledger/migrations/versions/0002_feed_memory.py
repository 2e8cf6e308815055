"""What a feed remembers between runs: watermarks, validators, versions of what was landed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "feed_memory",
        sa.Column("feed_id", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "key", name=op.f("pk_feed_memory")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("feed_memory")
