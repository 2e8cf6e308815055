"""A process killed anywhere in ingest loses nothing and doubles nothing: the next run ends what it began."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from deltalake import DeltaTable

from include.steps.context import open_ledger
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place
from tests.reliability.crashing import (
    FRESH,
    POINTS,
    in_another_process,
    ingest_beside_others,
    ingest_feed,
    ingest_until,
)

pytestmark = pytest.mark.slow

# What differs between the databases is the ledger's own part.
ON_POSTGRESQL = ("judged, not committed", "the commit has begun", "core committed, the ledger not told")
BAD = ("2", "05.03.2025", "мефедрон", "-1", "г", "МВД")
REVISED = ("1", "05.03.2025", "мефедрон", "5", "г", "МВД")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """One feed: an accepted row, a bad one, the first again, its revision a month later; either database."""
    made = small_place(tmp_path)
    deliver(made, csv(GOOD, BAD, GOOD))
    deliver(made, csv(REVISED), "s_2025-04_20250505.csv")
    if request.param == "postgresql":
        return made.with_ledger(request.getfixturevalue("postgres_database"))
    return made


def everything_is_there_once(place: Place) -> None:
    """Rows of the tables, of the transaction logs and of the ledger: two accepted, one bad, one duplicate."""
    found = {kind: [row["raw_row"] for row in place.rows(kind, "seizure_item")] for kind in ("core", "quarantine", "duplicate")}  # fmt: skip
    assert found == {"core": [2, 2], "quarantine": [3], "duplicate": [4]}
    for folder, rows in ((place.home.core, 2), (place.home.quarantine, 1), (place.home.duplicates, 1)):
        actions = DeltaTable(str(folder / "seizure_item")).get_add_actions(flatten=True)
        assert sum(actions.column("num_records").to_pylist()) == rows
    row = place.balance()[FEED]
    assert (row.deliveries, row.landed, row.accepted, row.quarantined, row.duplicate) == (2, 4, 2, 1, 1)
    assert (row.difference, row.waiting) == (0, 0)
    with open_ledger(place.home) as ledger:
        states = [batch.state for batch in ledger.batches(FEED)]
        assert states.count("committed") == 1 and set(states) <= {"committed", "abandoned"}


@pytest.mark.parametrize(
    ("place", "point"),
    [*(("sqlite", point) for point in POINTS), *(("postgresql", point) for point in ON_POSTGRESQL)],
    indirect=["place"],
)
def test_after_a_kill_the_next_run_loses_nothing_and_doubles_nothing(place: Place, point: str) -> None:
    assert in_another_process(ingest_until, point, FEED, place.variables) == -signal.SIGKILL
    with place.entered():
        ingest_feed(FEED)
        everything_is_there_once(place)
        for folder in place.home.staging.glob("*"):  # staged, and the ledger never told: kept for a day
            assert point == "judged and staged, not in the ledger"
            os.utime(folder, (0, 0))
        ingest_feed(FEED)  # and a run after that finds nothing to do
        everything_is_there_once(place)
        assert [p.name for p in place.home.staging.glob("*")] == []


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_killed_at_every_point_one_after_the_other_it_still_ends_well(place: Place) -> None:
    for point in POINTS:
        assert in_another_process(ingest_until, point, FEED, place.variables) in (-signal.SIGKILL, 0)
    with place.entered():
        ingest_feed(FEED)
        everything_is_there_once(place)


@pytest.mark.parametrize("attempt", range(2))
def test_processes_that_ingest_one_feed_at_once_store_every_row_once(place: Place, attempt: int) -> None:
    barrier = FRESH.Barrier(3)
    processes = [
        FRESH.Process(target=ingest_beside_others, args=(FEED, place.variables, barrier, attempt * 10 + n))
        for n in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert all(process.exitcode in (0, 1) for process in processes)  # one may be told that the batch is taken
    with place.entered():
        ingest_feed(FEED)  # whatever they left is ended by the next run
        everything_is_there_once(place)


def test_two_feeds_committed_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    # Another source appends to the same tables at the same moment: Delta's commits are atomic.
    first = small_place(tmp_path)
    text = (first.sources or tmp_path).joinpath("KZ-43.yaml").read_text(encoding="utf-8")
    (first.sources or tmp_path).joinpath("KZ-55.yaml").write_text(
        text.replace("KZ-43", "KZ-55"), encoding="utf-8"
    )
    deliver(first, csv(GOOD, BAD, GOOD))
    feeds = (FEED, "KZ-55/seizure_item")
    barrier = FRESH.Barrier(2)
    processes = [
        FRESH.Process(target=ingest_beside_others, args=(feed, first.variables, barrier, n))
        for n, feed in enumerate(feeds)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    with first.entered():
        rows = first.rows("core", "seizure_item")
        assert sorted(row["source_id"] for row in rows) == ["KZ-43", "KZ-55"]
        assert {(r.landed, r.difference) for r in first.balance().values()} == {(3, 0)}
