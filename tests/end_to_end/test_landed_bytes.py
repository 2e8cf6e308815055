"""Landed bytes that were changed are never judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from include.steps import ingest
from include.steps.context import open_ledger
from include.storage import landing
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place

OTHER = "s_2025-04_20250505.csv"


def changed(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"4,5", b"9,5"))


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("befalls", "said"), [(changed, "found other bytes than those that landed"), (gone, "found no file")]
)
def test_changed_bytes_are_refused_alone_and_count_once_they_came_again(
    tmp_path: Path, befalls: Callable[[Path], None], said: str
) -> None:
    place = small_place(tmp_path)
    content = csv(GOOD)
    deliver(place, content)
    deliver(place, csv(("2", *GOOD[1:]), ("3", *GOOD[1:])), OTHER)
    with place.entered() as home:
        ingest.land(FEED)
        with open_ledger(home) as ledger:
            first, _ = ledger.deliveries(FEED)
        path = landing.landed_path(home, first.sha256)
        befalls(path)
        judged = ingest.judge(FEED)
        assert (judged["landed"], judged["accepted"]) == (2, 2)
        (refusal,) = judged["refused"]
        assert said in refusal and first.sha256[:12] in refusal and "nothing of it was taken" in refusal
        assert judged["batch_id"]
        ingest.commit(judged["batch_id"])
        landing.land(home, lambda to: to.write(content) and None)
        assert path.read_bytes() == content
        assert ingest.judge(FEED)["accepted"] == 1
