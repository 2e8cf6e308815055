"""The step: a count from an empty home, and as known at a past moment."""

from datetime import UTC, datetime
from pathlib import Path

from include.steps import statistics
from include.storage.home import Home


def test_an_empty_home_has_nothing_to_count(tmp_path: Path):
    counted = statistics.build(home=Home(tmp_path))
    assert (set(counted["marts"].values()), counted["batches"]) == ({0}, 0)


def test_the_past_is_written_beside_the_present(tmp_path: Path):
    counted = statistics.build(as_at=datetime(2025, 4, 1, tzinfo=UTC), home=Home(tmp_path))
    assert counted["folder"] == str(tmp_path / "marts" / "as_at=20250401T000000Z")
