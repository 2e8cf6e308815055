"""What a table delivers: all of it, a month of it, or what is new in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.sources import NothingNew, SourceError, open_transport
from tests.unit.sources.sql.conftest import FEED_ID, Fetched, Source

SINCE = {"by": "since", "column": "changed"}
MONTH = {"by": "month", "column": "day", "again": 2}


# All --------------------------------------------------------------------------------------------------------


def test_all_rows_are_one_delivery_for_the_month_in_kazakhstan(source: Source) -> None:
    source.sql("create table reports (no int, text text)")
    source.sql("insert into reports values (2, 'b'), (1, 'a')")
    now = datetime(2025, 3, 31, 20, tzinfo=UTC)  # already April in Almaty
    done = source.fetch({"now": now})
    assert done.bytes == {"reports": b'{"no":"1","text":"a"}\n{"no":"2","text":"b"}\n'}
    assert [(o.name, o.period, o.received_at, o.mark) for o in done.offers] == [
        ("reports", "2025-04", now, "")
    ]
    assert (done.memory, done.faults) == ({}, [])


def test_a_table_without_rows_is_a_report_of_nothing(source: Source) -> None:
    source.sql("create table reports (no int, text text)")
    assert source.fetch().bytes == {"reports": b"\n"}


def test_a_delivery_shows_one_moment_though_the_table_goes_on_changing(source: Source) -> None:
    source.sql("create table reports (no int, text text)")
    source.sql("insert into reports select n, 'before' from generate_series(1, 1000) n")

    class Meddling:
        """A file during whose first write the source changes every row and adds as many."""

        def __init__(self) -> None:
            self.got = b""

        def write(self, data: bytes) -> int:
            if not self.got:
                source.sql("update reports set text = 'after'")
                source.sql("insert into reports select no + 1000, 'after' from reports")
            self.got += data
            return len(data)

    to: Any = Meddling()
    with open_transport(FEED_ID, source.feed(), source.surroundings()) as opened:
        opened.fetch(opened.offered().deliveries[0], to)
    assert to.got.count(b'"before"') == 1000 and b"after" not in to.got


# Month ------------------------------------------------------------------------------------------------------


def months(source: Source, *landed: str, **changes: Any) -> Fetched:
    return source.fetch({"landed": frozenset(landed)}, deliveries=MONTH | changes)


def test_by_month_what_is_not_landed_and_the_last_months_are_asked_for(source: Source) -> None:
    source.sql("create table reports (no int, text text, day date)")
    source.sql(
        "insert into reports values (1, 'a', '2025-01-31'), (2, 'b', '2025-02-01'), (3, 'c', '2025-02-28'), "
        "(4, 'd', '2025-03-01'), (5, 'e', '2024-12-31'), (6, 'f', '2025-05-01')"
    )
    first = months(source)
    assert {name: [row["no"] for row in first.rows(name)] for name in first.bytes} == {
        "reports_2025-01": ["1"], "reports_2025-02": ["2", "3"], "reports_2025-03": ["4"], "reports_2025-04": [],
    }  # fmt: skip
    assert first.bytes["reports_2025-04"] == b"\n"
    assert [offered.period for offered in first.offers] == ["2025-01", "2025-02", "2025-03", "2025-04"]
    later = months(source, "2025-01", "2025-03", "2025-04")
    assert [offered.period for offered in later.offers] == ["2025-02", "2025-03", "2025-04"]
    assert [o.period for o in months(source, "2025-01", "2025-02", again=1).offers] == ["2025-03", "2025-04"]


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        ("timestamptz", ("2025-01-31 19:00:00+00", "2025-02-28 18:59:59.999999+00"), ("2025-01-31 18:59:59.999999+00", "2025-02-28 19:00:00+00")),
        ("timestamp", ("2025-02-01 00:00:00", "2025-02-28 23:59:59.999999"), ("2025-01-31 23:59:59.999999", "2025-03-01 00:00:00")),
        ("date", ("2025-02-01", "2025-02-28"), ("2025-01-31", "2025-03-01")),
    ],
)  # fmt: skip
def test_a_month_begins_at_midnight_in_kazakhstan(
    source: Source, kind: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    source.sql(f"create table reports (no serial, text text, day {kind})")
    for text, days in (("inside", inside), ("outside", outside)):
        for day in days:
            source.sql("insert into reports (text, day) values (%s, %s)", text, day)
    assert [row["text"] for row in months(source).rows("reports_2025-02")] == ["inside", "inside"]


def test_rows_without_a_date_are_in_no_month_and_said_so(source: Source) -> None:
    source.sql("create table reports (no int, text text, day date)")
    source.sql("insert into reports values (1, 'СЕКРЕТ', null), (2, 'b', '2025-01-01'), (3, 'c', null)")
    done = months(source)
    assert len(done.bytes) == 4
    (fault,) = done.faults
    assert "reports: transport.deliveries.column: found 2 rows with no value in 'day'" in fault
    assert "СЕКРЕТ" not in fault


def test_a_month_needs_a_date_and_a_first_month(source: Source) -> None:
    source.sql("create table reports (no int, text text, day text)")
    with pytest.raises(SourceError, match="transport.deliveries.column: found a column of the type TEXT; expected a date or a timestamp"):  # fmt: skip
        months(source)
    with pytest.raises(SourceError, match="definition: rhythm.since: found none"):
        source.fetch({"since": ""}, deliveries=MONTH)


# Since ------------------------------------------------------------------------------------------------------


def polled(source: Source, memory: dict[str, str], **changes: Any) -> tuple[list[str | None], dict[str, str]]:
    """Numbers of the rows that a poll brings, and the memory after it; nothing new leaves it as it was."""
    done = source.fetch({"memory": memory}, deliveries=SINCE | changes)
    if done.nothing_new:
        assert (done.nothing_new, done.memory) == (["reports"], {})
        return [], memory
    return [row["no"] for row in done.rows()], memory | done.memory


WATERMARKS = {
    "timestamptz": ("2025-03-01 10:00:00.000001+05", "2025-03-01 10:00:00.000002+05", "2025-03-01 10:00:00.000003+05"),
    "timestamp": ("2025-03-01 10:00:00", "2025-03-01 10:00:00.000001", "2025-03-02"),
    "date": ("2025-03-01", "2025-03-02", "2025-03-03"),
    "bigint": ("9", "10", "9007199254740993"),
    "numeric": ("1.0000000000000000000000001", "1.0000000000000000000000002", "1e30"),
    "text": ("10", "9", "ә"),
    "xid8": ("9", "10", "11"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WATERMARKS)
def test_polls_by_watermark_bring_each_row_and_end_with_nothing_new(source: Source, kind: str) -> None:
    low, middle, high = WATERMARKS[kind]
    source.sql(f"create table reports (no int, text text, changed {kind})")
    assert polled(source, {}) == ([], {})  # no rows: nothing to say, nothing to remember

    source.sql("insert into reports values (3, 'c', %s), (1, 'a', %s)", middle, low)
    found, memory = polled(source, {})
    assert found == ["1", "3"]
    assert polled(source, memory) == ([], memory)

    source.sql("insert into reports values (2, 'b', %s)", middle)  # a second one at the watermark itself
    found, memory = polled(source, memory)
    assert found == ["2", "3"]
    assert polled(source, memory) == ([], memory)

    source.sql("update reports set text = 'B' where no = 2")  # changed without touching the column
    found, memory = polled(source, memory)
    assert found == ["2", "3"]

    source.sql("insert into reports values (4, 'd', %s)", high)
    found, memory = polled(source, memory)
    assert found == ["2", "3", "4"]
    assert polled(source, memory) == ([], memory)

    source.sql("delete from reports where no = 4")
    assert polled(source, memory) == ([], memory)
    source.sql("delete from reports")
    assert polled(source, memory) == ([], memory)


def test_many_rows_at_one_watermark_over_several_batches_are_known_again(source: Source) -> None:
    source.sql("create table reports (no int, text text, changed date)")
    source.sql("insert into reports select n, 'a', '2025-03-01' from generate_series(1, 1000) n")
    found, memory = polled(source, {})
    assert len(found) == 1000
    assert polled(source, memory) == ([], memory)
    source.sql("update reports set text = 'b' where no = 1000")
    assert len(polled(source, memory)[0]) == 1000


def test_the_column_of_the_watermark_need_not_be_landed_and_may_be(source: Source) -> None:
    source.sql("create table reports (no int, text text, changed date)")
    source.sql("insert into reports values (1, 'a', '2025-03-01')")
    assert source.fetch(deliveries=SINCE).rows() == [{"no": "1", "text": "a"}]
    both = source.fetch(deliveries=SINCE, columns=["changed", "no"])
    assert both.rows() == [{"changed": "2025-03-01", "no": "1"}]


def test_the_first_watermark_is_the_declared_start(source: Source) -> None:
    source.sql("create table reports (no int, text text, changed date)")
    source.sql("insert into reports values (1, 'a', '2024-12-31'), (2, 'b', '2025-01-01')")
    assert polled(source, {}, start="2025-01-01")[0] == ["2"]
    with pytest.raises(SourceError, match=r"found an error of the database \(InvalidDatetimeFormat, SQLSTATE 22007\)"):  # fmt: skip
        polled(source, {}, start="yesterday's")


def test_another_question_starts_from_the_beginning(source: Source) -> None:
    source.sql("create table reports (no int, text text, changed date, other date)")
    source.sql(
        "insert into reports values (1, 'a', '2025-01-01', '2025-01-01'), (2, 'b', '2025-02-01', '2025-02-01')"
    )
    _, memory = polled(source, {})
    assert polled(source, memory, column="other")[0] == ["1", "2"]
    assert polled(source, memory, start="2025-01-01")[0] == ["1", "2"]
    more = source.fetch({"memory": memory}, deliveries=SINCE, columns=["no", "other"])
    assert [row["no"] for row in more.rows()] == ["1", "2"]


def test_rows_without_a_watermark_are_never_found_and_said_so_at_every_poll(source: Source) -> None:
    source.sql("create table reports (no int, text text, changed date)")
    source.sql("insert into reports values (1, 'a', '2025-01-01'), (2, 'b', null)")
    first = source.fetch(deliveries=SINCE)
    again = source.fetch({"memory": first.memory}, deliveries=SINCE)
    assert ([row["no"] for row in first.rows()], again.nothing_new) == (["1"], ["reports"])
    for done in (first, again):
        (fault,) = done.faults
        assert "found 1 rows with no value in 'changed'" in fault


@pytest.mark.parametrize(
    ("kind", "value"),
    [("date", "infinity"), ("timestamptz", "infinity"), ("numeric", "NaN"), ("double precision", "1.5"), ("boolean", "true")],
)  # fmt: skip
def test_a_watermark_after_which_nothing_can_come_is_refused(source: Source, kind: str, value: str) -> None:
    source.sql(f"create table reports (no int, text text, changed {kind})")
    source.sql("insert into reports values (1, 'a', %s)", value)
    with pytest.raises(SourceError, match="transport.deliveries.column: found a highest value that has no next one"):  # fmt: skip
        source.fetch(deliveries=SINCE)


def test_a_row_committed_late_below_the_watermark_is_not_found(source: Source) -> None:
    """The known limit of every watermark, which the documentation names: this shows that it is as it says."""
    source.sql("create table reports (no int, text text, changed date)")
    source.sql("insert into reports values (2, 'b', '2025-02-01')")
    _, memory = polled(source, {})
    source.sql("insert into reports values (1, 'late', '2025-01-01')")
    assert polled(source, memory) == ([], memory)
    assert [row["no"] for row in source.fetch().rows()] == ["1", "2"]  # by all it is


def test_nothing_is_remembered_of_a_fetch_that_failed(source: Source) -> None:
    source.sql("create table reports (no int, text text, changed date)")
    source.sql("insert into reports values (1, 'a', '2025-01-01')")

    class Full:
        def write(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

    to: Any = Full()
    at = source.surroundings()
    with open_transport(FEED_ID, source.feed(deliveries=SINCE), at) as opened:
        (offered,) = opened.offered().deliveries
        with pytest.raises(OSError, match="No space left"):
            opened.fetch(offered, to)
    assert at.memory == {}
    with pytest.raises(NothingNew):
        source.sql("delete from reports")
        with open_transport(FEED_ID, source.feed(deliveries=SINCE), at) as opened:
            opened.fetch(opened.offered().deliveries[0], to)
