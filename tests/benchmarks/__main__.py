"""Speed and memory as ratios measured in one run: `python -m tests.benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from tests.benchmarks import reading, report
from tests.benchmarks.bounds import (
    BEFORE,
    FEEDS,
    IDENTIFIERS,
    ROWS,
    ROWS_LARGE,
    ROWS_MEDIUM,
    ROWS_OF_A_FEED,
    compare,
)
from tests.benchmarks.measures import Bench, Costs
from tests.benchmarks.measuring import ROOT

ROWS_QUICK, ROWS_USUAL, ROWS_READ_QUICK = 200_000, 500_000, 20_000


def main() -> int:
    """Measure, print, write `.bench/results.json`; 1 where a bound is broken."""
    given = _arguments()
    console = Console()
    bench = Bench(given.folder, given.repeats, lambda what: console.print(f"[dim]· {what}[/]"))
    rows = ROWS_QUICK if given.quick else ROWS
    measured: list[tuple[int, Costs]] = []
    figures: dict[str, float] = {}
    try:
        judged = bench.judging(rows, gate=True)
        measured.append((rows, judged))
        figures |= judging_figures(judged, rows)
        if given.before:
            turns = bench.before(given.before, rows)
            measured.append((rows, turns))
            figures["judge_before_ratio"] = turns["judge"].cpu_s / turns["judge_before"].cpu_s
        if not (given.quick or given.no_large):
            large = bench.judging(ROWS_LARGE, repeats=1)
            bench.forget(ROWS_LARGE)
            measured.append((ROWS_LARGE, large))
            medium = bench.judging(ROWS_MEDIUM, repeats=1)
            bench.forget(ROWS_MEDIUM)
            measured.append((ROWS_MEDIUM, medium))
            figures["judge_medium_peak_mib"] = medium["judge"].peak_mib
            figures["judge_peak_growth"] = large["judge"].peak_mib / judged["judge"].peak_mib
            figures["judge_large_cpu_ratio"] = large["judge"].cpu_s / large["bare"].cpu_s
        if not given.no_usual:
            usual_rows = given.usual_rows or (ROWS_QUICK if given.quick else ROWS_USUAL)
            beside = bench.usual_way(usual_rows)
            measured.append((usual_rows, beside))
            figures["usual_cpu_ratio"] = beside["usual"].cpu_s / beside["judge"].cpu_s
            figures["usual_peak_ratio"] = beside["usual"].peak_mib / beside["judge"].peak_mib
        if not given.no_marts:
            marts = bench.marts()
            measured.append((0, marts))
            figures["marts_cpu_ratio"] = marts["marts"].cpu_s / marts["scan"].cpu_s
            figures["marts_work_cpu_ratio"] = marts["marts"].work_cpu_s / marts["scan"].work_cpu_s
            channels = bench.channels()
            measured.append((IDENTIFIERS, channels))
            figures["channel_identity_cpu_ratio"] = (
                channels["channel_identity"].work_cpu_s / channels["mart_channels"].work_cpu_s
            )
        if not given.no_reading:
            for kind, most in reading.ROWS.items():
                read_rows = min(most, ROWS_READ_QUICK) if given.quick else most
                costs, megabytes = bench.reading(kind, read_rows)
                measured.append((read_rows, {f"{name} {kind}": cost for name, cost in costs.items()}))
                figures |= reading_figures(kind, costs, read_rows, megabytes)
        if not (given.quick or given.no_feeds):
            feeds = bench.hundred_feeds(FEEDS, ROWS_OF_A_FEED)
            measured.append((FEEDS * ROWS_OF_A_FEED, {"hundred_feeds": feeds}))
            figures["feeds_rows_per_s"] = FEEDS * ROWS_OF_A_FEED / feeds.wall_s
            figures["feeds_peak_mib"] = feeds.peak_mib
    finally:
        if not given.keep:
            bench.clean()
    # A first look is too small to hold anyone to a promise about 2 million rows: starting Python weighs too much.
    kept = compare({} if given.quick else figures)
    results = given.folder / "results.json"
    report.show(console, measured, figures, kept)
    report.write(results, measured, figures, kept)
    console.print(
        f"Everything is in {results.relative_to(ROOT) if results.is_relative_to(ROOT) else results}."
    )
    return int(any(item.broken for item in kept))


def judging_figures(costs: Costs, rows: int) -> dict[str, float]:
    """The ratios and sizes of judging one file."""
    judge, bare = costs["judge"], costs["bare"]
    return {
        "judge_cpu_ratio": judge.cpu_s / bare.cpu_s,
        "judge_work_cpu_ratio": judge.work_cpu_s / bare.work_cpu_s,
        "judge_peak_mib": judge.peak_mib,
        "judge_rows_per_cpu_s": rows / judge.cpu_s,
    }


def reading_figures(kind: str, costs: Costs, rows: int, megabytes: float) -> dict[str, float]:
    """The rate of our reader, and its CPU time beside the public one's; starting Python and importing left out."""
    ours, public = costs["read"].work_cpu_s, costs["read_publicly"].work_cpu_s
    return {
        f"read_{kind}_cpu_ratio": ours / public,
        f"read_{kind}_rows_per_s": rows / ours,
        f"read_{kind}_mb_per_s": megabytes / ours,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--before", default=BEFORE, help=f"commit that judging is compared with; '' for none ({BEFORE})"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"a first look with {ROWS_QUICK:,} rows; no bound applies"
    )
    parser.add_argument("--no-large", action="store_true", help=f"leave out the {ROWS_LARGE:,} rows")
    parser.add_argument("--no-usual", action="store_true", help="leave out pandas and Great Expectations")
    parser.add_argument(
        "--no-marts", action="store_true", help="leave out the marts of the simulated country"
    )
    parser.add_argument("--no-reading", action="store_true", help="leave out the readers of each format")
    parser.add_argument("--no-feeds", action="store_true", help=f"leave out the {FEEDS} feeds in one run")
    parser.add_argument(
        "--usual-rows", type=int, help=f"rows for pandas and Great Expectations ({ROWS_USUAL:,})"
    )
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts (3)")
    parser.add_argument("--keep", action="store_true", help="keep the working files for another run")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="where to work (.bench)")
    given = parser.parse_args()
    given.folder = given.folder.absolute()
    return given


if __name__ == "__main__":
    sys.exit(main())
