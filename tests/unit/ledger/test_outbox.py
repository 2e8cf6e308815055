"""The outbox: one message for each release and recipient, claimed by one sender."""

import multiprocessing
import time
from multiprocessing.queues import Queue

import pytest

from include.ledger import Ledger, WrongState
from tests.unit.ledger.examples import NOON, release, with_committed_batch

ID, TO = "2025.1-provisional", "kz-43@example.kz"


@pytest.fixture
def queued(ledger: Ledger) -> Ledger:
    """A ledger with one message waiting."""
    ledger.freeze_release(release(), [with_committed_batch(ledger)])
    assert ledger.enqueue(ID, TO, "<1@odcm>", "f" * 64, language="kk")
    return ledger


def test_a_recipient_gets_one_message_of_a_release(queued: Ledger) -> None:
    assert queued.enqueue(ID, TO, "<2@odcm>", "0" * 64) is False
    (row,) = queued.pending(ID)
    assert (row.message_id, row.language, row.attempts) == ("<1@odcm>", "kk", 0)


def test_a_message_is_claimed_once_and_sent_once(queued: Ledger) -> None:
    assert queued.claim(ID, TO) is True
    assert queued.claim(ID, TO) is False
    queued.mark_sent(ID, TO, NOON)
    assert queued.claim(ID, TO) is False
    assert queued.pending(ID) == []
    assert [(row.state, row.sent_at, row.attempts) for row in queued.outbox(ID)] == [("sent", NOON, 1)]


def test_a_failed_message_waits_again_with_its_error(queued: Ledger) -> None:
    queued.claim(ID, TO)
    queued.mark_failed(ID, TO, "451 try later")
    (row,) = queued.pending(ID)
    assert (row.last_error, row.attempts) == ("451 try later", 1)
    assert queued.claim(ID, TO)
    queued.mark_sent(ID, TO, NOON)
    assert queued.outbox(ID)[0].last_error is None


def test_a_message_that_was_not_claimed_is_not_marked(queued: Ledger) -> None:
    with pytest.raises(WrongState, match="claim"):
        queued.mark_sent(ID, TO, NOON)


def _claim(url: str, start: float, answers: "Queue[bool]") -> None:
    with Ledger(url) as opened:
        opened.pending(ID)
        time.sleep(max(0.0, start - time.time()))
        answers.put(opened.claim(ID, TO))


def test_four_processes_claim_and_one_gets_it(queued: Ledger) -> None:
    spawn = multiprocessing.get_context("spawn")
    answers: Queue[bool] = spawn.Queue()
    start = time.time() + 3
    processes = [spawn.Process(target=_claim, args=(queued.url, start, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    given = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    assert sorted(given) == [False, False, False, True]
