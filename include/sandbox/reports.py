"""What every source reports in every delivery: good rows, repeated rows, late and missing reports."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from include.sandbox import periods
from include.sandbox.cells import Cells, Clerk
from include.sandbox.records import Record, Values

# Handed over so many days after the usual day.
LATE = {
    ("KZ-43", "blocking_record", "2025-03"): 47,
    ("KZ-35", "blocking_record", "2025-07"): 66,
    ("KZ-55", "seizure_item", "2025-02"): 39,
    ("KZ-71", "seizure_item", "2025-09"): 52,
    ("KZ-10", "laboratory", "2025-04"): 44,
    ("KZ-79", "prevention_activity", "2025-05"): 71,
    ("KZ-63", "resocialisation", "2025-06"): 36,
}
# Never handed over: there is no file.
MISSING = {
    ("KZ-47", "blocking_record", "2025-08"),
    ("KZ-62", "seizure_item", "2025-05"),
    ("KZ-59", "laboratory", "2025-06"),
    ("KZ-23", "prevention_activity", "2025-10"),
    ("KZ-31", "resocialisation", "2025-09"),
}
# Rows sent twice: within one delivery, and again in a later one.
REPEATED_WITHIN = {
    "blocking_record": 60,
    "seizure_item": 30,
    "laboratory": 4,
    "prevention_activity": 10,
    "resocialisation": 6,
}
REPEATED_LATER = {
    "blocking_record": 60,
    "seizure_item": 30,
    "laboratory": 4,
    "prevention_activity": 10,
    "resocialisation": 6,
}
EXTENSIONS = {"csv": "csv", "xlsx": "xlsx", "jsonl": "jsonl"}


@dataclass
class Row:
    """One row of a delivery.

    record, values: the record it tells of and what it says, for good rows only.
    kind: why it was planted, if it was; reasons: the rules that a bad row breaks.
    shape: how a damaged row is damaged as text: long, short, or cut.
    """

    cells: Cells
    record: Record | None = None
    values: Values | None = None
    kinds: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    shape: str = ""


@dataclass
class Delivery:
    """One file, or one delivery of an API."""

    clerk: Clerk
    period: str
    day: date
    rows: list[Row] = field(default_factory=list)
    is_late: bool = False

    @property
    def feed_id(self) -> str:
        """Source and dataset."""
        return f"{self.clerk.source}/{self.clerk.dataset}"

    @property
    def name(self) -> str:
        """File name, or the id of the delivery in the API."""
        stem = f"{self.period}_{self.day:%Y%m%d}"
        extension = EXTENSIONS.get(self.clerk.format.kind)
        return f"{self.clerk.dataset}_{stem}.{extension}" if extension else stem

    def raw_row(self, place: int) -> int:
        """Where a row stands as the file counts: record of a CSV, line, row of the sheet, item over all pages."""
        form = self.clerk.format
        if form.kind == "csv":
            return form.title_rows + form.header_rows + place + 1
        if form.kind == "xlsx":
            return form.title_rows + form.header_rows + place + 1
        return place + 1


def days_of_delivery(source: str, dataset: str) -> dict[str, date]:
    """Period → day on which the source hands the report over; without the months that never come."""
    return {
        period: periods.handed_over(source, dataset, period)
        + timedelta(days=LATE.get((source, dataset, period), 0))
        for period in periods.PERIODS
        if (source, dataset, period) not in MISSING
    }


def deliveries(clerk: Clerk, records: Sequence[Record]) -> list[Delivery]:
    """The deliveries of one feed in the order of their periods, with good rows only.

    A late report shows its records as they stand on the day it is handed over.
    """
    days = days_of_delivery(clerk.source, clerk.dataset)
    usual = {period: periods.handed_over(clerk.source, clerk.dataset, period) for period in periods.PERIODS}
    by_period: Mapping[str, list[Record]] = defaultdict(list)
    for record in records:
        for period in record.versions:
            by_period[period].append(record)
    found = []
    for period, day in days.items():
        late = day > usual[period]
        delivery = Delivery(clerk, period, day, is_late=late)
        for record in by_period[period]:
            values = record.known_at(day, usual | {period: day}) if late else record.versions[period]
            delivery.rows.append(Row(clerk.cells(values), record, values, kinds=_kinds(record, period)))
        found.append(delivery)
    return found


def repeat(found: Sequence[Delivery], dataset: str, rng: random.Random) -> None:
    """Send some rows twice, in the same delivery and in a later one (R2)."""
    filled = [delivery for delivery in found if delivery.rows]
    for _ in range(REPEATED_WITHIN[dataset]):
        delivery = rng.choice(filled)
        row = rng.choice(delivery.rows)
        delivery.rows.append(Row(row.cells, row.record, row.values, kinds=("duplicate",)))
    by_feed: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in found:
        by_feed[delivery.feed_id].append(delivery)
    left = REPEATED_LATER[dataset]
    while left:
        earlier = rng.choice(filled)
        row = rng.choice(earlier.rows)
        after = [d for d in by_feed[earlier.feed_id] if d.day > earlier.day]
        assert row.record is not None
        if not after or len(row.record.versions) > 1:
            continue
        rng.choice(after).rows.append(Row(row.cells, row.record, row.values, kinds=("duplicate",)))
        left -= 1


def _kinds(record: Record, period: str) -> tuple[str, ...]:
    first = period == next(iter(record.versions))
    changes = ("revision", "returned")
    return tuple(mark for mark in record.marks if (mark in changes) != first)
