"""Rows far outside the period of their delivery: a year that was mistyped, a file under the wrong name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from include.sources.definition import Cumulative, Snapshot
from include.steps.judge_queries import Input, Task
from include.steps.reports import months_of
from include.transform import quoted

FAR = 6
"""Months before the first month of the period, or after its last. Nearer is what registers report late or correct."""


def find(
    con: duckdb.DuckDBPyConnection, task: Task, inputs: Sequence[Input], accepted: str
) -> list[tuple[str, dict[str, Any]]]:
    """Delivery id and figures of each delivery that has such rows: how many, of how many, their first and last month.

    A row is far outside where every date that it has is. Where a delivery holds whatever there is, whatever its
    period, none is.

    Args:
        accepted: FROM clause for the accepted rows of a batch.
    """
    dates = [field.name for field in task.present if field.type == "date"]
    delivers = task.feed.delivers
    whole = isinstance(delivers, Snapshot) and delivers.of == "everything"
    if not dates or whole or not task.feed.is_asked_by_period:
        return []
    every = task.feed.rhythm.every if task.feed.rhythm else "month"
    since_january = isinstance(delivers, Cumulative)
    bounds = ", ".join(
        f"({quoted(each.delivery_id)}, date '{_shifted(first, -FAR)}', date '{_shifted(months[-1], FAR + 1)}')"
        for each in inputs
        for months in [months_of(each.period, every)]
        for first in [(months[0][0], 1) if since_january else months[0]]
    )
    newest, oldest = (f"{function}({', '.join(dates)})" for function in ("greatest", "least"))
    rows = con.execute(
        "select delivery_id, count(*) filter (is_far) as n, count(*), min(oldest) filter (is_far), max(newest) filter (is_far) "
        f"from (select delivery_id, {newest} as newest, {oldest} as oldest, newest < earliest or oldest >= latest as is_far "
        f"from {accepted} join (values {bounds}) t(delivery_id, earliest, latest) using (delivery_id)) "
        "group by delivery_id having n > 0 order by delivery_id"
    ).fetchall()
    return [
        (str(delivery), {"rows": n, "of": of, "from_month": f"{first:%Y-%m}", "to_month": f"{last:%Y-%m}"})
        for delivery, n, of, first, last in rows
    ]


def told(found: Mapping[str, Any]) -> str:
    """The figures of an alert in words."""
    return (
        f"{found['rows']} of its {found['of']} rows have dates from {found['from_month']} to {found['to_month']}, more than "
        f"{FAR} months outside its period. They count by their dates. Ask the source whether these or the name of the file are right."
    )


def _shifted(month: tuple[int, int], by: int) -> date:
    """The first day of the month that lies so many months later."""
    at = min(max(month[0] * 12 + month[1] - 1 + by, 12), 9999 * 12 + 11)
    return date(at // 12, at % 12 + 1, 1)
