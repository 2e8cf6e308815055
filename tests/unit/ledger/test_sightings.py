"""The same bytes again count anew where something else came between, in whatever order they are ingested (R2)."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from include.ledger import Delivery, DeliveryRow, Ledger, order_of
from tests.unit.ledger.examples import FEED, NOON, delivery

Sight = tuple[int, str]  # moment, bytes


def handed_over(sight: Sight, period: str = "2025-03") -> Delivery:
    moment, content = sight
    at = NOON + timedelta(days=moment)
    return replace(delivery(content, period=period), name=f"{moment}.csv", received_at=at, stamped_at=at)


def run(ledger: Ledger, *deliveries: Delivery) -> int:
    """Deliveries that one run brings, those taken up again among them."""
    new = sum(ledger.record_delivery(each, NOON) for each in deliveries)
    return new + len(ledger.take_up_again(FEED, NOON, lambda again, same: []))


def newest_last(deliveries: Iterable[Delivery | DeliveryRow]) -> list[str]:
    """The contents in the order in which they were handed over last."""
    found = {each.sha256: each.order for each in sorted(deliveries, key=order_of)}
    return [content[0] for content, _ in sorted(found.items(), key=lambda item: item[1])]


def test_a_b_a_is_a(ledger: Ledger) -> None:
    for moment, content in enumerate("aba"):
        assert run(ledger, handed_over((moment, content))) == 1
    assert newest_last(ledger.deliveries(FEED)) == ["b", "a"]
    assert [row.name for row in ledger.deliveries(FEED)] == ["0.csv", "1.csv", "2.csv"]


def test_a_again_counts_anew_also_where_b_comes_in_last(ledger: Ledger) -> None:
    run(ledger, handed_over((1, "a")))
    assert run(ledger, handed_over((3, "a"))) == 0
    assert run(ledger, handed_over((2, "b"))) == 2
    assert newest_last(ledger.deliveries(FEED)) == ["b", "a"]


def test_the_first_time_that_bytes_were_handed_over_is_known_whichever_is_ingested_first(
    ledger: Ledger,
) -> None:
    run(ledger, handed_over((3, "a")))
    run(ledger, handed_over((1, "a")))
    assert ledger.deliveries(FEED)[0].received_at == NOON + timedelta(days=1)


def test_three_times_on_one_declared_day_are_told_apart_by_their_stamps(ledger: Ledger) -> None:
    for hour, content in enumerate("abaabab"):
        sight = replace(handed_over((0, content)), stamped_at=NOON + timedelta(hours=hour))
        run(ledger, sight)
    assert newest_last(ledger.deliveries(FEED)) == ["a", "b"]
    assert len(ledger.deliveries(FEED)) == 6


def test_a_source_that_says_the_same_every_night_makes_no_delivery_anew(ledger: Ledger) -> None:
    def night(number: int, months: str) -> int:
        asked = [
            handed_over((10 * number + n, content), f"2025-0{n + 1}") for n, content in enumerate(months)
        ]
        return run(ledger, *asked)

    assert [night(number, "abc") for number in range(4)] == [3, 0, 0, 0]
    assert [night(number, "adc") for number in range(4, 7)] == [3, 0, 0]  # a and c came after b once more
    assert [night(number, "abc") for number in range(7, 10)] == [3, 0, 0]


def test_an_answer_that_nothing_changed_is_a_sighting_too(ledger: Ledger) -> None:
    january, february = handed_over((0, "a"), "2025-01"), handed_over((1, "b"), "2025-02")
    run(ledger, january, february)
    later = NOON + timedelta(days=10)
    ledger.still_there(FEED, january.name, january.period, later, later, NOON)
    assert run(ledger) == 1
    assert newest_last(ledger.deliveries(FEED)) == ["b", "a"]


SIGHTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=7).map(lambda found: list(enumerate(found)))


@settings(max_examples=40, deadline=None)
@given(SIGHTS.flatmap(st.permutations), st.data())
def test_any_order_of_arrival_and_any_splitting_leave_the_same_newest(
    arriving: Sequence[Sight], data: st.DataObject
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger(f"sqlite:///{Path(folder) / 'ledger.db'}") as ledger,
    ):
        ledger.migrate()
        rest = list(arriving)
        while rest:
            many = data.draw(st.integers(1, len(rest)))
            run(ledger, *map(handed_over, rest[:many]))
            rest = rest[many:]
        everything = [handed_over(sight) for sight in arriving]
        found = ledger.deliveries(FEED)
        assert newest_last(found) == newest_last(everything)
        assert min(found, key=order_of).received_at == min(everything, key=order_of).received_at
        assert run(ledger, *everything) == 0
