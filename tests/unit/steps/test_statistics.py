"""The step: which reports are expected and received, and a count from an empty home."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.ledger import ReceivedPeriod
from include.sources import SourceDefinition, load_sources
from include.steps import statistics
from include.storage.home import Home


@pytest.fixture(scope="module")
def sources() -> dict[str, SourceDefinition]:
    return load_sources()


def test_a_monthly_feed_with_a_year_file_expects_both_years_whole(sources):
    expected = statistics.expected_reports({"KZ-43": sources["KZ-43"]}, [2023, 2024, 2025])
    labs = [report[3:] for report in expected if report[0] == "laboratory"]
    assert labs == [(year, month) for year in (2024, 2025) for month in range(1, 13)]


def test_every_region_expects_twelve_months_of_every_dataset(sources):
    expected = statistics.expected_reports(sources, [2025])
    assert len(set(expected)) == len(expected) == 20 * 5 * 12
    assert {report[2] for report in expected} == set(sources)


def test_a_year_file_stands_for_twelve_months_and_a_month_delivered_twice_for_one(sources):
    periods = [
        ReceivedPeriod("laboratory", "KZ-43", period) for period in ("2024", "2024-03", "2025-01", "2025-01")
    ]
    received = statistics.received_reports(sources, periods)
    assert [report[3:] for report in received] == [(2024, month) for month in range(1, 13)] + [(2025, 1)]


@pytest.mark.parametrize("period", ["", "2025-13", "2025-00", "25/03", "March"])
def test_a_period_that_is_neither_year_nor_month_is_refused(period):
    with pytest.raises(ValueError, match="expected a year"):
        statistics.months_of(period)


def test_an_empty_home_has_nothing_to_count(tmp_path: Path):
    counted = statistics.build(home=Home(tmp_path))
    assert (set(counted["marts"].values()), counted["batches"]) == ({0}, 0)


def test_the_past_is_written_beside_the_present(tmp_path: Path):
    counted = statistics.build(as_at=datetime(2025, 4, 1, tzinfo=UTC), home=Home(tmp_path))
    assert counted["folder"] == str(tmp_path / "marts" / "as_at=20250401T000000Z")
