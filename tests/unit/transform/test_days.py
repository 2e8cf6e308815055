"""Days (S6): a moment is the day it had where it happened; no row's offset reaches another row."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from include.contracts import region_zones
from include.transform import Zone
from include.transform.days import day_of, is_moment

OFFSET, UTC = "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ"
ALMATY, KYZYLORDA = Zone("Asia/Almaty"), Zone("Asia/Qyzylorda")


def days(texts: list[str], *formats: str, zone: Zone = ALMATY) -> list[date | None]:
    """The day of each text, as rows of one table that are read together; the zone of all sessions is another one."""
    with duckdb.connect(config={"autoload_known_extensions": "false"}) as con:
        con.execute("set timezone = 'America/New_York'")
        con.execute("create table t as select unnest(?) as text", [texts])
        return [day for (day,) in con.execute(f"select {day_of('text', formats, zone)} from t").fetchall()]


def day(text: str, *formats: str, zone: Zone = ALMATY) -> str:
    return str(days([text], *formats, zone=zone)[0])


@pytest.mark.parametrize(
    "formats", [(OFFSET, "%Y-%m-%d"), ("%Y-%m-%d", OFFSET), ("%d.%m.%Y", UTC, OFFSET, "%Y-%m-%d")]
)
def test_a_plain_date_never_takes_over_the_offset_of_the_row_above(formats: tuple[str, ...]) -> None:
    rows = ["2025-04-10T09:00:00+05:00", "2025-04-01", "2025-04-01T01:30:00+05:00", "2025-04-15"] * 600
    assert days(rows, *formats) == [date(2025, 4, each) for each in (10, 1, 1, 15)] * 600


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2025-01-01T03:00:00+05:00", OFFSET), ("2025-01-01T03:00:00+0500", OFFSET), ("2025-01-01T03:00:00+05", OFFSET),
        ("2024-12-31T22:00:00Z", OFFSET), ("2024-12-31T22:00:00z", OFFSET), ("2024-12-31T22:00:00+00:00", OFFSET),
        ("2024-12-31T22:00:00Z", UTC), ("2024-12-31T22:00:00.123Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
        ("2024-12-31T22:00:00.123456Z", "%Y-%m-%dT%H:%M:%S.%f%z"), ("2024-12-31 22:00 UTC", "%Y-%m-%d %H:%M UTC"),
        ("2024-12-31 22:00 Z", "%Y-%m-%d %H:%M %z"), ("2024-12-31T14:00:00-05:00", OFFSET),
        ("01.01.2025 03:00 (UTC+5)", "%d.%m.%Y %H:%M (UTC+5)"), ("2025-01-01T03:00:00+05:00", "%Y-%m-%dT%H:%M:%S+05:00"),
        ("2025-01-01 03:00 Asia/Almaty", "%Y-%m-%d %H:%M %Z"), ("12/31/2024 10:00 PM Z", "%m/%d/%Y %I:%M %p Z"),
    ],
)  # fmt: skip
def test_three_in_the_morning_of_new_year_is_new_year_however_it_is_written(text: str, form: str) -> None:
    assert is_moment(form)
    assert day(text, form) == "2025-01-01"


def test_until_february_2024_most_regions_were_an_hour_ahead_of_kyzylorda() -> None:
    for moment, almaty, kyzylorda in (
        ("2024-01-31T18:30:00Z", "2024-02-01", "2024-01-31"),  # 00:30 and 23:30
        ("2024-02-29T18:30:00Z", "2024-02-29", "2024-02-29"),  # the clocks went back at midnight
        ("2024-03-01T18:30:00Z", "2024-03-01", "2024-03-01"),
        ("2024-03-01T19:00:00Z", "2024-03-02", "2024-03-02"),
    ):
        assert (day(moment, UTC), day(moment, UTC, zone=KYZYLORDA)) == (almaty, kyzylorda)


def test_a_zone_that_the_source_declares_has_the_day() -> None:
    assert day("2025-01-31T18:30:00-01:00", OFFSET, zone=Zone("UTC")) == "2025-01-31"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2025-04-01 23:59:59", "%Y-%m-%d %H:%M:%S"), ("01.04.2025 00:05", "%d.%m.%Y %H:%M"),
        ("2025-04-01", "%Y-%m-%d"), ("2025-04-01Z", "%Y-%m-%dZ"), ("2025-04-01Z", "%Y-%m-%d%z"),
        ("2025-04-01+06:00", "%Y-%m-%d%z"), ("2025-04-01-08:00", "%Y-%m-%d%z"),
    ],
)  # fmt: skip
def test_a_day_or_a_local_time_keeps_the_day_it_names(text: str, form: str) -> None:
    assert not is_moment(form)
    assert day(text, form) == "2025-04-01"


def test_a_moment_without_its_offset_is_no_day_where_one_is_declared() -> None:
    texts = ["2025-04-01T10:00:00", "2025-04-01T10:00:00Y", "2025-04-01T10:00:00+5", "2025-13-01T10:00:00Z"]
    assert days(texts, OFFSET) == [None] * 4


def test_every_region_has_the_zone_of_its_clocks() -> None:
    zones = region_zones()
    own = {code: zone for code, zone in zones.items() if zone != "Asia/Almaty"}
    assert own == {
        "KZ-15": "Asia/Aqtobe", "KZ-23": "Asia/Atyrau", "KZ-27": "Asia/Oral", "KZ-39": "Asia/Qostanay",
        "KZ-43": "Asia/Qyzylorda", "KZ-47": "Asia/Aqtau",
    }  # fmt: skip
    early = {zone: day("2024-01-31T18:30:00Z", UTC, zone=Zone(zone)) for zone in set(zones.values())}
    assert {zone for zone, found in early.items() if found == "2024-02-01"} == {
        "Asia/Almaty",
        "Asia/Qostanay",
    }
