"""The first look sets aside what it may not accept, and only that; the second look decides."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from include.steps import ingest
from include.steps.second_look import SLOTS_PER_ROW, SecondLook, SeenBefore
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place
from tests.reliability.crashing import ingest_feed

MARKS = np.random.default_rng(1).integers(0, 2**64, 200_000, dtype=np.uint64)


def test_a_mark_that_was_shown_is_always_known() -> None:
    seen = SeenBefore(len(MARKS))
    for part in np.array_split(MARKS, 100):
        seen.show(part)
    assert seen.show(MARKS).all()


def test_few_marks_are_taken_for_known_that_are_not() -> None:
    seen = SeenBefore(len(MARKS))
    wrong = sum(int(seen.show(part).sum()) for part in np.array_split(MARKS, 100))
    assert wrong / len(MARKS) < 1 / SLOTS_PER_ROW


def test_a_mark_twice_in_one_array_is_known_the_second_time() -> None:
    assert SeenBefore(3).show(np.array([7, 2**63, 7], dtype=np.uint64)).tolist() == [False, False, True]


def test_rows_set_aside_leave_the_query_and_can_be_read_in_order(tmp_path: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as con:
        look = SecondLook(con, tmp_path / "aside.arrow")
        with look.first_look(10_000, con.sql("select hash(17) as mark")):
            kept = con.execute(
                "select count(*) from range(10000) t(i) where case when i % 1000 = 3 or seen_before(hash(i)) "
                "then set_aside(4, i, [i::varchar, null]) else true end"
            ).fetchall()[0][0]
        look.rows_aside("aside")
        rows = con.execute("from aside").fetchall()
    assert kept + len(rows) == 10_000
    assert {17, *range(3, 10_000, 1000)} <= {row[1] for row in rows} and len(rows) < 200
    assert rows == sorted(rows) and rows[0] == (4, 3, ["3", None])


def rows(place: Place, kind: str) -> list[tuple[str, int]]:
    """Month and row of the file."""
    found = place.rows(kind, "seizure_item")
    return sorted((row.get("delivered_period") or row["file"][2:9], row["raw_row"]) for row in found)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return small_place(tmp_path)


def record(number: int, quantity: str = "4,5") -> tuple[str, ...]:
    return (str(number), *GOOD[1:3], quantity, *GOOD[4:])


def test_rows_behind_records_that_are_no_rows_keep_their_place_in_the_file(place: Place) -> None:
    deliver(
        place, csv(record(1), "2;x", record(3), "4;x", "5;x", record(6), record(3), record(8, "-1"), "9;x")
    )
    with place.entered():
        ingest_feed(FEED)
    assert [n for _, n in rows(place, "core")] == [2, 4, 7]
    assert [n for _, n in rows(place, "quarantine")] == [3, 5, 6, 9, 10]
    assert [row["raw_row"] for row in place.rows("duplicate", "seizure_item")] == [8]


def test_a_file_that_is_refused_after_the_look_leaves_the_others_as_if_it_had_not_come(place: Place) -> None:
    deliver(place, csv(record(1), "2;x", record(3)))
    deliver(
        place, csv(record(3), record(4)).replace("МВД".encode(), b"\xcc\xc2\xc4"), "s_2025-02_20250305.csv"
    )
    with place.entered():
        ingest.land(FEED)
        judged = ingest.judge(FEED)
        ingest.commit(judged["batch_id"] or "")
    assert [message.split(": ")[1:3] for message in judged["refused"]] == [
        ["s_2025-02_20250305.csv", "line 2, near byte 97"]
    ]
    assert rows(place, "core") == [("2025-03", 2), ("2025-03", 4)] and rows(place, "quarantine") == [
        ("2025-03", 3)
    ]


def test_of_two_contents_in_one_file_the_first_holds_and_in_two_files_both_do(place: Place) -> None:
    deliver(place, csv(record(1), record(1, "5")))
    deliver(place, csv(record(1), record(1, "6"), record(2)), "s_2025-04_20250505.csv")
    deliver(place, csv(record(1, "7"), record(2)), "s_2025-05_20250605.csv")
    with place.entered():
        ingest_feed(FEED)
    assert rows(place, "core") == [("2025-03", 2), ("2025-04", 4), ("2025-05", 2)]
    assert rows(place, "quarantine") == [("2025-03", 3), ("2025-04", 3)]
    assert {tuple(row["reasons"]) for row in place.rows("quarantine", "seizure_item")} == {("row.conflict",)}
    received = [row["received"] for row in place.rows("quarantine", "seizure_item")]
    assert all('"Кол-во"' in text for text in received), "a conflict is kept as it came, like any bad row"
    assert len(place.rows("duplicate", "seizure_item")) == 2


def test_content_that_was_in_conflict_is_new_in_a_later_file(place: Place) -> None:
    deliver(place, csv(record(1), record(1, "5")))
    deliver(place, csv(record(1, "5")), "s_2025-04_20250505.csv")
    with place.entered():
        ingest_feed(FEED)
    assert rows(place, "core") == [("2025-03", 2), ("2025-04", 2)]
    assert rows(place, "quarantine") == [("2025-03", 3)]
    assert place.rows("duplicate", "seizure_item") == []


def test_a_file_sent_again_with_one_row_changed_adds_that_row_alone(place: Place) -> None:
    many = [record(n) for n in range(1, 501)]
    deliver(place, csv(*many))
    with place.entered():
        ingest_feed(FEED)
        deliver(place, csv(*many[:-1], record(500, "9")), "s_2025-04_20250505.csv")
        ingest_feed(FEED)
    assert len(place.rows("core", "seizure_item")) == 501
    assert len(place.rows("duplicate", "seizure_item")) == 499
