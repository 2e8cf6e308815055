"""What a command costs: each runs in a process of its own, and the kernel says what it took."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """One run of one command.

    Attributes:
        cpu_s: user and system time of the process and of every child it waited for, seconds.
        work_cpu_s: the same without starting Python and importing, seconds.
        peak_mib: the largest resident memory of the process, MiB.
        wall_s: seconds on the clock; says little where other programs run.
        said: what the command reports of its work.
    """

    cpu_s: float
    work_cpu_s: float
    peak_mib: float
    wall_s: float
    said: dict[str, Any]


class UnknownVersion(ValueError):
    """A version to compare with that this clone does not hold."""


class CommandFailed(RuntimeError):
    """A measured command ended with an error; its own words stand above."""


def run(command: str, *arguments: object, environment: Mapping[str, str], root: Path = ROOT) -> Cost:
    """Run one command of `tests.benchmarks.work` and wait for it.

    Args:
        root: the checkout whose version is measured.

    Raises:
        CommandFailed: it did not end well.
    """
    line = [sys.executable, "-m", "tests.benchmarks.work", command, *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ODCM_")}
    clean["PYTHONPATH"] = str(root)
    # The harness imports nothing large: a child's peak begins at the size of the process it was forked from.
    process = subprocess.Popen(line, cwd=root, env=clean | dict(environment), stdout=subprocess.PIPE)
    assert process.stdout
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailed(f"{command} {' '.join(map(str, arguments))}: exit code {process.returncode}")
    report = json.loads(said.splitlines()[-1])
    return Cost(
        cpu_s=used.ru_utime + used.ru_stime,
        work_cpu_s=report["work_cpu_s"],
        peak_mib=used.ru_maxrss / 1024,
        wall_s=report["wall_s"],
        said=report["said"],
    )


@contextmanager
def checkout(version: str, folder: Path) -> Iterator[Path]:
    """The files of another version of this repository, in a folder that is removed afterwards.

    Raises:
        UnknownVersion: this clone does not hold it.
    """
    if not holds(version):
        raise UnknownVersion(f"no commit {version} in this clone; fetch it, or leave it out with --before ''")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        packed = subprocess.run(["git", "archive", version], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x"], cwd=folder, input=packed, check=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def holds(version: str) -> bool:
    """Whether this clone has that commit."""
    asked = ["git", "cat-file", "-e", f"{version}^{{commit}}"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True).returncode == 0


def median(costs: Sequence[Cost]) -> Cost:
    """The middle of several runs, figure by figure, but the highest peak; what they said must be the same."""
    assert all(cost.said == costs[0].said for cost in costs), "the same command gave different results"
    return Cost(
        cpu_s=statistics.median(cost.cpu_s for cost in costs),
        work_cpu_s=statistics.median(cost.work_cpu_s for cost in costs),
        peak_mib=max(cost.peak_mib for cost in costs),
        wall_s=statistics.median(cost.wall_s for cost in costs),
        said=costs[0].said,
    )
