"""A batch alone and after others: every row of the file is accounted for, and what was known before is used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.contracts import load
from include.ledger import DeliveredRow
from include.sources import SourceDefinition
from include.sources.formats import RawRows, Reading, read
from include.steps import judge as judging
from include.steps.judge import Input, Past, Task, Verdict, judge
from tests.end_to_end.small import FEED, FIELDS, FORMATS, GOOD, csv

FIRST = datetime(2025, 4, 5, tzinfo=UTC)


@dataclass
class Known:
    """A feed that is judged file by file; each batch is committed before the next one."""

    folder: Path
    delivers: dict[str, Any] | None = None
    past: Past = field(default_factory=Past)
    batches: int = 0

    def take(self, *rows: tuple[str, ...]) -> Verdict:
        """Judge a file of the next month."""
        self.batches += 1
        name, staging = f"s_2025-{self.batches + 2:02}", self.folder / f"batch {self.batches}"
        staging.mkdir()
        path = staging / "landed"
        path.write_bytes(csv(*rows))
        received = FIRST + timedelta(days=30 * self.batches)
        delivery = Input(name, name, name[2:], received, path)
        verdict = judge(self.task, [delivery], self.past, staging)
        for counts in verdict.counts:
            self.past = Past(
                [*self.past.deliveries, DeliveredRow(
                    FEED, name, name, delivery.period, "", received, counts.landed, counts.quarantined, counts.snapshot_of
                )],
                [*self.past.core, *map(str, staging.glob("core*.parquet"))],
                [*self.past.duplicates, str(staging / "duplicates.parquet")],
                [*self.past.quarantine, str(staging / "quarantine.parquet")],
            )  # fmt: skip
        return verdict

    def counts(self, *rows: tuple[str, ...]) -> tuple[int, int, int, int]:
        """Accepted, quarantined, duplicate and withdrawn of a file."""
        (found,) = self.take(*rows).counts
        return found.accepted, found.quarantined, found.duplicate, found.withdrawn

    @property
    def task(self) -> Task:
        since_january = (self.delivers or {}).get("kind") == "cumulative"
        feed = {
            "transport": {"kind": "folder", "path": "in", "name_pattern": r"(?P<year>\d{4})"},
            "format": FORMATS["csv"] | {"decimal": ",", "dates": ["%d.%m.%Y"]},
            "identity": ["seizure_no", "seized_on"] if since_january else ["seizure_no"],
            "fields": FIELDS,
        } | ({"delivers": self.delivers} if self.delivers else {})
        source = SourceDefinition.model_validate(
            {"source": "KZ-43", "name": {}, "regions": ["KZ-43"], "feeds": {"seizure_item": feed}}
        )
        return Task(f"b{self.batches}", "seizure_item", source, load("core_seizure_item"))


def row(number: int, quantity: str = "4,5", day: str = "05.03.2025") -> tuple[str, ...]:
    return (str(number), day, GOOD[2], quantity, *GOOD[4:])


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_a_reader_that_finds_fewer_or_more_rows_than_the_file_has_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    def careless(reading: Reading) -> RawRows:
        raw = read(reading)
        return replace(
            raw, relation=f"(from (from {raw.relation} union all from {raw.relation}) limit {rows})"
        )

    monkeypatch.setattr(judging, "read", careless)
    verdict = Known(tmp_path).take(row(1), row(2), row(3))
    (error,) = verdict.refused.values()
    assert f"found 3 rows in the file and {rows} read; expected every physical row judged" in str(error)
    assert verdict.counts == []


def test_a_record_that_came_before_is_a_duplicate_and_its_new_content_a_revision(tmp_path: Path) -> None:
    known = Known(tmp_path)
    assert known.counts(row(1), row(2)) == (2, 0, 0, 0)
    assert known.counts(row(1), row(2, "5"), row(3)) == (2, 0, 1, 0)
    assert known.counts(row(1), row(2, "5"), row(2)) == (
        0,
        1,
        2,
        0,
    )  # two contents in one file are a conflict


def test_what_a_snapshot_lacks_is_withdrawn_with_its_last_values(tmp_path: Path) -> None:
    known = Known(tmp_path, {"kind": "snapshot", "of": "everything", "may_withdraw": 0.5})
    known.take(row(1), row(2))
    known.take(row(1), row(2, "7"))
    assert known.counts(row(1)) == (0, 0, 1, 1)
    gone = f"from read_parquet('{tmp_path}/batch 3/core-withdrawn.parquet') select seizure_no, quantity, withdrawn"
    assert duckdb.sql(gone).fetchall() == [("2", 7.0, True)]


def test_a_number_since_january_that_falls_is_told(tmp_path: Path) -> None:
    known = Known(tmp_path, {"kind": "cumulative"})
    assert known.take(row(1, "100", "31.01.2025")).findings == []
    assert known.take(row(1, "120", "28.02.2025")).findings == []
    (fall,) = known.take(row(1, "110", "31.03.2025")).findings
    assert (fall.kind, fall.figures["count"]) == ("fall", 1)
    (told,) = fall.figures["falls"]
    assert (told["from"], told["to"], told["from_month"], told["month"]) == (120.0, 110.0, 2, 3)
