"""The same deliveries in another order give the same release: late months first, some one at a time (R2)."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from include.sandbox.http import serving
from include.steps import ingest
from tests.end_to_end.conftest import Country, publish
from tests.end_to_end.country import Place, ingest_feeds

# Two feeds come delivery by delivery, the large datasets in two halves, the others whole with the last half.
ONE_BY_ONE = ("KZ-31/resocialisation", "KZ-71/resocialisation")
IN_HALVES = ("blocking_record", "seizure_item")


def rounds(sandbox: Path, rng: random.Random) -> Iterator[list[Path]]:
    """Files of the sandbox as they come, by round: relative paths, the deliveries of each feed shuffled."""
    found = sorted(
        p.relative_to(sandbox) for p in sandbox.rglob("*") if len(p.relative_to(sandbox).parts) == 4
    )
    shuffled = {
        feed: rng.sample(files := list(group), len(files))
        for feed, group in groupby(found, key=lambda path: "/".join(path.parts[1:3]))
    }
    for number in range(max(len(shuffled[feed]) for feed in ONE_BY_ONE)):
        coming = []
        for feed, files in shuffled.items():
            if feed in ONE_BY_ONE:
                coming += files[number : number + 1]
            elif feed.endswith(IN_HALVES):
                half = -(-len(files) // 2)
                coming += files[number * half : (number + 1) * half]
            elif number == 1:
                coming += files
        yield coming


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_deliveries_in_another_order_give_the_same_release(country: Country, tmp_path: Path) -> None:
    sandbox, home = tmp_path / "sandbox", tmp_path / "home"
    for feed in {p.parent for p in country.place.sandbox.glob("*/*/*/*")}:
        (sandbox / feed.relative_to(country.place.sandbox)).mkdir(parents=True)
    with serving(sandbox) as address, Place(home, sandbox, address).entered():
        for coming in rounds(country.place.sandbox, random.Random(11)):
            for path in coming:
                shutil.copy2(country.place.sandbox / path, sandbox / path)
            feeds = {"/".join(path.parts[1:3]) for path in coming}
            done = ingest_feeds(feed for feed in ingest.feeds() if feed in feeds)
            assert (done.failed, done.refused, done.stopped, set(done.committed)) == ({}, {}, {}, feeds)
        published = publish()
        balance = Place(home, sandbox).balance()
    assert published["content_sha256"] == country.published["content_sha256"]
    assert balance == country.place.balance()
