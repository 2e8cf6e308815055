"""Batches: every row accounted for, each delivery in one live batch, each batch committed once."""

import multiprocessing
import time
from dataclasses import replace
from datetime import timedelta
from multiprocessing.queues import Queue

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from include.ledger import (
    AlreadyRecorded,
    DeliveryResult,
    DeliveryTaken,
    FeedBalance,
    GateResult,
    Ledger,
    NotFound,
    RuleResult,
    Unbalanced,
    WrongState,
)
from tests.unit.ledger.examples import (
    FEED,
    NOON,
    balanced,
    batch,
    delivery,
    with_committed_batch,
    with_judged_batch,
)


def test_rows_that_do_not_add_up_are_refused_and_nothing_is_recorded(ledger: Ledger) -> None:
    ledger.record_delivery(delivery(), NOON)
    with pytest.raises(Unbalanced, match="10 rows landed.*= 9"):
        ledger.open_batch(batch(), [DeliveryResult(delivery().delivery_id, 10, 7, 1, 1)])
    assert ledger.batches() == []


def test_rows_that_are_not_for_us_are_part_of_the_balance(ledger: Ledger) -> None:
    ledger.record_delivery(delivery(), NOON)
    ledger.open_batch(batch(), [replace(balanced(delivery()), rows_landed=14, rows_not_for_us=4)])
    ledger.begin_commit("b1")
    ledger.finish_commit("b1", NOON)
    (row,) = ledger.balance()
    assert (row.landed, row.accepted, row.not_for_us, row.difference) == (14, 7, 4, 0)


@pytest.mark.parametrize("rows", [(10, 7, 1, 1), (5, 7, -1, -1)])
def test_the_database_itself_refuses_an_unbalanced_row(ledger: Ledger, rows: tuple[int, ...]) -> None:
    with_judged_batch(ledger)
    statement = text(
        "UPDATE batch_delivery SET rows_landed = :landed, rows_accepted = :accepted,"
        " rows_quarantined = :quarantined, rows_duplicate = :duplicate"
    )
    values = dict(zip(("landed", "accepted", "quarantined", "duplicate"), rows, strict=True))
    with pytest.raises(IntegrityError), ledger.writing() as session:
        session.execute(statement, values)


def test_a_delivery_in_two_live_batches_is_refused(ledger: Ledger) -> None:
    with_judged_batch(ledger, "b1")
    with pytest.raises(DeliveryTaken) as refused:
        ledger.open_batch(batch("b2"), [balanced(delivery())])
    assert refused.value.held_by == {delivery().delivery_id: "b1"}
    assert [row.batch_id for row in ledger.batches()] == ["b1"]


def test_the_database_itself_refuses_a_second_live_batch(ledger: Ledger) -> None:
    with_judged_batch(ledger, "b1")
    with_judged_batch(ledger, "b2", content="b")
    statement = text("INSERT INTO open_delivery (delivery_id, batch_id) VALUES (:delivery, 'b2')")
    with pytest.raises(IntegrityError), ledger.writing() as session:
        session.execute(statement, {"delivery": delivery().delivery_id})


@pytest.mark.parametrize("end", ["stop", "abandon"])
def test_a_closed_batch_frees_its_deliveries(ledger: Ledger, end: str) -> None:
    with_judged_batch(ledger, "b1")
    for _ in range(2):  # again: no change
        ledger.stop_batch("b1", "the gate disagrees") if end == "stop" else ledger.abandon("b1")
    assert len(ledger.new_deliveries(FEED)) == 1
    assert ledger.begin_commit("b1") is False
    ledger.open_batch(batch("b2"), [balanced(delivery())])


def test_a_batch_id_is_never_used_twice(ledger: Ledger) -> None:
    with_judged_batch(ledger, "b1")
    ledger.abandon("b1")
    with pytest.raises(AlreadyRecorded):
        ledger.open_batch(batch("b1"), [balanced(delivery())])


def test_a_committing_batch_cannot_be_abandoned(ledger: Ledger) -> None:
    with_judged_batch(ledger)
    assert ledger.begin_commit("b1")
    with pytest.raises(WrongState, match="b1 is committing"):
        ledger.abandon("b1")


def test_a_commit_may_begin_again_until_it_is_finished(ledger: Ledger) -> None:
    with_judged_batch(ledger)
    assert ledger.begin_commit("b1") and ledger.begin_commit("b1")
    ledger.finish_commit("b1", NOON)
    ledger.finish_commit("b1", NOON + timedelta(hours=1))
    assert ledger.begin_commit("b1") is False
    assert ledger.batch("b1").committed_at == NOON


def test_a_commit_that_never_began_cannot_finish(ledger: Ledger) -> None:
    with_judged_batch(ledger)
    with pytest.raises(WrongState, match="begin the commit"):
        ledger.finish_commit("b1", NOON)


def test_an_unknown_batch_is_named(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="b9"):
        ledger.begin_commit("b9")


def _begin(url: str, start: float, answers: "Queue[tuple[bool, bool]]") -> None:
    with Ledger(url) as opened:
        opened.batches()
        time.sleep(max(0.0, start - time.time()))
        began = opened.begin_commit("b1")
        opened.finish_commit("b1", NOON)
        answers.put((began, opened.begin_commit("b1")))


def test_two_processes_begin_a_commit_and_the_batch_is_committed_once(ledger: Ledger) -> None:
    with_judged_batch(ledger)
    spawn = multiprocessing.get_context("spawn")
    answers: Queue[tuple[bool, bool]] = spawn.Queue()
    start = time.time() + 3
    processes = [spawn.Process(target=_begin, args=(ledger.url, start, answers)) for _ in range(2)]
    for process in processes:
        process.start()
    given = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    assert any(began for began, _ in given)
    assert not any(after for _, after in given)
    assert len(ledger.committed_batches()) == 1


def _open(url: str, start: float, batch_id: str, answers: "Queue[str]") -> None:
    with Ledger(url) as opened:
        opened.batches()
        time.sleep(max(0.0, start - time.time()))
        try:
            opened.open_batch(batch(batch_id), [balanced(delivery())])
            answers.put("opened")
        except DeliveryTaken:
            answers.put("taken")


def test_two_processes_open_a_batch_over_one_delivery_and_one_wins(ledger: Ledger) -> None:
    ledger.record_delivery(delivery(), NOON)
    spawn = multiprocessing.get_context("spawn")
    answers: Queue[str] = spawn.Queue()
    start = time.time() + 3
    processes = [
        spawn.Process(target=_open, args=(ledger.url, start, name, answers)) for name in ("b1", "b2")
    ]
    for process in processes:
        process.start()
    given = sorted(answers.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(60)
    assert given == ["opened", "taken"]


def test_as_known_at_t_are_the_batches_committed_by_t(ledger: Ledger) -> None:
    with_committed_batch(ledger, "b1", "a", NOON)
    with_committed_batch(ledger, "b2", "b", NOON + timedelta(days=1))
    assert [row.batch_id for row in ledger.committed_batches(NOON)] == ["b1"]
    assert [row.batch_id for row in ledger.committed_batches()] == ["b1", "b2"]


def test_verdicts_are_kept_with_the_rows_they_examined(ledger: Ledger) -> None:
    ledger.record_delivery(delivery(), NOON)
    rules = [RuleResult("closed_on.date", 10, 2), RuleResult("lab_type.code", 10, 0)]
    ledger.open_batch(batch(), [balanced(delivery())], rules)
    assert ledger.rule_results("b1") == rules
    gate = [
        GateResult("values not null: closed_on", True, 7, 0),
        GateResult("values in set: lab_type", False, 7, 3),
    ]
    ledger.record_gate("b1", gate[:1])
    ledger.record_gate("b1", gate)
    assert ledger.gate_results("b1") == gate
    assert ledger.delivery_results("b1") == [balanced(delivery())]


def test_the_balance_counts_committed_rows_and_shows_what_waits(ledger: Ledger) -> None:
    with_committed_batch(ledger, "b1", "a")
    with_judged_batch(ledger, "b2", "b")
    ledger.record_delivery(delivery("c", feed_id="KZ-31/laboratory"), NOON)
    assert ledger.balance() == [
        FeedBalance("KZ-31/laboratory", 1, 0, 0, 0, 0, 0, waiting=1),
        FeedBalance(FEED, 2, 10, 7, 2, 1, 0, waiting=1),
    ]


def test_a_delivery_is_judged_again_and_the_newest_judgment_is_what_counts(ledger):
    with_committed_batch(ledger)
    of = delivery()
    newer = replace(balanced(of, accepted=9, quarantined=0), judgment=2)
    assert [each.batch_id for each in ledger.quarantined(FEED, "rules")] == ["b1"]
    ledger.open_batch(replace(batch("b2"), judged_by="rules"), [newer], again={of.delivery_id: "b1"})
    assert ledger.balance()[0].quarantined == 2 and ledger.results_before("b2")[of.delivery_id].judgment == 1
    with pytest.raises(DeliveryTaken):
        ledger.open_batch(batch("b3"), [newer], again={of.delivery_id: "b1"})
    ledger.begin_commit("b2")
    ledger.finish_commit("b2", NOON)
    found = ledger.balance()[0]
    assert (found.landed, found.accepted, found.quarantined, found.difference, found.waiting) == (
        10,
        9,
        0,
        0,
        0,
    )
    assert ledger.quarantined(FEED, "others") == []
    assert [row.rows_quarantined for row in ledger.committed_deliveries(FEED)] == [0]
    assert [row.rows_quarantined for row in ledger.delivered(["b1"], NOON)] == [2]
    assert [row.rows_quarantined for row in ledger.delivered(["b2", "b1"], NOON)] == [0]


@pytest.mark.parametrize("end", ["abandon", "stop"])
def test_a_judgment_that_is_given_up_leaves_the_one_before(ledger, end):
    with_committed_batch(ledger)
    of = delivery()
    again = {of.delivery_id: "b1"}
    newer = replace(balanced(of), judgment=2)
    ledger.open_batch(batch("b2"), [newer], again=again)
    ledger.abandon("b2") if end == "abandon" else ledger.stop_batch("b2", "gate")
    assert ledger.new_deliveries(FEED) == [] and ledger.balance()[0].waiting == 0
    assert [each.batch_id for each in ledger.quarantined(FEED, "rules")] == ["b1"]
    ledger.open_batch(batch("b3"), [newer], again=again)
