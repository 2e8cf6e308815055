"""The SQL of a judging pass: cells as text → typed values → channel and record → verdict.

Every function gives a query over all rows of a batch, built from the contract and the source definition alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from include.contracts import Contract, Field, row_rules
from include.quality import verdicts
from include.sources.definition import (
    ColumnMapping,
    ConstantMapping,
    ExpressionMapping,
    Feed,
    SourceDefinition,
)
from include.sources.definition import Mapping as FieldMapping
from include.sources.formats import RawRows
from include.transform import (
    TextRules,
    code_type,
    content_hash,
    null_where_nothing,
    quoted,
    record_key,
    typed_value,
    with_channel,
    without_spaces,
)

TYPES = {"string": "varchar", "date": "date", "integer": "bigint", "number": "double", "boolean": "boolean"}


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
    """One landed delivery: id, name, period, when it was handed over (UTC), where its bytes lie."""

    delivery_id: str
    name: str
    period: str
    received_at: datetime
    path: Path


def text_rules(feed: Feed) -> TextRules:
    """How the feed writes values."""
    declared = feed.format
    dates = tuple(declared.dates)
    if declared.kind == "xlsx" and "%Y-%m-%d" not in dates:
        dates += ("%Y-%m-%d",)  # date cells of a workbook come in this form whatever they show
    return TextRules(declared.decimal, declared.thousands, dates, tuple(declared.null_values))


def own_words(field: Field, feed: Feed) -> dict[str, str]:
    """The source's own words for a code-list field, besides the common spellings."""
    mapping = feed.fields.get(field.derived_from or field.name)
    return mapping.codes if isinstance(mapping, ColumnMapping) else {}


def judged_columns(task: Task) -> str:
    """Names and types of the columns of `judged_rows`."""
    types = {f.name: code_type(f) if f.codelist else TYPES[f.type] for f in task.present}
    columns = (
        {"delivery": "integer", "raw_row": "bigint"} | types | {"reasons": "varchar[]", "received": "varchar"}
    )
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def judged_rows(task: Task, inputs: Sequence[Input], readable: Mapping[int, RawRows]) -> str:
    """Every row of the readable deliveries with its values; with its reasons and as received where it is broken."""
    rules = row_rules(task.contract)
    # A record as received becomes JSON where a row is broken, and only there, if all deliveries look alike.
    alike = len({raw.shape for raw in readable.values()}) == 1 and all(r.shape for r in readable.values())
    received = "cast(to_json(received) as varchar)" if alike else "received"
    known = _with_channels(task, _typed_rows(task, _text_rows(task, inputs, readable, alike)))
    return (
        f"select delivery, raw_row, {', '.join(field.name for field in task.present)}, "
        f"case when broken then {verdicts.reasons(rules)} end as reasons, "
        f"case when broken then {received} end as received "
        f"from (select *, {verdicts.is_broken(rules)} as broken from ({known}))"
    )


def core_columns(task: Task) -> str:
    """Every column of core, in the order of the contract, over `judged` joined with `deliveries`."""
    present = {field.name for field in task.present}
    computed = {
        f.name: f"cast(null as {TYPES[f.type]})" for f in task.contract.fields if f.name not in present
    }
    computed["record_key"] = record_key(task.source.source, task.dataset, task.feed.identity)
    computed["content_hash"] = content_hash(task.present)
    columns = [column.name for column in task.contract.columns]
    return ", ".join(f"{computed[name]} as {name}" if name in computed else name for name in columns)


def as_json(task: Task) -> str:
    """The values of a row of `judged` as a JSON object, in SQL."""
    return (
        "cast(to_json({" + ", ".join(f"{quoted(f.name)}: {f.name}" for f in task.present) + "}) as varchar)"
    )


def _text_rows(task: Task, inputs: Sequence[Input], readable: Mapping[int, RawRows], alike: bool) -> str:
    """The cells as text: without outer spaces, null where the source says nothing."""
    text = text_rules(task.feed)
    mapped = [f"raw_{field.name}" for field in task.contract.reported if field.name in task.feed.fields]
    rows = " union all ".join(
        _cells(task.feed, task.contract, number, inputs[number], raw, alike)
        for number, raw in readable.items()
    )
    spaces = "".join(sorted({space for raw in readable.values() for space in raw.outer_spaces}))
    if spaces:
        rows = _replaced(rows, {name: without_spaces(name, spaces) for name in mapped})
    if spaces or set(text.null_values) - {""}:
        rows = _replaced(rows, {name: null_where_nothing(name, text) for name in mapped})
    return rows


def _typed_rows(task: Task, rows: str) -> str:
    """Typed values beside the text they were read from."""
    text = text_rules(task.feed)
    kept = [
        "delivery",
        "received_on",
        "raw_row",
        "received",
        *(f"raw_{f.name}" for f in task.contract.reported),
    ]
    typed = {f.name: typed_value(f, text) for f in task.contract.fields if f.codelist or not f.derived}
    return f"select {', '.join(kept)}, {_named(typed)} from ({rows})"


def _with_channels(task: Task, rows: str) -> str:
    """The keys of the channel and of the one that it mirrors, where this feed reports channels."""
    names = {field.name for field in task.present}
    if "channel_key" in names:
        rows = with_channel(rows, "channel_key", "identifier", "platform_numeric_id")
    if "parent_channel_key" in names:
        rows = with_channel(rows, "parent_channel_key", "mirror_of", "null::varchar")
    return rows


def _cells(
    feed: Feed, contract: Contract, number: int, delivery: Input, raw: RawRows, as_struct: bool
) -> str:
    """The cells of one delivery under the names of the contract's fields, besides the record as received."""
    received = raw.received if as_struct or not raw.shape else f"cast(to_json({raw.received}) as varchar)"
    cells = {f"raw_{f.name}": _mapped(feed.fields.get(f.name), raw) for f in contract.reported}
    return (
        f"select {number} as delivery, date {quoted(str(delivery.received_at.date()))} as received_on, raw_row, "
        f"{received} as received, {_named(cells)} from {raw.relation}"
    )


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


def _replaced(rows: str, replaced: Mapping[str, str]) -> str:
    return f"select * replace ({_named(replaced)}) from ({rows})"


def _named(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} as {name}" for name, expression in columns.items())
