"""The time stamp of a delivery's own, which orders those that were handed over at one declared moment."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from include.ledger.types import UtcDateTime

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the column; of what was delivered before it is not known, and the order of that stays what it was."""
    op.add_column("delivery", sa.Column("stamped_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("delivery", "stamped_at")
