"""What is measured, and against what: each function runs its commands in turn and gives their costs by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks import generate, measuring, reading
from tests.benchmarks.measuring import Cost

SOURCES = Path(__file__).parent / "sources"
NOW = "2026-01-31T06:00:00+00:00"
Costs = dict[str, Cost]
Say = Callable[[str], None]


class WrongOutcome(AssertionError):
    """A measured command came to other verdicts than were put into the file."""


class Bench:
    """The folder that measurements work in, and how often each is repeated."""

    def __init__(self, folder: Path, repeats: int, say: Say) -> None:
        self.folder, self.repeats, self.say = folder, repeats, say

    def judging(self, rows: int, repeats: int | None = None, gate: bool = False) -> Costs:
        """Landing, judging with commit, and DuckDB's bare conversion of the same file, in turn: A B C A B C …"""
        source = self._register(rows)
        runs: dict[str, list[Cost]] = {"land": [], "judge": [], "bare": []}
        for number in range(repeats or self.repeats):
            home = self._fresh("home")
            runs["land"].append(self._run("land", rows, number, environment=self._environment(home, source)))
            runs["judge"].append(
                self._run("judge", rows, number, environment=self._environment(home, source))
            )
            self._must_be(runs["judge"][-1], rows)
            target = home / "bare.parquet"
            runs["bare"].append(self._run("bare", rows, number, source, target))
            target.unlink()
        costs = {name: measuring.median(found) for name, found in runs.items()}
        if gate:
            costs["gate"] = self._run("gate", rows, 0, environment=self._environment(home, source))
        self._fresh("home")
        return costs

    def before(self, version: str, rows: int) -> Costs:
        """Judging with commit by this version and by an earlier one, in turn, on the same file.

        Args:
            version: a commit of this repository; it is checked out beside the working files.
        """
        source = self._register(rows)
        runs: dict[str, list[Cost]] = {"judge": [], "judge_before": []}
        with measuring.checkout(version, self.folder / "before") as earlier:
            for number in range(self.repeats):
                for name, root in (("judge", measuring.ROOT), ("judge_before", earlier)):
                    environment = self._environment(self._fresh("home"), source, root)
                    measuring.run("land", environment=environment, root=root)
                    self.say(f"{name}, {rows:,} rows, run {number + 1}")
                    runs[name].append(measuring.run("judge", environment=environment, root=root))
                    self._must_be(runs[name][-1], rows)
        self._fresh("home")
        return {name: measuring.median(found) for name, found in runs.items()}

    def usual_way(self, rows: int) -> Costs:
        """pandas and Great Expectations beside our own judging, on the same rows."""
        source = self._register(rows)
        judge = self.judging(rows, repeats=1)["judge"]
        usual = self._run("usual", rows, 0, source, self._fresh("usual"))
        self._must_be(usual, rows)
        self._fresh("usual")
        return {"judge": judge, "usual": usual}

    def marts(self) -> Costs:
        """All marts of the simulated country against one scan of the core files they come from, in turn."""
        home, sandbox = self._fresh("country"), self._fresh("sandbox")
        environment = {"ODCM_HOME": str(home), "ODCM_NOW": NOW}
        runs: dict[str, list[Cost]] = {"marts": [], "scan": []}
        country = self._run("country", 0, 0, sandbox, environment=environment)
        for number in range(self.repeats):
            for name in runs:
                runs[name].append(self._run(name, 0, number, environment=environment))
        return {"country": country, **{name: measuring.median(found) for name, found in runs.items()}}

    def channels(self) -> Costs:
        """Resolving identifiers to channels, and the mart of channels of the same records, in turn."""
        runs: dict[str, list[Cost]] = {"channel_identity": [], "mart_channels": []}
        for number in range(self.repeats):
            for name in runs:
                runs[name].append(self._run(name, 0, number))
        return {name: measuring.median(found) for name, found in runs.items()}

    def reading(self, kind: str, rows: int) -> tuple[Costs, float]:
        """Our reader of a format and the fastest public one on the same file, in turn; and the file's megabytes."""
        folder = self.folder / "inbox"
        self.say(f"a file of {rows:,} rows, {kind}")
        path, register = reading.file(kind, folder, rows), self._register_for_reading(rows)
        runs: dict[str, list[Cost]] = {"read": [], "read_publicly": []}
        for number in range(self.repeats):
            self.say(f"{kind}: reading{f', run {number + 1}' if number else ''}")
            runs["read"].append(measuring.run("read", kind, path, register, environment={}))
            runs["read_publicly"].append(measuring.run("read_publicly", kind, path, environment={}))
        costs = {name: measuring.median(found) for name, found in runs.items()}
        if costs["read"].said != costs["read_publicly"].said:
            raise WrongOutcome(f"{kind}: the readers differ: {[cost.said for cost in costs.values()]}")
        return costs, reading.size_mb(path)

    def _register_for_reading(self, rows: int) -> Path:
        return generate.register(self.folder / "inbox" / f"register-{rows}", rows)

    def hundred_feeds(self, feeds: int, rows: int) -> Cost:
        """That many feeds of as many rows, landed, judged and committed in one run."""
        source = self._register(rows)
        home, sources = self._fresh("home"), self._fresh("sources")
        definition = (SOURCES / "BENCH.yaml").read_text(encoding="utf-8")
        for number in range(feeds):
            name = f"BENCH{number:03}"
            (sources / f"{name}.yaml").write_text(
                definition.replace("source: BENCH", f"source: {name}"), encoding="utf-8"
            )
        environment = self._environment(home, source) | {"ODCM_SOURCES": str(sources)}
        cost = self._run("hundred_feeds", rows, 0, environment=environment)
        expected = {"feeds": feeds, "accepted": feeds * generate.outcome(rows).accepted}
        if cost.said != expected:
            raise WrongOutcome(f"expected {expected}, found {cost.said}")
        return cost

    def clean(self) -> None:
        """Remove every working file; the results stay."""
        for name in ("inbox", "home", "usual", "country", "sandbox", "sources"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def forget(self, rows: int) -> None:
        """Remove the register of that size: the largest takes gigabytes."""
        shutil.rmtree(self.folder / "inbox" / str(rows), ignore_errors=True)

    def _register(self, rows: int) -> Path:
        self.say(f"a register of {rows:,} rows")
        return generate.register(self.folder / "inbox" / str(rows), rows)

    def _environment(self, home: Path, source: Path, root: Path = measuring.ROOT) -> dict[str, str]:
        benchmarks = root / "tests" / "benchmarks"
        return {
            "ODCM_HOME": str(home),
            "ODCM_INBOX": str(source.parent),
            "ODCM_SOURCES": str(benchmarks / "sources"),
            "ODCM_DEPLOYMENT": str(benchmarks / "deployment.yaml"),
            "ODCM_NOW": NOW,
            "GX_ANALYTICS_ENABLED": "False",
        }

    def _run(
        self, name: str, rows: int, number: int, *arguments: Path, environment: dict[str, str] | None = None
    ) -> Cost:
        self.say(f"{name}{f', {rows:,} rows' if rows else ''}{f', run {number + 1}' if number else ''}")
        return measuring.run(name, *arguments, environment=environment or {})

    def _must_be(self, cost: Cost, rows: int) -> None:
        expected = asdict(generate.outcome(rows))
        if cost.said != expected:
            raise WrongOutcome(f"expected the verdicts {expected}, found {cost.said}")

    def _fresh(self, name: str) -> Path:
        shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / name).mkdir(parents=True)
        return self.folder / name
