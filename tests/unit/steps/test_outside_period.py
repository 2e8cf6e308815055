"""Rows far outside the period of their delivery raise an alert with their number; they count all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from include.steps import alerts
from tests.end_to_end.country import ingest_feeds
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place


def found(
    folder: Path, *days: str, name: str = "s_2025-03_20250405.csv", **changes: Any
) -> list[dict[str, Any]]:
    """The figures of the alerts that a file with records of these days raises."""
    place = small_place(folder, **changes)
    deliver(place, csv(*((str(n), day, *GOOD[2:]) for n, day in enumerate(days))), name)
    with place.entered() as home:
        ingest_feeds([FEED])
        raised = alerts.alerts(home=home)
        assert all(str(json.loads(one.figures)["rows"]) in alerts.told(one) for one in raised)
    return [json.loads(one.figures) for one in raised if one.kind == "outside_period"]


def test_a_year_that_was_mistyped_is_told_with_the_number_of_rows(tmp_path: Path) -> None:
    assert found(tmp_path, "05.03.2025", "05.03.2024", "07.03.2015") == [
        {"rows": 2, "of": 3, "from_month": "2015-03", "to_month": "2024-03"}
    ]


@pytest.mark.parametrize(("day", "far"), [("31.08.2024", 1), ("01.09.2024", 0), ("02.04.2025", 0)])
def test_far_is_more_than_six_months_before_the_period(tmp_path: Path, day: str, far: int) -> None:
    assert len(found(tmp_path, day)) == far


def test_a_file_under_the_name_of_an_earlier_period_is_told(tmp_path: Path) -> None:
    (one,) = found(tmp_path, "01.11.2025", name="s_2025-04_20251205.csv")
    assert (one["rows"], one["of"]) == (1, 1)
    assert found(tmp_path / "b", "31.10.2025", name="s_2025-04_20251205.csv") == []


def test_a_whole_register_holds_what_is_old_too(tmp_path: Path) -> None:
    everything = {"kind": "snapshot", "of": "everything"}
    assert found(tmp_path, "05.03.2015", delivers=everything) == []
    assert len(found(tmp_path / "b", "05.03.2015", delivers=everything | {"of": "period"})) == 1
