"""Who started a release, and who drafted it: neither may approve it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add both; null for what nobody started (a scheduled run) and for what was there before."""
    op.add_column("release", sa.Column("started_by", sa.String(length=255), nullable=True))
    op.add_column("release", sa.Column("drafted_by", sa.String(length=255), nullable=True))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("release", "drafted_by")
    op.drop_column("release", "started_by")
