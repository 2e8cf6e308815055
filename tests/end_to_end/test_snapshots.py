"""A feed that delivers everything it knows: a record that disappears is withdrawn, and nothing is lost of it (R5).

Record 1 weighs 1 g, record 2 weighs 2 g, then 4, 8, 16: the sum of a count tells which records were counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from include.steps import alerts, statistics
from tests.end_to_end.country import Ingested, Place, ingest_feeds
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place

EVERYTHING = {"kind": "snapshot", "of": "everything", "may_withdraw": 0.5}
PERIOD = {"kind": "snapshot", "of": "period", "may_withdraw": 0.5}
MARCH, APRIL, MAY = "2025-03_20250405", "2025-04_20250505", "2025-05_20250605"


def row(number: int, grams: int | str = 0, on: str = "05.03.2025") -> tuple[str, ...]:
    return (str(number), on, GOOD[2], str(grams or 2 ** (number - 1)), *GOOD[4:])


def rows(*numbers: int) -> list[tuple[str, ...]]:
    return [row(number) for number in numbers]


def place_of(folder: Path, delivers: dict[str, Any] | None) -> Place:
    return small_place(folder, "csv", **({"delivers": delivers} if delivers else {}))


def take(place: Place, files: Iterable[tuple[str, Sequence[tuple[str, ...] | str]]]) -> Ingested:
    """Deliver files by period and day of receipt, and ingest them together."""
    for name, content in files:
        deliver(place, csv(*content), f"s_{name}.csv")
    with place.entered():
        return ingest_feeds([FEED])


def counted(place: Place, as_at: str | None = None) -> set[int]:
    """The records that count, as known at a moment."""
    with place.entered() as home:
        built = statistics.build(datetime.fromisoformat(as_at) if as_at else None, home)
    folder = Path(built["folder"]) / "mart_seizures" / "year=2025"
    found = [
        row for row in pq.read_table(folder / "data.parquet").to_pylist()
        if (row["region_code"], row["month"], row["substance_class"], row["substance_code"], row["unit"])
        == ("KZ", None, "drug", "_T", "_T")
    ]  # fmt: skip
    grams = round(found[0]["mass_kg"] * 1000) if found else 0
    return {number for number in range(1, 20) if grams & 1 << number - 1}


def at(place: Place, moment: str) -> Place:
    """The same place at another moment."""
    return Place(place.root, place.sandbox, sources=place.sources, now=moment)


def raised(place: Place) -> list[str]:
    with place.entered() as home:
        return [alerts.told(alert) for alert in alerts.alerts(home=home)]


def test_a_record_that_is_no_longer_in_the_snapshot_is_withdrawn(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, [(MARCH, rows(1, 2, 3))])
    assert counted(place) == {1, 2, 3}
    take(place, [(APRIL, rows(1, 3))])
    assert counted(place) == {1, 3}


def test_what_was_withdrawn_stays_in_core_with_its_last_values_and_the_snapshot_that_lacks_it(
    tmp_path: Path,
) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, [(MARCH, [row(1), row(2, 7)]), (APRIL, [row(1)])])
    stored = [
        (r["seizure_no"], r["quantity"], bool(r["withdrawn"])) for r in place.rows("core", "seizure_item")
    ]
    assert sorted(stored) == [("1", 1.0, False), ("2", 7.0, False), ("2", 7.0, True)]
    (gone,) = [r for r in place.rows("core", "seizure_item") if r["withdrawn"]]
    assert (gone["delivered_period"], gone["raw_row"]) == ("2025-04", 0)


def test_withdrawals_are_no_rows_the_balance_is_that_of_the_files(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, [(MARCH, rows(1, 2, 3)), (APRIL, rows(1, 3))])
    balance = place.balance()[FEED]
    assert (balance.landed, balance.accepted, balance.quarantined, balance.duplicate) == (5, 3, 0, 2)
    assert balance.difference == 0


def test_what_was_known_before_the_withdrawal_is_still_known_as_of_then(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(at(place, "2025-04-06T00:00:00+00:00"), [(MARCH, rows(1, 2))])
    take(at(place, "2025-05-06T00:00:00+00:00"), [(APRIL, rows(1))])
    assert counted(place, "2025-04-30T00:00:00+00:00") == {1, 2}
    assert counted(place) == {1}


def test_a_record_that_comes_back_counts_again(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING)
    for name, numbers in ((MARCH, (1, 2)), (APRIL, (1,)), (MAY, (1, 2))):
        take(place, [(name, rows(*numbers))])
    assert counted(place) == {1, 2}
    assert [bool(r["withdrawn"]) for r in place.rows("core", "seizure_item") if r["seizure_no"] == "2"].count(
        True
    ) == 1


def test_a_snapshot_of_a_period_withdraws_within_its_period_alone(tmp_path: Path) -> None:
    place = place_of(tmp_path, PERIOD)
    take(place, [(MARCH, rows(1, 2)), (APRIL, rows(3, 4))])
    assert counted(place) == {1, 2, 3, 4}
    take(place, [("2025-04_20250601", rows(3))])
    assert counted(place) == {1, 2, 3}


def test_an_increment_says_nothing_of_what_it_does_not_name(tmp_path: Path) -> None:
    place = place_of(tmp_path, None)
    take(place, [(MARCH, rows(1, 2, 3)), (APRIL, rows(4))])
    assert counted(place) == {1, 2, 3, 4}


def test_a_snapshot_that_lacks_more_than_it_may_is_refused_with_figures_and_nothing_is_withdrawn(
    tmp_path: Path,
) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, [(MARCH, rows(1, 2, 3, 4))])
    done = take(place, [(APRIL, rows(1, 5))])
    (message,) = done.refused[FEED]
    assert "snapshot: found 3 of the 4 records known before missing from it (75%)" in message
    assert (
        "at most 2 (delivers.may_withdraw: 0.5)" in message
        and "Ask the source whether the file is whole" in message
    )
    assert counted(place) == {1, 2, 3, 4}


def test_an_empty_snapshot_is_never_taken_for_the_end_of_all_records(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING | {"may_withdraw": 0.99})
    take(place, [(MARCH, rows(1, 2, 3, 4))])
    done = take(place, [(APRIL, [])])
    assert "4 of the 4 records" in done.refused[FEED][0]
    assert counted(place) == {1, 2, 3, 4}


def test_a_broken_row_with_a_number_of_its_own_is_not_missing(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, [(MARCH, rows(1, 2, 3))])
    take(place, [(APRIL, [row(1), row(2, on="31.02.2025"), row(3)])])
    assert counted(place) == {1, 2, 3}
    assert raised(place) == []


def test_a_row_that_may_be_any_record_holds_the_withdrawals_back_until_a_sound_snapshot(
    tmp_path: Path,
) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, [(MARCH, rows(1, 2, 3))])
    take(place, [(APRIL, [row(1), "2;broken", row(3)])])
    assert counted(place) == {1, 2, 3}
    (told,) = raised(place)
    assert "1 of the 3 records known before are missing, and none was withdrawn" in told
    assert "1 of its rows have no identity that can be read" in told
    take(place, [(MAY, rows(1, 3))])
    assert counted(place) == {1, 3}


def test_a_snapshot_that_comes_late_withdraws_nothing_that_was_seen_after_it(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, [(MARCH, rows(1, 2)), (MAY, rows(1, 2, 3))])
    take(place, [(APRIL, rows(1))])  # received before May, ingested after it
    assert counted(place) == {1, 2, 3}


STORY = [
    (MARCH, rows(1, 2, 3)),
    (APRIL, [row(1), row(2, "2,5"), row(4)]),  # 3 is gone, 2 is corrected
    (MAY, [*rows(1, 2, 4), row(5)]),  # 2 is as before
    ("2025-06_20250705", rows(1, 2, 3, 4)),  # 3 is back, 5 is gone
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3], ids=str)
def test_in_whatever_order_snapshots_are_ingested_the_same_records_count(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    place = place_of(tmp_path, EVERYTHING)
    for number in order:
        done = take(place, [STORY[number]])
        assert (done.failed, done.refused, done.stopped) == ({}, {}, {})
    assert counted(place) == {1, 2, 3, 4}
    balance = place.balance()[FEED]
    assert (balance.landed, balance.quarantined, balance.difference) == (14, 0, 0)


def test_snapshots_ingested_together_count_as_those_ingested_one_by_one(tmp_path: Path) -> None:
    place = place_of(tmp_path, EVERYTHING)
    take(place, STORY)
    assert counted(place) == {1, 2, 3, 4}
