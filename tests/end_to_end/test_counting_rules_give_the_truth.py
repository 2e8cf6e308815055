"""The counting rules alone over the whole simulated country: core is written from the simulation, not from its files.

Where this passes and the pipeline's figures differ from the truth, the fault is in reading, not in counting.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.contracts import DATASETS, arrow_schema, load
from include.ledger import DeliveredRow
from include.sandbox import simulate, truth
from include.sandbox.reports import Delivery
from include.sources import load_sources
from include.statistics import SIGHTING, Inputs, build
from include.steps.reports import Heard
from include.steps.statistics import delivery_order, report_tables
from include.storage.parquet import parquet_bytes
from tests.unit.statistics.frames import as_table

YEARS = (2024, 2025)
DIMENSIONS = {
    "mart_channels": ("year", "month", "region_code", "platform", "category", "stage"),
    "mart_seizures": ("year", "month", "region_code", "substance_class", "substance_code", "unit"),
    "mart_laboratories": ("year", "month", "region_code", "lab_type"),
    "mart_prevention": ("year", "region_code", "organiser", "kind", "audience"),  # the truth has whole years
    "mart_resocialisation": ("year", "region_code", "facility_type"),
    "mart_coverage": ("year", "dataset", "region_code"),  # the truth has whole years
}
Row = dict[str, Any]


def core_of(deliveries: Sequence[Delivery], folder: Path) -> Inputs:
    """Core tables as ingest would leave them when the deliveries come in the given order (R1, R2)."""
    core: dict[str, list[Row]] = {dataset: [] for dataset in DATASETS}
    again: dict[str, list[Row]] = {dataset: [] for dataset in DATASETS}
    seen = set()
    for delivery in deliveries:
        dataset = delivery.clerk.dataset
        for place, row in enumerate(delivery.rows):
            if row.values is None or row.record is None:
                continue  # planted as bad
            stored = provenance(delivery, place, row.values)
            sighting = (stored["record_key"], stored["content_hash"])
            if sighting in seen:
                again[dataset].append(stored)
                continue
            seen.add(sighting)
            derived = {
                "channel_key": row.record.channel,
                "substance_code": row.values.get("substance_as_reported"),
            }
            values = {name: float(v) if isinstance(v, Decimal) else v for name, v in row.values.items()}
            core[dataset].append({**values, **derived, **stored})
    sources = load_sources()
    heard = Heard([delivered(delivery) for delivery in deliveries])
    return Inputs(
        core={
            name: write(folder / f"core_{name}.parquet", core[name], core_schema(name)) for name in DATASETS
        },
        duplicates={
            name: write(folder / f"duplicate_{name}.parquet", again[name], SIGHTING) for name in DATASETS
        },
        order=delivery_order(heard),
        known_batches=["b1"],
        **report_tables(sources, heard, dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
    )


def delivered(delivery: Delivery) -> DeliveredRow:
    at = dt.datetime.combine(delivery.day, dt.time(), dt.UTC)
    name = delivery.name
    return DeliveredRow(
        delivery.feed_id,
        f"{delivery.feed_id}/{name}",
        name,
        delivery.period,
        "",
        at,
        len(delivery.rows),
        0,
        None,
    )


def provenance(delivery: Delivery, place: int, values: Row) -> Row:
    content = repr(sorted((name, str(value)) for name, value in values.items() if value is not None))
    return {
        "source_id": delivery.clerk.source,
        "feed_id": delivery.feed_id,
        "batch_id": "b1",
        "delivery_id": f"{delivery.feed_id}/{delivery.name}",
        "raw_row": delivery.raw_row(place),
        "received_at": dt.datetime.combine(delivery.day, dt.time(), dt.UTC),
        "delivered_period": delivery.period,
        "record_key": "/".join((delivery.feed_id, *truth.record_key(delivery, values)[1:])),
        "content_hash": hashlib.md5(content.encode()).hexdigest(),
    }


def core_schema(dataset: str) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in arrow_schema(load(f"core_{dataset}"))])


def write(path: Path, rows: list[Row], schema: pa.Schema) -> list[str]:
    pq.write_table(as_table(rows, schema), path)
    return [str(path)]


@pytest.fixture(scope="module")
def deliveries() -> list[Delivery]:
    return list(simulate(2025))


@pytest.fixture(scope="module")
def marts(deliveries: list[Delivery], tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    return build(core_of(deliveries, tmp_path_factory.mktemp("core")), YEARS).marts


@pytest.fixture(scope="module")
def true_figures(deliveries: list[Delivery]) -> dict[str, Any]:
    return truth.truth(deliveries)


@pytest.mark.parametrize("mart", DIMENSIONS)
def test_every_cell_that_the_truth_knows_is_in_the_mart_with_its_value(marts, true_figures, mart):
    names = DIMENSIONS[mart]
    counted = {
        tuple(row[n] for n in names): row
        for row in marts[mart].to_pylist()
        if "month" in names or not row.get("month")
    }
    expected = true_figures["marts"][mart]
    differ = {
        (key, column, value, counted.get(key, {}).get(column))
        for row in expected
        if (key := tuple(row[n] for n in names))
        for column, value in row.items()
        if column not in names
        and counted.get(key, {}).get(column) != (value if value is None else pytest.approx(value, rel=1e-12))
    }
    assert expected and not differ


def test_every_headline_equals_the_truth(marts, true_figures):
    counted = {(str(r["year"]), r["figure_id"]): r["value"] for r in marts["mart_headlines"].to_pylist()}
    expected = {
        (year, figure): value
        for year, found in true_figures["headlines"].items()
        for figure, value in found.items()
    }
    assert counted == pytest.approx(expected, rel=1e-12)


def test_deliveries_taken_in_another_order_give_the_same_bytes(marts, deliveries, tmp_path):
    shuffled = random.Random(7).sample(deliveries, len(deliveries))
    again = build(core_of(shuffled, tmp_path), YEARS).marts
    assert {name: parquet_bytes(table) for name, table in again.items()} == {
        name: parquet_bytes(table) for name, table in marts.items()
    }
