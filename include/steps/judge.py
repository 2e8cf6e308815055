"""Judge: one DuckDB pass over the new deliveries of a feed; every row gets all its reasons, or none.

Read as received → text by the mapping → typed values → reasons; then duplicates apart (R2) and three staged
Parquet files: core, quarantine, duplicates. Nothing outside the staging folder is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from include.contracts import Contract, RowRule, row_rules
from include.sources.definition import CsvFormat
from include.sources.errors import SourceError
from include.sources.formats import Delivered, RawRows, Reading, exact_records, read
from include.steps import judge_queries as queries
from include.steps.judge_queries import Input, Task
from include.transform import content_hash, quoted, record_key, register_codes, register_registrable

__all__ = ["Counts", "Input", "Task", "Verdict", "judge", "rules_of"]

MEMORY_LIMIT = "740MB"
CONFLICT = RowRule("row.conflict", "one content for one record number in one delivery", "")


@dataclass(frozen=True)
class Counts:
    """What became of the rows of one delivery (R3)."""

    delivery_id: str
    landed: int
    accepted: int
    quarantined: int
    duplicate: int


@dataclass(frozen=True)
class Verdict:
    """The outcome of a pass: counts for each delivery, failures for each rule, deliveries refused as a whole."""

    counts: list[Counts]
    failed: dict[str, int]
    refused: dict[str, SourceError]


def rules_of(contract: Contract) -> list[RowRule]:
    """Every rule a row of this dataset is judged by: those of the contract, of the reader and of identity."""
    readers = [
        RowRule("row.columns", "as many columns as the heading line, whole quotes", ""),
        RowRule("row.json", "one whole JSON object", ""),
    ]
    return [*readers, *row_rules(contract), CONFLICT]


def judge(task: Task, inputs: Sequence[Input], core_files: Sequence[str], staging: Path) -> Verdict:
    """Judge all deliveries in one pass and stage the outcome.

    Raises:
        SourceError: the engine failed. Its own words may quote a row: they are kept in the staging folder,
            which is restricted, and not in the message.
    """
    try:
        return _judge(task, inputs, core_files, staging)
    except duckdb.Error as error:
        (staging / "error.txt").write_text(str(error), encoding="utf-8")
        kind = type(error).__name__
    raise SourceError(
        task.feed_id, f"batch {task.batch_id[:12]}", "judging", kind, "a pass over all rows",
        f"Nothing of the batch was taken. What the engine said is in staging/{task.batch_id}/error.txt.",
    )  # fmt: skip


def _judge(task: Task, inputs: Sequence[Input], core_files: Sequence[str], staging: Path) -> Verdict:
    """One connection, one pass.

    Args:
        task: the feed, its contract and the batch.
        inputs: new deliveries of the feed.
        core_files: Parquet files of core, where earlier content is looked for.
        staging: an empty folder; gets core.parquet, quarantine.parquet and duplicates.parquet.
    """
    with duckdb.connect(
        config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(staging / "spill"), "threads": 2}
    ) as con:
        _prepare(con, task)
        landed: dict[str, int] = {}
        refused: dict[str, SourceError] = {}
        ordered = sorted(inputs, key=lambda d: (d.received_at, d.delivery_id))
        _create_tables(con, task, ordered)
        readable: dict[int, RawRows] = {}
        for number, delivery in enumerate(ordered):
            try:
                delivered = Delivered(task.feed_id, delivery.name, delivery.path, f"delivery_{number}")
                readable[number] = read(Reading(con, staging, delivered, task.feed))
            except SourceError as error:
                refused[delivery.delivery_id] = error
        if readable:
            con.execute(f"insert into judged by name {queries.judged_rows(task, ordered, readable)}")
        for number, raw in readable.items():
            try:
                landed[ordered[number].delivery_id] = _account(
                    con, task, ordered[number], number, raw, staging
                )
            except SourceError as error:
                con.execute("delete from judged where delivery = ?", [number])
                refused[ordered[number].delivery_id] = error
        _find_duplicates(con, task, core_files)
        _write(con, task, staging)
        return Verdict(_count(con, landed), _failures(con), refused)


def _prepare(con: duckdb.DuckDBPyConnection, task: Task) -> None:
    """Functions and types that the queries ask for."""
    con.execute("set timezone = 'UTC'")
    if any(field.name == "channel_key" for field in task.present):
        register_registrable(con)
    regions = quoted("|".join(("", *task.source.regions, "")))  # a text: the engine makes a join of a list
    con.execute(f"create temp macro region_is_allowed(code) as contains({regions}, '|' || code || '|')")
    for field in task.contract.fields:
        if field.codelist:
            register_codes(con, field, queries.own_words(field, task.feed))


def _create_tables(con: duckdb.DuckDBPyConnection, task: Task, inputs: Sequence[Input]) -> None:
    """Tables `judged` (one row for each physical row), `deliveries` (what all rows of one share), `set_aside`."""
    con.execute(f"create table judged ({queries.judged_columns(task)})")
    con.execute("create table set_aside (delivery integer, raw_row bigint, verdict varchar)")
    shared = [quoted(part) for part in (task.batch_id, task.feed_id, task.source.source)]
    rows = [
        f"({n}, {quoted(d.delivery_id)}, {quoted(d.name)}, {quoted(d.period)}, "
        f"timestamptz {quoted(d.received_at.isoformat())}, {', '.join(shared)})"
        for n, d in enumerate(inputs)
    ]
    con.execute(
        f"create table deliveries as from (values {', '.join(rows)}) t(delivery, delivery_id, file, "
        "delivered_period, received_at, batch_id, feed_id, source_id)"
    )


def _account(
    con: duckdb.DuckDBPyConnection, task: Task, delivery: Input, order: int, raw: RawRows, staging: Path
) -> int:
    """Add the records that are no rows, and prove that every physical row of the file was judged.

    Returns the rows of the file.
    """
    rejects = con.execute(f"select count(*) from ({raw.rejects})").fetchall()[0][0]
    if rejects and raw.numbered_without_rejects:
        _put_gaps_back(con, raw, order)
    if rejects:
        con.execute(
            f"insert into judged by name select {order} as delivery, raw_row, received, [rule] as reasons "
            f"from ({raw.rejects})"
        )
    judged = con.execute("select count(*) from judged where delivery = ?", [order]).fetchall()[0][0]
    physical = raw.physical_rows
    if judged != physical and isinstance(task.feed.format, CsvFormat):
        text = next(iter([*staging.glob(f"{delivery.path.name}.utf8"), delivery.path]))
        physical = exact_records(text, task.feed.format) - task.feed.format.title_rows - 1
    if judged != physical:
        raise SourceError(
            task.feed_id, delivery.name, "whole file", f"{physical} rows in the file and {judged} read",
            "every physical row judged", "Check quotes and line breaks of the file; nothing of it was taken.",
        )  # fmt: skip
    return int(judged)


def _put_gaps_back(con: duckdb.DuckDBPyConnection, raw: RawRows, order: int) -> None:
    """Rows were numbered without the rejects: shift each by the rejects that stand before it in the file."""
    con.execute(
        f"update judged set raw_row = raw_row + shift from (select j.raw_row as before, count(*) as shift "
        f"from (select raw_row from judged where delivery = {order}) j join "
        f"(select raw_row - row_number() over (order by raw_row) + 1 as threshold from ({raw.rejects})) r "
        f"on j.raw_row >= r.threshold group by 1) where delivery = {order} and raw_row = before"
    )


def _find_duplicates(con: duckdb.DuckDBPyConnection, task: Task, core_files: Sequence[str]) -> None:
    """Set aside rows whose content is stored already, or stands earlier in this batch (R2), and conflicts.

    Only records with more than one candidate row are ranked: in most batches they are few.
    """
    stored = "select null::varchar as record_key, null::varchar as content_hash where false"
    if core_files:
        files = "[" + ", ".join(map(quoted, core_files)) + "]"
        stored = f"select record_key, content_hash from read_parquet({files}) where feed_id = {quoted(task.feed_id)}"
    key = record_key(task.source.source, task.dataset, task.feed.identity)
    mark = f"hash({', '.join(task.feed.identity)})"  # only to find candidates: equal records have equal marks
    con.execute(f"create temp table stored as select distinct record_key, content_hash from ({stored})")
    con.execute(
        f"create temp table candidates as select delivery, raw_row, {key} as record_key, "
        f"{content_hash(task.present)} as content_hash from judged where reasons is null and ({mark} in "
        f"(select mark from (select {mark} as mark from judged where reasons is null) group by mark "
        f"having count(*) > 1){' or ' + key + ' in (select record_key from stored)' if core_files else ''})"
    )
    con.execute(
        "insert into set_aside select delivery, raw_row, case "
        "when same_record > 1 and content_hash <> first_content then 'conflict' "
        "when same_content > 1 or was_stored then 'duplicate' end as verdict from (select *, "
        "row_number() over (partition by delivery, record_key order by raw_row) as same_record, "
        "first_value(content_hash) over (partition by delivery, record_key order by raw_row) as first_content, "
        "row_number() over (partition by record_key, content_hash order by delivery, raw_row) as same_content, "
        "(record_key, content_hash) in (select (record_key, content_hash) from stored) as was_stored "
        "from candidates) where verdict is not null"
    )


def _write(con: duckdb.DuckDBPyConnection, task: Task, staging: Path) -> None:
    aside = con.execute("select count(*) from set_aside").fetchall()[0][0]
    anti = "anti join set_aside using (delivery, raw_row)" if aside else ""
    key = f"{record_key(task.source.source, task.dataset, task.feed.identity)} as record_key"
    content = f"{content_hash(task.present)} as content_hash"
    columns = queries.core_columns(task)
    where_from = "batch_id, delivery_id, feed_id, file, raw_row"
    outputs = {
        "core": f"select {columns} from judged {anti} join deliveries using (delivery) where reasons is null",
        "quarantine": (
            f"select {where_from}, received, reasons from judged join deliveries using (delivery) "
            f"where reasons is not null union all by name select {where_from}, {queries.as_json(task)} as received, "
            f"[{quoted(CONFLICT.id)}] as reasons from judged join set_aside using (delivery, raw_row) "
            "join deliveries using (delivery) where verdict = 'conflict'"
        ),
        "duplicates": (
            f"select batch_id, delivery_id, raw_row, received_at, {key}, {content} from judged "
            "join set_aside using (delivery, raw_row) join deliveries using (delivery) where verdict = 'duplicate'"
        ),
    }
    for name, query in outputs.items():
        con.execute(
            f"copy ({query}) to {quoted(str(staging / f'{name}.parquet'))} (format parquet, dictionary_size_limit 2000)"
        )


def _count(con: duckdb.DuckDBPyConnection, landed: dict[str, int]) -> list[Counts]:
    rows = con.execute(
        "select delivery_id, count(*) filter (reasons is null and verdict is null), "
        "count(*) filter (reasons is not null or verdict = 'conflict'), "
        "count(*) filter (verdict = 'duplicate') "
        "from judged left join set_aside using (delivery, raw_row) join deliveries using (delivery) group by delivery_id"
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    return [Counts(delivery, rows, *found.get(delivery, (0, 0, 0))) for delivery, rows in landed.items()]


def _failures(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = con.execute(
        "select reason, count(*) from (select unnest(reasons) as reason from judged union all "
        f"select {quoted(CONFLICT.id)} from set_aside where verdict = 'conflict') group by reason"
    ).fetchall()
    return dict(rows)
