"""Budgets: a feed that hangs, and a file that is too much, end alone and are named; everything else goes on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sources import DeadlineExceeded
from include.steps import contained, ingest
from include.steps.alone import Alone
from include.steps.context import open_ledger
from include.storage.home import Home
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place

NEVER_ENDS = r"(?P<year>(\d+)+)-(?P<month>\d{2})_(?P<delivered>\d{8})"  # backtracks for ages over many digits
MANY_DIGITS = f"s_{'2' * 64}.csv"
ROWS = 1_500_000


@pytest.fixture
def alone() -> Iterator[Alone]:
    with Alone() as one:
        yield one


def change_feed(place: Place, **changes: Any) -> None:
    assert place.sources
    path = place.sources / "KZ-43.yaml"
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        definition["feeds"]["seizure_item"][key] |= value
    path.write_text(yaml.safe_dump(definition, allow_unicode=True), encoding="utf-8")


def allow(folder: Path, monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    """A deployment with these limits."""
    path = folder / "deployment.yaml"
    path.write_text(yaml.safe_dump({"roots": ["${ODCM_INBOX}"], "limits": limits}), encoding="utf-8")
    monkeypatch.setenv("ODCM_DEPLOYMENT", str(path))


def landed_files(place: Place) -> list[Path]:
    restricted = Home(place.root).restricted
    return [
        path for part in ("landing", "scratch") for path in (restricted / part).rglob("*") if path.is_file()
    ]


def test_a_source_that_hangs_where_nothing_can_interrupt_it_is_ended_at_its_deadline(
    tmp_path: Path, alone: Alone
) -> None:
    place = small_place(tmp_path)
    change_feed(place, transport={"name_pattern": NEVER_ENDS, "deadline_s": 2})
    deliver(place, csv(GOOD), MANY_DIGITS)
    with place.entered():
        contained.judge(alone, FEED)  # the server is up: what follows is the time of the step alone
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded, match="KZ-43/seizure_item: .*no end within 2.1 s.*within 2 s"):
            contained.land(alone, FEED)
        assert time.monotonic() - begun < 2.6
        assert landed_files(place) == []


def test_a_file_over_its_budget_is_refused_alone_and_not_tried_again_until_something_changes(
    tmp_path: Path, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = small_place(tmp_path)
    deliver(place, csv(GOOD))
    bomb = csv(*(f"{n};05.03.2025;мефедрон;4,5;г;МВД" for n in range(ROWS)))
    deliver(place, bomb, "s_2025-04_20250505.csv")
    with place.entered():
        allow(tmp_path, monkeypatch, judge_s=3)
        contained.land(alone, FEED)
        judged = contained.judge(alone, FEED)
        assert (judged["landed"], judged["accepted"]) == (1, 1)
        assert [message.split(": ")[1] for message in judged["refused"]] == ["s_2025-04_20250505.csv"]
        assert "no end within 3 s" in judged["refused"][0] and "judge_s" in judged["refused"][0]
        ingest.commit(str(judged["batch_id"]))

        begun = time.monotonic()
        again = contained.judge(alone, FEED)
        assert time.monotonic() - begun < 2.5, "the file was tried again"
        assert (again["batch_id"], again["refused"]) == (None, judged["refused"])

        allow(tmp_path, monkeypatch, judge_s=600)
        taken = contained.judge(alone, FEED)
        assert (taken["landed"], taken["accepted"], taken["refused"]) == (ROWS, ROWS - 1, [])
        assert not list(Home(place.root).staging.glob("*/spill"))


def test_one_feed_that_hangs_leaves_the_others_of_the_same_run_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.cli.ingest import run
    from include.steps.contained import Contained

    place = small_place(tmp_path)
    assert place.sources
    deliver(place, csv(GOOD))
    whole = (place.sources / "KZ-43.yaml").read_text(encoding="utf-8")
    for other in ("KZ-10", "KZ-11", "KZ-15"):
        (place.sources / f"{other}.yaml").write_text(whole.replace("KZ-43", other), encoding="utf-8")
    stuck = place.sandbox / "inbox" / "stuck"
    stuck.mkdir()
    change_feed(place, transport={"path": "${ODCM_INBOX}/stuck", "name_pattern": NEVER_ENDS, "deadline_s": 3})
    shutil.copy(place.sandbox / "inbox" / "s_2025-03_20250405.csv", stuck / MANY_DIGITS)
    with place.entered(), Contained() as steps:
        outcomes = run(ingest.feeds(), steps=steps, workers=2)
        assert {one.feed_id: one.state for one in outcomes} == {
            "KZ-10/seizure_item": "committed",
            "KZ-11/seizure_item": "committed",
            "KZ-15/seizure_item": "committed",
            "KZ-43/seizure_item": "failed",
        }
        with open_ledger(Home(place.root)) as ledger:
            assert len(ledger.committed_batches()) == 3
