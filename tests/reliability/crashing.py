"""Runs ingest in a process of its own and kills it (SIGKILL) at a chosen point, as a power cut would."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext
from typing import Any

from include.ledger import Ledger
from include.steps import ingest
from include.storage import landing, tables

FRESH: ForkServerContext = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["include.steps.ingest"])
# Point → (owner, function, how many calls go well first, before or after the last of them).
POINTS: Mapping[str, tuple[Any, str, int, str]] = {
    "the file is half landed": (landing.os, "fsync", 1, "before"),
    "landed, not in the ledger": (Ledger, "record_delivery", 1, "before"),
    "in the ledger, not judged": (Ledger, "record_delivery", 1, "after"),
    "judged and staged, not in the ledger": (Ledger, "open_batch", 1, "before"),
    "judged, not committed": (Ledger, "open_batch", 1, "after"),
    "the commit has begun": (Ledger, "begin_commit", 1, "after"),
    "quarantine moved, not committed": (tables, "_commit", 1, "before"),
    "quarantine committed": (tables, "_commit", 1, "after"),
    "duplicates moved, not committed": (tables, "_commit", 2, "before"),
    "duplicates committed": (tables, "_commit", 2, "after"),
    "one of two core files moved": (tables, "_fsync", 4, "before"),
    "core moved, not committed": (tables, "_commit", 3, "before"),
    "core committed": (tables, "_commit", 3, "after"),
    "core committed, the ledger not told": (Ledger, "finish_commit", 1, "before"),
    "the ledger told, staging not cleared": (Ledger, "finish_commit", 1, "after"),
}


def in_another_process(work: Callable[..., None], *arguments: Any) -> int:
    """Exit code of a process that did the work; minus the signal where one killed it."""
    process = FRESH.Process(target=work, args=arguments)
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the process hangs"
    return process.exitcode


def ingest_until(point: str, feed_id: str, variables: Mapping[str, str]) -> None:
    """land → judge → commit, killed at the point."""
    os.environ |= variables
    owner, name, calls, when = POINTS[point]
    whole, seen = getattr(owner, name), [0]

    def dies(*given: Any, **named: Any) -> Any:
        seen[0] += 1
        if seen[0] == calls and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = whole(*given, **named)
        if seen[0] == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dies)
    ingest_feed(feed_id)


def ingest_feed(feed_id: str) -> None:
    """land → judge → commit."""
    ingest.land(feed_id)
    judged = ingest.judge(feed_id)
    if judged["batch_id"]:
        ingest.commit(judged["batch_id"])


def ingest_beside_others(feed_id: str, variables: Mapping[str, str], barrier: Any, seed: int) -> None:
    """The same in one of several processes that begin at one moment; a fault of one ends only that one."""
    os.environ |= variables
    barrier.wait(30)
    time.sleep(random.Random(seed).random() / 20)
    ingest_feed(feed_id)
