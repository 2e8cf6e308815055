"""What decided about a batch, and the number of each judgment of a delivery."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns; what decided about the batches until now is not known."""
    op.add_column("batch", sa.Column("judged_by", sa.String(length=64), nullable=True))
    op.add_column("batch_delivery", sa.Column("judgment", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("batch_delivery", "judgment")
    op.drop_column("batch", "judged_by")
