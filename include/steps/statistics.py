"""Statistics: the marts of all years heard of, from core as known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import pyarrow as pa

from include import statistics
from include.contracts import DATASETS, codes
from include.ledger import Ledger, ReceivedPeriod
from include.sources import SourceDefinition, load_sources
from include.statistics import REPORTS, Inputs
from include.steps import clock
from include.steps.context import open_ledger
from include.storage import parquet, tables
from include.storage.home import Home

Report = tuple[str, str, str, int, int]  # dataset, source_id, region_code, year, month


class Built(TypedDict):
    """What was counted: rows of each mart, the moment it was known at, how many batches that are, and where it lies."""

    marts: dict[str, int]
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
        inputs = inputs_of(home, ledger, known)
    marts = statistics.build(inputs, years_heard(inputs), spill=spill_folder(home))
    moment = (as_at or clock.now()).astimezone(UTC)
    folder = home.marts / f"as_at={moment:%Y%m%dT%H%M%SZ}" if as_at else home.marts
    return {
        "marts": parquet.write_marts(folder, marts),
        "as_at": moment.isoformat(),
        "batches": len(known),
        "folder": str(folder),
    }


def inputs(home: Home, batch_ids: Sequence[str]) -> Inputs:
    """What the figures depend on, for the given batches: core files, expected and received reports."""
    with open_ledger(home) as ledger:
        return inputs_of(home, ledger, batch_ids)


def inputs_of(home: Home, ledger: Ledger, batch_ids: Sequence[str]) -> Inputs:
    """As `inputs`, with a ledger that is open already."""
    sources = load_sources()
    received = received_reports(sources, ledger.received_periods(batch_ids))
    return Inputs(
        core={dataset: tables.core_files(home, dataset) for dataset in DATASETS},
        duplicates={dataset: tables.duplicate_files(home, dataset) for dataset in DATASETS},
        known_batches=sorted(batch_ids),
        expected=_table(expected_reports(sources, sorted({report[3] for report in received}))),
        received=_table(received),
    )


def years_heard(inputs: Inputs) -> list[int]:
    """The years for which at least one report came in: these are counted."""
    return sorted(set(inputs.received["year"].to_pylist()))


def spill_folder(home: Home) -> Path:
    """Where counting may put what does not fit in memory: restricted, since keys pass through it (B9)."""
    return home.staging / "statistics"


def expected_reports(sources: dict[str, SourceDefinition], years: Sequence[int]) -> list[Report]:
    """One report a month from each feed that declares a rhythm, for whole calendar years (C1)."""
    return [
        (dataset, source.source, _own_region(sources, source.source), year, month)
        for source in sources.values()
        for dataset, feed in source.feeds.items()
        for year in years
        for month in range(1, 13)
        if feed.rhythm and (year in feed.rhythm.years or f"{year}-{month:02}" >= feed.rhythm.since)
    ]


def received_reports(sources: dict[str, SourceDefinition], periods: Iterable[ReceivedPeriod]) -> list[Report]:
    """The months that the delivered periods cover, each once: a year file stands for its 12 months (C1)."""
    return sorted(
        {
            (period.dataset, period.source_id, _own_region(sources, period.source_id), year, month)
            for period in periods
            for year, month in months_of(period.period)
        }
    )


def months_of(period: str) -> list[tuple[int, int]]:
    """The months of a period: `2025-03` is one, `2024` is twelve.

    Raises:
        ValueError: neither a year nor a month.
    """
    year, _, month = period.partition("-")
    if not year.isdigit() or (month and not (month.isdigit() and 1 <= int(month) <= 12)):
        raise ValueError(f"period {period!r}: expected a year (2024) or a month (2025-03)")
    return [(int(year), int(month))] if month else [(int(year), n) for n in range(1, 13)]


def _own_region(sources: dict[str, SourceDefinition], source_id: str) -> str:
    """The region whose reports these are: the first that the source names; KZ-NAT for a source no longer defined."""
    if source_id in sources:
        return sources[source_id].regions[0]
    return source_id if source_id in codes("regions") else "KZ-NAT"


def _table(reports: Sequence[Report]) -> pa.Table:
    return pa.Table.from_pylist(
        [dict(zip(REPORTS.names, report, strict=True)) for report in reports], REPORTS
    )
