"""The measured commands, each run in a process of its own: `python -m tests.benchmarks.work COMMAND …`.

The last line of the output is what the command did, as JSON. Imports stand inside, so that a process holds only
what its own work needs.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

THREADS = 2
FEED = "BENCH/blocking_record"
Work = Callable[[], dict[str, Any]]


def land() -> Work:
    """Bring the file into the landing area: copy, hash, sync."""
    from include.steps import ingest

    return lambda: dict(ingest.land(FEED))


def judge() -> Work:
    """Read → normalise → judge → de-duplicate → commit, of what is landed; the gate is measured apart."""
    from include.steps import ingest

    def work() -> dict[str, Any]:
        judged = ingest.judge(FEED)
        assert judged["batch_id"], judged
        return _counts(ingest.commit(judged["batch_id"]))

    return work


def gate() -> Work:
    """Great Expectations over the accepted rows that lie in core, as the gate does it before the commit."""
    from include.contracts import load
    from include.quality import gate as gx
    from include.storage import tables
    from include.storage.home import Home

    def work() -> dict[str, Any]:
        paths = [Path(path) for path in tables.core_files(Home.from_environment(), "blocking_record")]
        batch = paths[0].stem.removesuffix("-rest")
        report = gx.examine(load("core_blocking_record"), {batch: paths})
        assert not report.stopped, report.stopped
        examined = report.results[batch][0].rows_examined
        assert examined, "the gate looked at no row of the batch"
        return {"rows_examined": examined}

    return work


def bare(source: str, target: str) -> Work:
    """DuckDB's CSV → Parquet and nothing else."""
    import duckdb

    def work() -> dict[str, Any]:
        with duckdb.connect(config={"threads": THREADS}) as connection:
            query = f"copy (from read_csv('{source}', delim=';', header=true)) to '{target}' (format parquet)"
            return {"rows": connection.execute(query).fetchall()[0][0]}

    return work


def usual(source: str, folder: str) -> Work:
    """The same work with pandas and Great Expectations."""
    from tests.benchmarks import usual_way

    return lambda: usual_way.process(Path(source), Path(folder))


def country(folder: str) -> Work:
    """Make the simulated country and ingest its hundred feeds: the home that the marts are counted from."""
    from include.sandbox import make
    from include.sandbox.http import serving
    from include.steps import ingest
    from tests.end_to_end.country import Place, ingest_feeds

    def work() -> dict[str, Any]:
        sandbox = Path(folder)
        make(sandbox)
        with serving(sandbox) as api, Place(Path(os.environ["ODCM_HOME"]), sandbox, api).entered():
            ingested = ingest_feeds(ingest.feeds())
        assert not ingested.failed and not ingested.stopped, ingested
        return {"batches": len(ingested.committed)}

    return work


def marts() -> Work:
    """All marts from core."""
    from include import statistics
    from include.steps import clock
    from include.steps.context import open_ledger
    from include.steps.statistics import inputs_of, spill_folder
    from include.storage.home import Home

    home = Home.from_environment()
    with open_ledger(home) as ledger:
        known = [batch.batch_id for batch in ledger.committed_batches()]
        inputs = inputs_of(home, ledger, known, clock.now())

    def work() -> dict[str, Any]:
        built = statistics.build(inputs, spill=spill_folder(home))
        return {name: table.num_rows for name, table in built.marts.items()}

    return work


def channel_identity() -> Work:
    """Which channel each of many identifiers is."""
    from tests.benchmarks import channels

    return channels.resolving(channels.prepared())


def mart_channels() -> Work:
    """The mart of channels, of the same records."""
    from tests.benchmarks import channels

    return channels.counting(channels.prepared())


def scan() -> Work:
    """DuckDB reads every column of the same Parquet files once, dataset by dataset."""
    import duckdb

    from include.contracts import DATASETS
    from include.storage import tables
    from include.storage.home import Home

    home = Home.from_environment()
    files = {dataset: tables.core_files(home, dataset) for dataset in DATASETS}

    def work() -> dict[str, Any]:
        rows = {}
        with duckdb.connect(config={"threads": THREADS}) as connection:
            for dataset, paths in files.items():
                relation = connection.read_parquet(paths, union_by_name=True)
                rows[dataset] = relation.aggregate("count(*), max(columns(*))").fetchall()[0][0]
        return rows

    return work


def read(kind: str, path: str, register: str) -> Work:
    """Our reader of a format: every cell of every row as text."""
    from tests.benchmarks import reading

    headings = reading.names(Path(register))
    with TemporaryDirectory() as folder:  # what is imported at the first use is no reading
        reading.ours(kind, reading.file(kind, Path(folder), 10), headings)()
    rows = reading.ours(kind, Path(path), headings)
    return lambda: {"rows": rows()}


def read_publicly(kind: str, path: str) -> Work:
    """The fastest public reader of the format: every cell of every row."""
    from tests.benchmarks import reading

    with TemporaryDirectory() as folder:
        reading.public(kind, reading.file(kind, Path(folder), 10))()
    rows = reading.public(kind, Path(path))
    return lambda: {"rows": rows()}


def hundred_feeds() -> Work:
    """Land and judge every feed, each in a process of its own, as `odcm ingest` does."""
    from include.cli.ingest import run
    from include.steps import ingest
    from include.steps.contained import Contained

    def work() -> dict[str, Any]:
        with Contained() as steps:
            outcomes = run(ingest.feeds(), steps=steps, workers=THREADS)
        assert all(one.state == "committed" for one in outcomes), outcomes
        return {"feeds": len(outcomes), "accepted": sum(one.accepted for one in outcomes)}

    return work


COMMANDS: dict[str, Callable[..., Work]] = {
    work.__name__: work
    for work in (
        land,
        judge,
        gate,
        bare,
        usual,
        country,
        marts,
        channel_identity,
        mart_channels,
        scan,
        read,
        read_publicly,
        hundred_feeds,
    )
}


def _counts(outcome: dict[str, Any]) -> dict[str, Any]:
    return {name: outcome[name] for name in ("landed", "accepted", "quarantined", "duplicate")}


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    """Command line: name of the command, then its arguments."""
    name, *arguments = sys.argv[1:]
    work = COMMANDS[name](*arguments)
    cpu, wall = _cpu_s(), time.monotonic()
    said = work()
    print(json.dumps({"work_cpu_s": _cpu_s() - cpu, "wall_s": time.monotonic() - wall, "said": said}))


if __name__ == "__main__":
    main()
