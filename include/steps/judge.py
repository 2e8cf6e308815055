"""Judge: one DuckDB pass over the new deliveries of a feed; every row gets all its reasons, or none.

Read as received → text by the mapping → typed values → reasons; then duplicates apart (R2) and three staged
Parquet files: core, quarantine, duplicates. Nothing outside the staging folder is written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from include.contracts import Contract, Field, RowRule, row_rules
from include.quality import verdicts
from include.sources.definition import (
    ColumnMapping,
    ConstantMapping,
    CsvFormat,
    ExpressionMapping,
    Feed,
    SourceDefinition,
)
from include.sources.definition import Mapping as FieldMapping
from include.sources.errors import SourceError
from include.sources.formats import Delivered, RawRows, Reading, exact_records, read
from include.transform import (
    TextRules,
    channel_key,
    code_type,
    content_hash,
    null_where_nothing,
    quoted,
    record_key,
    register_codes,
    register_registrable,
    typed_value,
    without_spaces,
)

MEMORY_LIMIT = "640MB"
TYPES = {"string": "varchar", "date": "date", "integer": "bigint", "number": "double", "boolean": "boolean"}
CONFLICT = RowRule("row.conflict", "one content for one record number in one delivery", "")


@dataclass(frozen=True)
class Task:
    """What is judged: the feed with its contract, and the batch that the verdicts belong to."""

    batch_id: str
    dataset: str
    source: SourceDefinition
    contract: Contract

    @property
    def feed(self) -> Feed:
        return self.source.feeds[self.dataset]

    @property
    def feed_id(self) -> str:
        return f"{self.source.source}/{self.dataset}"


@dataclass(frozen=True)
class Input:
    """One landed delivery: id, name, period, when it was handed over (UTC), where its bytes lie."""

    delivery_id: str
    name: str
    period: str
    received_at: datetime
    path: Path


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
        con.execute("set timezone = 'UTC'")
        register_registrable(con)
        regions = ", ".join(map(quoted, task.source.regions))
        con.execute(f"create temp macro region_is_allowed(code) as code in ({regions})")
        landed: dict[str, int] = {}
        refused: dict[str, SourceError] = {}
        ordered = sorted(inputs, key=lambda d: (d.received_at, d.delivery_id))
        _register_words(con, task)
        _create_tables(con, task, ordered)
        readable: dict[int, RawRows] = {}
        for number, delivery in enumerate(ordered):
            try:
                delivered = Delivered(task.feed_id, delivery.name, delivery.path, f"delivery_{number}")
                readable[number] = read(Reading(con, staging, delivered, task.feed))
            except SourceError as error:
                refused[delivery.delivery_id] = error
        if readable:
            con.execute(f"insert into judged by name {_judging_query(task, ordered, readable)}")
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


def _create_tables(con: duckdb.DuckDBPyConnection, task: Task, inputs: Sequence[Input]) -> None:
    """Tables `judged` (one row for each physical row), `deliveries` (what all rows of one share), `set_aside`."""
    columns = ", ".join(
        f"{field.name} {code_type(field) if field.codelist else TYPES[field.type]}"
        for field in _present(task)
    )
    con.execute(
        f"create table judged (delivery integer, raw_row bigint, {columns}, reasons varchar[], received varchar)"
    )
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


def _present(task: Task) -> list[Field]:
    """The contract's fields that this feed maps, and what is derived from those; the others stay null."""
    return [field for field in task.contract.fields if (field.derived_from or field.name) in task.feed.fields]


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


def _judging_query(task: Task, deliveries: Sequence[Input], readable: Mapping[int, RawRows]) -> str:
    """One query over all deliveries, in levels: cells as text, typed values, derived values, verdict."""
    contract, rules, text = task.contract, row_rules(task.contract), _text_rules(task.feed)
    names = [field.name for field in _present(task)]
    raws = ", ".join(f"raw_{field.name}" for field in contract.reported)
    typed = ", ".join(
        f"{typed_value(f, text)} as {f.name}" for f in contract.fields if f.codelist or not f.derived
    )
    derived = "".join(
        f", {channel_key('platform', source, f'{source}_lowered', number)} as {name}"
        for name, source, number in (
            ("channel_key", "identifier", "platform_numeric_id"),
            ("parent_channel_key", "mirror_of", "null::varchar"),
        )
        if name in names
    )
    # A record as received becomes JSON where a row is broken, and only there, if all deliveries look alike.
    one_shape = len({raw.shape for raw in readable.values()}) == 1 and all(r.shape for r in readable.values())
    cells = " union all ".join(
        _cells_query(task.feed, contract, n, deliveries[n], raw, one_shape) for n, raw in readable.items()
    )
    as_text, mapped = cells, [f"raw_{f.name}" for f in contract.reported if f.name in task.feed.fields]
    spaces = "".join(sorted({space for raw in readable.values() for space in raw.outer_spaces}))
    if spaces:
        spared = ", ".join(f"{without_spaces(name, spaces)} as {name}" for name in mapped)
        as_text = f"select * replace ({spared}) from ({as_text})"
    if spaces or set(text.null_values) - {""}:
        emptied = ", ".join(f"{null_where_nothing(name, text)} as {name}" for name in mapped)
        as_text = f"select * replace ({emptied}) from ({as_text})"
    as_typed = f"select delivery, received_on, raw_row, received, {raws}, {typed} from ({as_text})"
    lowered = "".join(f", lower({name}) as {name}_lowered" for name in ("identifier", "mirror_of") if name in names)
    known = f"select * {derived} from (select * {lowered} from ({as_typed}))"
    judged = f"select *, {verdicts.is_broken(rules)} as broken from ({known})"
    return (
        f"select delivery, raw_row, {', '.join(names)}, "
        f"case when broken then {verdicts.reasons(rules)} end as reasons, "
        f"case when broken then {'cast(to_json(received) as varchar)' if one_shape else 'received'} end as received "
        f"from ({judged})"
    )


def _cells_query(
    feed: Feed, contract: Contract, number: int, delivery: Input, raw: RawRows, as_struct: bool
) -> str:
    """The cells of one delivery under the names of the contract's fields, besides the record as received."""
    received = raw.received if as_struct or not raw.shape else f"cast(to_json({raw.received}) as varchar)"
    fields = ", ".join(f"{_mapped(feed.fields.get(f.name), raw)} as raw_{f.name}" for f in contract.reported)
    return (
        f"select {number} as delivery, date {quoted(str(delivery.received_at.date()))} as received_on, raw_row, "
        f"{received} as received, {fields} from {raw.relation}"
    )


def _register_words(con: duckdb.DuckDBPyConnection, task: Task) -> None:
    """One table of words for each code-list field: the common spellings and the source's own."""
    for field in task.contract.fields:
        if field.codelist:
            mapping = task.feed.fields.get(field.derived_from or field.name)
            register_codes(con, field, mapping.codes if isinstance(mapping, ColumnMapping) else {})


def _mapped(mapping: FieldMapping | None, raw: RawRows) -> str:
    if mapping is None:
        return "cast(null as varchar)"
    if isinstance(mapping, ConstantMapping):
        return quoted(mapping.constant)
    if isinstance(mapping, ExpressionMapping):
        return f"nullif(trim(cast(({_bound(mapping.expression, raw)}) as varchar)), '')"
    return raw.cells[mapping if isinstance(mapping, str) else mapping.column]


def _bound(expression: str, raw: RawRows) -> str:
    """The expression with every quoted heading replaced by the cell it names."""
    for heading, cell in raw.cells.items():
        expression = expression.replace('"' + heading.replace('"', '""') + '"', f"({cell})")
    return expression


def _text_rules(feed: Feed) -> TextRules:
    declared = feed.format
    dates = tuple(declared.dates)
    if declared.kind == "xlsx" and "%Y-%m-%d" not in dates:
        dates += ("%Y-%m-%d",)  # date cells of a workbook come in this form whatever they show
    return TextRules(declared.decimal, declared.thousands, dates, tuple(declared.null_values))


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
        f"{content_hash(_present(task))} as content_hash from judged where reasons is null and ({mark} in "
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
    content = f"{content_hash(_present(task))} as content_hash"
    computed = {"record_key": key, "content_hash": content}
    absent = {field.name for field in task.contract.fields} - {field.name for field in _present(task)}
    computed |= {
        f.name: f"cast(null as {TYPES[f.type]}) as {f.name}" for f in task.contract.fields if f.name in absent
    }
    columns = ", ".join(computed.get(field.name, field.name) for field in task.contract.columns)
    where_from = "batch_id, delivery_id, feed_id, file, raw_row"
    outputs = {
        "core": f"select {columns} from judged {anti} join deliveries using (delivery) where reasons is null",
        "quarantine": (
            f"select {where_from}, received, reasons from judged join deliveries using (delivery) "
            f"where reasons is not null union all by name select {where_from}, {_as_json(task)} as received, "
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


def _as_json(task: Task) -> str:
    return (
        "cast(to_json({" + ", ".join(f"{quoted(f.name)}: {f.name}" for f in _present(task)) + "}) as varchar)"
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
