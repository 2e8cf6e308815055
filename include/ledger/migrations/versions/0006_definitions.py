"""Definitions of sources, with the moment from which they hold."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from include.ledger.types import UtcDateTime

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the table; the first ingest fills it."""
    op.create_table(
        "source_definition",
        sa.Column("definition_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source_id", sa.String(length=255), nullable=False),
        sa.Column("holds_from", UtcDateTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("definition_id", name=op.f("pk_source_definition")),
    )
    op.create_index(op.f("ix_source_definition_source_id"), "source_definition", ["source_id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("source_definition")
