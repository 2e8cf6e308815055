"""The server behind `alone`: one child for each step, watched and ended where it takes too much.

Run by `alone` only: python -m include.steps.alone_server <file descriptor>
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# What the children need is imported before they are made.
import include.steps.ingest
import include.steps.judge  # noqa: F401
from include.steps.budget import Budget, raised_at

LOOK_EVERY_S = 0.05
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MB = 1 << 20


def serve(line: Connection) -> None:
    """Answer requests until the other side is gone."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # through `_watch`, which ends the child
    while True:
        try:
            budget, step, arguments = line.recv()
        except (EOFError, OSError):
            return
        mine, its = Pipe(duplex=False)
        pid = os.fork()
        if pid == 0:
            line.close()
            mine.close()
            _work(its, step, arguments)
        its.close()
        answer = _watch(pid, mine, line, budget)
        mine.close()
        if answer is None:
            return
        line.send(answer)


def _work(line: Connection, step: Any, arguments: tuple[Any, ...]) -> None:
    """In the child: do the step and tell its end; never returns."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        try:
            answer = "returned", pickle.dumps(step(*arguments))
        except BaseException as error:
            answer = "raised", _portable(error)
        line.send(answer)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)  # nothing of the server's is to be finished by its child


def _portable(error: BaseException) -> bytes:
    """An error that can be raised on the other side: itself, or where it cannot travel, its kind alone."""
    place = raised_at(error)
    try:
        error.raised_at = place  # type: ignore[attr-defined]
        packed = pickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        stand_in = RuntimeError(type(error).__name__)
        stand_in.raised_at = place  # type: ignore[attr-defined]
        return pickle.dumps(stand_in)
    return packed


def _watch(pid: int, child: Connection, parent: Connection, budget: Budget) -> tuple[str, Any] | None:
    """The end of a child: what it told, or why it was ended; None where nobody waits for it any more."""
    end, before = time.monotonic() + budget.seconds, _own_bytes(os.getpid())  # a child begins as a copy
    try:
        while not child.poll(LOOK_EVERY_S):
            if parent.poll():
                return None
            if (used := _own_bytes(pid) - before) > budget.memory_mb * MB:
                found = f"more than {budget.memory_mb} MB of memory ({used // MB} MB when it was ended)"
                return "over", (found, pid)
            if time.monotonic() > end:
                return "over", (f"no end within {budget.seconds:g} s", pid)
        told: tuple[str, Any] = child.recv()
        return told
    except (EOFError, OSError):
        return "ended", ("a process that ended without an answer", pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _own_bytes(pid: int) -> int:
    """Resident memory of a process that no file backs, bytes; 0 where the system does not tell (not Linux)."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE_BYTES


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
