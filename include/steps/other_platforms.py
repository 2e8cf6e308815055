"""Rows whose address belongs to another platform than they say (B1): how many, of what, taken for what."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import duckdb


def find(connection: duckdb.DuckDBPyConnection, accepted: str) -> list[tuple[str, dict[str, Any]]]:
    """Delivery id and figures of each delivery that has such rows: codes of platforms and counts, no identifier.

    Args:
        accepted: FROM clause for the accepted rows of a batch.
    """
    rows = connection.execute(
        f"select delivery_id, platform, other_platform, count(*) as n from {accepted} group by all order by 1, 4 desc, 2, 3"
    ).fetchall()
    found = []
    for delivery, group in groupby(rows, key=lambda row: row[0]):
        parts = list(group)
        pairs = [{"says": says, "is": other, "rows": n} for _, says, other, n in parts if other]
        if pairs:
            figures = {
                "rows": sum(p["rows"] for p in pairs),
                "of": sum(row[3] for row in parts),
                "pairs": pairs,
            }
            found.append((str(delivery), figures))
    return found
