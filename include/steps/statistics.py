"""Statistics: the marts of every year that is known or expected, from core as known at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

import pyarrow as pa

from include import statistics
from include.contracts import DATASETS
from include.ledger import Ledger
from include.sources import SourceDefinition
from include.statistics import ORDER, REPORTS, STATES, Inputs
from include.steps import clock, definitions, reports
from include.steps.context import open_ledger
from include.storage import parquet, tables
from include.storage.home import Home

NOT_ALLOCATED = "KZ-NAT"


class Built(TypedDict):
    """What was counted: rows of each mart, the moment it was known at, how many batches that are, and where it lies.

    `candidates`: rows for a person to decide about; they lie in the restricted folder of that name.
    """

    marts: dict[str, int]
    candidates: int
    as_at: str
    batches: int
    folder: str


def build(as_at: datetime | None = None, home: Home | None = None) -> Built:
    """Count all marts from the batches committed by `as_at` and write them.

    Without `as_at` the current marts are replaced. As known at a past moment (T2) they are written beside them, to
    `marts/as_at=<moment>/`, so that nobody takes the past for the present.
    """
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        known = [batch.batch_id for batch in ledger.committed_batches(as_at)]
        moment = (as_at or clock.now()).astimezone(UTC)
        inputs = inputs_of(home, ledger, known, moment)
    counted = statistics.build(inputs, spill=spill_folder(home))
    past = f"as_at={moment:%Y%m%dT%H%M%SZ}" if as_at else ""
    folder = home.marts / past
    parquet.write_restricted(home.candidates / past / "channels.parquet", counted.candidates)
    return {
        "marts": parquet.write_marts(folder, counted.marts),
        "candidates": counted.candidates.num_rows,
        "as_at": moment.isoformat(),
        "batches": len(known),
        "folder": str(folder),
    }


def inputs(home: Home, batch_ids: Sequence[str], as_at: datetime) -> Inputs:
    """What the figures depend on, for the given batches: core files, and what became of every report by `as_at`."""
    with open_ledger(home) as ledger:
        return inputs_of(home, ledger, batch_ids, as_at)


def inputs_of(home: Home, ledger: Ledger, batch_ids: Sequence[str], as_at: datetime) -> Inputs:
    """As `inputs`, with a ledger that is open already."""
    sources = definitions.in_force(ledger, as_at)
    heard = reports.heard(ledger, sources, batch_ids, as_at)
    return Inputs(
        core={dataset: tables.core_files(home, dataset) for dataset in DATASETS},
        duplicates={dataset: tables.duplicate_files(home, dataset) for dataset in DATASETS},
        order=delivery_order(heard),
        known_batches=sorted(batch_ids),
        set_aside=ledger.set_aside(as_at),
        **report_tables(sources, heard, as_at),
    )


def delivery_order(heard: reports.Heard) -> pa.Table:
    """The place of every delivery that was heard of; columns of `ORDER`."""
    ids = [delivery.delivery_id for delivery in heard.deliveries]
    return pa.table({"delivery_id": ids, "place": range(len(ids))}, ORDER)


def report_tables(
    sources: Mapping[str, SourceDefinition], heard: reports.Heard, as_at: datetime
) -> dict[str, Any]:
    """What the marts read of reports: expected, received, states, and who reports for the whole nation.

    Of every year for which one came or was due by then.
    """
    received = reports.received(sources, heard)
    years = sorted({report[3] for report in received} | set(reports.years_due(sources, as_at)))
    states = reports.states(sources, heard, years, as_at)
    return {
        "expected": _table(reports.expected(sources, years)),
        "received": _table(received),
        "states": pa.Table.from_pylist([vars(state) for state in states], STATES),
        "nationwide": sorted(name for name, source in sources.items() if NOT_ALLOCATED in source.regions),
    }


def spill_folder(home: Home) -> Path:
    """Where counting may put what does not fit in memory: restricted, since keys pass through it (B9)."""
    return home.staging / "statistics"


def _table(found: Sequence[reports.Report]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(REPORTS.names, report, strict=True)) for report in found], REPORTS)
