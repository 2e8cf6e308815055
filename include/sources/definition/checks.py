"""A definition against the contracts of its datasets: fields, codes, identity, and parts that must fit together."""

from __future__ import annotations

from include.contracts import DATASETS, Contract, Field, codes, load
from include.sources.definition.expressions import expression_columns
from include.sources.definition.formats import (
    FixedFormat,
    Format,
    JsonFormat,
    JsonlFormat,
    Unpivot,
    WorkbookFormat,
)
from include.sources.definition.kinds import kinds_of
from include.sources.definition.mappings import (
    ColumnMapping,
    ConstantMapping,
    ExpressionMapping,
    FileNameMapping,
    Mapping,
    PeriodMapping,
    TitleCellMapping,
)
from include.sources.definition.model import (
    Cumulative,
    Feed,
    Snapshot,
    SourceDefinition,
)
from include.sources.definition.transports import (
    HttpTransport,
    ListedDeliveries,
    SinceDeliveries,
    SqlTransport,
)


def against_contracts(definition: SourceDefinition) -> list[str]:
    """Every fault of a definition: key, what was found, what was expected."""
    faults = [
        f"regions: {code!r} is not in the code list regions"
        for code in definition.regions
        if code not in codes("regions")
    ]
    for dataset, feed in definition.feeds.items():
        if dataset not in DATASETS:
            faults.append(f"feeds.{dataset}: expected one of {', '.join(DATASETS)}")
            continue
        faults += [f"feeds.{dataset}.{fault}" for fault in _feed_faults(feed, load(f"core_{dataset}"))]
    return faults


def _feed_faults(feed: Feed, contract: Contract) -> list[str]:
    faults = []
    reported = {field.name: field for field in contract.reported}
    lists = {field.derived_from or field.name: field.codelist for field in contract.fields if field.codelist}
    for name, mapping in feed.fields.items():
        if name not in reported:
            faults.append(
                f"fields.{name}: expected a reported field of {contract.name}: {', '.join(reported)}"
            )
            continue
        found = _mapping_faults(name, mapping, lists.get(name))
        found += _delivery_faults(mapping, reported[name], lists.get(name), feed.format)
        faults += [f"fields.{name}.{fault}" for fault in found]
    missing = [field.name for field in contract.reported if field.required and field.name not in feed.fields]
    if missing:
        faults.append(f"fields: expected a mapping for the required {', '.join(missing)}")
    faults += [
        f"identity: {name!r} is not among the mapped fields"
        for name in feed.identity
        if name not in feed.fields
    ]
    if feed.aggregate != ("seizures_n" in feed.fields):
        faults.append("aggregate: a feed of aggregates maps seizures_n, and no other feed does")
    faults += _parts_that_do_not_fit(feed)
    faults += _merged_faults(feed, contract)
    if isinstance(feed.delivers, Cumulative):
        faults += _cumulative_faults(feed, contract)
    return faults


def _merged_faults(feed: Feed, contract: Contract) -> list[str]:
    """Merged cells are filled where they are labels: a number would stand in several rows, and be counted in each."""
    if not isinstance(feed.format, WorkbookFormat) or not isinstance(feed.format.fill_merged, list):
        return []
    numbers = kinds_of(feed, contract).numbers
    return [
        f"format.fill_merged: expected columns of labels, found {heading!r}, which a number is read from"
        for heading in feed.format.fill_merged
        if heading in numbers
    ]


def _cumulative_faults(feed: Feed, contract: Contract) -> list[str]:
    """Numbers since January need a series that goes on from month to month, each month a record of its own (R6)."""
    series = contract.series
    if series is None:
        return [
            f"delivers.kind: {contract.name} declares no series, so that its numbers cannot count since January"
        ]
    faults = []
    if series.month not in feed.identity:
        faults.append(f"identity: expected {series.month} in it: each month of a cumulative feed is a record")
    if "seizures_n" in series.measures and not feed.aggregate:
        faults.append(
            "delivers.kind: only a feed of aggregates counts since January; expected aggregate: true"
        )
    return faults


def _parts_that_do_not_fit(feed: Feed) -> list[str]:
    """What the transport brings must be what the format reads, and what a delivery is said to hold."""
    faults = []
    transport, form = feed.transport, feed.format
    if isinstance(transport, HttpTransport):
        since = isinstance(transport.deliveries, SinceDeliveries)
        if (since or transport.pages.by != "none") and not isinstance(form, JsonFormat):
            faults.append("format.kind: expected json: pages and since-parameters are read from JSON answers")
        if "{id}" in transport.url and not isinstance(transport.deliveries, ListedDeliveries):
            faults.append("transport.url: {id} is known only with deliveries by list")
        if transport.pages.by != "none" and "\n".encode(getattr(form, "encoding", "utf-8")) != b"\n":
            faults.append(
                "format.encoding: expected one that extends ASCII: pages are joined with a line break"
            )
    if isinstance(transport, SqlTransport) and not (
        isinstance(form, JsonlFormat) and form.encoding == "utf-8"
    ):
        faults.append("format.kind: expected jsonl in utf-8 with the transport sql: rows are landed so")
    if feed.numbers_begin_anew in ("month", "year"):
        if not feed.is_asked_by_period:
            faults.append(
                f"numbers_begin_anew: found {feed.numbers_begin_anew} with deliveries by {feed.asked_by}, whose period is "
                "that of asking; expected deliveries of their own period, or never"
            )
        elif isinstance(feed.delivers, Snapshot) and feed.delivers.of == "everything":
            faults.append(
                f"numbers_begin_anew: found {feed.numbers_begin_anew} with snapshots of everything, in which a record "
                "would be another one in each period; expected never"
            )
    if isinstance(feed.delivers, Snapshot) and feed.asked_by == "since":
        faults.append("delivers.kind: deliveries by since are increments, never a snapshot")
    if feed.asked_by == "month" and not feed.rhythm:
        faults.append("rhythm: expected one with deliveries by month: its first month is the first asked for")
    unpivot: Unpivot | None = getattr(form, "unpivot", None)
    if unpivot and unpivot.name == unpivot.value:
        faults.append("format.unpivot: expected different headings for name and value")
    return faults


def _mapping_faults(name: str, mapping: Mapping, codelist: str | None) -> list[str]:
    if isinstance(mapping, ExpressionMapping):
        try:
            expression_columns(mapping.expression)
        except ValueError as error:
            return [f"expression: {error}"]
    if isinstance(mapping, ConstantMapping) and codelist and mapping.constant not in codes(codelist):
        return [f"constant: expected a code of {codelist}, found {mapping.constant!r}"]
    if isinstance(mapping, ColumnMapping) and mapping.split and name != "identifier":
        return ["split: only the cells of identifier hold addresses that become records of their own"]
    if isinstance(mapping, ColumnMapping | FileNameMapping | TitleCellMapping) and mapping.codes:
        if not codelist:
            return ["codes: the field has no code list"]
        return [
            f"codes.{word}: expected a code of {codelist}, found {code!r}"
            for word, code in mapping.codes.items()
            if code not in codes(codelist)
        ]
    return []


def _delivery_faults(mapping: Mapping, field: Field, codelist: str | None, form: Format) -> list[str]:
    """What a delivery says of its rows must be of the kind of the field, and stand where its format has a title."""
    if isinstance(mapping, PeriodMapping):
        is_day = mapping.period.endswith("_day")
        if codelist or is_day != (field.type == "date"):
            expected = (
                "first_day or last_day" if field.type == "date" else "year or month, in a field without codes"
            )
            return [f"period: expected {expected}, found {mapping.period}"]
    if isinstance(mapping, TitleCellMapping):
        title_rows = getattr(form, "title_rows", 0)
        if not title_rows or mapping.row > title_rows:
            return [
                f"title_cell: expected a cell of the title rows, of which format.title_rows has {title_rows}"
            ]
        if isinstance(form, FixedFormat) and mapping.column > 0:
            return [
                "title_cell: expected a cell of column A: a line of fixed columns is one cell above the table"
            ]
    return []
