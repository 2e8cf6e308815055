"""What was promised: the figures that have a limit, and the sentence that each stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROWS, ROWS_MEDIUM, ROWS_LARGE = 2_000_000, 5_000_000, 10_000_000
FEEDS, ROWS_OF_A_FEED = 100, 10_000
IDENTIFIERS = 200_000
BEFORE = "991e1c1"
"""The version that judging is compared with: the last one before days, channels and numbers were read more strictly."""
BESIDE = {
    "csv": "DuckDB",
    "xlsx": "calamine",
    "xls": "calamine",
    "ods": "calamine",
    "xlsx cells": "calamine",
    "xls cells": "calamine",
    "ods cells": "calamine",
    "jsonl": "pyarrow",
    "parquet": "pyarrow",
}


@dataclass(frozen=True)
class Bound:
    """A figure may be at most `limit`."""

    figure: str
    limit: float
    unit: str
    meaning: str


BOUNDS = (
    Bound(
        "judge_cpu_ratio", 3.0, "×",
        "Reading, normalising, judging, de-duplicating and committing 2 million blocking records takes at most "
        "three times the CPU time of DuckDB's bare CSV → Parquet of the same file.",
    ),
    Bound(
        "judge_before_ratio", 1.05, "×",
        f"Judging them takes at most 1.05 times the CPU time that version {BEFORE} takes, both in turn.",
    ),
    Bound("judge_peak_mib", 1024, "MiB", "It never holds more than 1 GiB of memory while it does so."),
    Bound(
        "judge_peak_growth", 1.3, "×",
        "Five times the rows (10 million) need at most 1.3 times that memory: it grows with the machine, not with the file.",
    ),
    Bound("judge_medium_peak_mib", 1024, "MiB", "5 million CSV rows are judged within 1 GiB of memory."),
    Bound(
        "channel_identity_cpu_ratio", 0.5, "×",
        "200,000 identifiers are resolved to channels, ids and handles joined, in at most half the CPU time that "
        "mart_channels takes of the same records.",
    ),
    *(
        Bound(
            f"read_{kind}_cpu_ratio", 1.5, "×",
            f"Reading {kind} into text takes at most one and a half times the CPU time of {public}.",
        )
        for kind, public in BESIDE.items()
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A bound and what was measured; `value` is None where it was not measured in this run."""

    bound: Bound
    value: float | None

    @property
    def broken(self) -> bool:
        return self.value is not None and self.value > self.bound.limit


def compare(figures: Mapping[str, float]) -> list[Kept]:
    """Every bound with its figure."""
    return [Kept(bound, figures.get(bound.figure)) for bound in BOUNDS]
