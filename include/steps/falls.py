"""Falls: a number that counts since January is lower than in an earlier month of its year (R6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import duckdb

from include.contracts import Series
from include.steps import history
from include.steps.history import Past
from include.steps.judge_queries import Input, Task
from include.transform import quoted

MOST_SHOWN = 10
SMALL = range(1, 5)


def find(
    con: duckdb.DuckDBPyConnection,
    task: Task,
    inputs: Sequence[Input],
    readable: Collection[int],
    past: Past,
    staging: Path,
) -> list[tuple[int, dict[str, Any]]]:
    """The falls that a staged batch brings: number of the delivery and figures, as falls there and what they are.

    A fall that was known before is not told again. Counts of persons are not shown, only by what share they fell,
    and where one of them is from 1 to 4 not even that (C2).
    """
    series = task.contract.series
    if series is None:
        return []
    history.put_in_order(con, past, inputs, readable, {})
    fallen: dict[int, list[dict[str, Any]]] = {}
    for number, measure, *of, year, before, month, reached, was in con.execute(
        _query(task, series, past, staging)
    ).fetchall():
        names = dict(zip(series.fields, of, strict=True))
        persons = task.contract.field(measure).unit == "person"
        shown = {"field": measure, "year": year, "from_month": before, "month": month, "of": names}
        fallen.setdefault(number, []).append(shown | _size(was, reached, persons))
    return [(number, {"count": len(found), "falls": found[:MOST_SHOWN]}) for number, found in fallen.items()]


def _size(was: float, reached: float, persons: bool) -> dict[str, Any]:
    if not persons:
        return {"from": was, "to": reached}
    if was in SMALL or reached in SMALL:
        return {"suppressed": True}
    return {"share": round((reached - was) / was, 2)}


def _query(task: Task, series: Series, past: Past, staging: Path) -> str:
    """Falls by delivery: measure, fields of the series, year, month before, month, number now, number before."""
    columns = history.columns_of(task.contract)
    staged = [str(staging / f"{name}.parquet") for name in ("core", "core-rest")]
    rows = history.rows_of([*past.core, *staged], columns)
    fields, month = ", ".join(series.fields), series.month
    reached = " union all ".join(
        f"select {quoted(measure)} as measure, {rank} as rank, {fields}, year({month}) as year, month({month}) as month, "
        f"sum({measure}) as reached, max(delivery) filter (is_new) as delivery from current group by all"
        for rank, measure in enumerate(series.measures)
    )
    return f"""
        with earlier as (
            select record_key, content_hash, place, raw_row, null::integer as delivery
            from {history.earlier_sightings(task, past)} join places using (delivery_id)
        ),
        seen as (
            from earlier
            union all by name
            select record_key, content_hash, place, raw_row, delivery
            from {history.staged_sightings(staging)} join places using (delivery_id)
        ),
        newest as (
            select record_key, arg_max(content_hash, (place, raw_row)) as content_hash, arg_max(delivery, (place, raw_row)) as delivery
            from seen group by record_key
        ),
        before as (
            select record_key, arg_max(content_hash, (place, raw_row)) as was from earlier group by record_key
        ),
        current as (
            select rows.*, newest.delivery, content_hash is distinct from was as is_new
            from newest join {rows} as rows using (record_key, content_hash) join places using (delivery_id)
                left join before using (record_key)
            where since_january and feed_id = {quoted(task.feed_id)}
            qualify row_number() over (partition by record_key order by place, raw_row) = 1
        ),
        compared as (
            select *, lag(month) over earlier_month as month_before, lag(reached) over earlier_month as was,
                lag(delivery) over earlier_month as delivery_before
            from ({reached}) where reached is not null
            window earlier_month as (partition by rank, {fields}, year order by month)
        )
        select coalesce(delivery, delivery_before) as number, measure, {fields}, year, month_before, month, reached, was
        from compared where reached < was and number is not null
        order by number, year, month, rank, {fields}
    """
