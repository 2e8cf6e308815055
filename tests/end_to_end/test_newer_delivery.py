"""Which delivery is the newer one (R2): by declared day, by time stamp, by name; A, B, A is A.

A quantity tells which of the deliveries counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from include.steps import alerts, statistics
from tests.end_to_end.country import Place, ingest_feeds
from tests.end_to_end.small import FEED, FIELDS, GOOD, csv, deliver, small_place
from tests.unit.statistics.frames import cell

PERIOD = {"kind": "snapshot", "of": "period"}
SINCE_JANUARY: dict[str, Any] = {
    "aggregate": True,
    "delivers": {"kind": "cumulative"},
    "identity": ["seized_on", "substance_as_reported"],
    "fields": FIELDS | {"seizures_n": {"constant": "1"}},
}
FEEDS: dict[str, dict[str, Any]] = {
    "increments": {},
    "snapshots": {"delivers": PERIOD},
    "numbers since January": SINCE_JANUARY,
}
Sent = tuple[str, str, str]  # name, its own time stamp, grams


def grams(quantity: str) -> bytes:
    return csv((GOOD[0], "05.03.2025", GOOD[2], quantity, *GOOD[4:]))


def take(place: Place, *sent: Sent) -> None:
    """Put files into the folder, with their time stamps, and ingest them together."""
    for name, stamp, quantity in sent:
        at = datetime.fromisoformat(f"{stamp}+00:00").timestamp()
        os.utime(deliver(place, grams(quantity), f"{name}.csv"), (at, at))
    with place.entered():
        done = ingest_feeds([FEED])
    assert (done.failed, done.refused, done.stopped) == ({}, {}, {})


def counted(place: Place) -> float:
    """The grams that count for the country in 2025."""
    with place.entered() as home:
        folder = Path(statistics.build(home=home)["folder"])
    mart = pq.read_table(folder / "mart_seizures" / "year=2025" / "data.parquet")
    return round(float(cell(mart, substance_class="drug")["mass_kg"]) * 1000, 6)


def raised(place: Place) -> list[str]:
    with place.entered() as home:
        return [alert.kind for alert in alerts.alerts(home=home)]


ONE_DAY: Sequence[Sent] = (
    ("s_2025-03_20250404", "2025-04-04T03:00", "5"),
    ("s_2025-03_20250404_v2", "2025-04-04T11:00", "11"),
)
ONE_MOMENT: Sequence[Sent] = (
    ("s_2025-03_20250404_v2", "2025-04-04T03:00", "5"),
    ("s_2025-03_20250404_v10", "2025-04-04T03:00", "11"),
)


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("sent", [ONE_DAY, ONE_DAY[::-1], ONE_MOMENT, ONE_MOMENT[::-1]])
def test_the_later_stamp_then_the_later_name_holds_whichever_is_ingested_first(
    sent: Sequence[Sent], feed: str, tmp_path: Path
) -> None:
    place = small_place(tmp_path, **FEEDS[feed])
    for one in sent:
        take(place, one)
    assert counted(place) == 11


A, B, AGAIN = (
    ("a_2025-03_20250405", "2025-04-05T03:00", "5"),
    ("b_2025-03_20250406", "2025-04-06T03:00", "50"),
    ("c_2025-03_20250407", "2025-04-07T03:00", "5"),
)


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize(
    "runs",
    [[[A], [B], [AGAIN]], [[A], [AGAIN], [B]], [[AGAIN], [B], [A]], [[B], [AGAIN], [A]], [[A, B, AGAIN]]],
    ids=["ABA", "AAB", "reversed", "BAA", "together"],
)
def test_a_b_a_is_a_in_whatever_order_and_runs_it_is_ingested(
    runs: Sequence[Sequence[Sent]], feed: str, tmp_path: Path
) -> None:
    place = small_place(tmp_path, **FEEDS[feed])
    for sent in runs:
        take(place, *sent)
    assert counted(place) == 5
    # A snapshot may say what the last one said.
    assert feed == "snapshots" or "same_file_new_name" in raised(place)
    before = place.balance()[FEED].deliveries
    take(place)
    assert place.balance()[FEED].deliveries == before


def test_two_deliveries_of_one_moment_that_contradict_each_other_raise_an_alert(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    take(place, ONE_MOMENT[1])
    take(place, ONE_MOMENT[0])
    with place.entered() as home:
        (alert,) = alerts.alerts(home=home)
    (clash,) = json.loads(alert.figures)["with"]
    assert (clash["records"], clash["of"], clash["of_other"], clash["counts"]) == (1, 1, 1, "other")
    assert "1 of its 1 records have other content in delivery" in alerts.told(alert)


@pytest.mark.parametrize("sent", [ONE_DAY, [ONE_MOMENT[0], (ONE_MOMENT[1][0], ONE_MOMENT[1][1], "5,0")]])
def test_a_later_stamp_or_the_same_content_is_no_contradiction(sent: Sequence[Sent], tmp_path: Path) -> None:
    place = small_place(tmp_path)
    take(place, *sent)
    assert raised(place) == []
