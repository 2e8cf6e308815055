"""Hand-made core rows: a test names the fields it is about, the rest are filled in here."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.contracts import DATASETS, arrow_schema, load
from include.statistics import ORDER, REPORTS, SIGHTING, STATES, Inputs, build

Row = dict[str, Any]
DEFAULTS: dict[str, Row] = {
    "blocking_record": {
        "platform": "telegram_channel", "category": "sale", "region_code": "KZ-71", "detected_on": "2025-01-10",
        "channel_key": "telegram:a",
    },
    "seizure_item": {
        "region_code": "KZ-71", "seized_on": "2025-03-05", "item_no": 1, "lead_agency": "mia_police",
        "substance_as_reported": "меф", "substance_code": "mephedrone", "quantity": 1.0, "unit": "kg",
    },
    "laboratory": {"region_code": "KZ-71", "closed_on": "2025-03-05", "agency": "mia_police", "lab_type": "synthetic"},
    "prevention_activity": {
        "region_code": "KZ-71", "activity_on": "2025-03-05", "organiser": "akimat", "kind": "event", "audience": "youth",
    },
    "resocialisation": {
        "region_code": "KZ-71", "month_on": "2025-03-01", "facility_type": "ngo", "enrolled": 0, "trained": 0,
        "completed": 0, "employed_0m": 0, "employed_3m": 0, "employed_6m": 0, "employed_12m": 0,
    },
}  # fmt: skip
NUMBERED = {"blocking_record": "record_no", "laboratory": "record_no", "prevention_activity": "record_no"}
_counter = itertools.count(1)


def core_row(dataset: str, fields: Row) -> Row:
    """One stored row: the given fields over the defaults; text dates read; a key, a hash and provenance made up."""
    n = next(_counter)
    row = {**DEFAULTS[dataset], **fields}
    row.setdefault("source_id", row["region_code"])
    row.setdefault("record_key", f"{row['source_id']}/{n}")
    row.setdefault("content_hash", f"content-{n}")
    row.setdefault("batch_id", "b1")
    row.setdefault("delivery_id", "d1")
    row.setdefault("raw_row", n)
    row.setdefault("received_at", "2025-02-05")
    row.setdefault("feed_id", f"{row['source_id']}/{dataset}")
    row.setdefault("seizure_no" if dataset == "seizure_item" else NUMBERED.get(dataset, "_"), str(n))
    if dataset == "blocking_record":
        row.setdefault("identifier", f"https://t.me/{row['channel_key'].split(':')[-1]}")
    return row


def reports(dataset: str, *regions: str, months: Iterable[int] = range(1, 13), year: int = 2025) -> list[Row]:
    """One report a month from each region's own source."""
    return [
        {"dataset": dataset, "source_id": region, "region_code": region, "year": year, "month": month}
        for region in regions
        for month in months
    ]


def as_table(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(
        [{k: _value(row.get(k), schema.field(k).type) for k in schema.names} for row in rows], schema
    )


def _value(value: Any, kind: pa.DataType) -> Any:
    if isinstance(value, str) and pa.types.is_date(kind):
        return dt.date.fromisoformat(value)
    if isinstance(value, str) and pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    return value


class Country:
    """Core as Parquet files in a folder, and the marts counted from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.core: dict[str, list[Row]] = {dataset: [] for dataset in DATASETS}
        self.duplicates: dict[str, list[Row]] = {dataset: [] for dataset in DATASETS}
        self.order: list[str] = []  # delivery ids, the newest last
        self.expected: list[Row] = []
        self.received: list[Row] = []
        self.nationwide: list[str] = []
        self._counted: dict[Any, dict[str, pa.Table]] = {}

    def add(self, dataset: str, *rows: Row) -> Country:
        self.core[dataset] += [core_row(dataset, row) for row in rows]
        return self

    def seen_again(self, dataset: str, *rows: Row) -> Country:
        self.duplicates[dataset] += [
            {"batch_id": "b1", "delivery_id": "d1", "raw_row": 1, **row} for row in rows
        ]
        return self

    def expects(self, *rows: Row) -> Country:
        self.expected += rows
        return self

    def receives(self, *rows: Row) -> Country:
        self.received += rows
        return self

    def hears_all(self, dataset: str, *regions: str, year: int = 2025) -> Country:
        rows = reports(dataset, *regions, year=year)
        return self.expects(*rows).receives(*rows)

    def inputs(self, known_batches: Sequence[str] = ("b1",)) -> Inputs:
        core, duplicates = {}, {}
        for dataset in DATASETS:
            core[dataset] = self._write(
                f"core_{dataset}", self.core[dataset], arrow_schema(load(f"core_{dataset}"))
            )
            duplicates[dataset] = self._write(f"duplicate_{dataset}", self.duplicates[dataset], SIGHTING)
        return Inputs(
            core,
            duplicates,
            pa.table({"delivery_id": self.order, "place": range(len(self.order))}, ORDER),
            known_batches,
            as_table(self.expected, REPORTS),
            as_table(self.received, REPORTS),
            as_table([self._state(report) for report in self.expected], STATES),
            self.nationwide,
        )

    def _state(self, report: Row) -> Row:
        """An expected report as it stands: received in time, or missing for good."""
        came = report in self.received
        due = dt.date(report["year"], report["month"], 28)
        return report | {
            "state": "reported" if came else "missing",
            "due_on": due,
            "received_on": due if came else None,
            "days_late": 0 if came else 99,
            "deliveries": int(came),
        }

    def marts_of_every_year(self) -> dict[str, pa.Table]:
        """All marts, for whatever years there is something to say about."""
        return build(self.inputs()).marts

    def candidates(self) -> list[Row]:
        """Handles that a person should look at."""
        return build(self.inputs(), [2025]).candidates.to_pylist()

    def marts(self, *years: int, known_batches: Sequence[str] = ("b1",)) -> dict[str, pa.Table]:
        """All marts of the rows added so far; counted once for the same rows in the same order."""
        state = repr(
            (years, known_batches, self.order, self.core, self.duplicates, self.expected, self.received)
        )
        if state not in self._counted:
            self._counted[state] = build(self.inputs(known_batches), years or (2025,)).marts
        return self._counted[state]

    def _write(self, name: str, rows: list[Row], schema: pa.Schema) -> list[str]:
        if not rows:
            return []
        nullable = pa.schema([field.with_nullable(True) for field in schema])
        path = self.folder / f"{name}-{next(_counter)}.parquet"
        pq.write_table(as_table(rows, nullable), path)
        return [str(path)]


def rows(table: pa.Table, **where: Any) -> list[Row]:
    """The rows of a mart whose columns equal the given values, in the order of the mart."""
    return [row for row in table.to_pylist() if all(row[key] == value for key, value in where.items())]


def cell(table: pa.Table, **where: Any) -> Row:
    """The one row of a mart with the given values; month is the whole year and the other dimensions all, unless named."""
    totals = {
        "year": 2025, "month": None, "region_code": "KZ", "platform": "_T", "category": "_T", "substance_class": "_T",
        "substance_code": "_T", "unit": "_T", "lab_type": "_T", "organiser": "_T", "kind": "_T", "audience": "_T",
        "facility_type": "_T",
    }  # fmt: skip
    if "figure_id" in table.column_names:
        del totals["unit"]
    found = rows(
        table, **{key: value for key, value in {**totals, **where}.items() if key in table.column_names}
    )
    assert len(found) == 1, f"expected one row for {where}, found {len(found)}"
    return found[0]
