"""Falls: a number that counts since January is lower than in an earlier month of its year (R6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import duckdb

from include.contracts import Series, codelist
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
    con.register("units_listed", codelist("units"))
    con.execute(
        "create or replace temp table units as select code as unit, base_unit, to_base::double as to_base from units_listed"
    )
    con.unregister("units_listed")
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
        f"select {quoted(measure)} as measure, {rank} as rank, series, {fields}, {month} as day, {measure} as reached, "
        f"{series.units.get(measure, 'null')} as unit, if(is_new, delivery, null) as delivery from current"
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
            select rows.*, newest.delivery, content_hash is distinct from was as is_new,
                array_to_string(list_filter(string_split(record_key, '|'), lambda part: part <> {month}::varchar), '|') as series
            from newest join {rows} as rows using (record_key, content_hash) left join places using (delivery_id)
                left join before using (record_key)
            where since_january and feed_id = {quoted(task.feed_id)}
            qualify row_number() over (partition by record_key order by place, raw_row) = 1
        ),
        compared as (
            select * exclude (base_unit, to_base), year(day) as year, month(day) as month, month(lag(day) over earlier) as month_before,
                if(lag(unit) over earlier is distinct from unit, to_base / lag(to_base) over earlier, 1) as in_unit_before,
                lag(base_unit) over earlier is not distinct from base_unit as is_same_kind,
                lag(reached) over earlier as was, lag(delivery) over earlier as delivery_before
            from ({reached}) left join units using (unit) where reached is not null
            window earlier as (partition by rank, series, year(day) order by day)
        )
        select coalesce(delivery, delivery_before) as number, measure, {fields}, year, month_before, month,
            reached * in_unit_before as reached, was
        from compared where is_same_kind and reached * in_unit_before < was and number is not null
        order by number, year, month, rank, {fields}
    """
