"""The results: a table for people, JSON for the rest."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.bounds import Kept
from tests.benchmarks.measuring import Cost
from tests.benchmarks.reading import PUBLIC

MEANINGS = {
    "land": "land: copy, hash, sync",
    "judge": "read → normalise → judge → de-duplicate → commit",
    "judge_before": "the same by an earlier version",
    "bare": "DuckDB alone, CSV → Parquet",
    "gate": "the gate: Great Expectations over a sample",
    "usual": "the same work with pandas and Great Expectations",
    "country": "make and ingest the simulated country",
    "marts": "all marts from core",
    "scan": "DuckDB alone, one scan of core",
    "channel_identity": "identifiers resolved to channels",
    "mart_channels": "the mart of channels of these",
    "hundred_feeds": "land, judge and commit 100 feeds in one run",
} | {
    f"{name} {kind}": f"reading {kind}, {by}"
    for kind, public in PUBLIC.items()
    for name, by in (("read", "ours"), ("read_publicly", public))
}
FIGURES = {
    "judge_cpu_ratio": ("judging ÷ bare CSV → Parquet, CPU", "×"),
    "judge_before_ratio": ("judging ÷ judging by an earlier version, CPU", "×"),
    "judge_work_cpu_ratio": ("the same without starting Python and importing", "×"),
    "judge_peak_mib": ("peak memory of judging", "MiB"),
    "judge_rows_per_cpu_s": ("rows judged in a second of CPU time", "rows"),
    "judge_peak_growth": ("peak memory of judging, large file ÷ file", "×"),
    "judge_large_cpu_ratio": ("judging ÷ bare CSV → Parquet, CPU, large file", "×"),
    "usual_cpu_ratio": ("pandas and Great Expectations ÷ judging, CPU", "×"),
    "usual_peak_ratio": ("pandas and Great Expectations ÷ judging, peak memory", "×"),
    "channel_identity_cpu_ratio": ("resolving identifiers ÷ the mart of channels, CPU", "×"),
    "marts_cpu_ratio": ("all marts ÷ one scan of core, CPU", "×"),
    "marts_work_cpu_ratio": ("the same without starting Python and importing", "×"),
    "judge_medium_peak_mib": ("peak memory of judging 5 million rows", "MiB"),
    "feeds_rows_per_s": ("100 feeds in one run, rows a second on the clock", "rows"),
    "feeds_peak_mib": ("the same, peak memory of the largest process", "MiB"),
} | {
    f"read_{kind}_{figure}": (f"reading {kind}: {meaning}", unit)
    for kind, public in PUBLIC.items()
    for figure, meaning, unit in (
        ("cpu_ratio", f"ours ÷ {public}, CPU of the work", "×"),
        ("rows_per_s", "rows in a second of CPU time", "rows"),
        ("mb_per_s", "megabytes in a second of CPU time", "MB"),
    )
}
Measured = Sequence[tuple[int, Mapping[str, Cost]]]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("duckdb", "pyarrow", "pandas", "great-expectations")},
        "load_of_other_programs": [round(value, 1) for value in load],
    }


def write(path: Path, measured: Measured, figures: Mapping[str, float], kept: Sequence[Kept]) -> None:
    """Keep everything that was measured as JSON."""
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "runs": [
            {"rows": rows or None, "command": name, **asdict(cost)}
            for rows, costs in measured
            for name, cost in costs.items()
        ],
        "figures": figures,
        "bounds": [{**asdict(item.bound), "value": item.value, "broken": item.broken} for item in kept],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def show(console: Console, measured: Measured, figures: Mapping[str, float], kept: Sequence[Kept]) -> None:
    """Print what was measured, the ratios, and each bound with whether it holds."""
    costs = Table(
        "what", "rows", "CPU s", "of it work", "peak MiB", "clock s",
        title="Costs (the clock says little where other programs run)", title_justify="left",
    )  # fmt: skip
    for rows, found in measured:
        for name, cost in found.items():
            costs.add_row(
                MEANINGS[name], f"{rows:,}" if rows else "", f"{cost.cpu_s:.1f}", f"{cost.work_cpu_s:.1f}",
                f"{cost.peak_mib:.0f}", f"{cost.wall_s:.1f}",
            )  # fmt: skip
        costs.add_section()
    console.print(costs)
    ratios = Table("figure", "value", title="Figures", title_justify="left")
    for name, value in figures.items():
        meaning, unit = FIGURES[name]
        ratios.add_row(meaning, _number(value, unit))
    console.print(ratios)
    limits = Table("promise", "limit", "found", "", title="Bounds", title_justify="left")
    for item in kept:
        found = "not measured" if item.value is None else _number(item.value, item.bound.unit)
        verdict = "" if item.value is None else "[red]broken[/]" if item.broken else "[green]kept[/]"
        limits.add_row(item.bound.meaning, _number(item.bound.limit, item.bound.unit), found, verdict)
    console.print(limits)


def _number(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit == "×" else f"{value:,.0f} {unit}"
