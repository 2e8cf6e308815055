"""What is known of a feed before a batch, for what a batch alone does not tell: withdrawals, falls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from include.contracts import Contract
from include.ledger import DeliveredRow, Order
from include.steps.judge_queries import TYPES, Input, Task
from include.transform import quoted

PLACES = pa.schema(
    [
        ("place", pa.int32()),
        ("delivery_id", pa.string()),
        ("period", pa.string()),
        ("received_at", pa.timestamp("us", tz="UTC")),
        ("snapshot_of", pa.string()),
        ("delivery", pa.int32()),
    ]
)
SIGHTED = {
    "delivery_id": "varchar",
    "raw_row": "bigint",
    "record_key": "varchar",
    "content_hash": "varchar",
}


@dataclass(frozen=True)
class Past:
    """The committed deliveries of a feed, and the files of the tables that hold their rows (with those of others)."""

    deliveries: Sequence[DeliveredRow] = ()
    core: Sequence[str] = ()
    duplicates: Sequence[str] = ()
    quarantine: Sequence[str] = ()


def put_in_order(
    con: duckdb.DuckDBPyConnection,
    past: Past,
    inputs: Sequence[Input],
    readable: Collection[int],
    snapshots: Mapping[int, str],
) -> None:
    """Make the table `places`: every delivery by its place, the oldest first; those of the batch numbered.

    Args:
        readable: numbers of the deliveries of the batch that have rows in it.
        snapshots: number → what the delivery holds whole.
    """
    rows: list[tuple[Order, DeliveredRow | Input, str | None, int | None]] = [
        (d.order, d, d.snapshot_of, None) for d in past.deliveries
    ]
    rows += [
        (d.order, d, snapshots.get(number), number) for number, d in enumerate(inputs) if number in readable
    ]
    rows += [  # not judged again after all: as it was
        (d.order, d, d.again.result.snapshot_of, None)
        for number, d in enumerate(inputs)
        if d.again and number not in readable
    ]
    table = pa.Table.from_pylist(
        [
            {"place": place, "delivery_id": d.delivery_id, "period": d.period, "received_at": d.received_at,
             "snapshot_of": of, "delivery": number}
            for place, (_, d, of, number) in enumerate(sorted(rows, key=lambda row: row[0]))
        ],
        PLACES,
    )  # fmt: skip
    con.register("in_order", table)
    con.execute("create or replace temp table places as from in_order")
    con.unregister("in_order")


def earlier_core(task: Task, past: Past) -> str:
    """FROM clause with the feed's rows in core, all columns of the contract."""
    return _of_feed(task, rows_of(past.core, columns_of(task.contract)))


def earlier_sightings(task: Task, past: Past) -> str:
    """FROM clause with every sighting of a record before the batch: SIGHTED, withdrawn."""
    stored = f"select {', '.join(SIGHTED)}, coalesce(withdrawn, false) as withdrawn from {earlier_core(task, past)}"
    again = f"select {', '.join(SIGHTED)}, false from {rows_of(past.duplicates, SIGHTED)} semi join places using (delivery_id)"
    return f"({stored} union all {again})"


def staged_sightings(staging: Path) -> str:
    """FROM clause with every sighting in the batch itself, once it is staged: SIGHTED, withdrawn."""
    files = [str(staging / f"{name}.parquet") for name in ("core", "core-rest", "duplicates")]
    return f"(select {', '.join(SIGHTED)}, false as withdrawn from {rows_of(files, SIGHTED)})"


def columns_of(contract: Contract) -> dict[str, str]:
    """Column of a core table → its type."""
    return {column.name: TYPES[column.type] for column in contract.columns}


def rows_of(files: Sequence[str], columns: Mapping[str, str]) -> str:
    """FROM clause with these columns of Parquet files; a column that a file does not have yet is null."""
    typed = f"select {', '.join(f'null::{kind} as {name}' for name, kind in columns.items())} where false"
    if not files:
        return f"({typed})"
    paths = ", ".join(map(quoted, files))
    read = f"from read_parquet([{paths}], union_by_name=true, hive_partitioning=false)"
    return f"(select {', '.join(columns)} from ({typed} union all by name {read}))"


def _of_feed(task: Task, rows: str) -> str:
    return f"(from {rows} where feed_id = {quoted(task.feed_id)})"
