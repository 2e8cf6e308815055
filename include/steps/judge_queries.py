"""The SQL of judging: cells as text → typed values → channel and record → verdict.

The queries are built from the contract and the source definition alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from include.channels import with_channels, with_parent
from include.contracts import Contract, Field, RowRule, day_in_kazakhstan, region_zones, row_rules
from include.ledger import Judgment, Order, order_of
from include.quality import verdicts
from include.sources.definition import (
    ColumnMapping,
    ConstantMapping,
    Cumulative,
    ExpressionMapping,
    Feed,
    FileNameMapping,
    PeriodMapping,
    SourceDefinition,
    SqlTransport,
    TitleCellMapping,
    expression_columns,
    expression_sql,
)
from include.sources.definition import Mapping as FieldMapping
from include.sources.formats import RawRows
from include.sources.formats.raw import SPACES
from include.steps import row_filter, several
from include.transform import (
    TextRules,
    Zone,
    content_hash,
    null_where_nothing,
    quoted,
    record_key,
    typed_value,
    without_footnotes,
    without_spaces,
)

TYPES = {
    "string": "varchar",
    "date": "date",
    "timestamp": "timestamptz",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
}


TYPED_DAYS = {
    sign: (
        "%Y-%m-%d",
        *(f"%Y-%m-%d{sign}%H:%M:%S{fraction}{offset}" for offset in ("", "%z") for fraction in ("", ".%f")),
    )
    for sign in (" ", "T")
}
"""How days, local times and moments come that are no text: cells of workbooks and Parquet, rows of databases (T)."""


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

    @cached_property
    def present(self) -> list[Field]:
        """The contract's fields that this feed maps, and what is derived from those; the others stay null."""
        return [f for f in self.contract.fields if (f.derived_from or f.name) in self.feed.fields]


@dataclass(frozen=True)
class Input:
    """One landed delivery: id, name, period, when it was handed over (UTC), where its bytes lie, its own time stamp.

    `again`: what became of it before, where its quarantined rows alone are judged.
    `sha256`: of the bytes that landed; "" where nobody knows it.
    """

    delivery_id: str
    name: str
    period: str
    received_at: datetime
    path: Path
    stamped_at: datetime | None = None
    again: Judgment | None = None
    sha256: str = ""

    @property
    def order(self) -> Order:
        """Its place among the deliveries of its feed."""
        return order_of(self)


def text_rules(feed: Feed) -> TextRules:
    """How the feed writes values."""
    declared = feed.format
    dates = tuple(declared.dates)
    if declared.kind in ("xlsx", "xls", "ods", "parquet"):
        dates += tuple(form for form in TYPED_DAYS[" "] if form not in dates)
    elif isinstance(feed.transport, SqlTransport):
        dates += tuple(form for form in TYPED_DAYS["T"] if form not in dates)
    return TextRules(
        declared.decimal, declared.thousands, dates, tuple(declared.null_values), declared.footnote_marks
    )


def zone_of(task: Task) -> Zone:
    """Where a moment of this feed has its day: in the zone that it declares, else in that of the row's region (S6)."""
    if task.feed.format.zone:
        return Zone(task.feed.format.zone)
    zones = region_zones()
    main, *others = dict.fromkeys(zones[code] for code in task.source.regions)
    by_zone = {zone: [code for code in task.source.regions if zones[code] == zone] for zone in others}
    regions = [field for field in task.contract.fields if field.name == "region_code"]
    return Zone(main, typed_value(regions[0], text_rules(task.feed)), by_zone) if regions else Zone(main)


def own_words(field: Field, feed: Feed) -> dict[str, str]:
    """The source's own words for a code-list field, besides the common spellings."""
    mapping = feed.fields.get(field.derived_from or field.name)
    return mapping.codes if isinstance(mapping, ColumnMapping | FileNameMapping | TitleCellMapping) else {}


def first_look(task: Task, inputs: Sequence[Input], readable: Mapping[int, RawRows]) -> str:
    """The plainly accepted rows as core has them; every other row goes through `set_aside`.

    A row is set aside where it is broken or `seen_before` says that its record may have come before.
    """
    width = max(len(raw.columns) for raw in readable.values())
    cells = ", ".join(f"record.c{n}" for n in range(width))
    computed = of_batch(task) | {"content_hash": content_hash(task.present)}
    questionable = "case when broken then true else seen_before(hash(record_key)) end"
    return (
        f"select {core_columns(task, computed)} from ({_verdicts(task, inputs, readable, _record(width))}) "
        f"where case when {questionable} then set_aside(delivery, raw_row, [{cells}]) else true end"
    )


def second_look(task: Task, inputs: Sequence[Input], aside: Mapping[int, RawRows]) -> str:
    """The rows set aside with their values; the broken ones with all their reasons and the record as received."""
    rules = rules_of_rows(task)
    return (
        f"select delivery, raw_row, {', '.join(field.name for field in task.present)}, record_key, "
        f"{content_hash(task.present)} as content_hash, "
        f"case when broken then {verdicts.reasons(rules)} end as reasons, case when broken then record end as received "
        f"from ({_verdicts(task, inputs, aside, lambda raw: raw.received)})"
    )


def rules_of_rows(task: Task) -> list[RowRule]:
    """The rules that every row is judged by: those of the contract and, of a shared file, whose the row is."""
    return [*([row_filter.UNKNOWN_OWNER] if task.feed.only else []), *row_rules(task.contract)]


def received_rows(aside: Mapping[int, RawRows]) -> str:
    """The records of the rows set aside as they were received: delivery, raw_row, record."""
    return " union all ".join(
        f"select {number} as delivery, raw_row, {raw.received} as record from {raw.relation}"
        for number, raw in aside.items()
    )


def core_columns(task: Task, computed: Mapping[str, str] | None = None) -> str:
    """Every column of core, in the order of the contract; `computed` are those that the rows do not have yet."""
    present = {field.name for field in task.present}
    columns = {
        f.name: f"cast(null as {TYPES[f.type]})" for f in task.contract.fields if f.name not in present
    }
    columns |= {
        "withdrawn": "false",
        "since_january": str(isinstance(task.feed.delivers, Cumulative)).lower(),
    }
    columns |= dict(computed or {})
    names = [column.name for column in task.contract.columns]
    return ", ".join(f"{columns[name]} as {name}" if name in columns else name for name in names)


def _verdicts(
    task: Task, inputs: Sequence[Input], readable: Mapping[int, RawRows], record: Callable[[RawRows], str]
) -> str:
    """Every row with its values, its `record_key`, whether it is `broken`, and what `record` makes of it."""
    rows = _with_channels(task, _typed_rows(task, inputs, _text_rows(task, inputs, readable, record)))
    key = record_key(task.source.source, task.dataset, [*task.feed.identity, *_numbered_in(task.feed)])
    key = several.key_of_part(task.feed, key)
    broken = verdicts.is_broken(rules_of_rows(task))
    return f"select *, {key} as record_key, {broken} as broken from ({rows})"


def _numbered_in(feed: Feed) -> list[str]:
    """SQL for the month or year in which a number stands for one record, where numbers begin anew."""
    periods = {"month": "delivered_period", "year": "left(cast(delivered_period as varchar), 4)"}
    return [periods[feed.numbers_begin_anew]] if feed.numbers_begin_anew in periods else []


def _record(width: int) -> Callable[[RawRows], str]:
    """The cells of a record as a STRUCT of that many texts: it costs nothing until somebody asks for them."""

    def record(raw: RawRows) -> str:
        columns = [*raw.columns, *["null::varchar"] * (width - len(raw.columns))]
        return "{" + ", ".join(f"'c{n}': {column}" for n, column in enumerate(columns)) + "}"

    return record


def _text_rows(
    task: Task, inputs: Sequence[Input], readable: Mapping[int, RawRows], record: Callable[[RawRows], str]
) -> str:
    """The cells as text: without outer spaces, null where the source says nothing."""
    text = text_rules(task.feed)
    mapped = [f"raw_{field.name}" for field in task.contract.reported if field.name in task.feed.fields]
    rows = " union all ".join(
        _cells(task.feed, task.contract, number, inputs[number], raw, record(raw))
        for number, raw in readable.items()
    )
    spaces = "".join(sorted({space for raw in readable.values() for space in raw.outer_spaces}))
    if spaces:
        rows = _replaced(rows, {name: without_spaces(name, spaces) for name in mapped})
    if spaces or text.footnote_marks or set(text.null_values) - {""}:
        rows = _replaced(rows, {name: null_where_nothing(name, text) for name in mapped})
    return rows


def _typed_rows(task: Task, inputs: Sequence[Input], rows: str) -> str:
    """Typed values beside the text they were read from."""
    text = replace(text_rules(task.feed), zone=zone_of(task))
    kept = [
        *of_delivery(0, inputs[0]),
        "raw_row",
        "record",
        *(["undecided"] if task.feed.only else []),
        *(f"raw_{f.name}" for f in task.contract.reported),
    ]
    of_period = replace(text, dates=("%Y-%m-%d",))
    filled = {name for name, mapping in task.feed.fields.items() if isinstance(mapping, PeriodMapping)}
    typed = {
        f.name: typed_value(f, of_period if f.name in filled else text)
        for f in task.contract.fields
        if f.codelist or not f.derived
    }
    return f"select {', '.join(kept)}, {_named(typed)} from ({rows})"


def _with_channels(task: Task, rows: str) -> str:
    """The keys of the channel and of the one that it mirrors, where this feed reports channels."""
    names = {field.name for field in task.present}
    if "channel_key" in names:
        rows = with_channels(rows)
    if "parent_channel_key" in names:
        rows = with_parent(rows)
    return rows


def _cells(feed: Feed, contract: Contract, number: int, delivery: Input, raw: RawRows, record: str) -> str:
    """The cells of one delivery under the names of the contract's fields, besides the record; without others' rows."""
    if marks := feed.format.footnote_marks:
        bare = {heading: without_footnotes(cell, marks, SPACES) for heading, cell in raw.cells.items()}
        raw = replace(raw, cells=bare)
    text = text_rules(feed)
    cells = {f"raw_{f.name}": _mapped(f.name, feed.fields.get(f.name), raw, text) for f in contract.reported}
    shared = of_delivery(number, delivery)
    rows = f"raw_row, {record} as record, {_named(cells)}"
    if not feed.only:
        return f"select {_named(shared)}, {rows} from {raw.relation}"
    known = row_filter.with_owner(raw.relation, feed.only, raw.cells, feed.format.null_values)
    return (
        f"select {_named(shared)}, for_us = {row_filter.UNDECIDED} as undecided, {rows} from {known} "
        f"where case when for_us = {row_filter.OTHERS} then left_to_others({number}) else true end"
    )


def shared_words(task: Task, inputs: Sequence[Input]) -> dict[str, list[str]]:
    """Text columns of which a batch has few values, with these values.

    They are ENUM types, `<column>_words`: writing a text once for every row costs as much as the rest of the row.
    """
    return {name: [value] for name, value in _of_batch(task).items()} | {
        "delivery_id": [delivery.delivery_id for delivery in inputs],
        "file": list(dict.fromkeys(delivery.name for delivery in inputs)),
        "delivered_period": list(dict.fromkeys(delivery.period for delivery in inputs)),
    }


def of_batch(task: Task) -> dict[str, str]:
    """What all rows of a batch share: name of the column → SQL."""
    return {name: f"{quoted(value)}::{name}_words" for name, value in _of_batch(task).items()}


def _of_batch(task: Task) -> dict[str, str]:
    return {"batch_id": task.batch_id, "feed_id": task.feed_id, "source_id": task.source.source}


def of_delivery(number: int, delivery: Input) -> dict[str, str]:
    """What all rows of a delivery share: name of the column → SQL."""
    return {
        "delivery": str(number),
        "delivery_id": f"{quoted(delivery.delivery_id)}::delivery_id_words",
        "file": f"{quoted(delivery.name)}::file_words",
        "delivered_period": f"{quoted(delivery.period)}::delivered_period_words",
        "received_at": f"timestamptz {quoted(delivery.received_at.isoformat())}",
        "received_on": f"date {quoted(str(day_in_kazakhstan(delivery.received_at)))}",
    }


def _mapped(name: str, mapping: FieldMapping | None, raw: RawRows, text: TextRules) -> str:
    if name in raw.filled:
        return quoted(raw.filled[name])
    if mapping is None:
        return "cast(null as varchar)"
    if isinstance(mapping, ConstantMapping):
        return quoted(mapping.constant)
    if isinstance(mapping, ExpressionMapping):
        read = expression_columns(mapping.expression)
        seen = {heading: _as_mapped(raw.cells[heading], raw.outer_spaces, text) for heading in read}
        return f"nullif(trim({_written(f'({expression_sql(mapping.expression, seen)})', text.decimal)}), '')"
    if isinstance(mapping, ColumnMapping):
        return raw.cells[mapping.column]
    assert isinstance(mapping, str)
    return raw.cells[mapping]


def _as_mapped(cell: str, outer_spaces: str, text: TextRules) -> str:
    """A cell as a column of a mapping sees it: without outer spaces, null where the source says nothing."""
    return null_where_nothing(without_spaces(cell, outer_spaces) if outer_spaces else cell, text)


def _written(value: str, decimal: str) -> str:
    """The text of what an expression gives; a number as the feed writes numbers, so that it is read as that number."""
    text = f"cast({value} as varchar)"
    if decimal == ".":
        return text
    is_number = f"typeof({value}) in ('DOUBLE', 'FLOAT') or starts_with(typeof({value}), 'DECIMAL')"
    return f"case when {is_number} then replace({text}, '.', {quoted(decimal)}) else {text} end"


def _replaced(rows: str, replaced: Mapping[str, str]) -> str:
    return f"select * replace ({_named(replaced)}) from ({rows})"


def _named(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} as {name}" for name, expression in columns.items())
