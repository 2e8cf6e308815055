"""Judging knows whose day it is: the row's region, or the zone that the feed declares (S6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.unit.steps.judged import judged

CSV = {"kind": "csv", "dates": ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]}
BOTH = {"regions": ["KZ-75", "KZ-43"], "fields": {"region_code": "Region"}}
HEAD = "No,Date,Substance,Qty,Region\n"


def test_one_moment_is_two_days_in_two_regions(tmp_path: Path) -> None:
    rows = "1,2024-01-31T18:30:00Z,heroin,1,KZ-75\n2,2024-01-31T18:30:00Z,heroin,1,Кызылординская область\n"
    found = judged(tmp_path, HEAD + rows, CSV, **BOTH)
    assert found.column("seized_on") == [date(2024, 2, 1), date(2024, 1, 31)]


def test_a_row_whose_region_cannot_be_read_has_that_reason_alone(tmp_path: Path) -> None:
    found = judged(tmp_path, HEAD + "1,2024-01-31T18:30:00Z,heroin,1,Atlantis\n", CSV, **BOTH)
    assert found.reasons == {2: ["region_code.code"]}


def test_the_zone_that_a_feed_declares_is_that_of_all_its_rows(tmp_path: Path) -> None:
    row = "1,2024-01-31T18:30:00Z,heroin,1,KZ-75\n"
    for zone, day in (("UTC", date(2024, 1, 31)), ("Asia/Almaty", date(2024, 2, 1))):
        assert judged(tmp_path / day.isoformat(), HEAD + row, CSV | {"zone": zone}, **BOTH).column(
            "seized_on"
        ) == [day]


@pytest.mark.parametrize("zone", ["Almaty", "UTC+5", "Asia/Nowhere", "../etc/passwd", "asia/almaty"])
def test_a_zone_that_tzdata_does_not_know_is_a_fault_of_the_definition(tmp_path: Path, zone: str) -> None:
    with pytest.raises(ValidationError, match="expected the IANA name of a time zone"):
        judged(tmp_path, HEAD, CSV | {"zone": zone})


@pytest.mark.parametrize(
    ("handed_over", "accepted"),
    [("2025-03-31T18:30:00+00:00", 0), ("2025-03-31T19:30:00+00:00", 1), ("2025-03-31T22:30:00+00:00", 1)],
)  # fmt: skip
def test_a_file_of_the_night_may_name_the_day_that_has_begun_in_kazakhstan(
    tmp_path: Path, handed_over: str, accepted: int
) -> None:
    received = datetime.fromisoformat(handed_over).astimezone(UTC)
    found = judged(tmp_path, HEAD + "1,2025-04-01,heroin,1,KZ-75\n", CSV, received=received, **BOTH)
    assert (len(found.core), list(found.reasons.values())) == (
        accepted,
        [] if accepted else [["row.not_after_receipt"]],
    )
