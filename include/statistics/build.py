"""All marts from core: registers what the counting rules read, runs them in order, returns what the contracts declare."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import duckdb
import pyarrow as pa

from include.contracts import DATASETS, Series, arrow_schema, codelist, codelist_names, load
from include.runtime.engine import connect
from include.statistics.rules import read_rules

SQL = Path(__file__).parent
THRESHOLD = str(read_rules().coverage_threshold)
MARTS = (
    "channels",
    "seizures",
    "laboratories",
    "prevention",
    "resocialisation",
    "coverage",
    "reports",
    "headlines",
)

# The columns that counting reads of each dataset; the others stay in core. Channels and addresses are held as their
# MD5 numbers: equal where the text is equal, 16 bytes, and no identifier outside of core (B9). `handle` is there where
# the record has a numeric id beside it.
COUNTED = {
    "blocking_record": (
        "record_key, md5_number(channel_key) as channel, md5_number(identifier) as address,"
        " case when handle_key <> channel_key then md5_number(handle_key) end as handle, region_code,"
        " coalesce(other_platform, platform) as platform,"
        " category, detected_on, requested_on, decision_on, blocked_on, unblocked_on"
    ),
    "seizure_item": (
        "source_id, seizure_no, region_code, seized_on, registered_on, substance_code, quantity, unit, seizures_n,"
        " 1 as months_spanned"
    ),
    "laboratory": "closed_on, region_code, lab_type",
    "prevention_activity": (
        "activity_on, region_code, organiser, kind, audience, participants, participants_basis"
    ),
    "resocialisation": (
        "month_on, region_code, facility_type, enrolled, trained, completed,"
        " employed_0m, employed_3m, employed_6m, employed_12m"
    ),
}
SIGHTING = pa.schema(
    [
        ("batch_id", pa.string()),
        ("delivery_id", pa.string()),
        ("raw_row", pa.int64()),
        ("received_at", pa.timestamp("us", tz="UTC")),
        ("record_key", pa.string()),
        ("content_hash", pa.string()),
    ]
)
ORDER = pa.schema([("delivery_id", pa.string()), ("place", pa.int64())])
REPORTS = pa.schema(
    [
        ("dataset", pa.string()),
        ("source_id", pa.string()),
        ("region_code", pa.string()),
        ("year", pa.int64()),
        ("month", pa.int64()),
    ]
)
STATES = pa.schema(
    [
        *REPORTS,
        ("state", pa.string()),
        ("due_on", pa.date32()),
        ("received_on", pa.date32()),
        ("days_late", pa.int64()),
        ("deliveries", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Inputs:
    """Everything the figures depend on: the same inputs give the same bytes.

    Attributes:
        core: dataset → Parquet files of the stored rows.
        duplicates: dataset → Parquet files of the sightings of content that was already stored (R2).
        order: the place of every delivery among all, the newest the highest; columns of `ORDER`.
        known_batches: the batches committed by the as-at time; rows of others are not seen (T2).
        expected: reports the source definitions expect; columns of `REPORTS`, month 1 to 12.
        received: reports that came in those batches; same columns.
        states: what became of each expected report; columns of `STATES`.
        set_aside: the deliveries that people had set aside by then: nothing of them counts.
        nationwide: the sources that report what belongs to no region (C3).
    """

    core: Mapping[str, Sequence[str]]
    duplicates: Mapping[str, Sequence[str]]
    order: pa.Table
    known_batches: Sequence[str]
    expected: pa.Table
    received: pa.Table
    states: pa.Table
    nationwide: Sequence[str] = ()
    set_aside: Sequence[str] = ()


@dataclass(frozen=True)
class Counted:
    """What was counted.

    Attributes:
        marts: by name.
        candidates: handles that had several numeric ids, for a person to decide (B6); restricted (B9).
    """

    marts: dict[str, pa.Table]
    candidates: pa.Table


def build(
    inputs: Inputs,
    years: Sequence[int] | None = None,
    *,
    memory_limit: str = "768MB",
    spill: Path | None = None,
) -> Counted:
    """Every mart, by name, with the columns and types of its contract, in a fixed order of rows.

    Args:
        inputs: core files and reports, as known at one moment.
        years: calendar years to count; a change on the year before needs that year among them. Where not given,
            every year of which core holds a row, or for which a report was expected or came.
        memory_limit: what the counting may take, in DuckDB's notation.
        spill: restricted folder for what does not fit; without one, nothing is written to disk.

    Source: rules in the SQL files of this folder, one for each mart; docs/methodology.md.
    """
    core, duplicates = inputs.core.values(), inputs.duplicates.values()
    reads = itertools.chain(*core, *duplicates)
    with connect(reads=reads, folder=spill, memory_limit=memory_limit) as connection:
        _register(connection, inputs)
        connection.execute(_sql("macros"))
        for dataset in DATASETS:
            _current_state(connection, dataset)
        connection.execute(_sql("channel_identity"))
        _choose_years(connection, years)
        connection.execute(_sql("reporting"))
        marts = {f"mart_{mart}": _count(connection, f"mart_{mart}") for mart in MARTS}
        return Counted(marts, connection.sql(_sql("channel_candidates")).to_arrow_table())


def _register(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    for dataset in DATASETS:
        schema = arrow_schema(load(f"core_{dataset}"))
        _register_files(connection, f"core_{dataset}", inputs.core.get(dataset, ()), schema)
        _register_files(connection, f"duplicate_{dataset}", inputs.duplicates.get(dataset, ()), SIGHTING)
    for name in codelist_names():
        connection.register(name, codelist(name))
    connection.register("known_batches", pa.table({"batch_id": pa.array(inputs.known_batches, pa.string())}))
    connection.register("delivery_order", inputs.order.select(ORDER.names).cast(ORDER))
    connection.register("datasets", pa.table({"dataset": pa.array(DATASETS, pa.string())}))
    connection.register("expected_reports", inputs.expected.select(REPORTS.names).cast(REPORTS))
    connection.register("received_reports", inputs.received.select(REPORTS.names).cast(REPORTS))
    connection.register("set_aside", pa.table({"delivery_id": pa.array(inputs.set_aside, pa.string())}))
    connection.register("nationwide", pa.table({"source_id": pa.array(inputs.nationwide, pa.string())}))
    connection.register("report_state", inputs.states.select(STATES.names).cast(STATES))


def _choose_years(connection: duckdb.DuckDBPyConnection, years: Sequence[int] | None) -> None:
    """The table `years`."""
    if years is None:
        connection.execute(_sql("years"))
    else:
        connection.register("years", pa.table({"year": pa.array(sorted(set(years)), pa.int64())}))


def _register_files(
    connection: duckdb.DuckDBPyConnection, view: str, files: Sequence[str], schema: pa.Schema
) -> None:
    if not files:
        connection.register(view, schema.empty_table())
        return
    rows = connection.read_parquet(list(files), union_by_name=True, hive_partitioning=False)
    if set(schema.names) <= set(rows.columns):
        rows.create_view(view)
        return
    connection.register(f"no_{view}", schema.empty_table())  # a column that the contract gained is null
    rows.create_view(f"some_{view}")
    connection.execute(f"create view {view} as from no_{view} union all by name from some_{view}")


def _current_state(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """`<dataset>_as_known`, its numbers by month also where a feed counts since January (R6)."""
    counted, series = COUNTED[dataset], load(f"core_{dataset}").series
    since_january = f"select count(*) from core_{dataset} where since_january"
    if series is None or not connection.sql(since_january).fetchall()[0][0]:
        connection.execute(_sql("as_known", dataset=dataset, columns=counted))
        return
    named = {part.rpartition(" as ")[2].strip() for part in counted.split(",")}
    wanted = ("record_key", "since_january", *series.measures, series.month)
    more = [name for name in wanted if name not in named]
    more += [] if "months_spanned" in named else ["1 as months_spanned"]
    connection.execute(_sql("as_known", dataset=dataset, columns=", ".join([counted, *more])))
    connection.execute(
        _sql("series", dataset=dataset, month=series.month, measures=", ".join(series.measures))
    )
    for measure, unit in series.units.items():
        connection.execute(_sql("one_unit", measure=measure, unit=unit, month=series.month))
    connection.execute(
        _sql(
            "since_january",
            dataset=dataset,
            month=series.month,
            settled=_each(series, "if({0} is null, null, min({0}) over later) as {0}"),
            differences=_each(series, "coalesce({0} - coalesce(max({0}) over earlier, 0), 0) as {0}"),
        )
    )


def _each(series: Series, expression: str) -> str:
    return ", ".join(expression.format(measure) for measure in series.measures)


def _count(connection: duckdb.DuckDBPyConnection, mart: str) -> pa.Table:
    counted = connection.sql(_sql(mart, coverage_threshold=THRESHOLD)).to_arrow_table()
    schema = arrow_schema(load(mart))
    table = counted.select(schema.names).cast(schema)
    connection.register(mart, table)
    return table


def _sql(name: str, **values: str) -> str:
    return Template((SQL / f"{name}.sql").read_text(encoding="utf-8")).substitute(values)
