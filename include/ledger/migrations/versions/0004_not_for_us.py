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
    with op.batch_alter_table("batch_delivery", table_args=_of_rows()) as rows:
        rows.add_column(sa.Column("rows_not_for_us", sa.BigInteger(), server_default="0", nullable=False))
    _checks(f"{BALANCE} + rows_not_for_us", f"{ROWS} AND rows_not_for_us >= 0")
    with op.batch_alter_table("alert", table_args=_of_alerts(KINDS)) as alerts:
        alerts.drop_constraint(op.f("ck_alert_kind"), type_="check")
        alerts.create_check_constraint(op.f("ck_alert_kind"), f"kind IN ({MORE_KINDS})")


def downgrade() -> None:
    """Drop them; fails where a row was not for us, or where an alert is of a new kind."""
    with op.batch_alter_table("alert", table_args=_of_alerts(MORE_KINDS)) as alerts:
        alerts.drop_constraint(op.f("ck_alert_kind"), type_="check")
        alerts.create_check_constraint(op.f("ck_alert_kind"), f"kind IN ({KINDS})")
    _checks(BALANCE, ROWS, f"{BALANCE} + rows_not_for_us", f"{ROWS} AND rows_not_for_us >= 0")
    with op.batch_alter_table("batch_delivery", table_args=_of_rows()) as rows:
        rows.drop_column("rows_not_for_us")


def _checks(balance: str, rows: str, old_balance: str = BALANCE, old_rows: str = ROWS) -> None:
    with op.batch_alter_table("batch_delivery", table_args=_of_rows(old_balance, old_rows)) as table:
        for name, check in (("balance", balance), ("rows", rows)):
            table.drop_constraint(op.f(f"ck_batch_delivery_{name}"), type_="check")
            table.create_check_constraint(op.f(f"ck_batch_delivery_{name}"), check)


# SQLite makes a changed table anew, and the checks of the old one are not read back.
def _of_rows(balance: str = BALANCE, rows: str = ROWS) -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(rows, name=op.f("ck_batch_delivery_rows")),
        sa.CheckConstraint(balance, name=op.f("ck_batch_delivery_balance")),
        sa.CheckConstraint("rows_withdrawn >= 0", name=op.f("ck_batch_delivery_withdrawn")),
        sa.CheckConstraint(
            "snapshot_of IN ('period', 'everything')", name=op.f("ck_batch_delivery_snapshot_of")
        ),
    )


def _of_alerts(kinds: str) -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_alert_kind")),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_alert_acknowledged")
        ),
    )
