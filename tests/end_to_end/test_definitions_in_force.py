"""As known at T the definitions count that were in force at T: nothing declared later moves what was known before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from include.steps import definitions, ingest, release, statistics
from include.steps.context import open_ledger
from include.steps.release_build import Building, facts_of
from include.steps.reports import matrix
from include.storage.home import Home
from tests.end_to_end.country import Place, ingest_feeds
from tests.end_to_end.small import csv, deliver, small_place

YEAR = [(str(n), f"05.{n:02}.2025", "мефедрон", "4,5", "г", "МВД") for n in range(1, 13)]
THEN, LATER = "2026-01-31T06:00:00+00:00", "2026-05-01T06:00:00+00:00"


def known(folder: Path) -> Place:
    """KZ-43, which reported each month of 2025."""
    place = small_place(folder)
    for month, row in enumerate(YEAR, 1):
        deliver(place, csv(row), f"s_2025-{month:02}_20260105.csv")
    with place.entered():
        run()
    return place


def run() -> None:
    definitions.keep()
    ingest_feeds(ingest.feeds())


def changed(place: Place, change: Callable[[dict[str, Any]], Any], name: str = "KZ-43") -> None:
    """The definition after a change, as a file of the given name."""
    assert place.sources
    document = yaml.safe_load((place.sources / "KZ-43.yaml").read_text(encoding="utf-8"))
    change(document)
    (place.sources / f"{name}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def other_source(document: dict[str, Any]) -> None:
    document.update(source="KZ-10", regions=["KZ-10"])


def since_march(document: dict[str, Any]) -> None:
    document["feeds"]["seizure_item"]["rhythm"]["since"] = "2025-03"


def real(document: dict[str, Any]) -> None:
    document["synthetic"] = False


CHANGES = [
    ("a source connected later", other_source, "KZ-10"),
    ("a changed rhythm", since_march, "KZ-43"),
    ("a source that is no longer synthetic", real, "KZ-43"),
]


@pytest.mark.parametrize(("change", "name"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_an_old_release_is_made_of_the_same_again(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], name: str
) -> None:
    place = known(tmp_path)
    with place.entered() as home:
        release_id = release.freeze(2025)["release_id"]
        before = made_of(home, release_id)
        assert release.freeze(2025)["release_id"] == release_id
    changed(place, change, name)
    with replace(place, now=LATER).entered() as home:
        run()
        assert made_of(home, release_id) == before
        assert release.freeze(2025)["release_id"] != release_id or change is real


def made_of(home: Home, release_id: str) -> tuple[Any, Any]:
    """Everything that the bytes of a release follow from."""
    with open_ledger(home) as ledger:
        facts = facts_of(ledger, release_id)
    return facts, Building(home, facts).marts


def test_coverage_of_the_past_stays_and_that_of_today_follows(tmp_path: Path) -> None:
    """Today: KZ-43 from March on, and KZ-10, whose files are these too."""
    place = known(tmp_path)
    changed(place, other_source, "KZ-10")
    changed(place, since_march)
    with replace(place, now=LATER).entered() as home:
        run()
        statistics.build(home=home)
        past = statistics.build(statistics.datetime.fromisoformat(THEN), home)
        assert national(home.marts) == (22, 22) and national(Path(past["folder"])) == (12, 12)


def test_a_definition_that_cannot_be_read_today_is_still_expected_to_report(tmp_path: Path) -> None:
    place = known(tmp_path)
    assert place.sources
    (place.sources / "KZ-43.yaml").write_text("since: 2025-02-30", encoding="utf-8")
    with replace(place, now=LATER).entered() as home:
        assert definitions.keep() == [
            "KZ-43.yaml: expected YAML values that exist; found one that is none: ValueError: day is out of range for month"
        ]
        assert statistics.build(home=home)["batches"] == 1 and national(home.marts) == (12, 12)
        assert len(matrix(home, 2026).states) == 12
        assert definitions.faults()[0].endswith(
            "The last definition of the source that could be read goes on"
        )


def national(marts: Path) -> tuple[int, int]:
    """Expected and received reports of seizures in 2025, for the country."""
    rows = pq.ParquetDataset(marts / "mart_coverage").read().to_pylist()
    of = [
        row for row in rows
        if (row["dataset"], row["year"], row["month"], row["region_code"]) == ("seizure_item", 2025, None, "KZ")
    ]  # fmt: skip
    return of[0]["expected"], of[0]["received"]
