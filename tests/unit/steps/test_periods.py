"""A period lies between the first that its source reports and the day on which it was handed over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.sources import Offered
from include.steps import periods
from tests.unit.steps.test_reports import FEED, SINCE, source

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def refused(period: str, received: str = "2025-05-05", **declared: Any) -> str:
    """What is said of a delivery; "" where it is taken."""
    feed = source(**declared)["KZ-43"].feeds["laboratory"]
    offered = Offered("r.csv", period, datetime.fromisoformat(received).replace(tzinfo=UTC))
    return str(periods.refusal(FEED, feed, offered, NOW) or "")


@pytest.mark.parametrize(
    "period", ["9999-12", "2025-06", "2026", "2024-12", "2024", "0000-01", "0001", "٢٠٢٥-٠١", "x"]
)
def test_a_period_outside_is_refused_by_name(period: str) -> None:
    said = refused(period)
    assert said.startswith(f"{FEED}: r.csv: period: ") and period in said and "2025-05" in said


@pytest.mark.parametrize("period", ["2025-01", "2025-04", "2025-05", "2025"])
def test_a_period_from_the_first_to_the_month_of_receipt_is_taken(period: str) -> None:
    assert refused(period) == ""


def test_years_that_one_file_covers_are_reported_too() -> None:
    assert refused("2022", rhythm={"years": [2022]}) == "" and refused("2021", rhythm={"years": [2022]})


def test_a_quarter_begins_with_its_first_month() -> None:
    assert refused("2025-06", rhythm={"every": "quarter"}) == ""
    assert refused("2025-07", rhythm={"every": "quarter"})


def test_a_file_of_tomorrow_is_for_no_period_after_today() -> None:
    assert refused("2025-06", received="9999-01-01") == "" and refused("2025-07", received="9999-01-01")


def test_the_day_of_receipt_is_a_day_in_kazakhstan() -> None:
    assert refused("2025-05", received="2025-04-30T20:00:00") == ""


def test_what_there_is_when_a_source_is_asked_has_no_first_period() -> None:
    assert refused("2024-01", transport=SINCE) == "" and refused("2025-07", transport=SINCE)
