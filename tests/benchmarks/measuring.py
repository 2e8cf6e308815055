"""What a command costs: each runs in a process of its own, and the kernel says what it took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
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


class CommandFailed(RuntimeError):
    """A measured command ended with an error; its own words stand above."""


def run(command: str, *arguments: object, environment: Mapping[str, str]) -> Cost:
    """Run one command of `tests.benchmarks.work` and wait for it.

    Raises:
        CommandFailed: it did not end well.
    """
    line = [sys.executable, "-m", "tests.benchmarks.work", command, *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ODCM_")}
    # The harness imports nothing large: a child's peak begins at the size of the process it was forked from.
    process = subprocess.Popen(line, cwd=ROOT, env=clean | dict(environment), stdout=subprocess.PIPE)
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
