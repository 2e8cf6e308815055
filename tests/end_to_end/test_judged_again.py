"""Rows in quarantine are judged again when something else decides about them, and nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.steps import ingest, statistics
from include.storage import tables
from tests.end_to_end.country import Ingested, Place, ingest_feeds
from tests.end_to_end.small import FEED, GOOD, csv, deliver, small_place

BAD = ("2", "06.03.2025", "мефедрон", "7", "г", "Отдел")
MENDED = {"column": "Орган", "codes": {"Отдел": "mia_police"}}
LATER = "2026-03-01T06:00:00+00:00"


def known(folder: Path, *rows: tuple[str, ...] | str, **changes: Any) -> Place:
    """A place that took in one file with these rows."""
    place = small_place(folder, **changes)
    deliver(place, csv(*rows))
    with place.entered():
        ingest_feeds([FEED])
    return place


def mended(place: Place, **changes: Any) -> Place:
    """The place a month later, with an agency that the definition knows now."""
    assert place.sources
    path = place.sources / "KZ-43.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    feed = document["feeds"]["seizure_item"]
    feed["fields"] |= {"lead_agency": MENDED} | changes.pop("fields", {})
    feed["format"] |= changes.pop("format", {})
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return replace(place, now=LATER)


def run(place: Place) -> Ingested:
    with place.entered():
        return ingest_feeds([FEED])


def balance(place: Place) -> tuple[int, int, int, int]:
    """Rows landed, accepted, quarantined, duplicate; exact."""
    with place.entered():
        found = place.balance()[FEED]
    assert found.difference == 0 and found.waiting == 0
    return found.landed, found.accepted, found.quarantined, found.duplicate


def grams(place: Place, as_at: str | None = None) -> float | None:
    """Mephedrone in 2025, counted now or as known then."""
    import pyarrow.parquet as pq

    with place.entered() as home:
        built = statistics.build(statistics.datetime.fromisoformat(as_at) if as_at else None, home)
    rows = pq.ParquetDataset(Path(built["folder"]) / "mart_seizures").read().to_pylist()
    found = [
        row["quantity"] for row in rows
        if (row["region_code"], row["month"], row["unit"]) == ("KZ", None, "kg") and row["substance_code"]
    ]  # fmt: skip
    return round(1000 * found[0], 6) if found else None


def test_a_mended_definition_lets_a_row_out_of_quarantine_once(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD, BAD)
    assert balance(place) == (2, 1, 1, 0) and grams(place) == 4.5
    place = mended(place)
    with place.entered():
        verdict = ingest.judge(FEED)
        assert (verdict["judged_again"], verdict["out_of_quarantine"], verdict["landed"]) == (1, 1, 0)
        ingest.gate("seizure_item", [verdict])
        done = ingest.commit(verdict["batch_id"] or "")
    assert (done["landed"], done["accepted"], done["quarantined"]) == (0, 1, -1)
    assert balance(place) == (2, 2, 0, 0) and len(place.rows("core", "seizure_item")) == 2
    assert (grams(place), grams(place, "2026-02-01T00:00:00+00:00")) == (11.5, 4.5)
    assert run(place).committed == {}


def test_a_row_that_stays_in_quarantine_makes_no_batch_and_is_asked_about_once(
    tmp_path: Path, monkeypatch
) -> None:
    place = known(tmp_path, GOOD, BAD)
    monkeypatch.setattr(ingest, "program_sha256", lambda: "newer")
    with place.entered():
        found = [ingest.judge(FEED) for _ in range(2)]
    assert [(one["batch_id"], one["judged_again"], one["out_of_quarantine"]) for one in found] == [
        (None, 1, 0),
        (None, 0, 0),
    ]
    assert balance(place) == (2, 1, 1, 0)


def test_another_code_list_judges_again_and_the_same_one_costs_nothing(tmp_path: Path, monkeypatch) -> None:
    place = known(tmp_path, GOOD, BAD)
    judged = []
    monkeypatch.setattr(ingest, "judge_deliveries", lambda *a, **k: judged.append(a) or pytest.fail("judged"))
    with place.entered():
        assert ingest.judge(FEED)["batch_id"] is None and not judged
        monkeypatch.setattr(ingest, "rules_sha256", lambda dataset: "another list")
        with pytest.raises(pytest.fail.Exception):
            ingest.judge(FEED)


def test_a_process_that_dies_meanwhile_leaves_the_row_where_it_was(tmp_path: Path) -> None:
    place = mended(known(tmp_path, GOOD, BAD))
    with place.entered():
        ingest.judge(FEED)
    assert balance(place) == (2, 1, 1, 0)
    run(place)
    assert balance(place) == (2, 2, 0, 0) and len(place.rows("core", "seizure_item")) == 2


def test_a_process_that_dies_in_the_commit_is_finished(tmp_path: Path, monkeypatch) -> None:
    place = mended(known(tmp_path, GOOD, BAD))
    with place.entered(), monkeypatch.context() as dying:
        verdict = ingest.judge(FEED)
        ingest.gate("seizure_item", [verdict])
        dying.setattr(tables, "append_batch", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ingest.commit(verdict["batch_id"] or "")
    run(place)
    assert balance(place) == (2, 2, 0, 0) and grams(place) == 11.5


def test_a_row_that_came_corrected_meanwhile_is_a_duplicate(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD, BAD)
    deliver(place, csv((*BAD[:5], "МВД")), "s_2025-03_20250501.csv")
    run(place)
    place = mended(place)
    run(place)
    assert balance(place) == (3, 2, 0, 1) and grams(place) == 11.5


def test_new_files_are_judged_with_it_and_each_row_once(tmp_path: Path) -> None:
    place = mended(known(tmp_path, GOOD, BAD))
    deliver(place, csv(("3", *BAD[1:]), BAD), "s_2025-04_20250505.csv")
    assert len(run(place).committed) == 1
    assert balance(place) == (4, 3, 0, 1) and grams(place) == 18.5


def test_a_record_that_the_file_holds_already_is_still_in_conflict(tmp_path: Path) -> None:
    place = mended(known(tmp_path, GOOD, ("1", *BAD[1:])))
    run(place)
    assert balance(place) == (2, 1, 1, 0) and grams(place) == 4.5
    assert ["row.conflict"] in [row["reasons"] for row in place.rows("quarantine", "seizure_item")]


def test_places_hold_where_other_records_are_no_rows(tmp_path: Path) -> None:
    place = mended(known(tmp_path, GOOD, "x;y", BAD, "x", ("3", *BAD[1:])))
    run(place)
    assert balance(place) == (5, 3, 2, 0) and grams(place) == 18.5
    assert sorted(row["raw_row"] for row in place.rows("core", "seizure_item")) == [2, 4, 6]


def test_a_file_that_is_read_into_other_rows_stays_as_it_is_and_is_named_once(tmp_path: Path) -> None:
    place = mended(known(tmp_path, GOOD, BAD), format={"title_rows": 1})
    place = mended(place, fields={name: GOOD[n] for n, name in ((0, "seizure_no"), (1, "seized_on"))})
    with place.entered():
        said = [ingest.judge(FEED) for _ in range(2)]
    assert len(said[0]["refused"]) == 1 and said[1]["refused"] == []
    assert balance(place) == (2, 1, 1, 0)


@pytest.mark.parametrize("of", ["period", "everything"])
def test_a_snapshot_that_is_whole_now_withdraws_what_it_lacks(tmp_path: Path, of: str) -> None:
    delivers = {"kind": "snapshot", "of": of, "may_withdraw": 0.5}
    place = known(tmp_path, GOOD, ("3", *GOOD[1:]), delivers=delivers, identity=["seizure_no", "lead_agency"])
    deliver(place, csv(GOOD, BAD), "s_2025-03_20250501.csv")
    run(place)
    assert grams(place) == 9.0
    place = mended(place)
    run(place)
    assert balance(place) == (4, 3, 0, 1) and grams(place) == 11.5
    assert grams(place, "2026-02-01T00:00:00+00:00") == 9.0
