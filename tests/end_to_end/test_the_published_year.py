"""From a hundred feeds to a published release: every figure is the true one, every bad row is where it belongs."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pyarrow.parquet as pq
import pytest

from include.contracts import DATASETS
from include.sandbox.smtp import mails
from include.steps import release, statistics
from include.steps.context import open_ledger
from include.storage.parquet import read_mart
from tests.end_to_end.conftest import RELEASE, Country, everything
from tests.end_to_end.country import fingerprint

pytestmark = pytest.mark.slow

# What tells one row of a mart from another. Prevention, resocialisation and coverage: the truth has whole years.
KEYS = {
    "mart_channels": ("year", "month", "region_code", "platform", "category", "stage"),
    "mart_seizures": ("year", "month", "region_code", "substance_class", "substance_code", "unit"),
    "mart_laboratories": ("year", "month", "region_code", "lab_type"),
    "mart_prevention": ("year", "region_code", "organiser", "kind", "audience"),
    "mart_resocialisation": ("year", "region_code", "facility_type"),
    "mart_coverage": ("year", "dataset", "region_code"),
}
PERSONS = ("participants_measured", "participants_estimated")
Rows = list[dict[str, Any]]


def test_all_hundred_feeds_got_through_and_nothing_was_refused(country: Country) -> None:
    assert (len(country.ingested.committed), country.ingested.new) == (100, 1295)
    assert (country.ingested.failed, country.ingested.refused, country.ingested.stopped) == ({}, {}, {})


@pytest.mark.parametrize("mart", KEYS)
def test_every_cell_of_a_mart_that_the_truth_knows_has_its_value(country: Country, mart: str) -> None:
    true = country.read("truth.json")["marts"][mart]
    found = whole_years(read_mart(country.place.home.marts, mart).to_pylist(), KEYS[mart])
    assert true and differences(true, by_key(found, KEYS[mart]), KEYS[mart]) == []


@pytest.mark.parametrize("mart", KEYS)
def test_every_published_cell_that_the_truth_knows_has_its_value(country: Country, mart: str) -> None:
    # A table made coarser (C2) has fewer rows, or no number of persons in some: what it has must be true.
    made_coarser = {entry["mart"] for entry in country_manifest(country)["made_coarser"]}
    table = pq.ParquetFile(country.release / "data" / f"release_{mart.removeprefix('mart_')}.parquet").read()
    found = by_key(whole_years(table.to_pylist(), KEYS[mart]), KEYS[mart])
    true = [row for row in country.read("truth.json")["marts"][mart] if row["year"] == 2025]
    if mart in made_coarser:
        true = [row for row in true if key_of(row, KEYS[mart]) in found]
        true = [
            {name: value for name, value in row.items()
             if name not in PERSONS or found[key_of(row, KEYS[mart])][name] is not None}
            for row in true
        ]  # fmt: skip
    assert true and differences(true, found, KEYS[mart]) == []


def test_every_headline_figure_and_the_one_of_the_year_before_are_true(country: Country) -> None:
    true = country.read("truth.json")["headlines"]
    cards = json.loads((country.release / "figures.json").read_bytes())["figures"]
    assert {card["figure_id"]: card["value"] for card in cards} == pytest.approx(true["2025"], rel=1e-12)
    assert {c["figure_id"]: c["previous_value"] for c in cards} == pytest.approx(true["2024"], rel=1e-12)


def test_the_figures_of_every_region_are_true(country: Country) -> None:
    cards = json.loads((country.release / "figures_by_region.json").read_bytes())["figures"]
    true = regional_truth(country.read("truth.json")["marts"])
    checked = Counter()
    for card in cards:
        key = (card["figure_id"], card["region_code"])
        if card["status"] == ":":
            assert card["value"] is None
            continue
        assert card["value"] == pytest.approx(true.get(key, 0), rel=1e-12), key  # reported no case: 0 (R4)
        checked[card["figure_id"]] += 1
    assert len(checked) >= 12 and min(checked.values()) >= 17


def test_the_sum_of_the_regions_less_the_overlap_is_the_country(country: Country) -> None:
    rows = [
        row for row in read_mart(country.place.home.marts, "mart_channels").to_pylist()
        if (row["year"], row["month"], row["platform"], row["category"], row["stage"])
        == (2025, None, "_T", "_T", "blocked")
    ]  # fmt: skip
    nation = next(row for row in rows if row["region_code"] == "KZ")
    regions = sum(row["channels"] or 0 for row in rows if row["region_code"] != "KZ")
    assert nation["overlap"] > 100 and regions - nation["overlap"] == nation["channels"]


def test_the_year_has_the_size_of_the_public_figures(country: Country) -> None:
    cards = json.loads((country.release / "figures.json").read_bytes())["figures"]
    value = {card["figure_id"]: card["value"] for card in cards}
    assert 16_500 < value["channels_blocked"] < 17_500 and 30_000 < value["drugs_seized"] < 32_000
    assert (value["council_meetings"], value["regions_visited"]) == (62, 9)
    assert value["videos"] > 400 and value["events"] > 1_100 and 24 <= value["podcasts"] < 100


def test_rows_landed_are_accepted_quarantined_or_duplicate_as_the_truth_says(country: Country) -> None:
    names = ("deliveries", "landed", "accepted", "quarantined", "duplicate")
    with country.place.entered():
        ledger = country.place.balance()
    true = {
        entry["feed_id"]: tuple(entry[n] for n in names) for entry in country.read("truth.json")["balance"]
    }
    assert {feed: tuple(getattr(row, n) for n in names) for feed, row in ledger.items()} == true
    assert {(row.difference, row.waiting) for row in ledger.values()} == {(0, 0)}


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_rows_in_the_tables_are_as_many_as_the_ledger_says(country: Country, dataset: str) -> None:
    with country.place.entered():
        own = [row for feed, row in country.place.balance().items() if feed.endswith(f"/{dataset}")]
        found = [len(country.place.rows(kind, dataset)) for kind in ("core", "quarantine", "duplicate")]
    assert found == [sum(getattr(row, n) for row in own) for n in ("accepted", "quarantined", "duplicate")]


@pytest.mark.parametrize("dataset", DATASETS)
def test_quarantine_holds_the_planted_rows_with_their_reasons_and_no_other(
    country: Country, dataset: str
) -> None:
    planted = country.read("planted.json")["planted"]
    expected = {
        (e["feed_id"], e["file"], e["raw_row"]): sorted(e["reasons"])
        for e in planted
        if e["reasons"] and e["feed_id"].endswith(f"/{dataset}")
    }
    with country.place.entered():
        rows = country.place.rows("quarantine", dataset)
    found = {(r["feed_id"], r["file"], r["raw_row"]): sorted(r["reasons"]) for r in rows}
    assert len(rows) == len(found) and all(row["received"] for row in rows)
    assert found == expected


def test_every_kind_of_reason_was_planted_and_counted_in_the_ledger(country: Country) -> None:
    planted = Counter(r for e in country.read("planted.json")["planted"] for r in e["reasons"])
    with country.place.entered() as home, open_ledger(home) as ledger:
        failed: Counter[str] = Counter()
        for batch in ledger.batches(state="committed"):
            failed.update(
                {r.rule_id: r.rows_failed for r in ledger.rule_results(batch.batch_id) if r.rows_failed}
            )
    assert failed == planted and len(planted) > 60


def test_twenty_one_letters_were_sent_with_text_and_html(country: Country) -> None:
    letters = mails(country.mailbox)
    assert (len(letters), country.sent["sent"]) == (21, 21)
    assert len({letter["X-Rcpt-To"] for letter in letters}) == 21
    assert all(
        {part.get_content_type() for part in letter.walk()} >= {"text/plain", "text/html"}
        for letter in letters
    )


def test_the_release_is_built_again_from_core_to_the_same_bytes(country: Country) -> None:
    with country.place.entered():
        assert release.verify(RELEASE) == []


def test_a_second_run_of_everything_changes_nothing(country: Country) -> None:
    home = country.place.home
    before = {name: fingerprint(getattr(home, name)) for name in ("restricted", "marts", "releases")}
    with country.place.entered():
        balance = country.place.balance()
        again, published, sent = everything(country.smtp)
        assert country.place.balance() == balance
        with open_ledger(home) as ledger:
            assert len(ledger.batches()) == 100
    assert (again.new, again.committed, again.failed) == (0, {}, {})
    assert published["content_sha256"] == country.published["content_sha256"] and not published["moved"]
    assert (sent["sent"], sent["already"], len(mails(country.mailbox))) == (0, 21, 21)
    assert {name: fingerprint(getattr(home, name)) for name in before} == before


def test_what_was_known_before_anything_came_is_nothing_and_now_it_is_all(country: Country) -> None:
    from datetime import UTC, datetime

    with country.place.entered() as home:
        with open_ledger(home) as ledger:
            assert ledger.committed_batches(datetime(2026, 1, 30, tzinfo=UTC)) == []
            assert len(ledger.committed_batches(datetime(2026, 1, 31, 6, tzinfo=UTC))) == 100
        assert statistics.build()["batches"] == 100


def by_key(rows: Rows, names: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    found = {key_of(row, names): row for row in rows}
    assert len(found) == len(rows)
    return found


def key_of(row: dict[str, Any], names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def whole_years(rows: Rows, names: tuple[str, ...]) -> Rows:
    return rows if "month" in names else [row for row in rows if row.get("month") is None]


def differences(true: Rows, found: dict[tuple[Any, ...], dict[str, Any]], names: tuple[str, ...]) -> Rows:
    """Cells that are not as the truth has them."""
    return [
        {"cell": key, "column": column, "true": value, "found": here}
        for row in true
        for key in [key_of(row, names)]
        for column, value in row.items()
        if column not in names
        for here in [found.get(key, {}).get(column)]
        if here != (value if value is None else pytest.approx(value, rel=1e-12))
    ]


def country_manifest(country: Country) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((country.release / "manifest.json").read_bytes())
    return found


def regional_truth(marts: dict[str, Rows]) -> dict[tuple[str, str], float]:
    """(figure, region) → value for 2025, from the cells of the truth."""
    found: Counter[tuple[str, str]] = Counter()
    stages = {
        f"channels_{s}": s
        for s in ("detected", "requested", "ordered", "blocked", "still_blocked", "blocked_stock")
    }
    masses = {
        "drugs_seized": "drug", "plant_material_seized": "plant_material",
        "precursors_seized": "precursor", "other_chemicals_seized": "other_chemical",
    }  # fmt: skip
    of_year = {
        mart: [row for row in rows if row["year"] == 2025 and row.get("month") is None]
        for mart, rows in marts.items()
    }
    for row in of_year["mart_channels"]:
        for figure, stage in stages.items():
            if (row["platform"], row["category"], row["stage"]) == ("_T", "_T", stage):
                found[figure, row["region_code"]] += row["channels"]
    for row in of_year["mart_seizures"]:
        cut = (row["substance_class"], row["substance_code"], row["unit"])
        if cut == ("_T", "_T", "_T"):
            found["seizures", row["region_code"]] += row["seizures"]
        for figure, kind in masses.items():
            if cut == (kind, "_T", "_T"):
                found[figure, row["region_code"]] += row["mass_kg"] or 0
    for row in of_year["mart_laboratories"]:
        figure = {"_T": "laboratories_closed", "synthetic": "laboratories_synthetic"}.get(row["lab_type"])
        if figure:
            found[figure, row["region_code"]] += row["laboratories"]
    for row in of_year["mart_prevention"]:
        figure = {"event": "events", "video": "videos"}.get(row["kind"])
        if figure:
            found[figure, row["region_code"]] += row["activities"]
    for row in of_year["mart_resocialisation"]:
        if row["facility_type"] == "_T":
            found["resocialisation_enrolled", row["region_code"]] += row["enrolled"]
            found["resocialisation_completed", row["region_code"]] += row["completed"]
    return dict(found)
