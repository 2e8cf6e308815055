"""A step in a process of its own: what it may take, how it ends, and that nobody else ends with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sources import SourceError
from include.steps.alone import Alone, Closed, Ended, OverBudget
from include.steps.budget import Budget, raised_at
from tests.unit.steps import hostile

PLENTY = Budget(memory_mb=512, seconds=30)


@pytest.fixture(scope="module", params=["a copy of this process", "a process of its own"])
def alone(request: pytest.FixtureRequest) -> Iterator[Alone]:
    """With either kind of server."""
    may_fork = request.param == "a copy of this process"
    with pytest.MonkeyPatch.context() as patch, Alone() as one:
        patch.setattr("include.steps.alone._may_fork", lambda: may_fork)
        yield one


def test_a_step_returns_what_it_returns_and_raises_what_it_raises(alone: Alone) -> None:
    assert alone.run(PLENTY, hostile.add, 2, 3) == 5
    with pytest.raises(SourceError, match="a.csv: line 3: found nothing; expected something") as caught:
        alone.run(PLENTY, hostile.refuse)
    assert caught.value.feed_id == "KZ-43/laboratory"


def test_every_step_has_a_process_of_its_own(alone: Alone) -> None:
    pids = {alone.run(PLENTY, hostile.own_pid) for _ in range(3)}
    assert len(pids) == 3 and os.getpid() not in pids


def test_too_much_memory_ends_the_step_and_the_next_one_runs(alone: Alone) -> None:
    begun = time.monotonic()
    with pytest.raises(OverBudget, match="more than 300 MB of memory"):
        alone.run(Budget(memory_mb=300, seconds=60), hostile.take_memory, 900)
    assert time.monotonic() - begun < 15
    assert alone.run(PLENTY, hostile.add, 1, 1) == 2


def test_memory_within_the_budget_is_left_alone(alone: Alone) -> None:
    with pytest.raises(OverBudget, match="no end within 1.5 s"):
        alone.run(Budget(memory_mb=600, seconds=1.5), hostile.take_memory, 200)


def test_a_step_that_hangs_is_ended_when_its_time_is_over(alone: Alone, tmp_path: Path) -> None:
    assert alone.run(PLENTY, hostile.add, 1, 2) == 3  # its server has begun, and imported what it needs
    begun = time.monotonic()
    with pytest.raises(OverBudget, match="no end within 1 s") as caught:
        alone.run(Budget(memory_mb=512, seconds=1), hostile.hang, str(tmp_path / "pid"))
    assert 1 <= time.monotonic() - begun < 5
    pid = int((tmp_path / "pid").read_text(encoding="ascii"))
    assert caught.value.pid == pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_crash_is_told_and_the_next_step_runs(alone: Alone) -> None:
    with pytest.raises(Ended, match="ended without an answer") as caught:
        alone.run(PLENTY, hostile.crash)
    assert not isinstance(caught.value, OverBudget)
    assert alone.run(PLENTY, hostile.add, 1, 2) == 3


def test_an_error_that_cannot_travel_is_told_by_its_kind_and_place_without_its_words(alone: Alone) -> None:
    with pytest.raises(RuntimeError) as caught:
        alone.run(PLENTY, hostile.raise_unportable)
    assert str(caught.value) == "Unportable"
    assert raised_at(caught.value).startswith("include/steps/alone_server.py:")


def test_closing_from_another_thread_ends_the_step_that_is_at_work(tmp_path: Path) -> None:
    alone, marker = Alone(), tmp_path / "pid"

    def close_soon() -> None:
        while not marker.exists() or not marker.read_text(encoding="ascii"):
            time.sleep(0.02)
        alone.close()

    threading.Thread(target=close_soon).start()
    with pytest.raises(Closed):
        alone.run(PLENTY, hostile.hang, str(marker))
    deadline = time.monotonic() + 5
    while _runs(int(marker.read_text(encoding="ascii"))):
        assert time.monotonic() < deadline, "the child outlived its server"
        time.sleep(0.05)
    with pytest.raises(Closed):
        alone.run(PLENTY, hostile.add, 1, 1)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
