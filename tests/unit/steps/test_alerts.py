"""Alerts: far fewer rows than a feed's history, the same file again under another name, each with its figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.ledger import DeliveredRow
from include.steps import alerts, clock
from tests.end_to_end.country import Place, ingest_feeds
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place

BEGAN = datetime(2024, 1, 5, tzinfo=UTC)


def month(number: int, rows: int, period: str = "") -> DeliveredRow:
    """The delivery of a month, counted from January 2024."""
    period = period or f"{2024 + (number - 1) // 12}-{(number - 1) % 12 + 1:02}"
    at = BEGAN + timedelta(days=30 * number)
    return DeliveredRow(FEED, f"d{number}", f"s_{period}.csv", period, f"{number}", at, rows, 0, None)


def fewer(rows: int, *history: int) -> dict[str, float] | None:
    """The figures of a delivery after deliveries of so many rows."""
    earlier = [month(number, count) for number, count in enumerate(history, 1)]
    return alerts.fewer_rows(month(len(history) + 1, rows), earlier)


def test_far_fewer_rows_than_the_history_raises_an_alert_with_the_figures() -> None:
    assert fewer(20, 95, 100, 105, 110) == {
        "rows": 20,
        "median": 102.5,
        "least": 95,
        "most": 110,
        "deliveries": 4,
    }


def test_a_little_fewer_is_no_alert() -> None:
    assert fewer(60, 95, 100, 105, 110) is None


def test_a_feed_that_varies_widely_raises_none() -> None:
    assert fewer(20, 30, 150, 15, 160, 90, 40) is None


def test_a_feed_that_never_had_an_empty_month_raises_one_for_the_first() -> None:
    assert fewer(0, 30, 150, 15, 160, 90, 40) is not None
    assert fewer(0, 30, 150, 0, 160, 90, 40) is None


def test_a_short_history_or_a_small_feed_says_nothing() -> None:
    assert fewer(0, 100, 100, 100) is None
    assert fewer(0, 10, 12, 11, 9, 14) is None


def test_only_the_last_twelve_deliveries_are_the_history() -> None:
    assert fewer(40, *[500] * 8, *[45, 50, 55] * 4) is None


def test_a_second_delivery_for_a_period_may_be_short() -> None:
    earlier = [month(number, 100) for number in range(1, 7)]
    assert alerts.fewer_rows(month(7, 3, period=earlier[-1].period), earlier) is None


def test_a_year_is_not_compared_with_months() -> None:
    earlier = [month(n, 1200, period=str(2010 + n)) for n in range(1, 7)]
    assert alerts.fewer_rows(month(7, 100), earlier) is None


def rows(first: int, many: int, on: str = "05.03.2025") -> bytes:
    return csv(*((str(n), on, *GOOD[2:]) for n in range(first, first + many)))


def take(place: Place, **files: bytes) -> list[str]:
    """Deliver files by name, ingest them, and give what was raised, in words."""
    for name, content in files.items():
        deliver(place, content, f"{name.replace('__', '-')}.csv")
    with place.entered() as home:
        began = clock.now()
        ingest_feeds([FEED])
        return [text.partition(": ")[2] for text in alerts.raised_since(began, [FEED], home)]


def later(place: Place, moment: str) -> Place:
    return Place(place.root, place.sandbox, sources=place.sources, now=moment)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return small_place(tmp_path)


def test_a_feed_that_suddenly_delivers_far_fewer_rows_raises_an_alert(place: Place) -> None:
    usual = {f"s_2025__{n:02}_2025{n + 1:02}05": rows(100 * n, 60, f"05.{n:02}.2025") for n in range(1, 6)}
    assert take(place, **usual) == []
    told = take(later(place, "2026-02-01T00:00:00+00:00"), s_2025__06_20250705=rows(900, 3, "05.06.2025"))
    assert told == [
        "KZ-43/seizure_item: s_2025-06_20250705.csv: 3 rows, far fewer than the usual 60 (median of 5 deliveries with "
        "60 to 60). Ask the source whether that is all."
    ]


def test_the_same_file_under_a_new_name_raises_an_alert_and_brings_no_row(place: Place) -> None:
    content = rows(1, 5)
    assert take(place, s_2025__03_20250405=content) == []
    (told,) = take(later(place, "2026-02-01T00:00:00+00:00"), again_2025__03_20250406=content)
    assert told.startswith(
        f"KZ-43/seizure_item: again_2025-03_20250406.csv: the same {len(content)} bytes as s_2025-03_20250405.csv "
        "for 2025-03, received on 2025-04-05."
    )
    assert place.balance()[FEED].landed == 5


def test_the_same_rows_for_another_month_raise_an_alert_and_are_duplicates(place: Place) -> None:
    content = rows(1, 5)
    (told,) = take(place, s_2025__03_20250405=content, s_2025__04_20250505=content)
    assert "s_2025-04_20250505.csv: the same 5 rows as s_2025-03_20250405.csv for 2025-03" in told
    balance = place.balance()[FEED]
    assert (balance.landed, balance.accepted, balance.duplicate) == (10, 5, 5)


def test_two_months_without_a_case_have_the_same_bytes_and_raise_none(place: Place) -> None:
    assert take(place, s_2025__03_20250405=csv(), s_2025__04_20250505=csv()) == []


def test_an_alert_is_raised_once_however_often_the_file_is_seen(place: Place) -> None:
    content = rows(1, 5)
    take(place, s_2025__03_20250405=content, again_2025__03_20250406=content)
    assert take(later(place, "2026-02-01T00:00:00+00:00")) == []
    with place.entered() as home:
        (alert,) = alerts.alerts(home=home)
        alerts.acknowledge(alert.alert_id, "Ann", home)
        assert alerts.alerts(home=home) == []
        assert [one.acknowledged_by for one in alerts.alerts(open_only=False, home=home)] == ["Ann"]
