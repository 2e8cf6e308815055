"""Months and moments of Almaty, paths over JSON, and how far a feed was read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.sources.transports.http.watermark import MixedKinds, Watermark
from include.sources.transports.moments import moment, month_of, month_words, months
from include.sources.transports.paths import find


def test_months_run_from_the_first_to_the_last_over_the_year() -> None:
    assert months("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months("2026-03", "2026-02") == []


@pytest.mark.parametrize(
    ("month", "last", "after"),
    [("2024-02", "2024-02-29", "2024-03-01"), ("2025-02", "2025-02-28", "2025-03-01"), ("2025-12", "2025-12-31", "2026-01-01")],
)  # fmt: skip
def test_a_month_has_its_days(month: str, last: str, after: str) -> None:
    words = month_words(month)
    assert (words["first_day"], words["last_day"], words["next_first_day"]) == (f"{month}-01", last, after)
    assert (words["year"], words["month"]) == (month[:4], month[5:])


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-04-05T10:00:00+05:00", "2025-04-05T05:00:00+00:00"),
        ("2025-04-05T05:00:00Z", "2025-04-05T05:00:00+00:00"),
        ("2025-04-05T10:00", "2025-04-05T05:00:00+00:00"),
        ("2025-04-05", "2025-04-04T19:00:00+00:00"),
        ("2023-04-05", "2023-04-04T18:00:00+00:00"),  # UTC+6 until March 2024
    ],
)
def test_a_moment_without_an_offset_is_of_almaty(text: str, utc: str) -> None:
    assert moment(text).isoformat() == utc


@pytest.mark.parametrize("text", ["", "yesterday", "05.04.2025", "0001-01-01", "2025-02-30"])
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text)


def test_a_month_is_that_of_almaty() -> None:
    assert month_of(datetime(2025, 12, 31, 19, tzinfo=UTC)) == "2026-01"


@pytest.mark.parametrize(
    ("path", "value"),
    [("", {"a": {"b": [1]}}), ("a", {"b": [1]}), ("a.b", [1]), ("a.c", None), ("a.b.0", None)],
)
def test_a_path_finds_what_stands_there(path: str, value: Any) -> None:
    assert find({"a": {"b": [1]}}, path) == value


@pytest.mark.parametrize(
    ("values", "newest"),
    [
        ([9, 10, 9.5], 10),
        (["9", "10"], "10"),
        ([9, "10"], "10"),
        (["2025-03-01T12:00:00+05:00", "2025-03-01T08:00:00Z"], "2025-03-01T08:00:00Z"),
        (["2025-03-01", "2025-03-01T00:00:01"], "2025-03-01T00:00:01"),
        (["a9", "a10"], "a9"),
        ([None, 1, ""], 1),
    ],
)
def test_the_newest_value_is_the_watermark(values: list[Any], newest: Any) -> None:
    for order in (values, values[::-1]):
        mark = Watermark("at")
        mark.see([{"at": value} for value in order])
        assert mark.value == newest


def test_a_watermark_never_falls() -> None:
    mark = Watermark("at", 10)
    mark.see([{"at": 3}])
    assert (mark.value, mark.items) == (10, set())


@pytest.mark.parametrize("values", [[1, "a"], ["2025-01-01", 5], ["2025-01-01", "n/a"], [[1]], [False]])
def test_values_of_several_kinds_have_no_order(values: list[Any]) -> None:
    with pytest.raises(MixedKinds):
        Watermark("at").see([{"at": value} for value in values])


def test_the_fingerprint_is_of_the_newest_items_in_any_order() -> None:
    old, first, second = {"at": 1}, {"at": 2, "n": 1}, {"n": 2, "at": 2}
    marks = []
    for items in ([old, first, second], [second, first], [first, second, first]):
        mark = Watermark("at")
        mark.see(items)
        marks.append(mark.fingerprint())
    other = Watermark("at")
    other.see([first])
    assert len(set(marks)) == 1 and other.fingerprint() != marks[0]
