"""Alone: a step of one feed in a process of its own, with a budget of memory and time.

A file that is a bomb, or a share that never answers, then ends one process and nothing else. The work is done by a
child of a small server process that has everything imported already: a child costs milliseconds.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, TypeVar

from include.steps.budget import Budget

Result = TypeVar("Result")


class Ended(Exception):
    """The process of a step ended without an answer: it crashed, or was killed from outside.

    found: what happened, in words; pid: of the process, 0 where there was none.
    """

    def __init__(self, found: str, pid: int = 0) -> None:
        super().__init__(found)
        self.found, self.pid = found, pid


class Closed(Exception):
    """Nothing is run any more."""


class OverBudget(Ended):
    """The step took more than its budget and was ended."""


class Alone:
    """Runs steps one after another, each in a process of its own. A context manager; not for several threads."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | Forked | None = None
        self._line: Connection | None = None
        self._closed = False

    def run(self, budget: Budget, step: Callable[..., Result], *arguments: Any) -> Result:
        """What the step returns; what it raises is raised here.

        Args:
            step: a function of a module, with arguments and a result that can be pickled.

        Raises:
            OverBudget: it took too much memory or time.
            Ended: it ended without an answer.
        """
        if self._closed:
            raise Closed("closed")
        line = self._line or self._start()
        try:
            line.send((budget, step, arguments))
            kind, answer = line.recv()
        except (EOFError, OSError) as error:
            self._end_server()
            if self._closed:
                raise Closed("closed") from None
            raise Ended(f"the process that was to run it ended ({type(error).__name__})") from None
        if kind == "returned":
            returned: Result = pickle.loads(answer)
            return returned
        if kind == "raised":
            raise pickle.loads(answer)
        raise (OverBudget if kind == "over" else Ended)(*answer)

    def close(self) -> None:
        """End the server, from any thread; a step that is at work ends with it and raises Closed."""
        self._closed = True
        self._end_server()

    def _end_server(self) -> None:
        if server := self._server:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(5)
            server.kill()
            server.wait()
        if self._line:
            self._line.close()
        self._server = self._line = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> Connection:
        here, there = socket.socketpair()
        with there:
            self._server = _forked(here, there) if _may_fork() else _begun(there)
        self._line = Connection(here.detach())
        return self._line


def _may_fork() -> bool:
    """Whether this process can be copied as it is: everything is imported, and no other thread is at work."""
    return "include.steps.ingest" in sys.modules and threading.active_count() == 1


def _begun(there: socket.socket) -> subprocess.Popen[bytes]:
    """A server of its own, which has to import everything first."""
    return subprocess.Popen(
        [sys.executable, "-m", "include.steps.alone_server", str(there.fileno())],
        pass_fds=[there.fileno()],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt at the terminal is for the one who asked
    )


def _forked(here: socket.socket, there: socket.socket) -> Forked:
    """A copy of this process as the server: it costs milliseconds, where importing costs more than a second."""
    from include.steps.alone_server import serve

    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            here.close()
            serve(Connection(there.detach()))
        finally:
            os._exit(0)
    return Forked(pid)


@dataclass(frozen=True)
class Forked:
    """A forked server, with what is needed of subprocess.Popen."""

    pid: int

    def terminate(self) -> None:
        """Ask it to end."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; TimeoutExpired where that does not come in time."""
        end = None if timeout is None else time.monotonic() + timeout
        with suppress(ChildProcessError):
            while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                if end is not None and time.monotonic() > end:
                    raise subprocess.TimeoutExpired("server", timeout or 0)
                time.sleep(0.01)
        return 0
