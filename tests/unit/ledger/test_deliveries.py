"""Deliveries: the same bytes from the same feed are one delivery, seen again."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from include.ledger import Ledger, PollRecord
from tests.unit.ledger.examples import FEED, NOON, balanced, batch, delivery, with_committed_batch


def test_the_same_bytes_again_are_a_known_delivery(ledger: Ledger) -> None:
    later = NOON + timedelta(days=2)
    assert ledger.record_delivery(delivery("a"), NOON) is True
    assert ledger.record_delivery(delivery("a"), later) is False
    (row,) = ledger.deliveries()
    assert (row.times_seen, row.landed_at, row.last_seen_at) == (2, NOON, later)


def test_the_same_bytes_from_another_feed_are_another_delivery(ledger: Ledger) -> None:
    assert ledger.record_delivery(delivery("a"), NOON)
    assert ledger.record_delivery(delivery("a", feed_id="KZ-31/laboratory"), NOON)
    assert len(ledger.deliveries(dataset="laboratory")) == 2
    assert len(ledger.deliveries(feed_id=FEED)) == 1


def test_two_empty_months_are_two_deliveries_of_the_same_bytes(ledger: Ledger) -> None:
    assert ledger.record_delivery(delivery("e", period="2025-03"), NOON)
    assert ledger.record_delivery(delivery("e", period="2025-04"), NOON)
    assert {row.period for row in ledger.new_deliveries(FEED)} == {"2025-03", "2025-04"}


def test_datetimes_come_back_aware_and_in_utc(ledger: Ledger) -> None:
    almaty = timezone(timedelta(hours=5))
    ledger.record_delivery(delivery(), datetime(2026, 1, 20, 17, tzinfo=almaty))
    (row,) = ledger.deliveries()
    assert row.landed_at == NOON
    assert row.landed_at.tzinfo is UTC and row.received_at.tzinfo is UTC


def test_a_datetime_without_a_time_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(StatementError, match="without one"):
        ledger.record_delivery(delivery(), datetime(2026, 1, 20, 12))


def test_a_delivery_in_a_live_batch_is_not_new(ledger: Ledger) -> None:
    ledger.record_delivery(delivery("a"), NOON)
    ledger.record_delivery(delivery("b"), NOON)
    ledger.open_batch(batch(), [balanced(delivery("a"))])
    assert [row.sha256 for row in ledger.new_deliveries(FEED)] == ["b" * 64]


def test_what_was_delivered_by_a_moment_has_rows_where_a_batch_of_then_holds_it(ledger: Ledger) -> None:
    with_committed_batch(ledger)
    ledger.record_delivery(delivery("b", period="2025-04"), NOON)
    ledger.record_delivery(delivery("c", period="2025-05"), NOON + timedelta(days=1))

    def rows(batches: list[str], at: datetime) -> dict[str, int | None]:
        return {row.period: row.rows_landed for row in ledger.delivered(batches, at)}

    assert rows(["b1"], NOON) == {"2025-03": 10, "2025-04": None}
    assert rows([], NOON) == {"2025-03": None, "2025-04": None}
    assert rows(["b1"], NOON - timedelta(hours=1)) == {"2025-03": 10}
    assert rows(["b1"], NOON + timedelta(days=1)).keys() == {"2025-03", "2025-04", "2025-05"}


def test_answers_are_those_that_brought_nothing_new(ledger: Ledger) -> None:
    for hours, outcome, new, known, nothing, error in (
        (0, "new", 1, 0, 0, None), (1, "known", 0, 1, 0, None), (2, "nothing", 0, 0, 1, None),
        (3, "failed", 0, 0, 1, "SourceError"), (4, "known", 0, 0, 0, None), (5, "nothing", 0, 0, 1, None),
    ):  # fmt: skip
        at = NOON + timedelta(hours=hours)
        ledger.record_poll(PollRecord(FEED, at, outcome, new, known, nothing, error))
    heard = ledger.answers([FEED, "KZ-31/laboratory"], NOON + timedelta(hours=4))
    assert heard == {FEED: [NOON + timedelta(hours=1), NOON + timedelta(hours=2)], "KZ-31/laboratory": []}
