"""The demo's processes: each in a process group of its own, so that stopping one stops all it started."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

from include.sandbox.demo.place import PROJECT, Place, Ports

PATIENCE_S = 20.0
"""How long a service may take to end by itself before it is killed."""


class ServiceDied(RuntimeError):
    """A service ended by itself; the message names it and shows the end of its log."""


def commands(place: Place, ports: Ports) -> dict[str, list[str]]:
    """Command line of each service."""
    python = sys.executable
    return {
        "sources-api": [
            *(python, "-m", "include.sandbox.http"),
            *("--folder", str(place.sandbox), "--port", str(ports.sources_api)),
        ],
        "mail-server": [
            *(python, "-m", "include.sandbox.smtp"),
            *("--mailbox", str(place.mailbox), "--port", str(ports.smtp)),
        ],
        "api-server": [python, "-m", "airflow", "api-server"],
        "scheduler": [python, "-m", "include.sandbox.demo.warm_scheduler"],
        "dag-processor": [python, "-m", "airflow", "dag-processor"],
    }


@dataclass(frozen=True)
class Service:
    """A started process, the leader of its group. `started`: its start in Unix seconds, against reused ids."""

    name: str
    pid: int
    started: float

    def processes(self) -> list[psutil.Process]:
        """What is left of the service: the leader, its group, and all their descendants."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if abs(psutil.Process(self.pid).create_time() - self.started) > 1:
                return []  # the number belongs to somebody else now
        group = [found for found in psutil.process_iter() if _group(found) == self.pid]
        descendants = [child for found in group for child in _children(found)]
        return [found for found in dict.fromkeys([*group, *descendants]) if _lives(found)]


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


class Services:
    """The services of one place, remembered in its running file until they are stopped."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, line: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a service with its output in airflow/services/<name>.log."""
        self.place.logs.mkdir(parents=True, exist_ok=True)
        with (self.place.logs / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                line,
                env=dict(env),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[name] = process
        self._remember(
            [*self.running(), Service(name, process.pid, psutil.Process(process.pid).create_time())]
        )

    def finish(self, name: str) -> None:
        """Wait until a service that ends by itself has done its work.

        Raises:
            ServiceDied: it ended with an error.
        """
        if self._children[name].wait() != 0:
            raise ServiceDied(f"{name} failed; the end of its log:\n{self.log_end(name)}")
        self._remember([found for found in self.running() if found.name != name])

    def running(self) -> list[Service]:
        """The services that were started and not stopped."""
        if not self.place.running_file.exists():
            return []
        return [Service(**found) for found in json.loads(self.place.running_file.read_text())]

    def _remember(self, services: Sequence[Service]) -> None:
        self.place.running_file.write_text(json.dumps([vars(found) for found in services]))

    def check(self) -> None:
        """Nothing while every service lives.

        Raises:
            ServiceDied: one ended by itself.
        """
        for name, process in self._children.items():
            if process.poll() not in (None, 0):
                raise ServiceDied(f"{name} ended by itself; the end of its log:\n{self.log_end(name)}")

    def log_end(self, name: str, lines: int = 15) -> str:
        """The last lines of a service's log."""
        log = self.place.logs / f"{name}.log"
        return (
            "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
        )

    def stop(self) -> list[str]:
        """Stop every service and all it started: TERM, and KILL for what is left; the names of those stopped."""
        services = {found.name: found.processes() for found in self.running()}
        everything = [process for processes in services.values() for process in processes]
        for process in everything:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        for left in self._left_after(PATIENCE_S, everything):
            with contextlib.suppress(psutil.Error):
                left.kill()
        list(self._left_after(PATIENCE_S, everything))
        for child in self._children.values():
            child.wait()
        self.place.running_file.unlink(missing_ok=True)
        return [name for name, processes in services.items() if processes]

    def _left_after(self, seconds: float, processes: Sequence[psutil.Process]) -> Iterator[psutil.Process]:
        deadline = time.monotonic() + seconds
        while any(_lives(found) for found in processes) and time.monotonic() < deadline:
            for child in self._children.values():
                child.poll()
            time.sleep(0.1)
        return (found for found in processes if _lives(found))
