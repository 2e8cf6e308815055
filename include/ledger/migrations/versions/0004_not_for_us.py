"""Rows that a definition leaves to others (R3), and alerts of more kinds."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KINDS = "'fewer_rows', 'same_file_new_name', 'fall', 'withdrawals_held'"
MORE_KINDS = f"{KINDS}, 'contradiction', 'begun_anew', 'outside_period', 'other_platform'"
BALANCE = "rows_landed = rows_accepted + rows_quarantined + rows_duplicate"
ROWS = "rows_accepted >= 0 AND rows_quarantined >= 0 AND rows_duplicate >= 0"


def upgrade() -> None:
    """Extend the balance by the rows that are not for us, and the kinds of alerts."""
    with op.batch_alter_table("batch_delivery") as rows:
        rows.add_column(sa.Column("rows_not_for_us", sa.BigInteger(), server_default="0", nullable=False))
    _check("batch_delivery", balance=f"{BALANCE} + rows_not_for_us", rows=f"{ROWS} AND rows_not_for_us >= 0")
    _check("alert", kind=f"kind IN ({MORE_KINDS})")


def downgrade() -> None:
    """Drop them; fails where a row was not for us, or where an alert is of a new kind."""
    _check("alert", kind=f"kind IN ({KINDS})")
    _check("batch_delivery", balance=BALANCE, rows=ROWS)
    with op.batch_alter_table("batch_delivery") as rows:
        rows.drop_column("rows_not_for_us")


def _check(table: str, **checks: str) -> None:
    """Put these checks in place of the ones of the same name.

    SQLite makes a changed table anew: its other checks are read back, so that none is named here.
    """
    with op.batch_alter_table(table) as changed:
        for name, condition in checks.items():
            changed.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            changed.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)
