"""The ledger keeps what each source was declared to be, from when on; nothing is changed or removed."""

from __future__ import annotations

from datetime import UTC, datetime

from include.ledger import Ledger
from tests.unit.ledger.examples import delivery


def on(day: int) -> datetime:
    return datetime(2025, 6, day, tzinfo=UTC)


def test_a_definition_holds_until_the_next_one(ledger: Ledger) -> None:
    ledger.keep_definitions({"A": "monthly"}, (), on(2))
    ledger.keep_definitions({"A": "monthly"}, (), on(3))
    ledger.keep_definitions({"A": "yearly", "B": "monthly"}, (), on(4))
    assert ledger.definitions(on(3)) == {"A": ["monthly"]}
    assert ledger.definitions(on(4)) == {"A": ["monthly", "yearly"], "B": ["monthly"]}


def test_the_first_ones_of_a_ledger_hold_from_the_beginning(ledger: Ledger) -> None:
    assert not ledger.keeps_definitions() and ledger.definitions(on(9)) == {}
    ledger.keep_definitions({"A": "a", "B": "b"}, (), on(2))
    assert ledger.keeps_definitions() and ledger.definitions(on(1)) == {"A": ["a"], "B": ["b"]}


def test_a_source_kept_late_holds_from_its_first_delivery(ledger: Ledger) -> None:
    ledger.keep_definitions({"A": "a"}, (), on(1))
    ledger.record_delivery(delivery(), on(3))
    ledger.keep_definitions({"A": "a", "KZ-43": "k"}, (), on(5))
    assert ledger.definitions(on(2)) == {"A": ["a"]}
    assert ledger.definitions(on(3)) == {"A": ["a"], "KZ-43": ["k"]}


def test_a_source_that_is_gone_is_none_from_then_on_and_an_unreadable_one_goes_on(ledger: Ledger) -> None:
    ledger.keep_definitions({"A": "a", "B": "b"}, (), on(1))
    ledger.keep_definitions({}, ("B",), on(2))
    ledger.keep_definitions({"A": "a"}, ("B",), on(3))
    assert ledger.definitions(on(2)) == {"A": ["a", None], "B": ["b"]}
    assert ledger.definitions(on(3)) == {"A": ["a", None, "a"], "B": ["b"]}
