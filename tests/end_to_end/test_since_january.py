"""A feed whose numbers count since January: a month is the difference, a fall is a revision (R6)."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from include.sources import DefinitionError, read_definition
from include.steps import alerts, statistics
from tests.end_to_end.country import Ingested, Place, ingest_feeds
from tests.end_to_end.small import deliver, small_place

JANUARY, FEBRUARY, MARCH = "2025-01_20250205", "2025-02_20250305", "2025-03_20250405"
FEEDS: dict[str, dict[str, Any]] = {
    "seizure_item": {
        "aggregate": True,
        "identity": ["region_code", "seized_on", "substance_as_reported"],
        "fields": {
            "seizure_no": "month",
            "item_no": {"constant": "1"},
            "seized_on": "month",
            "region_code": {"constant": "KZ-43"},
            "lead_agency": {"constant": "mia_police"},
            "substance_as_reported": {"constant": "mephedrone"},
            "quantity": "number",
            "unit": {"constant": "kg"},
            "seizures_n": "number",
        },
    },
    "resocialisation": {
        "identity": ["region_code", "month_on", "facility_type"],
        "fields": {
            "region_code": {"constant": "KZ-43"},
            "month_on": "month",
            "facility_type": {"constant": "penal"},
            "enrolled": "number",
            **dict.fromkeys(
                ("trained", "completed", "employed_0m", "employed_3m", "employed_6m", "employed_12m"),
                {"constant": "0"},
            ),
        },
    },
}


def place_of(folder: Path, dataset: str = "seizure_item", kind: str = "cumulative") -> Place:
    """KZ-43 with one feed, one number a month."""
    place = small_place(folder)
    path = place.sources / "KZ-43.yaml"
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    feed = definition["feeds"].pop("seizure_item") | {"delivers": {"kind": kind}} | FEEDS[dataset]
    definition["feeds"] = {dataset: feed}
    path.write_text(yaml.safe_dump(definition, allow_unicode=True), encoding="utf-8")
    return place


def take(place: Place, *files: tuple[str, int]) -> Ingested:
    """Deliver the number since January that each file states for its month, and ingest them together."""
    for name, number in files:
        deliver(place, f"month;number\n01.{name[5:7]}.2025;{number}\n".encode(), f"s_{name}.csv")
    with place.entered():
        (source,) = yaml.safe_load((place.sources / "KZ-43.yaml").read_text(encoding="utf-8"))["feeds"]
        return ingest_feeds([f"KZ-43/{source}"])


def mart(place: Place, name: str) -> list[dict[str, Any]]:
    with place.entered() as home:
        folder = Path(statistics.build(home=home)["folder"]) / name / "year=2025"
    return [row for row in pq.read_table(folder / "data.parquet").to_pylist() if row["region_code"] == "KZ"]


def months(place: Place) -> list[tuple[int, float]]:
    """Seizures and kilograms of January to March, and of the year."""
    found = {
        row["month"]: (row["seizures"], row["mass_kg"])
        for row in mart(place, "mart_seizures")
        if (row["substance_class"], row["substance_code"], row["unit"]) == ("drug", "_T", "_T")
    }
    return [found[month] for month in (1, 2, 3, None)]


def same(*numbers: int) -> list[tuple[int, float]]:
    """A number of seizures, each of one kilogram."""
    return [(number, float(number)) for number in numbers]


def raised(place: Place) -> list[str]:
    with place.entered() as home:
        return [alerts.told(alert) for alert in alerts.alerts(home=home)]


def test_a_month_is_what_its_number_adds_to_the_months_before(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    take(place, (JANUARY, 100), (FEBRUARY, 250), (MARCH, 330))
    assert months(place) == same(100, 150, 80, 330)
    assert raised(place) == []


def test_the_same_numbers_of_a_feed_that_does_not_count_since_january_are_months(tmp_path: Path) -> None:
    place = place_of(tmp_path, kind="increment")
    take(place, (JANUARY, 100), (FEBRUARY, 250), (MARCH, 330))
    assert months(place) == same(100, 250, 330, 680)


def test_a_fall_is_a_revision_of_earlier_months_and_the_year_is_the_newest_number(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    take(place, (JANUARY, 100), (FEBRUARY, 250), (MARCH, 220))
    assert months(place) == same(100, 120, 0, 220)
    (told,) = raised(place)
    assert "KZ-43/seizure_item: s_2025-03_20250405.csv: numbers since January fell: quantity" in told
    assert "2025-02 to 2025-03 from 250 to 220" in told and "revisions of earlier months (R6)" in told


def test_a_fall_is_told_of_once(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    take(place, (JANUARY, 100), (FEBRUARY, 90))
    take(place, (MARCH, 120))
    assert len(raised(place)) == 1


def test_a_correction_of_a_month_moves_that_month_and_the_next(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    take(place, (JANUARY, 100), (FEBRUARY, 250), (MARCH, 330))
    take(place, ("2025-02_20250420", 200))
    assert months(place) == same(100, 100, 130, 330)


def test_after_a_month_without_a_report_the_next_holds_what_it_brought_and_says_so(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    take(place, (JANUARY, 100), (MARCH, 330))
    rows = {row["month"]: row for row in mart(place, "mart_seizures") if row["substance_class"] == "_T"}
    assert [(rows[n]["seizures"], rows[n]["over_several_months"], rows[n]["obs_status"]) for n in (1, 2, 3)] == [
        (100, 0, ""), (None, None, ":"), (230, 230, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5], ids=str)
def test_the_order_of_ingestion_makes_no_difference(order: tuple[int, ...], tmp_path: Path) -> None:
    place = place_of(tmp_path)
    story = [(JANUARY, 100), (FEBRUARY, 250), (MARCH, 220), ("2025-01_20250620", 90)]
    for number in order:
        take(place, story[number])
    assert months(place) == same(90, 130, 0, 220)


def test_persons_of_the_year_are_the_newest_number_and_a_fall_is_told_by_its_share_alone(
    tmp_path: Path,
) -> None:
    place = place_of(tmp_path, "resocialisation")
    take(place, (JANUARY, 110), (FEBRUARY, 260), (MARCH, 221))
    year = {row["facility_type"]: row["enrolled"] for row in mart(place, "mart_resocialisation")}
    assert year["_T"] == 221
    (told,) = raised(place)
    assert "2025-02 to 2025-03 by 15%" in told and "260" not in told and "221" not in told


def test_a_fall_to_a_count_of_persons_that_may_not_be_shown_says_no_size(tmp_path: Path) -> None:
    place = place_of(tmp_path, "resocialisation")
    take(place, (JANUARY, 9), (FEBRUARY, 3))
    (told,) = raised(place)
    assert "by counts too small to show (C2)" in told and "%" not in told


def test_a_fall_is_found_and_units_are_converted_whatever_else_changes(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    path = place.sources / "KZ-43.yaml"
    text = path.read_text(encoding="utf-8")
    for column in ("unit", "lead_agency"):
        definition = yaml.safe_load(text)
        definition["feeds"]["seizure_item"]["fields"][column] = column
        text = yaml.safe_dump(definition, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    head = "month;number;unit;lead_agency\n"
    deliver(place, f"{head}01.01.2025;900;g;mia_police\n".encode(), f"s_{JANUARY}.csv")
    deliver(place, f"{head}01.02.2025;901;kg;knb\n".encode(), f"s_{FEBRUARY}.csv")
    deliver(place, f"{head}01.03.2025;900500;g;knb\n".encode(), f"s_{MARCH}.csv")
    with place.entered():
        ingest_feeds(["KZ-43/seizure_item"])
    assert [mass for _, mass in months(place)] == pytest.approx([0.9, 899.6, 0, 900.5])
    (told,) = raised(place)
    assert "quantity" in told and "2025-02 to 2025-03 from 901 to 900.5" in told


def test_only_what_is_a_series_can_count_since_january(tmp_path: Path) -> None:
    path = small_place(tmp_path, delivers={"kind": "cumulative"}).sources / "KZ-43.yaml"
    with pytest.raises(
        DefinitionError, match="delivers.kind: only a feed of aggregates counts since January"
    ):
        read_definition(path)
