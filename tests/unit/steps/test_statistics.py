"""The step: a count from an empty home, and as known at a past moment."""

from datetime import UTC, datetime
from pathlib import Path

from include.steps import statistics
from include.storage import parquet
from include.storage.home import Home


def test_an_empty_home_counts_nothing_and_shows_that_nobody_reported(tmp_path: Path):
    counted = statistics.build(home=Home(tmp_path))
    assert counted["batches"] == 0
    seizures = parquet.read_mart(tmp_path / "marts", "mart_seizures")
    assert set(seizures["obs_status"].to_pylist()) == {":"} and seizures["seizures"].null_count == len(
        seizures
    )


def test_the_past_is_written_beside_the_present(tmp_path: Path):
    counted = statistics.build(as_at=datetime(2025, 4, 1, tzinfo=UTC), home=Home(tmp_path))
    assert counted["folder"] == str(tmp_path / "marts" / "as_at=20250401T000000Z")
