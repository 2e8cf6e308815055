"""A source whose numbers begin anew each month or year: noticed, held back, or declared (R1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from include.steps import alerts
from tests.end_to_end.country import Ingested, Place, ingest_feeds
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place

Rows = Sequence[tuple[int, str, str]]  # number, day, grams


def month(number: int, *numbers: int, grams: str = "") -> tuple[str, Rows]:
    """A file of one month, each record on a day of that month."""
    name = f"s_2025-{number:02}_2025{number + 1:02}05.csv"
    return name, [(n, f"{n:02}.{number:02}.2025", grams or str(10 * number + n)) for n in numbers]


def take(place: Place, *files: tuple[str, Rows]) -> Ingested:
    for name, rows in files:
        content = csv(*((str(n), day, GOOD[2], grams, *GOOD[4:]) for n, day, grams in rows))
        deliver(place, content, name)
    with place.entered():
        return ingest_feeds([FEED])


def raised(place: Place) -> list[str]:
    with place.entered() as home:
        return [
            f"{alert.kind} {alert.period} {alerts.told(alert).partition(': ')[2]}"
            for alert in alerts.alerts(home=home)
        ]


def stored(place: Place) -> int:
    return len({row["record_key"] for row in place.rows("core", "seizure_item")})


JANUARY, FEBRUARY = month(1, 1, 2, 3), month(2, 1, 2, 3)


@pytest.mark.parametrize("runs", [[[JANUARY, FEBRUARY]], [[JANUARY], [FEBRUARY]], [[FEBRUARY], [JANUARY]]])
def test_a_month_with_the_numbers_of_another_raises_an_alert_whichever_comes_first(
    runs: Sequence[Sequence[tuple[str, Rows]]], tmp_path: Path
) -> None:
    place = small_place(tmp_path)
    for files in runs:
        take(place, *files)
    (told,) = raised(place)
    assert told.startswith("begun_anew 2025-0") and "3 of its 3 records stand under numbers of 2025-0" in told


def test_a_larger_month_after_a_smaller_one_is_noticed_too(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    take(place, month(1, 1, 2, 3), month(2, *range(1, 20)))
    (told,) = raised(place)
    assert told.startswith("begun_anew 2025-02") and "3 of its 19 records" in told


def test_a_correction_of_the_same_month_and_a_few_revisions_among_new_records_raise_none(
    tmp_path: Path,
) -> None:
    place = small_place(tmp_path)
    take(place, month(1, 1, 2, 3, 4))
    take(place, ("s_2025-01_20250301.csv", month(1, 1, 2, 3, 4, grams="7")[1]))
    revised = month(1, 1, 2, 3, grams="8")[1]
    take(place, ("s_2025-02_20250305.csv", [*revised, *month(2, 5, 6, 7, 8, 9)[1]]))
    assert raised(place) == []


def test_a_source_that_sends_all_it_has_each_month_raises_none(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    january = month(1, 1, 2, 3, 4)[1]
    take(place, ("s_2025-01_20250205.csv", january), ("s_2025-02_20250305.csv", [*january, *month(2, 5)[1]]))
    assert raised(place) == []


def test_held_back_is_refused_with_an_alert_until_the_definition_says_what_is_so(tmp_path: Path) -> None:
    place = small_place(tmp_path, if_numbers_begin_anew="hold")
    done = take(place, JANUARY, FEBRUARY, month(3, 1, 2, 3))
    assert len(done.refused[FEED]) == 2
    assert "3 of its 3 records under numbers of 2025-01 with other content" in done.refused[FEED][0]
    assert "numbers_begin_anew" in done.refused[FEED][0]
    assert [told.split()[:2] for told in raised(place)] == [
        ["begun_anew", "2025-03"],
        ["begun_anew", "2025-02"],
    ]
    assert stored(place) == 3
    take(place)
    assert len(raised(place)) == 2
    place = small_place(tmp_path, numbers_begin_anew="month")
    assert take(place).refused == {}


@pytest.mark.parametrize("declared, records", [("month", 9), ("year", 3), ("never", 3), (None, 3)])
def test_the_period_belongs_to_the_identity_where_that_is_declared(
    declared: str | None, records: int, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {"numbers_begin_anew": declared} if declared else {}
    place = small_place(tmp_path, **changes)
    take(place, JANUARY, FEBRUARY, month(3, 1, 2, 3))
    assert stored(place) == records
    assert bool(raised(place)) == (declared in (None, "never"))
