"""What the benchmarks compare does the same work, and the register is what it says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest

from tests.benchmarks import generate, reading, usual_way, work
from tests.benchmarks.bounds import BOUNDS, compare
from tests.benchmarks.measures import NOW, SOURCES

ROWS = 8_000


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder in which the register was landed, judged and committed; its outcome is as generated."""
    source = generate.register(tmp_path / "inbox", ROWS)
    monkeypatch.setenv("ODCM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ODCM_INBOX", str(source.parent))
    monkeypatch.setenv("ODCM_SOURCES", str(SOURCES))
    monkeypatch.setenv("ODCM_NOW", NOW)
    work.land()()
    assert work.judge()() == asdict(generate.outcome(ROWS))
    return tmp_path


def test_pandas_and_great_expectations_reach_the_same_verdicts_keys_and_values(judged: Path):
    counts = usual_way.process(judged / "inbox" / generate.NAME, judged / "usual")
    ours = f"read_parquet('{judged}/home/restricted/core/blocking_record/*.parquet')"
    theirs = f"read_parquet('{judged}/usual/core.parquet')"
    same = " and ".join(
        f"a.{name} is not distinct from cast(b.{name} as {kind})"
        for name, kind in {
            "record_key": "varchar", "channel_key": "varchar", "parent_channel_key": "varchar",
            "region_code": "varchar", "authority": "varchar", "blocked_on": "date", "unblocked_on": "date",
        }.items()
    )  # fmt: skip
    agreed = duckdb.sql(f"select count(*) from {ours} a join {theirs} b using (record_no) where {same}")
    assert counts == asdict(generate.outcome(ROWS))
    assert agreed.fetchall() == [(counts["accepted"],)]


def test_each_of_the_eight_faults_is_found_for_its_own_reason(judged: Path):
    quarantine = f"read_parquet('{judged}/home/restricted/quarantine/blocking_record/*.parquet')"
    found = duckdb.sql(f"select unnest(reasons) as reason from {quarantine}").fetchall()
    assert {reason for (reason,) in found} >= {
        "requested_on.date", "platform.code", "identifier.required", "row.blocked_not_before_detected",
        "row.not_after_receipt", "region_code.code", "platform_numeric_id.pattern", "case_number.letters",
    }  # fmt: skip


def test_the_same_size_gives_the_same_bytes(tmp_path: Path):
    once, again = (generate.register(tmp_path / name, 2_000).read_bytes() for name in ("once", "again"))
    assert once == again


def test_a_figure_above_its_limit_breaks_its_bound_and_one_that_was_not_measured_does_not():
    kept = compare({"judge_cpu_ratio": 3.01, "judge_peak_mib": 1024})
    assert [item.bound.figure for item in kept if item.broken] == ["judge_cpu_ratio"]
    assert [item.bound for item in kept] == list(BOUNDS)


@pytest.mark.parametrize("kind", reading.ROWS)
def test_our_reader_and_the_public_one_find_the_same_rows(kind: str, tmp_path: Path):
    path = reading.file(kind, tmp_path, 2_000)
    headings = reading.names(generate.register(tmp_path / "register-2000", 2_000))
    assert reading.ours(kind, path, headings)() == reading.public(kind, path)() == 2_000
